"""Loads what the registry starts with: `make run` calls it once."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, no_translations
from tqdm import tqdm

from firenze_digitale.env import ROOT
from firenze_digitale.starting_data import BadStartingData, count_rows, load


class Command(BaseCommand):
    help = (
        "Load the partners, the Plan, the assets and the open data that the registry starts with. Rows that are there "
        "already stay as they are; where a file is wrong, nothing is loaded. See fixtures/SOURCES.md."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--from",
            dest="folder",
            type=Path,
            default=ROOT / "fixtures",
            metavar="FOLDER",
            help="another folder of such files (default: fixtures)",
        )

    @no_translations
    def handle(self, *args, folder, verbosity, **options):
        try:
            # None: a bar on a terminal, nothing in a pipe.
            hidden = True if verbosity == 0 else None
            with tqdm(total=count_rows(folder), unit=" rows", disable=hidden, leave=False) as bar:
                added = load(folder, bar.update)
        except BadStartingData as error:
            raise CommandError(f"Nothing was loaded. {error}") from error
        if verbosity:
            self.stdout.write(self._summary(added))

    @staticmethod
    def _summary(added) -> str:
        told = [f"{count} {model._meta.verbose_name_plural}" for model, count in added.items() if count]
        return f"Added: {', '.join(told)}." if told else "Nothing to add: the registry has it all."
