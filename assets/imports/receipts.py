"""What an import has done, read back from history, and how it is taken back."""

from dataclasses import dataclass
from datetime import datetime

import pghistory
from django.db import connection, models, transaction
from django.db.models import Exists, OuterRef

from assets.imports.staging import KEPT_BY_DATABASE, anchor_of, execute, fetch, own_assets
from assets.imports.targets import model_of
from assets.models import Asset, Import
from firenze_digitale.history import name_of_author, names_of_authors
from firenze_digitale.states import states_of

MOST_NAMED = 200
KEPT = "since IS NOT NULL OR in_use OR others"


@dataclass(frozen=True)
class ChangedSince:
    """A row that cannot be taken back in silence, and why."""

    row: models.Model | None
    key: str
    when: datetime | None
    who: str
    in_use: bool


def events_of(imported: Import):
    """The model of the events in history that an import's rows leave."""
    return pghistory.core.event_models(tracks_model=model_of(imported.kind))[0]


def touched(imported: Import, who):
    """Events of the rows that the import added or changed, as far as `who` may see the rows; oldest first."""
    rows = model_of(imported.kind).objects.visible_to(who)
    events = events_of(imported).objects.filter(pgh_context_id=imported.context_id)
    return events.filter(Exists(rows.filter(pk=OuterRef("pgh_obj_id")))).order_by("pgh_id")


