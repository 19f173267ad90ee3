"""Imports at work outside of any request: seen to the end, or told as interrupted."""

import logging
import time
from contextlib import contextmanager
from typing import NamedTuple

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import override
from django_tasks import task

from assets.choices import ImportState
from assets.imports import work
from assets.models import Import
from assets.models.exchange import WORK_LOCK
from firenze_digitale.history import through_door
from partners.models import ApiCredential, Partner, PartnerSystem, User

logger = logging.getLogger(__name__)
#: What progress is counted in.
WHOLE = 1_000
SECONDS_BETWEEN_TELLINGS = 0.5
# Never waits: who has locked the import may be the very work that is told of, which would wait for itself.
TELL = """
    UPDATE assets_import SET done = %s
    WHERE id = (SELECT id FROM assets_import WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED)
"""
#: What an import goes back to where its work ends too early: nothing of it was stored.
BEFORE_WORK = {ImportState.UNDOING: ImportState.STORED}


@task()
def preview_import(pk: int, user_pk: int | None, language: str, credential: str = "") -> None:
    """Read the file of an import and keep what it would change."""
    _work(pk, ImportState.READING, Worker(user_pk, credential), language, work.preview)


@task()
def store_import(pk: int, user_pk: int | None, language: str, credential: str = "") -> None:
    """Store what the preview of an import has shown."""
    _work(pk, ImportState.STORING, Worker(user_pk, credential), language, work.store)


@task()
def bring_import(pk: int, user_pk: int | None, language: str, credential: str = "", *, each: bool) -> None:
    """Store the file of an import that nobody looks at first."""
    _work(pk, ImportState.STORING, Worker(user_pk, credential), language, work.store_at_once, each=each)


@task()
def undo_import(pk: int, user_pk: int | None, language: str, rest: bool, credential: str = "") -> None:
    """Take back what an import has stored."""
    _work(pk, ImportState.UNDOING, Worker(user_pk, credential), language, work.undo, rest=rest)


def credential_of(who) -> str:
    """The prefix of the credential with which a partner's system calls; empty for a person."""
    return who.credential.prefix if isinstance(who, PartnerSystem) else ""


class Worker(NamedTuple):
    """On whose behalf there is work to do: a person, or a partner's system by its credential's prefix."""

    user_pk: int | None
    credential: str

    def found(self):
        """Whoever that is; None, where the credential writes no more."""
        if not self.credential:
            return User.objects.get(pk=self.user_pk)
        found = ApiCredential.objects.usable().filter(prefix=self.credential).first()
        if found is None:
            return None
        system = PartnerSystem(found, Partner.objects.all().ids_answered_for_by_partner(found.partner_id))
        return system if system.access.writes else None

    def told(self, who) -> dict:
        """What history keeps of it."""
        return {"credential": self.credential} if self.credential else {"user": who.pk, "username": who.username}


def _work(pk: int, state: str, worker: Worker, language: str, action, **options) -> None:
    with override(language), at_work(pk):
        imported = Import.objects.for_detail().filter(pk=pk, state=state).first()
        if imported is None:
            return
        Import.objects.filter(pk=pk).update(done=0, total=WHOLE)
        try:
            who = worker.found()
            if who is None:
                give_up(imported, _("The credential was revoked meanwhile, or writes no more: nothing was stored."))
                return
            with through_door("import", **worker.told(who)), telling(imported) as tell:
                action(imported, who, tell, **options)
        except Exception:
            logger.exception("import %s failed", pk)
            give_up(imported, _("It ended with an error that is not the file's: tell the administrators."))


def give_up(imported: Import, why: str) -> None:
    """Tell on the import that its work has ended too early; unless it has come to its end after all."""
    state = BEFORE_WORK.get(imported.state, ImportState.INTERRUPTED)
    Import.objects.filter(pk=imported.pk, state=imported.state).update(state=state, refusal=why)


@contextmanager
def at_work(pk: int):
    """Hold the lock by which others know that somebody is at an import; it ends with this process at the latest."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [WORK_LOCK, pk])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [WORK_LOCK, pk])


@contextmanager
def telling(imported: Import):
    """Yield a function that is told the share of the work that is done, and lets others see it meanwhile."""
    told_at = time.monotonic()
    # A connection of its own: what the transaction under way writes, nobody sees before its end.
    aside = connection.copy()

    def tell(share: float) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= SECONDS_BETWEEN_TELLINGS:
            told_at = time.monotonic()
            with aside.cursor() as cursor:
                cursor.execute(TELL, [int(share * WHOLE), imported.pk])

    try:
        yield tell
    finally:
        aside.close()
