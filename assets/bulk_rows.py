"""Rows as JSON says them, read by the fields of the API: a field at a time, and all errors of a row at once."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from assets.imports.values import Problem
from firenze_digitale.api.fields import KeyField
from firenze_digitale.api.serializers import UNKNOWN_FIELD

LONGEST_KEY = 250
NO_OBJECT = _("A row is an object: {…}.")
REQUIRED = serializers.Field.default_error_messages["required"]


class RowOfMany:
    """Mixin for the serializer of a resource: a row of many, which says its key and whatever it has to say."""

    def get_fields(self):
        fields, key = super().get_fields(), self._key_fields()
        #: What a new row must say beside its key.
        self.required_of_new = [name for name, each in fields.items() if each.required and name not in key]
        for name, each in fields.items():
            each.required = name in key
        return fields


class Refused:
    """What a field says of a value that it does not take."""

    __slots__ = ("messages",)

    def __init__(self, messages: Sequence[str]):
        self.messages = messages


@dataclass
class ToldRows:
    """Rows that have been read.

    Attributes:
        numbers: where each stands in the request, from 0.
        told: for each row, a bit for each field that it says: `bits` has them by column.
        values: by column, a value for each row; None where it says nothing, or nothing that could be read.
        problems: what could not be read.
        keys: by the number of the row, its natural key as one word, where it says one that is not too long.
    """

    numbers: list[int]
    told: list[int]
    bits: dict[str, int] = field(default_factory=dict)
    values: dict[str, list] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    keys: dict[int, str] = field(default_factory=dict)

    def refuse(self, number: int, name: str, messages) -> None:
        self.problems += [Problem(number, "", name, "", str(message)) for message in messages]


class RowsReader:
    """Reads rows as `serializer` would read each, with one query for each field that names other rows.

    Args:
        serializer: of the resource, a `RowOfMany` in the context of a request; its fields say what is wrong, and what
            the caller may refer to.
    """

    def __init__(self, serializer: serializers.ModelSerializer):
        self.model = serializer.Meta.model
        self.known = serializer.fields
        self.required_of_new = serializer.required_of_new
        self.fields = {name: each for name, each in self.known.items() if not each.read_only}
        self.key = [lookup.partition("__")[0] for lookup in self.model.NATURAL_KEY]

    def read(self, rows: list) -> ToldRows:
        """Return what `rows`, anything that JSON can say, tell."""
        numbered = [(number, row) for number, row in enumerate(rows) if isinstance(row, dict)]
        read = ToldRows([number for number, _row in numbered], [0] * len(numbered))
        for number, row in enumerate(rows):
            if not isinstance(row, dict):
                read.refuse(number, "", [NO_OBJECT])
            elif unknown := row.keys() - self.known.keys():
                for name in sorted(unknown):
                    read.refuse(number, name, [UNKNOWN_FIELD])
        for bit, (name, each) in enumerate(self.fields.items()):
            self._read_field(read, [row for _number, row in numbered], name, each, 1 << bit)
        read.keys = {number: key for number, row in numbered if (key := self._key_of(row))}
        return read

    def _key_of(self, row: dict) -> str | None:
        parts = [row.get(name) for name in self.key]
        key = ":".join(parts) if all(isinstance(part, str) for part in parts) else ""
        return key if 0 < len(key) <= LONGEST_KEY else None

    def _read_field(self, read: ToldRows, rows: list[dict], name: str, each: serializers.Field, bit: int) -> None:
        told = [position for position, row in enumerate(rows) if name in row]
        if not told and not each.required:
            return
        answer = self._reader_of(each, [rows[position][name] for position in told])
        values: list = [None] * len(rows)
        for position in told:
            value = answer(rows[position][name])
            read.told[position] |= bit
            if type(value) is Refused:
                read.refuse(read.numbers[position], name, value.messages)
            else:
                values[position] = value
        if each.required and len(told) < len(rows):
            for position in set(range(len(rows))).difference(told):
                read.refuse(read.numbers[position], name, [REQUIRED])
        column = self.model._meta.get_field(name).attname
        read.values[column], read.bits[column] = values, bit

    def _reader_of(self, each: serializers.Field, raw: list) -> Callable:
        """What turns a value of JSON into one of the column, or into a `Refused`."""
        if isinstance(each, KeyField):
            return _related(each, raw)
        known: dict[Hashable, object] = {}

        def answer(value):
            if isinstance(value, dict | list):
                return _validated(each, value)
            # True, 1 and 1.0 are one key of a dict, and three values of JSON.
            key = (type(value), value)
            if key not in known:
                known[key] = _validated(each, value)
            return known[key]

        return answer


def _validated(each: serializers.Field, value: object):
    try:
        return each.run_validation(value)
    except serializers.ValidationError as error:
        return Refused(error.detail)


def _related(each: KeyField, raw: list) -> Callable:
    """What turns keys into ids of the rows that the caller may see: all of them are looked up at once."""
    lookup = each.queryset.model.NATURAL_KEY[0]
    wanted = {value for value in raw if isinstance(value, str)}
    found = dict(each.get_queryset().filter(**{f"{lookup}__in": wanted}).values_list(lookup, "pk"))

    def answer(value):
        if isinstance(value, str) and value in found:
            return found[value]
        if value is None and each.allow_null:
            return None
        if value is None:
            return Refused([each.error_messages["null"]])
        if not isinstance(value, str):
            return Refused([each.error_messages["type"]])
        return Refused(each.missing(value).detail)

    return answer
