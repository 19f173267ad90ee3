"""Paging by key (keyset): a page is found by the last row seen, so that it costs the same however deep it lies.

Pages, admin and API share it. Rows that are added or deleted meanwhile neither repeat nor drop others.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.utils.timezone import is_naive
from django.utils.translation import gettext_lazy as _

START, FORWARDS, BACKWARDS = "start", "f", "b"

LONGEST_CURSOR = 2_000


class InvalidCursor(ValueError):
    """The cursor was not made by `paginate` for this list."""

    message = _("The cursor is not one that this list gave out: start again without it.")


@dataclass(frozen=True)
class Page:
    """One page of a list, and the cursors of its neighbours (None where there is none)."""

    rows: list
    next: str | None
    previous: str | None


@dataclass(frozen=True)
class Asked:
    """Which page of a list is asked for.

    Args:
        key: fields or annotations that order the list, all ascending or all with a leading “-”. Together they are
            unique, none is null, and an index covers them where the list is long.
        limit: rows a page.
        way: START, or FORWARDS or BACKWARDS from the row that has `values`.
    """

    key: tuple[str, ...]
    limit: int
    way: str
    values: tuple = ()

    @classmethod
    def by(cls, cursor: str | None, queryset: models.QuerySet, key: tuple[str, ...], limit: int) -> "Asked":
        """The page of `queryset` that `cursor` points at.

        Raises:
            InvalidCursor: the cursor belongs to no such list.
        """
        if not cursor:
            return cls(key, limit, START)
        return cls(key, limit, *_read(cursor, queryset, tuple(name.lstrip("-") for name in key)))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name.lstrip("-") for name in self.key)

    def rows(self, queryset: models.QuerySet) -> models.QuerySet:
        """The rows of the page in the order in which they are read, and one more if there is one."""
        is_descending = self.key[0].startswith("-") != (self.way == BACKWARDS)
        if self.way != START:
            lookup = TupleLessThan if is_descending else TupleGreaterThan
            queryset = queryset.filter(lookup(Tuple(*(models.F(name) for name in self.names)), self.values))
        order = [f"-{name}" for name in self.names] if is_descending else list(self.names)
        return queryset.order_by(*order)[: self.limit + 1]

    def page(self, rows: list, named=lambda row: row) -> Page:
        """The page that holds `rows`, which are those of `rows` as they were read.

        Args:
            named: makes of such a row one that has what `key` names.
        """
        more, rows = len(rows) > self.limit, rows[: self.limit]
        if self.way == BACKWARDS:
            rows.reverse()
        has_next, has_previous = (True, more) if self.way == BACKWARDS else (more, self.way != START)
        return Page(
            rows,
            next=cursor_at(named(rows[-1]), self.names) if rows and has_next else None,
            previous=cursor_at(named(rows[0]), self.names, backwards=True) if rows and has_previous else None,
        )


def paginate(
    queryset: models.QuerySet, *, key: tuple[str, ...], limit: int, cursor: str | None = None, read=list
) -> Page:
    """Return the page of `queryset` that `cursor` points at; the first one without it.

    Args:
        key, limit: as of `Asked`.
        cursor: `next` or `previous` of another page of the same list.
        read: makes of the queryset of a page its rows, which are models, or dictionaries that hold what `key` names.

    Raises:
        InvalidCursor: the cursor belongs to no such list.
    """
    asked = Asked.by(cursor, queryset, key, limit)
    return asked.page(read(asked.rows(queryset)))


def _value(row, name: str):
    value = row[name] if isinstance(row, dict) else row
    if not isinstance(row, dict):
        for part in name.split("__"):
            value = getattr(value, part)
    return value


def cursor_at(row, names: tuple[str, ...], *, backwards: bool = False) -> str:
    """Return the cursor of the page that follows `row` (or precedes it) in a list ordered by `names`."""
    words = [BACKWARDS if backwards else FORWARDS, *(str(_value(row, name)) for name in names)]
    return base64.urlsafe_b64encode(json.dumps(words, ensure_ascii=False).encode()).decode().rstrip("=")


def _read(cursor: str, queryset: models.QuerySet, names: tuple[str, ...]) -> tuple[str, tuple]:
    if len(cursor) > LONGEST_CURSOR:
        raise InvalidCursor
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        direction, *words = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if (
            direction not in (FORWARDS, BACKWARDS)
            or len(words) != len(names)
            or not all(isinstance(w, str) for w in words)
        ):
            raise InvalidCursor
        values = tuple(_typed(queryset, name, word) for name, word in zip(names, words, strict=True))
    except (ValueError, TypeError, binascii.Error, RecursionError, ValidationError) as error:
        raise InvalidCursor from error
    return direction, values


def _field(queryset: models.QuerySet, name: str) -> models.Field:
    if name in queryset.query.annotations:
        return queryset.query.annotations[name].output_field
    model, (*path, last) = queryset.model, name.split("__")
    for part in path:
        model = model._meta.get_field(part).related_model
    return model._meta.get_field(last) if last != "pk" else model._meta.pk


def _typed(queryset: models.QuerySet, name: str, word: str):
    field = _field(queryset, name)
    value = getattr(field, "target_field", field).to_python(word)
    if isinstance(value, str):
        value.encode()  # half a character of two, as JSON can escape it, is a ValueError
        if "\x00" in value:
            raise InvalidCursor
    if isinstance(value, datetime) and is_naive(value):
        raise InvalidCursor
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise InvalidCursor
    return value
