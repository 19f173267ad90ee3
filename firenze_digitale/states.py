"""States of rows that history holds: the one that somebody saw, and the last one of a row that is gone."""

from datetime import UTC, datetime, timedelta

import pghistory
from django.db import models
from django.db.models import Exists, OuterRef

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONGEST_VERSION = 18


def event_model_of(model: type[models.Model]) -> type[models.Model]:
    """The table of events of `model`.

    Raises:
        LookupError: the model has no history.
    """
    found = pghistory.core.event_models(tracks_model=model)
    if not found:
        raise LookupError(f"{model.__name__} has no history")
    return found[0]


def is_recorded(model: type[models.Model]) -> bool:
    """Whether `model` has a history."""
    return bool(pghistory.core.event_models(tracks_model=model))


def states_of(model: type[models.Model]) -> models.QuerySet:
    """Every state that a row of `model` ever had, as the rules of the model's own queryset read them."""
    return type(model._default_manager.all())(model=event_model_of(model))


def version_of(moment: datetime) -> str:
    """A moment as a version: microseconds since 1970, in digits."""
    return str((moment - EPOCH) // MICROSECOND)


def version_by_events(row: models.Model) -> str:
    """The version of a row whose history does not tell when it was changed: the number of its last event."""
    events = event_model_of(type(row)).objects.filter(pgh_obj_id=row.pk)
    return str(events.aggregate(last=models.Max("pgh_id"))["last"] or 0)


def state_at(model: type[models.Model], key: int, version: str) -> models.Model | None:
    """The event that left the row of `model` with the given `key` as `version` names it, if there is one."""
    if not (version.isascii() and version.isdecimal() and len(version) <= LONGEST_VERSION):
        return None
    if not is_recorded(model):
        return None
    events = event_model_of(model).objects.filter(pgh_obj_id=key)
    if "updated_at" in {field.name for field in events.model._meta.fields}:
        events = events.filter(updated_at=EPOCH + int(version) * MICROSECOND)
    else:
        events = events.filter(pgh_id=int(version))
    return events.order_by("-pgh_id").first()


def row_from(state: models.Model) -> models.Model:
    """The row as it was in a state of its history; not as it is stored now."""
    model = state.pgh_tracked_model
    held = {field.attname for field in state._meta.concrete_fields}
    row = model(**{f.attname: getattr(state, f.attname) for f in model._meta.concrete_fields if f.attname in held})
    for field in model._meta.concrete_fields:
        if field.is_relation and field.name in state._state.fields_cache:
            setattr(row, field.name, getattr(state, field.name))
    row._state.adding = False
    return row


def last_states_of_the_gone(states: models.QuerySet) -> models.QuerySet:
    """Those of `states` in which a row was deleted that has not come back since."""
    rows, events = states.model.pgh_tracked_model._base_manager, states.model.objects
    later = events.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__gt=OuterRef("pgh_id"))
    return states.filter(~Exists(rows.filter(pk=OuterRef("pgh_obj_id"))), ~Exists(later), pgh_label="delete")


def is_wholly_recorded(model: type[models.Model]) -> bool:
    """Whether history holds every field of `model`: what leaves secrets out cannot bring a row back."""
    if not is_recorded(model):
        return False
    held = {field.name for field in event_model_of(model)._meta.fields}
    return all(field.name in held for field in model._meta.concrete_fields)
