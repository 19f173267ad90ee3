"""Reading the log of changes (`change_log`): what happened after a place, as far as a caller sees it.

Nothing ever appears before a place that was given out: batches get their positions once they are committed, all of a
position's changes are there when it is, and whoever reads it a second time reads the same. What an entry says of a row
is its body at the time of reading, so an entry may be applied twice, and the last one of a row leaves it as it is.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from firenze_digitale.access import Access, access_of
from firenze_digitale.api.bodies_now import hidden_fields, shown_by_id, shown_by_key
from firenze_digitale.change_log import EVERYTHING, OWN, PUBLIC, SIGNED_IN
from firenze_digitale.resource_names import RESOURCES

CREATED, UPDATED, DELETED = "created", "updated", "deleted"
#: Changes, and batches, that one reading looks at, however few of them the caller sees.
SCANNED = 5_000
#: Stands for all changes of a batch.
THROUGH = 2**63 - 1
#: `prune` leaves a batch of each kind behind, so that of so many positions one lacks wherever the log has a gap.
TELLING = len(RESOURCES) + 2

LATEST = f"""
    SELECT coalesce((SELECT max(position) FROM partners_changebatch), 0),
        coalesce((SELECT max(position) FROM partners_changebatch WHERE kind = '{EVERYTHING}'), 0)"""
KEPT = "SELECT count(*) FROM partners_changebatch WHERE position BETWEEN %s AND %s"
FIRST_KEPT = "SELECT position FROM partners_changebatch WHERE position IS NOT NULL ORDER BY position LIMIT %s"
CONCERNING = """
    WITH looked_at AS (
        SELECT batch.position, batch.started_at, change.*
        FROM (
            SELECT id, position, started_at FROM partners_changebatch
            WHERE position BETWEEN %(position)s AND %(last)s AND kind = ANY(%(kinds)s) ORDER BY position
        ) batch
        CROSS JOIN LATERAL (
            -- Written as the index has it, for the planner would rather go through all ids to find those of a batch.
            SELECT * FROM partners_change
            WHERE (batch_id, id) > (batch.id, CASE batch.position WHEN %(position)s THEN %(change_id)s ELSE 0 END)
                AND (batch_id, id) < (batch.id + 1, 0)
            ORDER BY batch_id, id LIMIT %(most)s
        ) change
        ORDER BY batch.position, change.id LIMIT %(most)s
    ), seen AS (
        SELECT *, row_number() OVER (ORDER BY position, id) = %(most)s AS is_last,
            coalesce(level_before <= %(level)s OR partners_before && %(partners)s::bigint[], FALSE) AS before,
            coalesce(level_after <= %(level)s OR partners_after && %(partners)s::bigint[], FALSE) AS after
        FROM looked_at
    ), concerning AS (SELECT *, before <> after OR (before AND fields IS NOT NULL) AS concerns FROM seen)
    SELECT position, id, started_at, kind, object_id, key, was, fields, before, concerns, is_last
    FROM concerning WHERE concerns OR is_last ORDER BY position, id LIMIT %(limit)s
"""
PRUNE = """
    WITH young AS (SELECT min(position) AS first FROM partners_changebatch WHERE started_at >= %s),
    last AS (SELECT max(position) AS position FROM partners_changebatch GROUP BY kind),
    gone AS (
        DELETE FROM partners_changebatch
        WHERE position < coalesce((SELECT first FROM young), (SELECT max(position) FROM last))
            AND position NOT IN (SELECT position FROM last WHERE position IS NOT NULL)
        RETURNING id
    )
    DELETE FROM partners_change WHERE batch_id IN (SELECT id FROM gone)
"""


class StartAnew(Exception):
    """What comes after the place is not told any more, or keys have changed: only a new export helps."""


class Place(NamedTuple):
    """How far somebody has read: all up to the position, and of the batch there the changes up to the id."""

    position: int
    change_id: int = THROUGH


class Change(NamedTuple):
    """A row of the log. It `concerns` a caller who saw what it tells of `before`, or sees it after."""

    position: int
    id: int
    at: datetime
    kind: str
    object_id: int
    key: str
    was: str | None
    fields: list[str] | None
    before: bool
    concerns: bool
    is_last: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """What is told of a key: `data` is its body as it is now, or None where it is deleted, or no more to be seen.

    `data` is to be written by orjson. `fields` are those that changed, where it was there before and is still there.
    """

    kind: str
    key: str
    change: str
    fields: list[str] | None
    at: datetime
    data: dict | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, where the next ones begin, and whether there are `more` of them already."""

    entries: list[Entry]
    place: Place
    more: bool


