"""History of every change: from which door it came, and what it was in words.

Triggers write the events (django-pghistory), so nothing here decides what is recorded: the middleware and
`through_door` only say who is at work and where, and `history_of` reads the events back.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest

import pghistory
from django.contrib.auth import get_user_model
from django.db import models
from django.utils import timezone
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
        pghistory.InsertEvent(),
        pghistory.DeleteEvent(),
        obj_field=pghistory.ObjForeignKey(related_name="+", db_index=True),
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
        with through_door(self.door_of(request.path), user=request.user.pk, username=request.user.get_username()):
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
    """One event in the history of a row; `what` names the part that it happened to, if it was one."""

    when: datetime
    kind: str
    who: str
    door: str
    changes: list[Change]
    what: str = ""


def history_of(row: models.Model, who=None, limit: int = 200) -> list[Entry]:
    """Return the latest changes of `row`, newest first.

    Args:
        who: who reads it; related rows that they may not see are not named. Nobody: only public ones are.
        limit: at most as many entries are read; a difference is told against the event before.
    """
    events = list(
        _event_model_of(type(row))
        .objects.filter(pgh_obj_id=row.pk, **_seen_by(row, who))
        .select_related("pgh_context")
        .order_by("-pgh_id")[: limit + 1]
    )
    users = _names_of_users(events)
    names = _names_of_related(type(row), events, who)
    pairs = zip_longest(events, events[1:])
    return [_entry(event, before, type(row), users, names) for event, before in pairs][:limit]


def history_with_parts(row: models.Model, who=None, limit: int = 200) -> list[Entry]:
    """Return the latest changes of `row`, of its parts and of its links to other rows, newest first.

    A part that names something that `who` may not see is left out.
    """
    entries = history_of(row, who, limit)
    for part, link, label in _parts_of(row):
        entries += _history_of_parts(part, link, label, row, who, limit)
    return sorted(entries, key=lambda entry: entry.when, reverse=True)[:limit]


def _parts_of(row):
    """Tables of what belongs to a row alone: the model, its field that points at the row, and its name."""
    for relation in row._meta.related_objects:
        if relation.on_delete is models.CASCADE and pghistory.core.event_models(tracks_model=relation.related_model):
            yield relation.related_model, relation.field, relation.related_model._meta.verbose_name
    for field in row._meta.many_to_many:
        through = field.remote_field.through
        if pghistory.core.event_models(tracks_model=through):
            yield through, through._meta.get_field(field.m2m_field_name()), field.verbose_name


def _history_of_parts(part, link, label, row, who, limit) -> list[Entry]:
    events = list(
        _event_model_of(part)
        .objects.filter(**{link.attname: row.pk}, **_seen_by(row, who))
        .select_related("pgh_context")
        .order_by("-pgh_id")[:limit]
    )
    users, names = _names_of_users(events), _names_of_related(part, events, who)
    pointing = [f for f in _told_fields(part, events) if isinstance(f, models.ForeignKey) and f.name != link.name]
    entries, before = [], {}
    for event in reversed(events):
        told = [names.get((f.name, getattr(event, f.attname))) for f in pointing]
        if None not in told:
            entry = _entry(event, before.get(event.pgh_obj_id), part, users, names)
            named = ", ".join(told) or getattr(event, "title_it", "")
            entries.append(replace(entry, what=f"{capfirst(str(label))}: {named}"))
        before[event.pgh_obj_id] = event
    return entries[::-1]


def _event_model_of(model: type[models.Model]) -> type[models.Model]:
    """The table of events of `model`.

    Raises:
        LookupError: the model has no history.
    """
    found = pghistory.core.event_models(tracks_model=model)
    if not found:
        raise LookupError(f"{model.__name__} has no history")
    return found[0]


def _seen_by(row, who) -> dict:
    """Condition on events: what a row said while it was hidden from `who` stays hidden when it is shown later."""
    shown = row.shown_with() if hasattr(row, "shown_with") else row
    hidden = shown.states_hidden_from(who) if hasattr(shown, "states_hidden_from") else None
    if hidden is None:
        return {}
    states = _event_model_of(type(shown)).objects.filter(pgh_obj_id=shown.pk)
    last_hidden = states.filter(hidden).order_by("-pgh_id").values_list("pgh_id", flat=True).first()
    if last_hidden is None:
        return {}
    shown_since = states.filter(pgh_id__gt=last_hidden).order_by("pgh_id").values_list("pgh_created_at", flat=True)
    return {"pgh_created_at__gte": shown_since.first() or timezone.now()}


def _names_of_users(events) -> dict[int, str]:
    ids = {event.pgh_context.metadata.get("user") for event in events if event.pgh_context} - {None}
    return dict(get_user_model().objects.filter(pk__in=ids).values_list("pk", "username")) if ids else {}


def _names_of_related(model, events, who) -> dict[tuple[str, int], str]:
    """Names of the rows that the events point at, by field and id: one query a field, whatever the number."""
    names = {}
    for field in _told_fields(model, events):
        if isinstance(field, models.ForeignKey):
            ids = {getattr(event, field.attname) for event in events} - {None}
            rows = field.related_model._default_manager.visible_to(who).for_list().filter(pk__in=ids) if ids else ()
            names |= {(field.name, related.pk): str(related) for related in rows}
    return names


def _told_fields(model, events) -> list[models.Field]:
    tracked = {field.name for field in events[0]._meta.concrete_fields} if events else set()
    return [f for f in model._meta.concrete_fields if f.name in tracked and f.name not in HIDDEN_FIELDS]


def _entry(event, before, model, users, names) -> Entry:
    metadata = event.pgh_context.metadata if event.pgh_context else {}
    who = metadata.get("credential") or users.get(metadata.get("user")) or metadata.get("username") or ""
    return Entry(
        when=event.pgh_created_at,
        kind=str(KINDS.get(event.pgh_label, event.pgh_label)),
        who=who or str(_("the database directly") if not metadata else _("an operator")),
        door=str(DOORS.get(metadata.get("door"), metadata.get("door") or _("database"))),
        changes=_changes(event, before, model, names) if event.pgh_label == "update" and before else [],
    )


def _changes(event, before, model, names) -> list[Change]:
    changes = []
    for field in _told_fields(model, [event]):
        old, new = getattr(before, field.attname), getattr(event, field.attname)
        if old != new:
            label = capfirst(str(field.verbose_name))
            changes.append(Change(label, _shown(field, old, names), _shown(field, new, names)))
    return changes


def _shown(field: models.Field, value: object, names: dict[tuple[str, int], str]) -> str:
    if value is None or value == "":
        return "–"
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.ForeignKey):
        return names.get((field.name, value)) or str(_("a row that you may not see, or that is gone"))
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
