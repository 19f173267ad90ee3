"""Full text and trigram search of PostgreSQL: the expressions that indexes hold and look-ups repeat.

A look-up finds an index only by the very same expression, so both are built here. Words are stemmed in Italian and
English and bare of accents; `plain` text is compared by its trigrams, which forgives typing errors. The database
objects are made by the migration `partners.0003_search`.
"""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector
from django.db.models import Func, TextField, Value
from django.db.models.functions import Coalesce, Concat

ITALIAN, ENGLISH, SIMPLE = "registry_italian", "registry_english", "registry_simple"


class Plain(Func):
    """A text in small letters, without accents."""

    function = "registry_plain"
    output_field = TextField()


def joined(*fields: str):
    """The texts of several fields, one after the other."""
    if len(fields) == 1:
        return Coalesce(fields[0], Value(""), output_field=TextField())
    parts = [part for field in fields for part in (field, Value(" "))][:-1]
    return Concat(*parts, output_field=TextField())


def words_of(titles: tuple[str, ...], texts: tuple[str, ...] = (), codes: tuple[str, ...] = ()) -> SearchVector:
    """What full text search knows of a row.

    Args:
        titles: fields whose words weigh most; like `texts`, fields ending in “_en” are read as English, others as
            Italian.
        codes: fields whose words are taken as they are.
    """
    vectors = [
        SearchVector(field, config=ENGLISH if field.endswith("_en") else ITALIAN, weight=weight)
        for fields, weight in ((titles, "A"), (texts, "B"))
        for field in fields
    ]
    vectors += [SearchVector(field, config=SIMPLE, weight="A") for field in codes]
    whole = vectors[0]
    for vector in vectors[1:]:
        whole = whole + vector
    return whole


def search_indexes(model: str, *, words: SearchVector, likeness: tuple[str, ...]) -> list[GinIndex]:
    """Indexes of a model that people search.

    Args:
        words: of `words_of`.
        likeness: fields in which typing errors are forgiven.
    """
    return [
        GinIndex(words, name=f"{model}_words"),
        GinIndex(OpClass(Plain(joined(*likeness)), name="gin_trgm_ops"), name=f"{model}_likeness"),
    ]
