"""What was looked for, marked in what was found: all else is escaped, so that no text is ever markup."""

from unicodedata import category, normalize

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from firenze_digitale.asking import WORD, Asked, AskedWord

#: How much longer than its stem a word of the same stem may be at least: “fontanelli”, of “fontanell”.
SHORT_ENDING = 3
SHORTEST_STEM = 3
#: Share of its trigrams that a word mistyped has in common with what was meant.
LIKE = 0.6
WIDTH = 180


def marked(text: str, wanted: Asked) -> SafeString:
    """The text with the words of `wanted` in `<mark>`, or where it has not one of them, the words like it."""
    found = _places(text, wanted)
    pieces, end = [], 0
    for start, stop in found:
        pieces += [("", text[end:start], ""), ("<mark>", text[start:stop], "</mark>")]
        end = stop
    pieces.append(("", text[end:], ""))
    return format_html_join("", "{}{}{}", ((SafeString(a), piece, SafeString(b)) for a, piece, b in pieces))


def fragment(texts: list[str], wanted: Asked) -> SafeString:
    """The part of the first of `texts` in which a word of `wanted` occurs, marked; nothing where none has any."""
    for text in texts:
        if found := _places(text, wanted, exactly=True):
            return marked(_around(text, found[0][0]), wanted)
    return SafeString("")


def _around(text: str, place: int) -> str:
    """About WIDTH characters of the text, whole words of it."""
    start = 0 if place < WIDTH // 2 else text.find(" ", place - WIDTH // 3) + 1
    stop = len(text) if len(text) < start + WIDTH else text.rfind(" ", start, start + WIDTH)
    stop = max(stop, min(place + 40, len(text)))
    part = " ".join(text[min(start, place) : stop].split())
    return f"{'… ' if start else ''}{part}{' …' if stop < len(text) else ''}"


def _places(text: str, wanted: Asked, exactly: bool = False) -> list[tuple[int, int]]:
    """Where in the text the words begin and end; of a word that it has not, where one like it does."""
    words = [(match.span(), plain(match.group())) for match in WORD.finditer(text)]
    places = set()
    for asked in wanted.words:
        found = {span for span, word in words if _is(word, asked)}
        if not found and not exactly:
            found = {span for span, word in words if _is_like(word, asked.plain)}
        places |= found
    return sorted(places)


def _is(word: str, asked: AskedWord) -> bool:
    if word == asked.plain or (asked.begun and word.startswith(asked.plain)):
        return True
    stems = (stem for stem in asked.lexemes if len(stem) >= SHORTEST_STEM and word.startswith(stem))
    return any(len(word) <= max(len(stem) + SHORT_ENDING, len(asked.plain) + 1) for stem in stems)


def _is_like(word: str, asked: str) -> bool:
    trigrams = _trigrams(asked)
    return len(asked) > SHORTEST_STEM and len(trigrams & _trigrams(word)) >= LIKE * len(trigrams)


def _trigrams(word: str) -> set[str]:
    padded = f"  {word} "
    return {padded[place : place + 3] for place in range(len(padded) - 2)}


def plain(text: str) -> str:
    """The text in small letters, without accents."""
    return "".join(each for each in normalize("NFKD", text.lower()) if category(each) != "Mn")
