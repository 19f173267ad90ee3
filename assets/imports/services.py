"""An import from its file to its receipt, as pages, commands and the API drive it: each step once, in its order."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from assets.choices import ImportedKind, ImportState
from assets.imports import jobs
from assets.imports.comparison import targets_for
from assets.imports.evidence import gather
from assets.imports.mapping import Mapping, problems_of, recognise, suggest
from assets.imports.targets import Target, normalised
from assets.imports.work import rights_for, table_of
from assets.models import Import, ImportMapping
from firenze_digitale.tables import UnreadableFile, open_table

SHOWN_ROWS = 8
SAMPLED_ROWS = 1_000
KEPT_DAYS = 7
#: Who was to take an import up may have died before it began; whoever comes later does nothing.
LONGEST_WAIT = timedelta(hours=1)


@dataclass
class Sample:
    """The beginning of a file and how it would be read, for the page that asks about its columns."""

    headers: list[str]
    rows: list[tuple[int, list]]
    targets: list[Target]
    mapping: Mapping
    problems: list[str]
    suggestions: dict[str, str] = field(default_factory=dict)
    unknown_values: dict[str, dict[str, list[str]]] = field(default_factory=dict)


def begin(
    *,
    kind: str,
    partner,
    made_by,
    file: BinaryIO,
    file_name: str,
    saved: ImportMapping | None = None,
    fixed: dict[str, str] | None = None,
) -> Import:
    """Keep a file and recognise its columns; where nothing is left to ask, its preview is under way.

    Args:
        kind: what a row of the file is: one of `ImportedKind`.
        partner: for whom; None: an administrator, for every partner.
        saved: how its columns are read.
        fixed: by the target's name, the text that it has in every row.
    """
    imported = Import(kind=kind, partner=partner, made_by=made_by, file_name=file_name)
    with transaction.atomic():
        imported.keep(file)
    forget_old_files()
    start = Mapping.from_json(saved.mapping) if saved else Mapping(keep_as_attributes=True)
    try:
        with table_of(imported) as table:
            mapping, problems = _recognised(imported, table.headers, start, fixed or {}, made_by)
            imported.facts, imported.mapping = table.facts, mapping.to_json()
    except UnreadableFile as refusal:
        imported.state, imported.refusal = ImportState.REFUSED, str(refusal)
        problems = [imported.refusal]
    imported.save()
    if not problems:
        ask_preview(imported, mapping, made_by)
    return imported


def begin_unattended(
    *, kind: str, partner, who, file: BinaryIO, file_name: str, fixed: dict[str, str], each: bool, only_preview: bool
) -> Import:
    """Keep a file of which nothing is to be asked, and have it stored; the other arguments as of `begin`.

    Args:
        who: a person, or a partner's system.
        each: store what is right even where other rows are wrong.
        only_preview: have told what the file would change, and nothing stored.

    Raises:
        UnreadableFile: it cannot be read.
        ValidationError: its columns are not all known, or others are missing.
    """
    imported = Import(kind=kind, partner=partner, made_by_id=who.pk, file_name=file_name)
    table = open_table(file, file_name)
    mapping, problems = _recognised(imported, table.headers, Mapping(keep_as_attributes=True), fixed, who)
    if problems:
        raise ValidationError(problems)
    imported.facts, imported.mapping = table.facts, mapping.to_json()
    forget_old_files()
    file.seek(0)
    with transaction.atomic():
        imported.state = ImportState.READING if only_preview else ImportState.STORING
        imported.keep(file)
        job, options = (jobs.preview_import, {}) if only_preview else (jobs.bring_import, {"each": each})
        job.enqueue(imported.pk, who.pk, get_language(), credential=jobs.credential_of(who), **options)
    imported.refresh_from_db()
    return imported


def _recognised(imported: Import, headers: list[str], start: Mapping, fixed: dict[str, str], who):
    """The mapping that a file begins with, and what is still to be told of it."""
    rights = rights_for(who, imported.partner)
    targets = targets_for(imported.kind, replace(start, fixed={**start.fixed, **fixed}), rights)
    told = [header for header in headers if header not in start.skipped]
    start.fixed |= _without_columns(fixed, told, targets)
    mapping = recognise(headers, targets, start)
    if imported.kind == ImportedKind.ASSETS and imported.partner and not mapping.of_target("owner"):
        mapping.fixed.setdefault("owner", imported.partner.code)
    return mapping, problems_of(mapping, headers, targets)


def _without_columns(fixed: dict[str, str], headers: list[str], targets: list[Target]) -> dict[str, str]:
    """Leave out what the file says in a column of that very name, as exports and templates do."""
    named = {normalised(header) for header in headers}
    told = {t.name for t in targets if named & {normalised(t.name), normalised(t.label_it), normalised(t.label_en)}}
    return {name: text for name, text in fixed.items() if name not in told}


def sample_of(imported: Import, who) -> Sample:
    """Return the beginning of an import's file.

    Raises:
        UnreadableFile: it cannot be read after all, or is no longer kept.
    """
    mapping = Mapping.from_json(imported.mapping)
    with table_of(imported) as table:
        targets = targets_for(imported.kind, mapping, rights_for(who, imported.partner))
        rows = list(islice(table.rows(), SAMPLED_ROWS))
        problems = problems_of(mapping, table.headers, targets)
        evidence = gather(rows, table.headers, _applicable(mapping, table.headers, targets), targets, table.crs)
    told = {assignment.column for assignment in mapping.assignments} | set(mapping.skipped)
    near = {header: suggest(header, targets) for header in table.headers if header not in told}
    sample = Sample(table.headers, rows[:SHOWN_ROWS], targets, mapping, problems)
    sample.suggestions = {header: target.name for header, target in near.items() if target}
    whole = {(column, target): values for column, target, values in imported.facts.get("unknown_values", [])}
    for (column, target), values in {**evidence.unknown_values, **whole}.items():
        sample.unknown_values.setdefault(column, {})[target] = list(values)
    return sample


def _applicable(mapping: Mapping, headers: list[str], targets: list[Target]) -> Mapping:
    """The mapping without what the file or the registry does not have."""
    names = {target.name for target in targets}
    fitting = [told for told in mapping.assignments if told.column in headers and told.target in names]
    return replace(mapping, assignments=fitting)


def ask_preview(imported: Import, mapping: Mapping, who) -> None:
    """Have the file read by `mapping`; what it would change is told when that is done.

    Raises:
        ValidationError: the mapping does not fit the file, or the import is past that.
    """
    before = {ImportState.COLUMNS, ImportState.PREVIEWED, ImportState.OUTDATED, ImportState.INTERRUPTED}
    with transaction.atomic():
        _move(imported, before | {ImportState.REFUSED}, ImportState.READING)
        try:
            with table_of(imported) as table:
                targets = targets_for(imported.kind, mapping, rights_for(who, imported.partner))
                problems = problems_of(mapping, table.headers, targets)
        except UnreadableFile as refusal:
            problems = [str(refusal)]
        if problems:
            raise ValidationError(problems)
        imported.mapping, imported.questions, imported.counts = mapping.to_json(), [], {}
        imported.save()
        jobs.preview_import.enqueue(imported.pk, who.pk, get_language(), credential=jobs.credential_of(who))
    imported.refresh_from_db()


def confirm(imported: Import, who, *, seen: datetime | None = None) -> None:
    """Have stored what the preview has shown.

    Args:
        seen: when the preview was made that is confirmed; None: the latest, whichever it is.

    Raises:
        ValidationError: there is no preview to confirm, or another one than was seen, or nothing to store.
    """
    with transaction.atomic():
        _move(imported, {ImportState.PREVIEWED}, ImportState.STORING)
        if seen is not None and seen != imported.previewed_at:
            raise ValidationError(_("There is a newer preview than the one that you have seen: look at it again."))
        if imported.counts.get("wrong"):
            raise ValidationError(_("Rows of the file are wrong: mend them and bring the file again."))
        if not imported.changes_something:
            raise ValidationError(_("The file changes nothing: there is nothing to store."))
        jobs.store_import.enqueue(imported.pk, who.pk, get_language(), credential=jobs.credential_of(who))
    imported.refresh_from_db()


def undo(imported: Import, who, *, rest: bool = False) -> None:
    """Have taken back what was stored; with `rest` also where some rows have to stay.

    Raises:
        ValidationError: nothing of it is stored.
    """
    with transaction.atomic():
        _move(imported, {ImportState.STORED}, ImportState.UNDOING)
        jobs.undo_import.enqueue(imported.pk, who.pk, get_language(), rest, credential=jobs.credential_of(who))
    imported.refresh_from_db()


def abandon(imported: Import) -> None:
    """Give up an import that was never stored.

    Raises:
        ValidationError: it is stored, or being so.
    """
    waiting = {state for state in ImportState if state not in ImportState.at_work()}
    with transaction.atomic():
        _move(imported, waiting - {ImportState.STORED, ImportState.UNDONE}, ImportState.EXPIRED)
        imported.forget_file()


def settle(imported: Import) -> Import:
    """Return the import as it stands, an end that nobody could tell included: that of the process that was at it."""
    if imported.is_at_work and not imported.is_held():
        if imported.total:
            jobs.give_up(imported, _("The server was stopped while it was at work: nothing was stored. Start again."))
        elif imported.updated_at < timezone.now() - LONGEST_WAIT:
            jobs.give_up(imported, _("Nobody has taken it up for an hour: nothing was stored. Start again."))
        imported.refresh_from_db()
    return imported


def forget_old_files() -> None:
    """Give up imports that nobody has confirmed for days."""
    long_ago = timezone.now() - timedelta(days=KEPT_DAYS)
    ended = {ImportState.STORED, ImportState.UNDONE, ImportState.EXPIRED, ImportState.STORING, ImportState.UNDOING}
    old = Import.objects.exclude(state__in=ended).filter(updated_at__lt=long_ago)
    with transaction.atomic():
        for imported in old.select_for_update(skip_locked=True):
            imported.state = ImportState.EXPIRED
            imported.forget_file()
            imported.save()


def _move(imported: Import, before: set[str], after: str) -> None:
    """Bring an import from one of some states to the next, whoever else is about to."""
    state = Import.objects.select_for_update().values_list("state", flat=True).get(pk=imported.pk)
    if state not in before:
        raise ValidationError(
            _("This import is “%(state)s” by now: look at it again."), params={"state": ImportState(state).label}
        )
    imported.refresh_from_db()
    imported.state, imported.refusal, imported.done, imported.total = after, "", 0, 0
    imported.save()
