"""Who comes to the API and how much they asked in this minute: one statement a request, exact for all workers.

Minutes are those of the database's clock, in a table that is not logged, so that counting never waits for the disk. The
functions are made by the migration `partners.0006_admission`.
"""

import random
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from partners.models import ApiCredential, PartnerSystem
from partners.tokens import Token

READ = {"id", "partner_id", "name", "access", "resources", "prefix"}
COLUMNS = [field.attname for field in ApiCredential._meta.concrete_fields if field.attname in READ]
ADMIT = f"SELECT requests, seconds_left, partner_ids, {', '.join(COLUMNS)} FROM registry_admit(%s, %s)"
COUNT = "SELECT requests, seconds_left FROM registry_count(%s)"
#: Windows of minutes before this one are over; a slow request may still come to the one that just ended.
ENDED = "(floor(extract(epoch FROM statement_timestamp()) / 60) - 1)"
NOTE_USE = f"""
    WITH ended AS (
        DELETE FROM partners_requestwindow WHERE subject = 'credential:' || %(credential)s AND minute < {ENDED}
        RETURNING (to_timestamp(60 * minute::bigint) AT TIME ZONE %(zone)s)::date AS day, requests
    ), added AS (
        INSERT INTO partners_credentialday AS kept (credential_id, day, requests)
        SELECT %(credential)s, day, sum(requests) FROM ended GROUP BY day
        ON CONFLICT (credential_id, day) DO UPDATE SET requests = kept.requests + excluded.requests
    )
    UPDATE partners_apicredential SET last_used_at = statement_timestamp() WHERE id = %(credential)s
"""
FORGET_WINDOWS = f"DELETE FROM partners_requestwindow WHERE minute < {ENDED} AND subject NOT LIKE 'credential:%'"
FORGET_ANSWERS = "DELETE FROM partners_keptanswer WHERE created_at < statement_timestamp() - interval '1 day'"
#: One in so many of those who open a minute sweeps for all.
SWEEPERS = 50


@dataclass(frozen=True, slots=True)
class Count:
    """How many requests were made in this minute, this one included, and how many seconds of it are left."""

    requests: int
    seconds_left: int


@contextmanager
def asked_first(statement: str, values: list):
    """Ask what a request begins with, and yield the cursor.

    It shows whether a lasting connection is still alive, so that this is not asked by itself before.
    """
    connection.health_check_done = True
    try:
        cursor = connection.cursor()
        cursor.execute(statement, values)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        cursor = connection.cursor()
        cursor.execute(statement, values)
    with cursor:
        yield cursor


def admit(token: Token) -> tuple[PartnerSystem, Count] | None:
    """The system that `token` belongs to, with this request counted to it; None for no credential in force."""
    with asked_first(ADMIT, [token.prefix, token.hash]) as cursor:
        row = cursor.fetchone()
        if row is None:
            return None
        requests, seconds_left, partner_ids, *values = row
        credential = ApiCredential.from_db(connection.alias, COLUMNS, values)
        if requests == 1:
            cursor.execute(NOTE_USE, {"credential": credential.pk, "zone": settings.TIME_ZONE})
            sweep_now_and_then(cursor)
    return PartnerSystem(credential, frozenset(partner_ids)), Count(requests, seconds_left)


def count(subject: str) -> Count:
    """Count a request to `subject`: `account:<id>` or `address:<address>`."""
    with asked_first(COUNT, [subject]) as cursor:
        counted = Count(*cursor.fetchone())
        if counted.requests == 1:
            sweep_now_and_then(cursor)
    return counted


def sweep_now_and_then(cursor) -> None:
    """Forget windows of people and addresses that ended, and answers that were kept for a day; seldom."""
    if random.randrange(SWEEPERS) == 0:
        cursor.execute(FORGET_WINDOWS)
        cursor.execute(FORGET_ANSWERS)
