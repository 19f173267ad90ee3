"""History of every change: from which door it came, and what it was in words.

Triggers write the events (django-pghistory), so nothing here decides what is recorded: the middleware and
`through_door` only say who is at work and where, and `history_of` reads the events back.
"""

import dataclasses
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest

import pghistory
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from firenze_digitale.differences import Difference, Wording
from firenze_digitale.states import event_model_of, state_at

DOORS = {
    "admin": _("admin"),
    "api": _("API"),
    "pages": _("pages"),
    "import": _("import"),
    "command": _("command"),
}
KINDS = {"insert": _("added"), "update": _("changed"), "delete": _("deleted")}
RESTORED = _("restored")


def recorded(*, exclude: tuple[str, ...] = ()):
    """Class decorator: every insert, change and deletion of the model's rows leaves an event.

    Args:
        exclude: fields that never enter history: secrets, and what changes with every use.
    """

    def decorate(model):
        # Few of a million events are deletions, and the list of what was deleted is paged through them.
        gone = models.Index(
            fields=["pgh_id"], condition=models.Q(pgh_label="delete"), name=f"{model._meta.model_name}_gone"
        )
        return pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(condition=pghistory.AnyChange(exclude=[*exclude])),
            pghistory.DeleteEvent(),
            exclude=[*exclude],
            meta={"indexes": [gone]},
        )(model)

    return decorate


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
class Entry:
    """One event in the history of a row, and the `state` that it left.

    `what` names the part that it happened to, if it was one; `restore_url` is where a page may bring the state back.
    """

    when: datetime
    kind: str
    who: str
    door: str
    changes: list[Difference]
    state: models.Model = dataclasses.field(repr=False)
    what: str = ""
    restore_url: str | None = None


def history_of(row: models.Model, who=None, limit: int = 200) -> list[Entry]:
    """Return the latest changes of `row`, newest first.

    Args:
        who: who reads it; related rows that they may not see are not named. Nobody: only public ones are.
        limit: at most as many entries are read; a difference is told against the event before.
    """
    events = list(states_shown(row, who).select_related("pgh_context").order_by("-pgh_id")[: limit + 1])
    return _entries(type(row), events, who)[:limit]


def changes_since(row: models.Model, seen: models.Model, who=None, limit: int = 200) -> list[Entry]:
    """Return what happened to `row` after the event `seen`, newest first; the other arguments as of `history_of`."""
    later = states_shown(row, who).filter(pgh_id__gt=seen.pgh_id)
    events = list(later.select_related("pgh_context").order_by("-pgh_id")[:limit])
    return _entries(type(row), [*events, seen], who)[:-1]


def last_entry(model: type[models.Model], key: int, who=None) -> Entry | None:
    """Return the last thing that happened to the row of `model` with the given `key`, gone or not."""
    events = event_model_of(model).objects.filter(pgh_obj_id=key).select_related("pgh_context").order_by("-pgh_id")[:1]
    return next(iter(_entries(model, list(events), who)), None)


def latest_link(row: models.Model, link: models.ManyToManyField, who=None) -> Entry | None:
    """Return the last change of the rows that `row` is linked to by `link`, as far as `who` may see them."""
    for part, back, label in parts_of(row):
        if part._meta.concrete_model is link.remote_field.through:
            return next(iter(_history_of_parts(part, back, label, row, who, limit=1)), None)
    return None


def states_shown(row: models.Model, who) -> models.QuerySet:
    """Events of `row` that `who` may read."""
    return event_model_of(type(row)).objects.filter(pgh_obj_id=row.pk, **_seen_by(row, who))


def state_shown_at(row: models.Model, version: str, who) -> models.Model | None:
    """The event that left `row` as `version` names it, if there is one that `who` may read."""
    state = state_at(type(row), row.pk, version)
    return state if state and states_shown(row, who).filter(pgh_id=state.pgh_id).exists() else None


def history_with_parts(row: models.Model, who=None, limit: int = 200) -> list[Entry]:
    """Return the latest changes of `row`, of its parts and of its links to other rows, newest first.

    A part that names something that `who` may not see is left out.
    """
    entries = history_of(row, who, limit)
    for part, link, label in parts_of(row):
        entries += _history_of_parts(part, link, label, row, who, limit)
    return sorted(entries, key=lambda entry: entry.when, reverse=True)[:limit]


