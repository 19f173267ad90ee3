"""How placements are found by the words of their code and address, a million of them as quickly as a few."""

from django.contrib.postgres.search import SearchVectorField
from django.db import connection
from django.db.models import Func, QuerySet

from firenze_digitale.asking import all_of, any_of, beginning_with, quoted, words_in
from firenze_digitale.searching import query

# What full text search knows of a placement: words of its code and address, but for what most addresses begin with.
PLACE_WORDS = Func("code", "address", function="registry_place_words", output_field=SearchVectorField())

#: Words that `registry_place_words` leaves out.
LEFT_OUT = frozenset(("via", "viale", "piazza"))
#: A shorter part of a code begins too many.
SHORTEST_BEGINNING_OF_CODE = 5
#: A search that finds many more is content with about so many, which the index picks at random.
ENOUGH = 2_000

# The words that were typed, without accents; and of each that no address has what it may mean: where it is the last
# one, words that begin with it, else those that are likest.
READ = """
    SELECT plain, CASE WHEN plain !~ '^[a-z]{3,}$' OR EXISTS (
        SELECT 1 FROM assets_addressword WHERE word = plain
    ) THEN ARRAY[]::text[] ELSE coalesce(
        nullif(array(SELECT word FROM assets_addressword WHERE is_last AND word LIKE plain || '%%'
                     ORDER BY word LIMIT 20), '{}'),
        array(SELECT word FROM assets_addressword WHERE word %% plain AND similarity(word, plain) >= 0.4
              ORDER BY similarity(word, plain) DESC, word LIMIT 3)
    ) END
    FROM (SELECT registry_plain(word) AS plain, place, place = cardinality(%(words)s::text[]) AS is_last
          FROM unnest(%(words)s::text[]) WITH ORDINALITY given(word, place)) typed ORDER BY place
"""


class AddressWordQuerySet(QuerySet):
    """Words of addresses: what one that is mistyped, or half typed, may mean."""

    def meant_by(self, words: list[str]) -> list[tuple[str, list[str]]]:
        """Each of `words` without accents, and where no address has it, the few that it may mean.

        Args:
            words: the last one may be half typed.
        """
        with connection.cursor() as cursor:
            cursor.execute(READ, {"words": words})
            return cursor.fetchall()


def place_words(text: str) -> list[str]:
    """The words of a text that placements are looked for by."""
    return [word for word in words_in(text) if word.lower() not in LEFT_OUT]


def place_query(words: list[str], known: AddressWordQuerySet):
    """Return an expression that asks for placements with all words.

    Args:
        words: of `place_words`; without any, nothing is asked for and nothing found.
        known: the words of addresses. The index is asked for whole ones: to gather all that begin alike takes long.
    """
    if not words:
        return query("")
    read = known.meant_by(words)
    parts = [[quoted(word) for word in (plain, *meant)] for plain, meant in read]
    last = read[-1][0]
    if not last.isalpha() and len(last) >= SHORTEST_BEGINNING_OF_CODE:
        parts[-1].append(beginning_with(last))
    return query(all_of(any_of(part) for part in parts))
