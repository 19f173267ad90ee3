"""Earlier states of rows, and rows that are gone, brought back through the models: the rules of today hold for them."""

from copy import copy
from dataclasses import dataclass, field
from types import SimpleNamespace

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import connection, models
from django.db.models.functions import Now
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from firenze_digitale.differences import NOTHING, Wording
from firenze_digitale.history import links_to, note, parts_of
from firenze_digitale.states import event_model_of, row_from


def told(error: ValidationError, model: type[models.Model]) -> list[str]:
    """Why rules refuse a row, field by field, for a page that has no fields to say it beside."""
    fields = {field.name: capfirst(str(field.verbose_name)) for field in model._meta.concrete_fields}
    lines = []
    for name, messages in getattr(error, "message_dict", {NON_FIELD_ERRORS: error.messages}).items():
        label = f"{fields[name]}: " if name in fields else ""
        lines += [f"{label}{message}" for message in messages]
    return lines


class EarlierState:
    """A row that is there, with the values of an earlier state in some of its fields."""

    def __init__(self, row: models.Model, state: models.Model, fields: list[str], who):
        """Put the values into `row`, in memory only.

        Args:
            state: an event of the row's history.
            fields: names of the fields that go back; the others stay.
        """
        self.row, self.state, self.who = row, state, who
        now, then = copy(row), row_from(state)
        columns = [row._meta.get_field(name) for name in fields]
        for column in columns:
            setattr(row, column.attname, getattr(then, column.attname))
        wording = Wording(type(row), [now, then], who)
        self.differences = wording.differences(now, row)
        self.staying = wording.differences(row, then)
        self.refusals = self._refusals()

    def _refusals(self) -> list[str]:
        try:
            self.row.full_clean()
        except ValidationError as error:
            return told(error, type(self.row))
        return []

    def store(self) -> None:
        """Store the row.

        Raises:
            PermissionDenied: it is not for `who` to store as it would be.
        """
        if not self.row.may_be_stored_by(self.who):
            raise PermissionDenied
        note(restored=self.state.pgh_id)
        self.row.save()
        connection.check_constraints()


@dataclass
class GoneParts:
    """Parts of one kind, or links by one field, that were deleted together with a row."""

    name: str
    label: str
    states: list[models.Model]
    is_link: bool
    #: How those parts are called that the asker may see.
    named: list[str] = field(default_factory=list)


class GoneRow:
    """A row that was deleted, as it was, with the parts and links that went with it."""

    def __init__(self, state: models.Model, who):
        """Read what there is to bring back.

        Args:
            state: the event of its deletion.
            who: who brings it back.
        """
        self.state, self.who, self.row = state, who, row_from(state)
        self.model = type(self.row)
        self.wording = Wording(self.model, [state], who)
        self.parts = [parts for parts in self._gone_parts() if parts.states]
        self.refusals = self._refusals(self.row)

    def values(self) -> list[tuple[str, str]]:
        """What it held: labels and values in words."""
        nothing = SimpleNamespace(**{column.attname: None for column in self.model._meta.concrete_fields})
        changed = self.wording.differences(nothing, self.state)
        return [(difference.label, difference.after) for difference in changed if difference.after != NOTHING]

    def _gone_parts(self):
        """Those whose deletion the same piece of work has left; without a record of that work, none can be told."""
        if self.state.pgh_context_id is None:
            return
        for part, link, label in [*parts_of(self.row), *links_to(self.row)]:
            events = event_model_of(part).objects.filter(
                **{link.attname: self.state.pgh_obj_id},
                pgh_label="delete",
                pgh_context_id=self.state.pgh_context_id,
            )
            is_link = bool(part._meta.auto_created)
            label = label if is_link else part._meta.verbose_name_plural
            states = list(events.order_by("pgh_id"))
            yield GoneParts(
                part._meta.model_name, capfirst(str(label)), states, is_link, self._named(part, link, states)
            )

    def _named(self, part, link, states) -> list[str]:
        wording = Wording(part, states, self.who)
        pointing = [f for f in wording.fields if isinstance(f, models.ForeignKey) and f.name != link.name]
        named = []
        for state in states:
            names = [wording.names.get((f.name, getattr(state, f.attname))) for f in pointing]
            if None not in names:
                named.append(", ".join(names) or getattr(state, "title_it", ""))
        return named

    @staticmethod
    def _refusals(row) -> list[str]:
        row._state.adding = True
        try:
            row.full_clean()
        except ValidationError as error:
            return told(error, type(row))
        return []

    def store(self, with_parts: set[str]) -> models.Model:
        """Store the row under the id that it had, with those of its parts that are named, and return it.

        Args:
            with_parts: names of `GoneParts` to bring back too.

        Raises:
            PermissionDenied: the row is not for `who` to add.
            ValidationError: a part is refused or not for `who` to add, or without it the row would be out of sight.
        """
        note(restored=self.state.pgh_id)
        self._insert(self.row)
        chosen = [parts for parts in self.parts if parts.name in with_parts]
        self._insert_parts([row_from(state) for parts in chosen if not parts.is_link for state in parts.states])
        for parts in chosen:
            if parts.is_link:
                self._insert_links(parts.states)
        connection.check_constraints()
        if not self.model._default_manager.visible_to(self.who).filter(pk=self.row.pk).exists():
            raise ValidationError(_("Without its parts you could not see it any more: restore them too."))
        return self.row

    def _insert(self, row) -> None:
        asked = copy(row)
        asked.pk, asked._state.adding = None, True
        if not asked.may_be_stored_by(self.who):
            raise PermissionDenied
        if refusals := self._refusals(row):
            raise ValidationError([f"{row}: {line}" for line in refusals])
        # A version of its own: whoever saw it before it was deleted has not seen it now.
        row.updated_at = Now()
        row.save(force_insert=True)

    def _insert_parts(self, parts) -> None:
        """Store parts, one making way for the other: who leads a chart may then add the rest."""
        waiting = parts
        while waiting:
            denied = []
            for part in waiting:
                try:
                    self._insert(part)
                except PermissionDenied:
                    denied.append(part)
            if len(denied) == len(waiting):
                named = ", ".join(str(part) for part in denied)
                told = _("These parts are not yours to restore, or not without the others: %(parts)s.")
                raise ValidationError(told, params={"parts": named})
            waiting = denied

    @staticmethod
    def _insert_links(states) -> None:
        """Store links whose other end is still there."""
        links = [row_from(state) for state in states]
        for column in [f for f in links[0]._meta.concrete_fields if f.is_relation]:
            there = column.related_model._base_manager.filter(pk__in=[getattr(link, column.attname) for link in links])
            keys = set(there.values_list("pk", flat=True))
            links = [link for link in links if getattr(link, column.attname) in keys]
            if not links:
                return
        type(links[0])._base_manager.bulk_create(links, ignore_conflicts=True)