def parts_of(row):
    """Tables of what belongs to a row alone: the model, its field that points at the row, and its name."""
    for relation in row._meta.related_objects:
        if relation.on_delete is models.CASCADE and pghistory.core.event_models(tracks_model=relation.related_model):
            yield relation.related_model, relation.field, relation.related_model._meta.verbose_name
    for field in row._meta.many_to_many:
        through = field.remote_field.through
        if pghistory.core.event_models(tracks_model=through):
            yield through, through._meta.get_field(field.m2m_field_name()), field.verbose_name


def links_to(row):
    """Tables of the many-to-many links that other rows hold to this one, as `parts_of` tells of its own."""
    for relation in row._meta.related_objects:
        if relation.many_to_many and pghistory.core.event_models(tracks_model=relation.through):
            link = relation.through._meta.get_field(relation.field.m2m_reverse_field_name())
            yield relation.through, link, relation.related_model._meta.verbose_name_plural


def _history_of_parts(part, link, label, row, who, limit) -> list[Entry]:
    events = list(
        event_model_of(part)
        .objects.filter(**{link.attname: row.pk}, **_seen_by(row, who))
        .select_related("pgh_context")
        .order_by("-pgh_id")[:limit]
    )
    names, wording = names_of_authors(events), Wording(part, events, who)
    pointing = [f for f in wording.fields if isinstance(f, models.ForeignKey) and f.name != link.name]
    entries, before = [], {}
    for event in reversed(events):
        told = [wording.names.get((f.name, getattr(event, f.attname))) for f in pointing]
        if None not in told:
            entry = _entry(event, before.get(event.pgh_obj_id), names, wording)
            named = ", ".join(told) or getattr(event, "title_it", "")
            entries.append(replace(entry, what=f"{capfirst(str(label))}: {named}"))
        before[event.pgh_obj_id] = event
    return entries[::-1]


def _seen_by(row, who) -> dict:
    """Condition on events: what a row said while it was hidden from `who` stays hidden when it is shown later."""
    shown = row.shown_with() if hasattr(row, "shown_with") else row
    hidden = shown.states_hidden_from(who) if hasattr(shown, "states_hidden_from") else None
    if hidden is None:
        return {}
    states = event_model_of(type(shown)).objects.filter(pgh_obj_id=shown.pk)
    last_hidden = states.filter(hidden).order_by("-pgh_id").values_list("pgh_id", flat=True).first()
    if last_hidden is None:
        return {}
    shown_since = states.filter(pgh_id__gt=last_hidden).order_by("pgh_id").values_list("pgh_created_at", flat=True)
    return {"pgh_created_at__gte": shown_since.first() or timezone.now()}


def names_of_authors(events) -> dict[int | str, str]:
    """Names of who made the changes of `events`: of accounts by id, of credentials by prefix."""
    noted = [event.pgh_context.metadata for event in events if event.pgh_context]
    ids, prefixes = ({details.get(kind) for details in noted} - {None} for kind in ("user", "credential"))
    names = dict(get_user_model().objects.filter(pk__in=ids).values_list("pk", "username")) if ids else {}
    if prefixes:
        credentials = apps.get_model("partners", "ApiCredential").objects.filter(prefix__in=prefixes)
        names |= {credential.prefix: str(credential) for credential in credentials}
    return names


def name_of_author(event, names: dict[int | str, str]) -> str:
    """Who made a change, as people read it; `names` is what `names_of_authors` returned for the event."""
    metadata = event.pgh_context.metadata if event.pgh_context else {}
    credential = metadata.get("credential")
    who = names.get(credential, credential) or names.get(metadata.get("user")) or metadata.get("username") or ""
    return who or str(_("the database directly") if not metadata else _("an operator"))


def _entries(model, events, who) -> list[Entry]:
    """Tell events of one row, newest first, each against the one before."""
    names, wording = names_of_authors(events), Wording(model, events, who)
    return [_entry(event, before, names, wording) for event, before in zip_longest(events, events[1:])]


def _entry(event, before, names, wording) -> Entry:
    metadata = event.pgh_context.metadata if event.pgh_context else {}
    is_restored = "restored" in metadata and event.pgh_label != "delete"
    return Entry(
        when=event.pgh_created_at,
        kind=str(RESTORED if is_restored else KINDS.get(event.pgh_label, event.pgh_label)),
        who=name_of_author(event, names),
        door=str(DOORS.get(metadata.get("door"), metadata.get("door") or _("database"))),
        changes=wording.differences(before, event) if event.pgh_label == "update" and before else [],
        state=event,
    )
