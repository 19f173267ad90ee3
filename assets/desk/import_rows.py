"""Rows of a preview as a person reads them: what is new, what changes field by field, what is wrong."""

import copy
from dataclasses import dataclass, replace

from django.db import models
from django.urls import reverse

from assets.desk.import_words import Labels, ToldProblem
from assets.imports.targets import model_of
from assets.models import ImportRow
from firenze_digitale.differences import Difference, Wording


@dataclass(frozen=True)
class ToldRow:
    """A row of a preview in words: for a new one `cells`, for a changed one `changes`, for any `problems`."""

    row: ImportRow
    changes: list[Difference]
    problems: list[ToldProblem]
    url: str | None
    cells: tuple[str, ...] = ()


def told_rows(rows: list[ImportRow], kind: str, labels: Labels, who) -> list[ToldRow]:
    """Tell a page of rows: a query for the rows that they change, one for each field that points at others.

    Args:
        kind: what the file holds.
        who: reads it; related rows that they may not see are not named.
    """
    model = model_of(kind)
    stored = model.objects.visible_to(who).in_bulk([row.target_id for row in rows if row.target_id and row.after])
    pairs = [_states(row, model, stored.get(row.target_id)) for row in rows]
    wording = Wording(model, [state for pair in pairs for state in pair], who)
    page = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    return [
        ToldRow(
            row=row,
            changes=wording.differences(before, after) if row.after else [],
            problems=labels.problems(row),
            url=reverse(page, args=[row.target_id]) if row.target_id else None,
        )
        for row, (before, after) in zip(rows, pairs, strict=True)
    ]


def _states(row: ImportRow, model: type[models.Model], stored: models.Model | None) -> tuple:
    """The row as it was previewed before and after; a new one against one that has nothing."""
    if not row.after:
        return None, None
    before = row.before or dict.fromkeys(row.after)
    return _with(stored or model(), before, row.target_id), _with(stored or model(), row.after, row.target_id)


def _with(state: models.Model, values: dict, pk: int | None) -> models.Model:
    state = copy.copy(state)
    state._state = copy.copy(state._state)
    state._state.fields_cache = {}
    state.pk = pk
    for attname, value in values.items():
        field = state._meta.get_field(attname)
        setattr(state, attname, value if field.is_relation else field.to_python(value))
    return state


def side_by_side(rows: list[ToldRow]) -> tuple[list[str], list[ToldRow]]:
    """Labels that any of the rows has a value for, and the rows with a cell for each of them."""
    labels = list(dict.fromkeys(change.label for told in rows for change in told.changes))
    values = [{change.label: change.after for change in told.changes} for told in rows]
    return labels, [
        replace(told, cells=tuple(said.get(label, "") for label in labels))
        for told, said in zip(rows, values, strict=True)
    ]