def settle() -> None:
    """Give positions to what has been committed. Outside of a transaction, so that nobody waits for its end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT registry_settle_changes()")


def latest_place() -> Place:
    """The place after all that has been committed."""
    settle()
    return Place(_latest()[0])


def earliest_place() -> Place:
    """The place before all that the log still has without a gap."""
    settle()
    with connection.cursor() as cursor:
        cursor.execute(FIRST_KEPT, [TELLING])
        positions = [row[0] for row in cursor.fetchall()]
    first = positions[0] if positions else 1
    for before, position in pairwise(positions):
        first = first if position == before + 1 else position
    # What names rows by keys that they have no more tells nothing.
    return Place(max(first - 1, _latest()[1]))


def entries_after(place: Place, who, kinds: frozenset[str] | None, limit: int) -> Page:
    """Return what happened after `place`, as far as `who` may see it.

    Args:
        kinds: of which to tell, of those that `who` reaches; None: of all.
        limit: entries at most, where no key has changed: a row with a new key is told as deleted and as created.

    Raises:
        StartAnew: the log does not reach back to the place, or keys of the registry have changed since.
    """
    settle()
    latest, renewed = _latest()
    if renewed > place.position or latest < place.position:
        raise StartAnew
    if Place(latest) == place:
        return Page([], place, more=False)
    access = access_of(who)
    last = min(place.position + SCANNED, latest)
    found = _concerning(place, last, access, kinds, limit)
    _refuse_gaps(place, last=latest)
    taken = found[:limit]
    if len(found) > limit:
        reached = Place(taken[-1].position, taken[-1].id)
    elif found and found[-1].is_last:
        reached = Place(found[-1].position, found[-1].id)
    else:
        reached = Place(last)
    entries = _entries([change for change in taken if change.concerns], access)
    return Page(entries, reached, more=reached != Place(latest))


def prune(days: int) -> int:
    """Forget what happened more than so many days ago, and return how many changes that were.

    The last batch of each kind stays, since lists are told apart by it.
    """
    settle()
    with connection.cursor() as cursor:
        cursor.execute(PRUNE, [timezone.now() - timedelta(days=days)])
        return cursor.rowcount


def _latest() -> tuple[int, int]:
    """The latest position, and that of the latest change of keys."""
    with connection.cursor() as cursor:
        cursor.execute(LATEST)
        return cursor.fetchone()


def _concerning(place: Place, last: int, access: Access, kinds: frozenset[str] | None, limit: int) -> list[Change]:
    """At most one more than `limit` changes up to the position `last` that concern the caller, and the last of all that
    were looked at where there are more.
    """
    parameters = {
        **place._asdict(),
        "last": last,
        "kinds": [kind for kind in kinds or RESOURCES if access.reaches(kind)],
        "most": SCANNED,
        "limit": limit + 1,
        "level": OWN if access.sees_everything else SIGNED_IN if access.signed_in else PUBLIC,
        "partners": sorted(access.partner_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(CONCERNING, parameters)
        return [Change(*row) for row in cursor.fetchall()]


def _refuse_gaps(place: Place, last: int) -> None:
    """Asked after reading: what is there now was there then.

    Raises:
        StartAnew: the log does not hold all after `place`.
    """
    first = place.position + (place.change_id == THROUGH)
    last = min(first + TELLING - 1, last)
    with connection.cursor() as cursor:
        cursor.execute(KEPT, [first, last])
        if cursor.fetchone()[0] < last - first + 1:
            raise StartAnew


def _entries(changes: list[Change], access: Access) -> list[Entry]:
    """Tell of each change what is at its key now."""
    by_kind = defaultdict(list)
    for change in changes:
        by_kind[change.kind].append(change)
    now = {kind: _bodies_now(kind, of_kind, access) for kind, of_kind in by_kind.items()}
    hidden = {kind: hidden_fields(kind, access) for kind in by_kind}
    return [entry for change in changes for entry in _told(change, now[change.kind], hidden[change.kind])]


def _bodies_now(kind: str, changes: list[Change], access: Access) -> dict[str, dict]:
    """By key, the bodies that the caller sees of what is there now under the keys that the changes name."""
    shown = shown_by_id(kind, {change.object_id for change in changes}, access)
    bodies = {row.key: row.body for row in shown.values()}
    # Another row may have taken a key since.
    free = {key for change in changes for key in (change.key, change.was) if key is not None} - bodies.keys()
    if free:
        bodies |= {key: row.body for key, row in shown_by_key(kind, free, access).items()}
    return bodies


def _told(change: Change, now: dict[str, dict], hidden: frozenset[str]):
    """The entries of a change: where the key is another one than before, one of each key."""
    fields = None if change.fields is None else [name for name in change.fields if name not in hidden]
    if change.was is not None and change.before:
        yield _entry(change, change.was, now, UPDATED, None)
    if change.was is not None or not change.before:
        if change.key in now:
            yield _entry(change, change.key, now, CREATED, None)
    else:
        yield _entry(change, change.key, now, UPDATED, fields)


def _entry(change: Change, key: str, now: dict[str, dict], what: str, fields: list[str] | None) -> Entry:
    if key not in now:
        return Entry(change.kind, key, DELETED, None, change.at, None)
    return Entry(change.kind, key, what, fields, change.at, now[key])
