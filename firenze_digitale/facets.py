"""Facets of a list: for each filter the values that rows have, with how many there are, as links that set or drop it.

A facet counts the rows that all other filters let through, so that its figures say what choosing would show.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.db.models import F, QuerySet
from django.utils.functional import cached_property

#: What an address loses when a filter changes: a cursor belongs to the list that gave it out.
DROPPED = ("cursor",)


@dataclass(frozen=True)
class FacetRule:
    """How one filter of a list is counted.

    Args:
        name: the filter.
        column: look-up of the value that the address names, for example “owner__code”.
        counted: instead of a column, a function of the rows that returns how many there are of each value.
    """

    name: str
    column: str = ""
    counted: Callable[[QuerySet], dict] | None = None


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
            rows = filters.without(rule.name).qs if request.GET.get(rule.name) else filters.qs
            counts |= {rule.name: rule.counted(rows)} if rule.counted else _by_columns(rows, {rule.name: rule.column})
    facets = [_facet(request, filters, rule.name, counts[rule.name]) for rule in filters.FACETS]
    return [facet for facet in facets if facet.choices]


def _by_columns(rows: QuerySet, columns: dict[str, str]) -> dict[str, dict]:
    """Count the rows by the value of each column, all in one pass."""
    aliases = {f"facet_{index}": F(column) for index, column in enumerate(columns.values())}
    sql, params = rows.order_by().annotate(**aliases).values(*aliases).query.sql_with_params()
    sets, counts = ", ".join(f"({alias})" for alias in aliases), {name: {} for name in columns}
    counted = f"SELECT GROUPING({', '.join(aliases)}), {', '.join(aliases)}, count(*) FROM ({sql}) AS faceted"
    with connection.cursor() as cursor:
        cursor.execute(f"{counted} GROUP BY GROUPING SETS ({sets})", params)
        for grouping, *values, count in cursor.fetchall():
            # GROUPING has one bit a column, the last one lowest, that is 0 where the row is of that column.
            index = next(i for i in range(len(aliases)) if not grouping >> (len(aliases) - 1 - i) & 1)
            counts[list(columns)[index]][values[index]] = count
    return counts


def _facet(request, filters, name: str, counts: dict) -> Facet:
    field = filters.form.fields[name]
    chosen, counts = request.GET.get(name, ""), {str(value): count for value, count in counts.items()}
    choices = [
        Choice(value, str(label), counts.get(value, 0), _address(request, name, value, chosen), value == chosen)
        for value, label in filters.labels_of(name).items()
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
