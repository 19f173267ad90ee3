"""The same change of many rows of one kind: what becomes of each, which are refused and why, and storing them all."""

from copy import copy
from dataclasses import dataclass, field

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import connection, models
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from firenze_digitale.differences import Difference, Wording
from firenze_digitale.set_checks import broken_checks

BATCH = 500


@dataclass
class Line:
    """One row: what would change in it, and why it is refused, if it is."""

    row: models.Model
    differences: list[Difference]
    refusals: list[str] = field(default_factory=list)


class ManyChanges:
    """The rows that are given, with `values` in them. Asks the database as often for one row as for a thousand."""

    def __init__(self, rows: list[models.Model], values: dict[str, object], who):
        """Change the rows, in memory only.

        Args:
            rows: stored rows of one model, read with `for_many_changes()`.
            values: what each is to hold, by field; of a JSON field, what each of its keys is to hold (None: nothing).
            who: who stores them.
        """
        self.model = type(rows[0])
        self.who, self.names = who, list(values)
        befores = [copy(row) for row in rows]
        for row in rows:
            self._fill(row, values)
        wording = Wording(self.model, [*befores, *rows], who)
        pairs = zip(befores, rows, strict=True)
        self.lines = [Line(row, wording.differences(before, row)) for before, row in pairs]
        self._refuse(befores)

    def _fill(self, row, values) -> None:
        for name, value in values.items():
            if isinstance(self.model._meta.get_field(name), models.JSONField):
                value = {key: kept for key, kept in {**getattr(row, name), **value}.items() if kept is not None}
            setattr(row, name, value)

    @property
    def changed(self) -> list[Line]:
        return [line for line in self.lines if line.differences and not line.refusals]

    @property
    def unchanged(self) -> list[Line]:
        return [line for line in self.lines if not line.differences and not line.refusals]

    @property
    def refused(self) -> list[Line]:
        return [line for line in self.lines if line.refusals]

    def _refuse(self, befores) -> None:
        """Ask the models' rules of every row that would change; the database's checks are asked of all at once."""
        denied = self.model.not_storable_by(befores, self.who)
        lines = [line for line in self.lines if line.differences]
        errors = [self._errors_of(line.row) for line in lines]
        for number, broken in broken_checks(self.model, [line.row for line in lines], [set(e) for e in errors]).items():
            errors[number] = ValidationError(broken).update_error_dict(errors[number])
        for line, found in zip(lines, errors, strict=True):
            if line.row.pk in denied:
                line.refusals = [_("This is not yours to change.")]
            elif found:
                line.refusals = self._told(ValidationError(found))

    @staticmethod
    def _errors_of(row) -> dict:
        relations = {field.name for field in row._meta.concrete_fields if field.is_relation}
        try:
            row.full_clean(exclude=relations, validate_unique=False, validate_constraints=False)
        except ValidationError as error:
            return error.update_error_dict({})
        return {}

    def _told(self, error: ValidationError) -> list[str]:
        told = []
        for name, messages in error.message_dict.items():
            label = "" if name == NON_FIELD_ERRORS else f"{capfirst(self.model._meta.get_field(name).verbose_name)}: "
            told += [f"{label}{message}" for message in messages]
        return told

    def store(self) -> int:
        """Store the rows that change, in a transaction that is open, and return how many they are."""
        rows = [line.row for line in self.changed]
        self.model._default_manager.bulk_update(rows, self.names, batch_size=BATCH)
        connection.check_constraints()
        return len(rows)