class Undoing:
    """Takes an import back, row by row as history has it. Within a transaction.

    Args:
        who: on whose rights; rows that they may no longer change stay.
    """

    def __init__(self, imported: Import, who):
        self.imported, self.who, self.model = imported, who, model_of(imported.kind)
        self.table = connection.ops.quote_name(self.model._meta.db_table)
        self.events = connection.ops.quote_name(events_of(imported)._meta.db_table)
        self.columns = [f.column for f in self.model._meta.concrete_fields if f.name not in KEPT_BY_DATABASE]

    def make(self) -> None:
        """Make `taken_back`: the rows, their event before the import (none: it added them), and why they stay."""
        execute("DROP TABLE IF EXISTS pg_temp.taken_back")
        execute(
            f"""CREATE TEMP TABLE taken_back ON COMMIT DROP AS
            SELECT t.id, t.last AS own, before.pgh_id AS before, since.pgh_id AS since,
                FALSE AS in_use, FALSE AS others
            FROM (SELECT pgh_obj_id AS id, min(pgh_id) AS first, max(pgh_id) AS last FROM {self.events}
                WHERE pgh_context_id = %s GROUP BY 1) t
            LEFT JOIN LATERAL (SELECT pgh_id FROM {self.events} e WHERE e.pgh_obj_id = t.id AND e.pgh_id < t.first
                ORDER BY pgh_id DESC LIMIT 1) before ON TRUE
            LEFT JOIN LATERAL (SELECT pgh_id FROM {self.events} e WHERE e.pgh_obj_id = t.id AND e.pgh_id > t.last
                ORDER BY pgh_id DESC LIMIT 1) since ON TRUE""",
            [self.imported.context_id],
        )
        execute("ANALYZE pg_temp.taken_back")
        self._overlook_what_is_back()
        self._keep_what_is_in_use()
        self._keep_what_is_others()

    def _overlook_what_is_back(self) -> None:
        """Rows that were changed since and are again as the import left them, as when a later one was undone."""
        now, then = (", ".join(f"{row}.{column}" for column in self.columns) for row in ("now", "own"))
        execute(f"""UPDATE taken_back t SET since = NULL FROM {self.table} now, {self.events} own
            WHERE t.since IS NOT NULL AND now.id = t.id AND own.pgh_id = t.own
            AND ROW({now}) IS NOT DISTINCT FROM ROW({then})""")

    def _keep_what_is_in_use(self) -> None:
        """Rows that the import added and that something else rests on by now."""
        for relation in self.model._meta.related_objects:
            if relation.on_delete is models.PROTECT:
                resting = connection.ops.quote_name(relation.related_model._meta.db_table)
                column = relation.field.column
                execute(f"""UPDATE taken_back t SET in_use = TRUE WHERE before IS NULL
                    AND EXISTS (SELECT 1 FROM {resting} r WHERE r.{column} = t.id)""")

    def _let_go_of_what_is_added(self) -> None:
        """What only remembers a row that goes, as an offer does, goes on without it."""
        added = f"SELECT id FROM taken_back WHERE before IS NULL AND NOT ({KEPT})"
        for relation in self.model._meta.related_objects:
            if relation.on_delete is models.SET_NULL:
                remembering = connection.ops.quote_name(relation.related_model._meta.db_table)
                column = relation.field.column
                execute(f"UPDATE {remembering} SET {column} = NULL WHERE {column} IN ({added})")

    def _keep_what_is_others(self) -> None:
        """Rows that have been handed on to another partner since."""
        sql, params = own_assets(self.who)
        execute(
            f"""UPDATE taken_back t SET others = TRUE FROM {self.table} e
            WHERE e.id = t.id AND NOT (e.{anchor_of(self.model)} IN ({sql}))""",
            params,
        )

    def hold(self) -> None:
        """Keep the rows from being changed, and their assets from moving on, until the transaction ends."""
        rows = f"SELECT pgh_obj_id FROM {self.events} WHERE pgh_context_id = %s"
        if self.model is not Asset:
            execute(
                f"""SELECT count(*) FROM (SELECT id FROM assets_asset
                WHERE id IN (SELECT asset_id FROM {self.table} WHERE id IN ({rows})) ORDER BY id FOR SHARE) held""",
                [self.imported.context_id],
            )
        execute(
            f"SELECT count(*) FROM (SELECT id FROM {self.table} WHERE id IN ({rows}) ORDER BY id FOR UPDATE) held",
            [self.imported.context_id],
        )

    def kept(self) -> list[ChangedSince]:
        """Rows that stay as they are, because they were changed since or are in use: the first of them."""
        found = fetch(f"SELECT id, own, since, in_use FROM taken_back WHERE {KEPT} ORDER BY id LIMIT %s", [MOST_NAMED])
        rows = self.model.objects.visible_to(self.who).for_list().in_bulk([pk for pk, *_events in found])
        events = events_of(self.imported).objects.select_related("pgh_context")
        events = events.in_bulk([event for _pk, own, since, _used in found for event in (own, since) if event])
        users = names_of_authors(events.values())
        gone = states_of(self.model).changeable_by(self.who).filter(pgh_id__in=events, pgh_label="delete")
        told = rows.keys() | set(gone.values_list("pgh_obj_id", flat=True))
        return [
            _changed_since(rows.get(pk), events[own], events.get(since), users, in_use)
            if pk in told
            # Of what has moved out of sight no more is told than what the import itself knew.
            else ChangedSince(None, events[own].code, None, "", in_use=False)
            for pk, own, since, in_use in found
        ]

    def count_kept(self) -> int:
        [(count,)] = fetch(f"SELECT count(*) FROM taken_back WHERE {KEPT}")
        return count

    def take_back(self) -> dict[str, int]:
        """Delete what the import added and give the rest its earlier state; return how many of each."""
        columns = ", ".join(f"{column} = e.{column}" for column in self.columns)
        self._let_go_of_what_is_added()
        restored = execute(f"""UPDATE {self.table} t SET {columns} FROM taken_back b JOIN {self.events} e
            ON e.pgh_id = b.before WHERE t.id = b.id AND NOT ({KEPT})""")
        deleted = execute(f"""DELETE FROM {self.table} WHERE id IN (
            SELECT id FROM taken_back WHERE before IS NULL AND NOT ({KEPT}))""")
        connection.check_constraints()
        return {"restored": restored, "deleted": deleted}


def _changed_since(row, own, since, users, in_use: bool) -> ChangedSince:
    when, who = (since.pgh_created_at, name_of_author(since, users)) if since else (None, "")
    return ChangedSince(row, row.key if row is not None else own.code, when, who, in_use)


def changed_since(imported: Import, who) -> list[ChangedSince]:
    """Rows that keep an import from being taken back as a whole: changed since, in use, or another partner's by now."""
    with transaction.atomic():
        undoing = Undoing(imported, who)
        undoing.make()
        return undoing.kept()
