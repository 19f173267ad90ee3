"""Facets of a list: for each filter the values that rows have, with how many there are, as links that set or drop it.

A facet counts the rows that all other filters let through, so that its figures say what choosing would show.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, F, QuerySet
from django.utils.functional import cached_property

#: What an address loses when a filter changes: a cursor belongs to the list that gave it out.
DROPPED = ("cursor",)


@dataclass(frozen=True)
class FacetRule:
    """How one filter of a list is counted.

    Args:
        name: the filter.
        column: look-up of the value that the address names, of the row or one step away: “owner__code”.
        counted: instead of a column, a function of the rows that returns how many there are of each value.
        method: instead of both, the method of the filter set that does so, where it takes the other filters or the
            reader.
        added_up: what is made of the counts where a value stands for others too, as a category does for its parts.
    """

    name: str
    column: str = ""
    counted: Callable[[QuerySet], dict] | None = None
    method: str = ""
    added_up: Callable[[dict], dict] = dict


@dataclass(frozen=True)
class Choice:
    """One value of a facet; `url` chooses it, or drops it where it is `chosen`."""

    value: str
    label: str
    count: int
    url: str
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """A filter with the values that can be chosen."""

    name: str
    label: str
    choices: list[Choice]

    @cached_property
    def chosen(self) -> Choice | None:
        return next((choice for choice in self.choices if choice.chosen), None)


def facets_of(request, filters) -> list[Facet]:
    """Count the facets that the filter set declares in `FACETS`; one without any value is left out.

    The queries do not grow with the rows: one for all columns that share the same other filters, and one for each
    facet that is in use or counted by a function.
    """
    counts = {}
    unused = [rule for rule in filters.FACETS if rule.column and not request.GET.get(rule.name)]
    if unused:
        counts |= _by_columns(filters.qs, {rule.name: rule.column for rule in unused})
    for rule in filters.FACETS:
        if rule.name not in counts:
            others = filters.without(rule.name) if request.GET.get(rule.name) else filters
            counted = getattr(others, rule.method) if rule.method else rule.counted
            counts |= {rule.name: counted(others.qs)} if counted else _by_columns(others.qs, {rule.name: rule.column})
    facets = [_facet(request, filters, rule.name, rule.added_up(counts[rule.name])) for rule in filters.FACETS]
    return [facet for facet in facets if facet.choices]


def _by_columns(rows: QuerySet, columns: dict[str, str]) -> dict[str, dict]:
    """Count the rows by the value of each column, all in one pass; what related rows hold is joined to the counts."""
    own, told, joins = _where_told(rows.model, columns.values())
    keys = rows.order_by().annotate(**{alias: F(name) for name, alias in own.items()}).values(*own.values())
    counts = {name: {} for name in columns}
    try:
        sql, params = keys.annotate(counted=Count("pk")).query.sql_with_params()
    except EmptyResultSet:
        return counts
    joined = f"SELECT {', '.join(told)}, counted FROM ({sql}) AS keys {' '.join(joins)}"
    aliases = [f"facet_{index}" for index in range(len(told))]
    names, sets = ", ".join(aliases), ", ".join(f"({alias})" for alias in aliases)
    whole = (
        f"SELECT GROUPING({names}), {names}, sum(counted) FROM ({joined}) AS faceted GROUP BY GROUPING SETS ({sets})"
    )
    with connection.cursor() as cursor:
        cursor.execute(whole, params)
        for grouping, *values, count in cursor.fetchall():
            # GROUPING has one bit a column, the last one lowest, that is 0 where the row is of that column.
            index = next(i for i in range(len(aliases)) if not grouping >> (len(aliases) - 1 - i) & 1)
            counts[list(columns)[index]][values[index]] = int(count)
    return counts


def _where_told(model, columns) -> tuple[dict[str, str], list[str], list[str]]:
    """Where columns are read: aliases of the rows' own columns, what is selected, and the tables joined to those."""
    own, told, joins = {}, [], {}
    for index, column in enumerate(columns):
        first, _step, rest = column.partition("__")
        field = model._meta.get_field(first) if rest else None
        alias = own.setdefault(field.attname if field else column, f"own_{len(own)}")
        if field:
            related = field.related_model._meta
            joins[alias] = f"LEFT JOIN {related.db_table} of_{alias} ON of_{alias}.{related.pk.column} = {alias}"
            told.append(f"of_{alias}.{related.get_field(rest).column} AS facet_{index}")
        else:
            told.append(f"{alias} AS facet_{index}")
    return own, told, list(joins.values())


def counted_pairs(*pairs: QuerySet) -> dict:
    """Count the distinct rows of each value, in one query.

    Args:
        pairs: each yields a value and the id of a row that has it; the same pair may come from several of them.
    """
    asked = []
    for query in pairs:
        with suppress(EmptyResultSet):
            asked.append(query.order_by().query.sql_with_params())
    if not asked:
        return {}
    whole = " UNION ".join(sql for sql, _params in asked)
    counted = f"SELECT value, count(DISTINCT counted) FROM ({whole}) AS pairs (value, counted)"
    with connection.cursor() as cursor:
        parameters = [parameter for _sql, params in asked for parameter in params]
        cursor.execute(f"{counted} WHERE value IS NOT NULL GROUP BY value", parameters)
        return dict(cursor.fetchall())


def _facet(request, filters, name: str, counts: dict) -> Facet:
    field = filters.form.fields[name]
    understood = field.prepare_value(filters.form.cleaned_data.get(name))
    chosen = "" if understood is None else str(understood)
    counts = {str(value): count for value, count in counts.items()}
    labels = filters.labels_of(name) or {value: value for value in sorted({*counts, chosen} - {""}, reverse=True)}
    choices = [
        Choice(value, str(label), counts.get(value, 0), _address(request, name, value, chosen), value == chosen)
        for value, label in labels.items()
        if counts.get(value) or value == chosen
    ]
    return Facet(name, str(field.label), choices)


def _address(request, name: str, value, chosen: str) -> str:
    parameters = request.GET.copy()
    for dropped in (name, *DROPPED):
        parameters.pop(dropped, None)
    if value != chosen:
        parameters[name] = value
    return f"{request.path}?{parameters.urlencode()}"
