"""What an import does to the registry: preview, store, undo. Each in one transaction, or not at all."""

import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from assets.choices import ImportState
from assets.imports.comparison import NAMED, ChangedMeanwhile, Comparison, Unanswered
from assets.imports.mapping import Mapping
from assets.imports.receipts import ChangedSince, Undoing
from assets.imports.spool import Spool
from assets.models import Import
from assets.tallies import settle
from firenze_digitale.access import access_of
from firenze_digitale.history import through_door
from firenze_digitale.rules import readable_refusals
from firenze_digitale.tables import UnreadableFile, open_table
from partners.models import Partner

Advance = Callable[[float], None]


def rights_for(who, partner: Partner | None):
    """The rights of `who` when they act for `partner` alone; all that they have where it is none."""
    access = access_of(who)
    return access.acting_for(Partner.objects.all().ids_answered_for_by_partner(partner.pk)) if partner else access


@contextmanager
def table_of(imported: Import, file: BinaryIO | None = None):
    """The table in an import's file: the one at hand, or else the one that is kept."""
    if file is not None:
        file.seek(0)
        yield open_table(file, imported.file_name)
        return
    with tempfile.TemporaryFile() as kept:
        imported.write_to(kept)
        yield open_table(kept, imported.file_name)


@contextmanager
def _told_of(imported: Import):
    """Keep on the import what stands in the way of it."""
    try:
        with readable_refusals():
            yield
    except UnreadableFile as refusal:
        _end(imported, ImportState.REFUSED, refusal=str(refusal))
    except Unanswered as asked:
        _end(imported, ImportState.COLUMNS, questions=[_question(question) for question in asked.questions])
    except ChangedMeanwhile as changed:
        _end(imported, ImportState.OUTDATED, refusal=str(changed))
    except ValidationError as refusal:
        _end(imported, ImportState.OUTDATED, refusal=" ".join(refusal.messages))


def _end(imported: Import, state: str, **told) -> None:
    imported.state = state
    for name, value in {"refusal": "", "questions": [], **told}.items():
        setattr(imported, name, value)
    imported.save()


def _question(question) -> dict:
    return {
        "column": question.column,
        "target": question.target,
        "about": question.subject,
        "found": question.found,
        "choices": [list(reading) for reading in question.readings],
    }


def _compared(imported: Import, spool: Spool, who, advance: Advance, *, settled: bool, hold: bool) -> Comparison:
    rights, mapping = rights_for(who, imported.partner), Mapping.from_json(imported.mapping)
    comparison = Comparison(imported.kind, spool, mapping, rights, advance, settled=settled)
    comparison.make(hold=hold)
    imported.counts = comparison.counts()
    if not settled:
        imported.mapping = comparison.mapping.to_json()
        imported.facts = {**spool.table.facts, **comparison.facts()}
    return comparison


def preview(imported: Import, who, advance: Advance, file: BinaryIO | None = None) -> None:
    """Read the file and keep what it would change; the import says how that went."""
    with _told_of(imported), transaction.atomic(), table_of(imported, file) as table, Spool(table) as spool:
        comparison = _compared(imported, spool, who, advance, settled=False, hold=False)
        comparison.report(imported)
        _end(imported, ImportState.PREVIEWED, previewed_at=timezone.now())


def store(imported: Import, who, advance: Advance) -> None:
    """Store what the preview has shown, or nothing; the import says how that went."""
    with _told_of(imported), transaction.atomic(), table_of(imported) as table, Spool(table) as spool:
        comparison = _compared(imported, spool, who, advance, settled=True, hold=True)
        comparison.require_as_previewed(imported)
        _store(imported, comparison)
    if imported.state == ImportState.STORED:
        imported.forget_file()


def store_at_once(imported: Import, who, advance: Advance, file: BinaryIO | None = None, *, each: bool = False) -> None:
    """Store a file without showing a preview first; where a row is wrong, report it and store nothing.

    Args:
        each: what is wrong is reported and left out, and the rest is stored.
    """
    with _told_of(imported), transaction.atomic(), table_of(imported, file) as table, Spool(table) as spool:
        comparison = _compared(imported, spool, who, advance, settled=False, hold=True)
        if imported.counts["wrong"] and not each:
            comparison.report(imported)
            _end(imported, ImportState.PREVIEWED, previewed_at=timezone.now())
        else:
            comparison.leave_out_wrong(imported)
            _store(imported, comparison)
    if imported.state == ImportState.STORED:
        imported.forget_file(but_what_was_wrong=True)


def _store(imported: Import, comparison: Comparison) -> None:
    with through_door("import", **{"import": imported.pk}) as context:
        comparison.store()
        settle()
        _end(imported, ImportState.STORED, stored_at=timezone.now(), context_id=context.id)


def undo(imported: Import, who, advance: Advance, *, rest: bool) -> None:
    """Take back what the import has stored; the import says how that went.

    Args:
        rest: also where some rows cannot be taken back, which stay.
    """
    rights = rights_for(who, imported.partner)
    try:
        with readable_refusals(), transaction.atomic(), through_door("import", undone=imported.pk) as context:
            undoing = Undoing(imported, rights)
            undoing.hold()
            undoing.make()
            advance(0.4)
            if (count := undoing.count_kept()) and not rest:
                _end(imported, ImportState.STORED, refusal=_told_of_kept(count, undoing.kept()))
                return
            taken_back = undoing.take_back()
            settle()
            imported.counts = {**imported.counts, **taken_back}
            imported.undone_by_id, imported.undo_context_id = getattr(who, "pk", None), context.id
            _end(imported, ImportState.UNDONE, undone_at=timezone.now())
    except ValidationError as refusal:
        imported.refresh_from_db()
        _end(imported, ImportState.STORED, refusal=_("Nothing was undone. ") + " ".join(refusal.messages))


def _told_of_kept(count: int, kept: list[ChangedSince]) -> str:
    named = ", ".join(row.key for row in kept[:NAMED]) + (", …" if count > NAMED else "")
    told = _("Nothing was undone. Rows that have changed since, or are in use: %(count)s (%(named)s).")
    return told % {"count": count, "named": named}
