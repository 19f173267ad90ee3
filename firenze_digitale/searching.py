"""Full text and trigram search of PostgreSQL: the expressions that indexes hold, and the look-ups that repeat them.

A look-up finds an index only by the very same expression, so both are built here. Words are stemmed in Italian and
English and bare of accents; `plain` text is compared by its trigrams, which forgives typing errors. The database
objects are made by the migration `partners.0003_search`.
"""

from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchQueryField, SearchVector
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import BooleanField, FloatField, Func, QuerySet, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Coalesce, Concat

from firenze_digitale.asking import Asked

ITALIAN, ENGLISH, SIMPLE = "registry_italian", "registry_english", "registry_simple"
#: A shorter word is like too many.
SHORTEST_MISTYPED = 4


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


class Holds(Func):
    """Whether the words of a row are what a query asks for."""

    template, arg_joiner, output_field = "(%(expressions)s)", " @@ ", BooleanField()


def query(text: str) -> Cast:
    """An expression that asks for the text of a `tsquery`."""
    return Cast(Value(text), SearchQueryField())


@contextmanager
def by_index(*settings: str):
    """Within it, tables are read by their indexes, whatever the planner expects.

    Of words that it takes to be frequent it hopes to meet one soon in the table itself: a walk through all of it, each
    row stemmed anew, where it is wrong.

    Args:
        settings: others that hold within, as “name = value”.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET LOCAL {setting}" for setting in ("enable_seqscan = off", *settings)))
        yield


@dataclass(frozen=True)
class Searched:
    """How rows of a model are searched: by the expressions of its indexes.

    Args:
        words: of `words_of`.
        likeness: fields in which typing errors are forgiven.
    """

    words: SearchVector
    likeness: tuple[str, ...]

    def matching(self, rows: QuerySet, wanted: Asked) -> QuerySet:
        """Rows in which all words occur; where there are none, those with words that are like them."""
        exact = self.found(rows, wanted)
        with by_index():
            is_there = exact.exists()
        return exact if is_there else self.found(rows, wanted, nearly=True)

    def found(self, rows: QuerySet, wanted: Asked, *, nearly: bool = False) -> QuerySet:
        """Rows in which all words occur, however they are declined.

        Args:
            nearly: content with a word that has so many of the same trigrams that it may be the wanted one mistyped.
        """
        condition, parameters = condition_on(rows.model, wanted, nearly)
        table = connection.ops.quote_name(rows.model._meta.db_table)
        return rows.filter(pk__in=RawSQL(f"SELECT id FROM {table} WHERE {condition}", parameters))

    def ranked(self, rows: QuerySet, wanted: Asked, most: int) -> QuerySet:
        """At most `most` of `rows`, the best first: where the words weigh most, and what its name or title is likest.

        Only so many are looked at; a search that finds more is better served by another word than by ranking them.
        """
        words, plain = compiled(rows.model)
        few = rows.model._default_manager.filter(pk__in=rows.order_by().values("pk")[:most])
        rank = f"ts_rank_cd({words}, %s::tsquery) + word_similarity(%s, {plain})"
        text = " ".join(word.plain for word in wanted.words)
        return few.annotate(rank=RawSQL(rank, [wanted.query, text], FloatField())).order_by("-rank", "pk")


def condition_on(model, wanted: Asked, nearly: bool) -> tuple[str, list[str]]:
    """SQL that is true of the rows of a model in which all words occur, or others like them, and its parameters."""
    words, plain = compiled(model)
    if not wanted.words:
        return "FALSE", []
    if not nearly:
        return f"{words} @@ %s::tsquery", [wanted.query]
    conditions, parameters = [], []
    for word in wanted.words:
        is_long = len(word.plain) >= SHORTEST_MISTYPED
        conditions.append(f"({words} @@ %s::tsquery{f' OR {plain} %%> %s' if is_long else ''})")
        parameters += [word.query, *([word.plain] if is_long else [])]
    return " AND ".join(conditions), parameters


def models_with(models: Iterable[type], wanted: Asked, *, nearly: bool) -> list[type]:
    """Those of `models` that have any row with all words, whoever may see it: the others need not be asked."""
    models, parts, parameters = list(models), [], []
    if not models:
        return []
    for place, model in enumerate(models):
        condition, given = condition_on(model, wanted, nearly)
        table = connection.ops.quote_name(model._meta.db_table)
        parts.append(f"SELECT {place} WHERE EXISTS (SELECT 1 FROM {table} WHERE {condition})")
        parameters += given
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), parameters)
        return [models[place] for (place,) in cursor.fetchall()]


@cache
def compiled(model) -> tuple[str, str]:
    """SQL of what the indexes of a model hold, its words and its plain text: to make it takes longer than to search."""
    compiler = model._base_manager.all().query.get_compiler(DEFAULT_DB_ALIAS)
    expressions = (model.SEARCHED.words, Plain(joined(*model.SEARCHED.likeness)))
    words, plain = (compiler.compile(each.resolve_expression(compiler.query)) for each in expressions)
    return connection.ops.compose_sql(*words), connection.ops.compose_sql(*plain)
