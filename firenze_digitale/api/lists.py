"""Bodies of a list read as columns: no row becomes a model, no field is asked to represent itself.

It says the same as the serializer, which is asked wherever a body has more than columns (tests compare the two).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from operator import itemgetter
from weakref import WeakKeyDictionary

import orjson
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from rest_framework import serializers

from firenze_digitale.access import Access
from firenze_digitale.api.fields import KeyField
from firenze_digitale.paging import START, Asked

OPTIONS = orjson.OPT_UTC_Z
#: Names of the plans that each connection of the database driver keeps, and how many it keeps at most: callers choose
#: the length of a page, and each length is a plan of its own.
KEPT_PLANS: WeakKeyDictionary = WeakKeyDictionary()
MOST_KEPT = 100


@dataclass(frozen=True)
class Column:
    """A member of a body: the columns that hold it, and what makes it of their values; None: it is the only value.

    `link` names the foreign key whose key it is, if it is one.
    """

    name: str
    lookups: tuple[str, ...]
    made: Callable | None = None
    link: str = ""


@cache
def columns_of(serializer_class: type[serializers.ModelSerializer]) -> tuple[Column, ...] | None:
    """The columns that hold all of a body; None where it says more than columns do."""
    model, columns = serializer_class.Meta.model, []
    for name, field in serializer_class().fields.items():
        if not field.write_only:
            columns.append(_column(model, name, field))
    return None if None in columns else tuple(columns)


def _column(model: type[models.Model], name: str, field: serializers.Field) -> Column | None:
    if isinstance(field, KeyField):
        related = model._meta.get_field(field.source).related_model
        lookups = tuple(f"{field.source}__{lookup}" for lookup in related.NATURAL_KEY)
        return Column(name, lookups, _joined if len(lookups) > 1 else None, link=field.source)
    if name == "key":
        return Column(name, model.NATURAL_KEY, _joined)
    if isinstance(field, serializers.BaseSerializer | serializers.ManyRelatedField):
        return None
    *path, last = field.source.split(".")
    for step in path:
        model = model._meta.get_field(step).related_model
    stored = {f.name: f for f in model._meta.concrete_fields}.get(last)
    if stored is None:
        return None
    return Column(name, ("__".join((*path, last)),), _as_stored if isinstance(stored, models.JSONField) else None)


def _joined(parts: tuple) -> str | None:
    return None if parts[0] is None else f"{parts[0]}:{parts[1]}"


def _nothing(_value) -> None:
    return None


def _as_stored(text: str | None) -> orjson.Fragment | None:
    return None if text is None else orjson.Fragment(text)


@dataclass(frozen=True)
class Statement:
    """SQL that reads columns, and its values; `places` says which of them are those of a cursor."""

    lookups: tuple[str, ...]
    sql: str
    values: tuple
    places: tuple[int, ...] = ()
    #: Under which the database keeps its plan, for the length of a connection.
    name: str = ""

    @classmethod
    def of(cls, rows: models.QuerySet, lookups: tuple[str, ...]) -> "Statement | None":
        """What reads `lookups` of the given rows; None where there can be none."""
        try:
            sql, values = rows.values_list(*lookups).query.sql_with_params()
        except EmptyResultSet:
            return None
        return cls(lookups, sql, tuple(values))

    def rows(self, cursor_values: tuple = ()) -> list[tuple]:
        """Return what it finds, in the order of the look-ups, as the database driver gives it; JSON as text."""
        values = list(self.values)
        for place, value in zip(self.places, cursor_values, strict=True):
            values[place] = value
        with connection.cursor() as cursor:
            kept = KEPT_PLANS.setdefault(connection.connection, set())
            is_kept = self.name and (self.name in kept or len(kept) < MOST_KEPT)
            cursor.execute(self._by_kept_plan(kept) if is_kept else self.sql, values)
            if is_kept:
                kept.add(self.name)
            return cursor.fetchall()

    def _by_kept_plan(self, kept: set[str]) -> str:
        """SQL that asks by a plan that the connection keeps or now makes: planning takes longer than reading."""
        marks = ", ".join(["%s"] * len(self.values))
        ask = f"EXECUTE {self.name} ({marks})" if marks else f"EXECUTE {self.name}"
        if self.name in kept:
            return ask
        numbered = self.sql % tuple(f"${number}" for number in range(1, len(self.values) + 1))
        return f"PREPARE {self.name} AS {numbered.replace('%', '%%')}; {ask}"


def read_columns(rows: models.QuerySet, lookups: tuple[str, ...]) -> list[dict]:
    """Return what `lookups` name of each row, as `Statement.rows`, by look-up."""
    statement = Statement.of(rows, lookups)
    return [dict(zip(lookups, row, strict=True)) for row in statement.rows()] if statement else []


@lru_cache(maxsize=1_000)
def page_statement(
    model: type[models.Model], lookups: tuple[str, ...], key: tuple[str, ...], access: Access, limit: int, way: str
) -> Statement | None:
    """What reads a page of all rows of `model` that a caller sees: made once for all who see the same.

    Args:
        key: fields that order the list.
        way: of the page, as `paging.Asked` has it: from the start, or after or before the values of a cursor.

    Returns:
        None where nothing is seen, or where the values of a cursor cannot be told from others.
    """
    stand_ins = tuple(_stand_in(model, name, number) for number, name in enumerate(key))
    asked = Asked(key, limit, way, stand_ins if way != START else ())
    statement = Statement.of(asked.rows(model.objects.visible_to(access)), lookups)
    if statement is None:
        return None
    name = (
        f"page_{hashlib.blake2b(repr((model, lookups, key, access, limit, way)).encode(), digest_size=12).hexdigest()}"
    )
    if way == START:
        return replace(statement, name=name)
    if any(statement.values.count(value) != 1 for value in stand_ins):
        return None
    return replace(statement, name=name, places=tuple(statement.values.index(value) for value in stand_ins))


def _stand_in(model: type[models.Model], name: str, number: int):
    """A value for a field of a cursor that the statement is made with, and that nothing else in it has."""
    is_number = isinstance(model._meta.get_field(name), models.IntegerField | models.ForeignKey)
    return 32_111 + number if is_number else f"stand-in {number}"


@cache
def lookups_of(columns: tuple[Column, ...], hidden: frozenset[str], key: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What to read for bodies of the given columns, and for cursors of a list ordered by `key`.

    Args:
        hidden: links whose keys the reader does not see.
    """
    shown = (column for column in columns if column.link not in hidden)
    return tuple(dict.fromkeys([*(lookup for column in shown for lookup in column.lookups), *key]))


