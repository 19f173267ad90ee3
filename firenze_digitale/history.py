"""History of every change: from which door it came, and what it was in words.

Triggers write the events (django-pghistory), so nothing here decides what is recorded: the middleware and
`through_door` only say who is at work and where, and `history_of` reads the events back.
"""

from dataclasses import dataclass
from datetime import datetime

import pghistory
from django.contrib.auth import get_user_model
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

DOORS = {
    "admin": _("admin"),
    "api": _("API"),
    "pages": _("pages"),
    "import": _("import"),
    "command": _("command"),
}
KINDS = {"insert": _("added"), "update": _("changed"), "delete": _("deleted")}
HIDDEN_FIELDS = {"created_at", "updated_at", "id"}


def recorded(*, exclude: tuple[str, ...] = ()):
    """Class decorator: every insert, change and deletion of the model's rows leaves an event.

    Args:
        exclude: fields that never enter history: secrets, and what changes with every use.
    """
    return pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(condition=pghistory.AnyChange(exclude=[*exclude])),
        pghistory.DeleteEvent(),
        exclude=[*exclude],
    )


def recorded_link():
    """Class decorator for the proxy of a many-to-many table: every link made or undone leaves an event."""
    return pghistory.track(
        pghistory.InsertEvent(), pghistory.DeleteEvent(), obj_field=pghistory.ObjForeignKey(related_name="+", db_index=True)
    )


def through_door(door: str, **details):
    """Context in which changes are recorded as having come through `door`.

    Args:
        details: plain values to keep beside it, such as `user` (id) or `credential` (prefix).
    """
    return pghistory.context(door=door, **details)


def note(**details) -> None:
    """Add to what is recorded of the request under way, for example the credential that calls."""
    pghistory.context(**details)


class DoorMiddleware:
    """Records who changes what, and through which door, for the length of a request."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return self.get_response(request)
        with through_door(self.door_of(request.path), user=request.user.pk):
            return self.get_response(request)

    @staticmethod
    def door_of(path: str) -> str:
        if path.startswith("/api/"):
            return "api"
        return "admin" if path.startswith("/admin/") else "pages"


@dataclass(frozen=True)
class Change:
    """One field of one change: its label, and its value before and after, as people read them."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """One event in the history of a row."""

    when: datetime
    kind: str
    who: str
    door: str
    changes: list[Change]


def history_of(row: models.Model, limit: int = 200) -> list[Entry]:
    """Return the latest changes of `row`, newest first.

    Args:
        limit: at most as many entries are read; a difference is told against the event before.
    """
    events_model = _event_model_of(type(row))
    events = list(
        events_model.objects.filter(pgh_obj_id=row.pk).select_related("pgh_context").order_by("-pgh_id")[: limit + 1]
    )
    names = _names_of_users(events)
    entries = []
    for event, before in zip(events, [*events[1:], None], strict=True):
        entries.append(_entry(event, before, row, names))
    return entries[:limit]


def _event_model_of(model: type[models.Model]) -> type[models.Model]:
    """The table of events of `model`.

    Raises:
        LookupError: the model has no history.
    """
    for relation in model._meta.related_objects:
        if relation.field.name == "pgh_obj":
            return relation.related_model
    raise LookupError(f"{model.__name__} has no history")


def _names_of_users(events) -> dict[int, str]:
    ids = {event.pgh_context.metadata.get("user") for event in events if event.pgh_context} - {None}
    return dict(get_user_model().objects.filter(pk__in=ids).values_list("pk", "username")) if ids else {}


def _entry(event, before, row, names) -> Entry:
    metadata = event.pgh_context.metadata if event.pgh_context else {}
    who = names.get(metadata.get("user")) or metadata.get("credential") or ""
    return Entry(
        when=event.pgh_created_at,
        kind=str(KINDS.get(event.pgh_label, event.pgh_label)),
        who=who or str(_("the database directly") if not metadata else _("an operator")),
        door=str(DOORS.get(metadata.get("door"), metadata.get("door") or _("database"))),
        changes=_changes(event, before, row) if event.pgh_label == "update" else [],
    )


def _changes(event, before, row) -> list[Change]:
    changes = []
    tracked = {field.name for field in event._meta.concrete_fields}
    for field in row._meta.concrete_fields:
        if field.name in HIDDEN_FIELDS or field.name not in tracked or before is None:
            continue
        old, new = getattr(before, field.attname), getattr(event, field.attname)
        if old != new:
            changes.append(Change(capfirst(str(field.verbose_name)), _shown(field, old), _shown(field, new)))
    return changes


def _shown(field: models.Field, value: object) -> str:
    if value is None or value == "":
        return "–"
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.ForeignKey):
        related = field.related_model._base_manager.filter(pk=value).first()
        return str(related) if related else f"#{value}"
    return str(value)
