"""How placements are found by the words of their code and address, a million of them as quickly as a few."""

from django.contrib.postgres.search import SearchQueryField, SearchVectorField
from django.db import connection
from django.db.models import Func, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast

from firenze_digitale.asking import all_of, any_of, beginning_with, quoted, words_in
from firenze_digitale.searching import Holds, query

# What full text search knows of a placement: words of its code and address, but for what most addresses begin with.
PLACE_WORDS = Func("code", "address", function="registry_place_words", output_field=SearchVectorField())

#: Words that `registry_place_words` leaves out.
LEFT_OUT = frozenset(("via", "viale", "piazza"))
#: A shorter part of a code begins too many.
SHORTEST_BEGINNING_OF_CODE = 5
#: A search that finds many more is content with about so many, which the index picks at random.
ENOUGH = 2_000

#: Of the words that a reader's rows hold, so many that begin as the last one typed, and so many that are like one.
MOST_BEGINNINGS, MOST_LIKE = 20, 3

PLAIN = """
    SELECT registry_plain(word) FROM unnest(%s::text[]) WITH ORDINALITY given(word, place) ORDER BY place
"""
# What each word may mean, the closest first: where it is the last one, words that begin with it, and words like it.
# Far more than are needed: most of them may be those of rows that the reader does not see.
CLOSE = """
    SELECT plain,
           array(SELECT word FROM assets_addressword
                 WHERE place = cardinality(%(words)s::text[]) AND word LIKE plain || '_%%'
                 ORDER BY length(word), word LIMIT 100),
           array(SELECT word FROM assets_addressword
                 WHERE word %% plain AND similarity(word, plain) >= 0.4 AND word <> plain
                 ORDER BY similarity(word, plain) DESC, word LIMIT 30)
    FROM unnest(%(words)s::text[]) WITH ORDINALITY typed(plain, place)
    WHERE plain ~ '^[a-z]{3,}$' ORDER BY place
"""


class AddressWordQuerySet(QuerySet):
    """Words of addresses: what one that is mistyped, or half typed, may mean."""

    def meant_by(self, words: list[str], rows: QuerySet) -> dict[str, list[str]]:
        """The few other words that each of `words` may mean, of those that `rows` hold.

        The table knows words of all addresses, also of those that nobody has any more. What depends on them is only
        which words are looked at: where more than 100 begin alike, or more than 30 are as like, the ones after these
        are overlooked.

        Args:
            words: of `place_words`; the last one may be half typed.
            rows: placements that the reader sees.
        """
        with connection.cursor() as cursor:
            cursor.execute(CLOSE, {"words": words})
            close = cursor.fetchall()
        held = self.held_in(rows, {word for _, *lists in close for each in lists for word in each})
        return {
            word: [each for each in begun if each in held][:MOST_BEGINNINGS]
            or [each for each in like if each in held][:MOST_LIKE]
            for word, begun, like in close
        }

    def held_in(self, rows: QuerySet, words: set[str]) -> set[str]:
        """Those of `words` that any of `rows` holds, each looked up in the index."""
        asked = Cast(OuterRef("word"), SearchQueryField())
        holding = Subquery(rows.order_by().filter(Holds(PLACE_WORDS, asked)).values("pk")[:1])
        known = self.filter(word__in=words).alias(holding=holding).filter(holding__isnull=False)
        return set(known.values_list("word", flat=True))


def place_words(text: str) -> list[str]:
    """The words of a text that placements are looked for by, without accents."""
    words = [word for word in words_in(text) if word.lower() not in LEFT_OUT]
    with connection.cursor() as cursor:
        cursor.execute(PLAIN, [words])
        return [plain for (plain,) in cursor.fetchall()]


def place_query(words: list[str], meant: dict[str, list[str]] | None = None):
    """Return an expression that asks for placements with all words.

    Args:
        words: of `place_words`; without any, nothing is asked for and nothing found.
        meant: others that will do as well, by word. The index is asked for whole ones: to gather all that begin alike
            takes long.
    """
    if not words:
        return query("")
    parts = [[quoted(each) for each in (word, *(meant or {}).get(word, ()))] for word in words]
    if not words[-1].isalpha() and len(words[-1]) >= SHORTEST_BEGINNING_OF_CODE:
        parts[-1].append(beginning_with(words[-1]))
    return query(all_of(any_of(part) for part in parts))