def bodies_of(
    found: list, columns: tuple[Column, ...], hidden: frozenset[str], lookups: tuple[str, ...] | None = None
) -> list[dict]:
    """Return the bodies of rows that were read, to be written by orjson.

    Args:
        found: rows by look-up, as of `read_columns`; or, where `lookups` says what they hold, as of `Statement.rows`.
    """
    names, values_in, made = _recipe(columns, hidden, lookups)
    bodies = [dict(zip(names, values_in(row), strict=True)) for row in found]
    for name, make, value_in in made:
        for body, row in zip(bodies, found, strict=True):
            body[name] = make(value_in(row))
    return bodies


@cache
def _recipe(columns: tuple[Column, ...], hidden: frozenset[str], lookups: tuple[str, ...] | None):
    """Names of all members of a body, what takes their values from a row, and what else is made of its values."""
    place = lookups.index if lookups else str
    shown = [column for column in columns if column.link not in hidden]
    something = shown[0].lookups[0]
    first = (something if column.link in hidden else column.lookups[0] for column in columns)
    made = [(c.name, c.made, itemgetter(*map(place, c.lookups))) for c in shown if c.made]
    made += [(c.name, _nothing, itemgetter(place(something))) for c in columns if c.link in hidden]
    return tuple(column.name for column in columns), itemgetter(*map(place, first)), made
