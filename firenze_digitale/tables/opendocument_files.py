"""LibreOffice's workbooks (OpenDocument 1.3, ISO/IEC 26300): the first sheet that has cells."""

import datetime
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from django.utils.translation import gettext as _

from firenze_digitale.tables import limits
from firenze_digitale.tables.excel_files import number_of, plain_date
from firenze_digitale.tables.grid import Record
from firenze_digitale.tables.limits import UnreadableFile, checked_text, too_many_columns
from firenze_digitale.tables.packages import Package, protected
from firenze_digitale.tables.raw_files import size_of
from firenze_digitale.tables.table import Value
from firenze_digitale.tables.xml_parts import Budget, Exhausted, Handler, parse

CONTENT, MANIFEST = "content.xml", "META-INF/manifest.xml"
OASIS = "urn:oasis:names:tc:opendocument:xmlns"
OFFICE, TABLE, TEXT = (f"{OASIS}:{name}:1.0 " for name in ("office", "table", "text"))
CELLS = {f"{TABLE}table-cell", f"{TABLE}covered-table-cell"}
ROW, SHEET, PARAGRAPH = f"{TABLE}table-row", f"{TABLE}table", f"{TEXT}p"
VALUE_TYPE, NAME = f"{OFFICE}value-type", f"{TABLE}name"
COLUMNS_REPEATED, ROWS_REPEATED = f"{TABLE}number-columns-repeated", f"{TABLE}number-rows-repeated"
#: Blanks that the format writes as elements, `c` times.
BLANKS = {f"{TEXT}s": " ", f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}
MOST_BLANKS = 1_000
#: A sheet has some million rows.
MOST_REPEATED = 2**21


class OpenDocumentFile:
    """An OpenDocument workbook's first sheet that has cells.

    Raises:
        UnreadableFile: no sheet has any, or a password protects them.
    """

    header_is_full = False

    def __init__(self, file: BinaryIO):
        self.package, self.size, self.share_read = Package(file), size_of(file), 0.0
        if MANIFEST in self.package.names:
            with self.package.open(MANIFEST) as manifest:
                if b"encryption-data" in manifest.read(limits.CHUNK_BYTES):
                    raise protected()
        self.sheet = ""
        if next(self.sample(), None) is None:
            raise UnreadableFile(_("The file is empty: the first row must name the columns."))
        self.facts = {"format": "ods", "sheet": self.sheet}

    def bytes_read(self) -> int:
        return int(self.share_read * self.size)

    def sample(self) -> Iterator[Record]:
        """Yield the first rows."""
        with suppress(Exhausted):
            yield from self._records(Budget(limits.SAMPLE_ELEMENTS))

    def records(self) -> Iterator[Record]:
        """Yield the rows that hold something, with their numbers."""
        return self._records(Budget(limits.MAX_ELEMENTS))

    def _records(self, budget: Budget) -> Iterator[Record]:
        handler = _Content()
        with self.package.open(CONTENT) as stream:
            size = max(self.package.size_of(CONTENT), 1)
            for _piece in parse(stream, handler, budget):
                self.share_read, self.sheet = stream.tell() / size, handler.sheet
                found, handler.records = handler.records, []
                for number, cells, repeated in found:
                    yield from ((number + after, list(cells)) for after in range(repeated))
                if handler.is_done:
                    self.share_read = 1.0
                    return


class _Content(Handler):
    """Rows of the first table that has any: their numbers, their cells, how many of them are alike."""

    def __init__(self):
        super().__init__()
        self.records: list[tuple[int, list, int]] = []
        self.sheet, self.is_done, self.has_rows = "", False, False
        # Tables stand in cells, too.
        self.tables = 0
        self.number = self.rows_alike = 1
        self.cells: list = []
        self.empty_cells = 0
        self.attributes: dict[str, str] = {}
        self.paragraphs: list[str] = []
        self.cell_depth = self.paragraph_depth = 0

    def start(self, name, attributes):
        self.opened += 1
        if self.is_done:
            return
        if name == PARAGRAPH:
            # Comments and drawings have paragraphs, too, further down.
            if self.cell_depth and self.opened - self.closed == self.cell_depth + 1:
                self.paragraph_depth = self.cell_depth + 1
                self.pieces.clear()
                self.wants_text = True
        elif name in BLANKS:
            self.pieces.append(BLANKS[name] * min(int(attributes.get(f"{TEXT}c", 1)), MOST_BLANKS))
        elif name == SHEET:
            self.tables += 1
            if self.tables == 1:
                self.sheet, self.number = attributes.get(NAME, ""), 1
        elif self.tables == 1 and name in CELLS:
            self.cell_depth, self.attributes, self.paragraphs = self.opened - self.closed, attributes, []
        elif self.tables == 1 and name == ROW:
            self.cells, self.empty_cells = [], 0
            self.rows_alike = min(int(attributes.get(ROWS_REPEATED, 1)), MOST_REPEATED)

    def end(self, name):
        depth = self.opened - self.closed
        self.closed += 1
        if self.is_done:
            return
        if name == PARAGRAPH:
            if depth == self.paragraph_depth:
                self.paragraphs.append("".join(self.pieces))
                self.wants_text, self.paragraph_depth = False, 0
        elif name == SHEET:
            self.tables -= 1
            self.is_done = self.has_rows and not self.tables
        elif self.tables == 1 and name in CELLS:
            self._place(self.value())
            self.cell_depth = 0
        elif self.tables == 1 and name == ROW:
            if self.cells:
                self.has_rows = True
                self.records.append((self.number, self.cells, self.rows_alike))
            self.number += self.rows_alike

    def _place(self, value: Value) -> None:
        alike = int(self.attributes.get(COLUMNS_REPEATED, 1))
        if value is None:
            self.empty_cells += alike
            return
        if len(self.cells) + self.empty_cells + alike > limits.MAX_COLUMNS:
            raise too_many_columns()
        self.cells.extend([None] * self.empty_cells)
        self.cells.extend([value] * alike)
        self.empty_cells = 0

    def value(self) -> Value:
        """What the cell holds, as a value of Python; what cannot be one is the text that the cell shows."""
        kind = self.attributes.get(VALUE_TYPE)
        if kind in ("float", "currency", "percentage"):
            return number_of(self.attributes[f"{OFFICE}value"])
        if kind == "boolean":
            return self.attributes[f"{OFFICE}boolean-value"] == "true"
        shown_as = "\n".join(self.paragraphs) or self.attributes.get(f"{OFFICE}string-value", "")
        if kind == "date":
            try:
                return plain_date(datetime.datetime.fromisoformat(self.attributes[f"{OFFICE}date-value"]))
            except ValueError:
                return shown_as or None
        return checked_text(shown_as, self.number) or None
