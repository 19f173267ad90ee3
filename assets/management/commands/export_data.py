"""Writes rows of the registry to a file, as the desk does."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import override
from tqdm import tqdm

from assets.exports import EXPORTS, Export, FileFormat
from assets.models import Asset
from firenze_digitale.access import OPERATOR
from partners.models import Partner

FORMATS = {file_format.name: file_format for export in EXPORTS.values() for file_format in export.formats}


class Command(BaseCommand):
    help = (
        "Write the assets, placements or distributions of a partner as CSV, XLSX, ODS or GeoJSON; the file can be "
        "imported again. The file is there when it is whole: where writing fails, the exit status is 1."
    )

    def add_arguments(self, parser):
        parser.add_argument("kind", choices=EXPORTS, help="what a row of the file is")
        parser.add_argument("--partner", required=True, metavar="CODE", help="code of the partner whose rows they are")
        parser.add_argument("--format", default="csv", choices=FORMATS, help="of the file (default: csv)")
        parser.add_argument("--output", type=Path, metavar="FILE", help="where to write it (default: standard output)")
        parser.add_argument("--language", default="it", choices=["it", "en"], help="of headings in files for people")

    def handle(self, *, kind, partner, format, output, language, verbosity, **options):
        found = Partner.objects.filter(code=partner).first()
        if found is None:
            raise CommandError(f"There is no partner “{partner}”.")
        with override(language):
            export, file_format = self.prepared(EXPORTS[kind], found, FORMATS[format])
            pieces = export.written(
                file_format,
                lambda rows: tqdm(rows, total=export.count, unit=" rows", file=self.stderr, disable=not verbosity),
            )
            if output is None:
                self.print_out(pieces, file_format)
            else:
                self.write(pieces, output)
        self.stderr.write(f"{export.count} {kind} written.", style_func=str)

    @staticmethod
    def prepared(export_class: type[Export], partner: Partner, file_format: FileFormat) -> tuple[Export, FileFormat]:
        if file_format not in export_class.formats:
            raise CommandError(f"{export_class.kind} are not written as {file_format.name}.")
        assets = Asset.objects.filter(owner=partner)
        export = export_class(export_class.of_assets(assets), OPERATOR)
        if export.count > (file_format.most_rows or export.count):
            raise CommandError(
                f"{export.count} rows are more than {file_format.name} holds ({file_format.most_rows}): choose csv."
            )
        return export, file_format

    @staticmethod
    def print_out(pieces: Iterator[bytes], file_format: FileFormat) -> None:
        if sys.stdout.isatty() and not file_format.media_type.startswith("text/"):
            raise CommandError(f"{file_format.name} is nothing to read on a terminal: give --output FILE.")
        sys.stdout.buffer.writelines(pieces)
        sys.stdout.buffer.flush()

    @staticmethod
    def write(pieces: Iterator[bytes], output: Path) -> None:
        """Write beside the file, then put it in its place, so that half a file never stands there."""
        unfinished = output.with_name(f".{output.name}.{os.getpid()}")
        try:
            with unfinished.open("xb") as file:
                file.writelines(pieces)
            unfinished.replace(output)
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from error
        finally:
            unfinished.unlink(missing_ok=True)
