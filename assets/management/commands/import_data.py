"""Bring a spreadsheet into the registry from the terminal, through the same code as the desk."""

import os
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, no_translations
from django.db.models import Q
from django.utils.translation import override
from tqdm import tqdm

from assets.choices import ImportedKind, ImportState, RowState
from assets.imports import work
from assets.imports.comparison import targets_for
from assets.imports.mapping import Assignment, Mapping, problems_of, recognise
from assets.models import Import, ImportMapping
from firenze_digitale.access import OPERATOR
from firenze_digitale.history import through_door
from firenze_digitale.tables import UnreadableFile
from partners.models import Partner

TOLD_ROWS = 100


class Command(BaseCommand):
    help = (
        "Store the rows of a spreadsheet (CSV, XLSX, ODS, GeoJSON, KML): all of them or, where one is wrong, none. "
        "Wrong rows are listed, and the exit status is 1."
    )

    def add_arguments(self, parser):
        parser.add_argument("kind", choices=ImportedKind.values, help="what a row of the file is")
        parser.add_argument("file", type=Path)
        parser.add_argument("--partner", required=True, help="code of the partner on whose rights rows are stored")
        parser.add_argument("--mapping", help="name of a saved mapping of columns")
        parser.add_argument("--dry-run", action="store_true", help="tell what would change, and store nothing")
        several = {"action": "append", "default": []}
        parser.add_argument("--set", **several, metavar="FIELD=VALUE", help="what a field is in every row")
        parser.add_argument("--column", **several, metavar="COLUMN=FIELD", help="which field a column fills")
        parser.add_argument("--skip", **several, metavar="COLUMN", help="a column that is not wanted")
        parser.add_argument("--number", metavar="PREFIX", help="the file has no codes: number the rows that are new")
        parser.add_argument("--remove-missing", action="store_true", help="mark removed what the file lacks")
        parser.add_argument("--language", default="it", choices=["it", "en"], help="of what is said about the file")

    @no_translations
    def handle(self, *, partner, language, dry_run, verbosity, **options):
        found = Partner.objects.filter(code=partner).first()
        if found is None:
            raise CommandError(f"There is no partner “{partner}”.")
        try:
            file = options["file"].open("rb")
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        imported = Import(
            kind=options["kind"], partner=found, file_name=os.fsencode(options["file"].name).decode(errors="replace")
        )
        try:
            with file, override(language):
                imported.note(file)
                self.read_columns(imported, file, self.asked_mapping(imported, options))
                self.work(imported, file, dry_run=dry_run, hidden=True if verbosity == 0 else None)
                self.tell(imported)
        finally:
            if imported.pk and imported.state != ImportState.STORED:
                imported.delete()

    def asked_mapping(self, imported: Import, options) -> Mapping:
        mapping = Mapping(keep_as_attributes=True)
        if name := options["mapping"]:
            saved = ImportMapping.objects.filter(Q(partner=imported.partner) | Q(partner=None), kind=imported.kind)
            found = saved.filter(name=name).order_by("partner").first()
            if found is None:
                raise CommandError(f"There is no saved mapping “{name}” for this partner and kind.")
            mapping = Mapping.from_json(found.mapping)
        # A header may have “=” in it, and so may a value.
        for column, target in (self.pair(text, str.rpartition) for text in options["column"]):
            mapping.assignments.append(Assignment(column, target))
        mapping.fixed |= dict(self.pair(text, str.partition) for text in options["set"])
        mapping.skipped += options["skip"]
        if options["number"] is not None:
            mapping.numbered = options["number"]
        if options["remove_missing"]:
            mapping.missing = "remove"
        return mapping

    @staticmethod
    def pair(text: str, split) -> tuple[str, str]:
        name, equals, value = split(text, "=")
        if not equals:
            raise CommandError(f"“{text}” is no pair: write NAME=VALUE.")
        return name, value

    def read_columns(self, imported: Import, file, asked: Mapping) -> None:
        """Recognise the columns; what is neither known nor skipped is refused."""
        try:
            with work.table_of(imported, file) as table:
                targets = targets_for(imported.kind, asked, work.rights_for(OPERATOR, imported.partner))
                mapping = recognise(table.headers, targets, asked)
                problems = problems_of(mapping, table.headers, targets)
        except (UnreadableFile, ValueError) as refusal:
            raise CommandError(str(refusal)) from refusal
        if problems:
            raise CommandError("\n".join(problems))
        imported.mapping = mapping.to_json()

    def work(self, imported: Import, file, *, dry_run: bool, hidden: bool | None) -> None:
        do = work.preview if dry_run else work.store_at_once
        with through_door("import"), tqdm(total=100, unit="%", disable=hidden, leave=False) as bar:
            do(imported, OPERATOR, lambda share: bar.update(int(share * 100) - bar.n), file)

    def tell(self, imported: Import) -> None:
        if imported.state in (ImportState.REFUSED, ImportState.OUTDATED):
            raise CommandError(imported.refusal)
        if imported.questions:
            asked = [f"{q['column']}: {q['found']} ({q['about']})" for q in imported.questions]
            raise CommandError("The file can be read in more than one way: " + "; ".join(asked))
        counts = ", ".join(f"{count} {name}" for name, count in imported.counts.items())
        for row in imported.rows.filter(state=RowState.WRONG).order_by("pk")[:TOLD_ROWS]:
            for problem in row.problems:
                self.stderr.write(f"{row.number}, {problem['column']}: {problem['found']} – {problem['expected']}")
        if imported.counts["wrong"]:
            raise CommandError(f"Nothing was stored: {counts}.")
        stored = f"Stored as import {imported.pk}" if imported.state == ImportState.STORED else "Nothing was stored"
        self.stdout.write(f"{stored}: {counts}.")
