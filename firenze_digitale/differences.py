"""Differences of two states of a row, as people read them: for history, conflicts, many changes at once, imports.

A state is a row of the model, stored or not, or an event of its history: both name their columns alike.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime

from django.db import models
from django.db.models.fields.files import FieldFile
from django.utils import formats, timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

LEFT_OUT = frozenset({"created_at", "updated_at", "id"})
NOTHING = "–"


@dataclass(frozen=True)
class Difference:
    """One field, or one key of a JSON field, that differs: where it is, its label, and both values in words."""

    path: tuple[str, ...]
    label: str
    before: str
    after: str

    @property
    def field(self) -> str:
        return self.path[0]


class Wording:
    """Values of the states of one model in words. Related rows are read once for all of them, a query a field."""

    def __init__(self, model: type[models.Model], states: list[models.Model], who=None):
        """Read what the words need.

        Args:
            model: the model whose states these are.
            states: every state that will be asked about; None among them is left out.
            who: who reads it; related rows that they may not see are not named. Nobody: only public ones are.
        """
        states = [state for state in states if state is not None]
        self.fields = told_fields(model, states)
        self.names = self._names_of_related(states, who)
        self.deciding = getattr(model, "ATTRIBUTES_FOLLOW", None)
        ids = {getattr(state, self.deciding) for state in states} - {None} if self.deciding else ()
        self.labels = model.attribute_labels(ids) if ids else {}

    def _names_of_related(self, states, who) -> dict[tuple[str, int], str]:
        names = {}
        for field in self.fields:
            if isinstance(field, models.ForeignKey):
                ids = {getattr(state, field.attname) for state in states} - {None}
                rows = field.related_model._default_manager.visible_to(who).for_list().filter(pk__in=ids)
                names |= {(field.name, row.pk): str(row) for row in rows} if ids else {}
        return names

    def differences(self, before: models.Model, after: models.Model) -> list[Difference]:
        """Tell field by field, and key by key within JSON, where `after` differs from `before`."""
        found = []
        for field in self.fields:
            old, new = getattr(before, field.attname), getattr(after, field.attname)
            if old == new:
                continue
            if isinstance(field, models.JSONField):
                found += self._differences_within(
                    field, old, new, {**self._labels_of(before), **self._labels_of(after)}
                )
            else:
                label = capfirst(str(field.verbose_name))
                found.append(Difference((field.name,), label, self.of(field, old), self.of(field, new)))
        return found

    def _labels_of(self, state) -> dict[str, str]:
        return self.labels.get(getattr(state, self.deciding), {}) if self.deciding else {}

    def _differences_within(self, field, old, new, labels) -> list[Difference]:
        before, after = _leaves(old), _leaves(new)
        order = list(labels)
        paths = sorted(
            {*before, *after},
            key=lambda path: (order.index(path[0]) if path[:1] and path[0] in order else len(order), path),
        )
        return [
            Difference(
                (field.name, *path),
                _label_within(field, path, labels),
                in_words(before.get(path)),
                in_words(after.get(path)),
            )
            for path in paths
            if before.get(path) != after.get(path)
        ]

    def of(self, field: models.Field, value: object) -> str:
        """One value of a column in words."""
        if isinstance(field, models.ForeignKey) and value is not None:
            return self.names.get((field.name, value)) or _("a row that you may not see, or that is gone")
        if field.choices and value not in (None, ""):
            return str(dict(field.flatchoices).get(value, value))
        return in_words(value)


def told_fields(model: type[models.Model], states: list[models.Model]) -> list[models.Field]:
    """The fields of `model` that its states hold and people are told of."""
    held = {field.name for field in states[0]._meta.concrete_fields} if states else set()
    return [field for field in model._meta.concrete_fields if field.name in held and field.name not in LEFT_OUT]


def in_words(value: object) -> str:
    """A plain value as people read it: dates as they are written here, yes and no, a dash for nothing."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, FieldFile):
        # The name in the storage means nothing to people: enough of it to tell one file from another.
        return _("file %(number)s") % {"number": value.name.rpartition("/")[2][:8]}
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    if isinstance(value, date):
        return formats.date_format(value, "SHORT_DATE_FORMAT")
    if isinstance(value, float):
        return formats.number_format(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _leaves(value: object, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], object]:
    """The values within nested objects by the keys that lead to them; a list is one value."""
    if not isinstance(value, dict) or (path and not value):
        return {path: value}
    leaves = {}
    for key, inner in value.items():
        leaves |= _leaves(inner, (*path, str(key)))
    return leaves


def _label_within(field, path, labels) -> str:
    if path and path[0] in labels:
        return " › ".join([labels[path[0]], *path[1:]])
    return " › ".join([capfirst(str(field.verbose_name)), *path])
