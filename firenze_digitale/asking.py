"""What somebody typed into a search box, as PostgreSQL's search takes it: whatever it is, it is no error of syntax."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import normalize

from django.db import connection

MAX_LENGTH = 200
MOST_WORDS = 12
WORD = re.compile(r"[^\W_]+")

# Lexemes of each word in Italian, in English, and as it is; a language has none for its stop words (“di”, “the”).
READ = """
    SELECT registry_plain(word), tsvector_to_array(to_tsvector('registry_italian', word)),
           tsvector_to_array(to_tsvector('registry_english', word)),
           tsvector_to_array(to_tsvector('registry_simple', word))
    FROM unnest(%s::text[]) WITH ORDINALITY typed(word, place) ORDER BY place
"""


@dataclass(frozen=True)
class AskedWord:
    """One word that is looked for.

    Args:
        plain: the word in small letters, without accents.
        lexemes: what indexes hold of it: its stems in both languages, and the word as it is.
        begun: it is the last word, and may be half typed.
    """

    plain: str
    lexemes: tuple[str, ...]
    begun: bool = False

    @property
    def query(self) -> str:
        """The word as the text of a `tsquery`: one of its lexemes, or what begins with it where it is half typed."""
        lexemes = [quoted(lexeme) for lexeme in self.lexemes]
        lexemes += [quoted(f"-{self.plain}")] if self.plain.isdecimal() else []  # in a code, “-2016” is a number
        lexemes += [beginning_with(self.plain)] if self.begun else []
        return any_of(lexemes)


@dataclass(frozen=True)
class Asked:
    """A text that was typed, as the words that must all occur."""

    text: str
    words: tuple[AskedWord, ...]

    @property
    def query(self) -> str:
        """The text of a `tsquery`."""
        return all_of(word.query for word in self.words)


def asked(text: str) -> Asked:
    """Read what was typed: at most MOST_WORDS words, stop words left out unless there is nothing else."""
    typed = words_in(text)
    with connection.cursor() as cursor:
        cursor.execute(READ, [list(typed)])
        read = cursor.fetchall()
    words = []
    for place, (plain, italian, english, simple) in enumerate(read, start=1):
        is_last, told = place == len(read), italian and english
        if simple and (told or (is_last and not words)):
            words.append(AskedWord(plain, tuple(dict.fromkeys([*italian, *english, *simple])), begun=is_last))
    return Asked(text, tuple(words))


def words_in(text: str) -> tuple[str, ...]:
    """The words of a text, each once, without anything between them that PostgreSQL could not read."""
    return tuple(dict.fromkeys(WORD.findall(normalize("NFC", text[:MAX_LENGTH]))))[:MOST_WORDS]


def all_of(queries: Iterable[str]) -> str:
    """The text of a `tsquery` that asks for all of several."""
    return " & ".join(queries)


def any_of(queries: Iterable[str]) -> str:
    """The text of a `tsquery` that asks for one of several."""
    return f"({' | '.join(dict.fromkeys(queries))})"


def beginning_with(lexeme: str) -> str:
    """The text of a `tsquery` that asks for whatever begins with a lexeme."""
    return f"{quoted(lexeme)}:*"


def quoted(lexeme: str) -> str:
    """A lexeme as the text of a `tsquery` holds it."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
