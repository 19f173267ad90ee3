"""Files that referents work with, as tables: CSV as any program writes it, Excel's and LibreOffice's workbooks.

The readers are our own where the libraries' lose data: LibreOffice writes equal neighbours once, spreads text over
several nodes, and Excel saves CSV with semicolons and in the encoding of Windows.
"""

import codecs
import csv
import datetime
import io
import re
import zipfile
from xml.sax.saxutils import escape

import tablib
from defusedxml import ElementTree
from django.utils.translation import gettext as _
from import_export.formats import base_formats
from openpyxl import load_workbook

from firenze_digitale.cells import is_empty

MAX_UNPACKED_BYTES = 300 * 2**20
MAX_ROWS = 200_000
MAX_COLUMNS = 500
MAX_CELLS = 5_000_000
# What Excel holds in a cell.
MAX_CELL_LENGTH = 32_767
MAX_CHARACTERS = 100_000_000
XLSX_COLUMN_WIDTH = 22
OASIS = "urn:oasis:names:tc:opendocument:xmlns"
OFFICE, TABLE, TEXT = (f"{{{OASIS}:{name}:1.0}}" for name in ("office", "table", "text"))
WRITTEN_AS_ELEMENTS = {f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
ODS_MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="{OASIS}:manifest:1.0" manifest:version="1.3">
<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS_TYPE}"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
</manifest:manifest>"""
ODS_CONTENT = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    f'<office:document-content xmlns:office="{OASIS}:office:1.0" xmlns:table="{OASIS}:table:1.0" '
    f'xmlns:text="{OASIS}:text:1.0" office:version="1.3"><office:body><office:spreadsheet>'
    '<table:table table:name="1">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
)
PACKAGE_MARK = b"PK\x03\x04"
DELIMITERS = ",;\t"


class UnreadableFile(ValueError):
    """The file is not a table that can be read; the text says why, to the person who made it."""


def dataset_of(rows) -> tablib.Dataset:
    """Make a table of `rows`, the first of which names the columns.

    Raises:
        UnreadableFile: there is no header, a row is longer than it, or there are too many rows, cells or characters.
    """
    rows = iter(rows)
    headers = _without_empty_end(next(rows, []))
    if not headers:
        raise UnreadableFile(_("The file is empty: the first row must name the columns."))
    characters = _length_of(headers, number=1)
    dataset = tablib.Dataset(headers=["" if is_empty(name) else str(name).strip() for name in headers])
    waiting = []
    for number, row in enumerate(rows, start=2):
        values = _without_empty_end(row)
        if len(values) > len(headers):
            raise UnreadableFile(
                _("Row %(number)s has %(found)s cells, but the header names %(expected)s columns.")
                % {"number": number, "found": len(values), "expected": len(headers)}
            )
        if number > MAX_ROWS + 1:
            raise UnreadableFile(_("The file has more than %(limit)s rows: split it.") % {"limit": MAX_ROWS})
        if number * len(headers) > MAX_CELLS:
            raise UnreadableFile(_("The file has more than %(limit)s cells: split it.") % {"limit": MAX_CELLS})
        characters += _length_of(values, number)
        if characters > MAX_CHARACTERS:
            raise UnreadableFile(_("The file is too large once unpacked: split it."))
        waiting.append([*values, *[""] * (len(headers) - len(values))])
        if values:
            # Empty rows at the end are none of the file's.
            dataset.extend(waiting)
            waiting = []
    return dataset


def _without_empty_end(row) -> list:
    values = list(row)
    while values and is_empty(values[-1]):
        values.pop()
    return values


def _length_of(row: list, number: int) -> int:
    """Count the characters of a row, none of whose cells may be too long."""
    lengths = [len(value) for value in row if isinstance(value, str)]
    if max(lengths, default=0) > MAX_CELL_LENGTH:
        raise UnreadableFile(
            _("Row %(number)s: a cell holds more than %(limit)s characters: shorten it.")
            % {"number": number, "limit": MAX_CELL_LENGTH}
        )
    return sum(lengths)


class RegistryFormat:
    """What the formats share: they read bytes, and they take cells as the resource has made them."""

    def is_binary(self):
        return True

    def get_read_mode(self):
        return "rb"

    def create_dataset(self, in_stream, **kwargs):
        """Read a file.

        Raises:
            UnreadableFile: it is not such a file, or it is too large.
        """
        return dataset_of(self.rows(in_stream.encode() if isinstance(in_stream, str) else in_stream))

    def rows(self, content: bytes):
        """Yield the rows of the file, header first."""
        raise NotImplementedError

    def _escape_formulae(self, dataset):
        """Leave the cells alone: resources disarm text themselves, and numbers stay numbers."""


class CSV(RegistryFormat, base_formats.CSV):
    """Comma-separated values in UTF-8, or as Excel saves them: with semicolons, in the encoding of Windows."""

    CONTENT_TYPE = "text/csv; charset=utf-8"

    def rows(self, content):
        decoded = self._decoded(content)
        header = decoded.split("\n", 1)[0]
        delimiter = max(DELIMITERS, key=header.count)
        try:
            yield from csv.reader(io.StringIO(decoded, newline=""), delimiter=delimiter, strict=True)
        except csv.Error as error:
            raise UnreadableFile(_("This is not a CSV file: %(reason)s.") % {"reason": error}) from error

    @staticmethod
    def _decoded(content: bytes) -> str:
        if content.startswith(PACKAGE_MARK):
            raise UnreadableFile(_("This is a workbook and not CSV: choose the format that it was saved in."))
        marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
        raise UnreadableFile(_("The text cannot be read: save the file as CSV UTF-8."))

    def export_data(self, dataset, **kwargs):
        return super().export_data(dataset, **kwargs).encode()


class Workbook(RegistryFormat):
    """A packed file of sheets, of which the first is read."""

    def rows(self, content):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as package:
                size = sum(part.file_size for part in package.infolist())
        except zipfile.BadZipFile as error:
            raise UnreadableFile(self._not_of_kind()) from error
        if size > MAX_UNPACKED_BYTES:
            raise UnreadableFile(_("The file is too large once unpacked: split it."))
        try:
            yield from self.sheet(io.BytesIO(content))
        except UnreadableFile:
            raise
        # The libraries raise whatever the broken part of a file makes them trip over.
        except Exception as error:
            raise UnreadableFile(self._not_of_kind()) from error

    def sheet(self, stream):
        """Yield the rows of the first sheet."""
        raise NotImplementedError

    def _not_of_kind(self) -> str:
        return _("This is not a workbook of the kind %(kind)s: choose the format that it was saved in.") % {
            "kind": self.get_title().upper()
        }


class XLSX(Workbook, base_formats.XLSX):
    """Excel's workbook."""

    def export_data(self, dataset, **kwargs):
        return super().export_data(dataset, column_width=XLSX_COLUMN_WIDTH, **kwargs)

    def sheet(self, stream):
        book = load_workbook(stream, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # What a file says of its own size is often wrong.
        sheet.reset_dimensions()
        for row in sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True):
            yield ["" if value is None else value for value in row]


class ODS(Workbook, base_formats.Format):
    """LibreOffice's workbook (OpenDocument 1.3, ISO/IEC 26300), read and written as a stream, without a library."""

    CONTENT_TYPE = ODS_TYPE

    def __init__(self, encoding=None):
        super().__init__()

    def get_title(self):
        return "ods"

    def get_extension(self):
        return "ods"

    def get_content_type(self):
        return self.CONTENT_TYPE

    def can_import(self):
        return True

    def can_export(self):
        return True

    def sheet(self, stream):
        with zipfile.ZipFile(stream) as package, package.open("content.xml") as content:
            yield from self._rows_of(ElementTree.iterparse(content, forbid_dtd=True))

    def _rows_of(self, events):
        empty_rows = 0
        for _event, element in events:
            if element.tag == f"{TABLE}table":
                return
            if element.tag != f"{TABLE}table-row":
                continue
            values = self._values(element)
            repeated = min(int(element.get(f"{TABLE}number-rows-repeated", 1)), MAX_ROWS + 1)
            element.clear()
            if not values:
                empty_rows = min(empty_rows + repeated, MAX_ROWS + 1)
                continue
            yield from ([] for _row in range(empty_rows))
            yield from (list(values) for _row in range(repeated))
            empty_rows = 0

    def _values(self, row) -> list:
        values = []
        for cell in row:
            if cell.tag in (f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
                repeated = int(cell.get(f"{TABLE}number-columns-repeated", 1))
                values.extend([self._value(cell)] * min(repeated, MAX_COLUMNS - len(values)))
        return _without_empty_end(values)

    @classmethod
    def _value(cls, cell):
        kind = cell.get(f"{OFFICE}value-type")
        if kind in ("float", "currency", "percentage"):
            return float(cell.get(f"{OFFICE}value"))
        if kind == "date":
            return datetime.datetime.fromisoformat(cell.get(f"{OFFICE}date-value"))
        if kind == "boolean":
            return cell.get(f"{OFFICE}boolean-value")
        text = ""
        for piece in cls._pieces_of_lines(cell):
            text += piece
            # `dataset_of` refuses it, and knows the row.
            if len(text) > MAX_CELL_LENGTH:
                break
        return text

    @classmethod
    def _pieces_of_lines(cls, cell):
        for number, line in enumerate(cell.findall(f"{TEXT}p")):
            yield "\n" if number else ""
            yield from cls._pieces(line)

    @classmethod
    def _pieces(cls, node):
        """All text in `node`, with the blanks, tabs and line ends that the format writes as elements."""
        if node.tag == f"{TEXT}s":
            yield " " * min(int(node.get(f"{TEXT}c", 1)), 1_000)
        elif node.tag in WRITTEN_AS_ELEMENTS:
            yield WRITTEN_AS_ELEMENTS[node.tag]
        else:
            yield node.text or ""
            for child in node:
                yield from cls._pieces(child)
                yield child.tail or ""

    def export_data(self, dataset, **kwargs):
        rows = "".join(
            f"<table:table-row>{''.join(map(self._cell, row))}</table:table-row>" for row in (dataset.headers, *dataset)
        )
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
            # The format wants its name first, and unpacked.
            package.writestr("mimetype", self.CONTENT_TYPE, compress_type=zipfile.ZIP_STORED)
            package.writestr("META-INF/manifest.xml", ODS_MANIFEST)
            package.writestr("content.xml", ODS_CONTENT.format(rows=rows))
        return stream.getvalue()

    @classmethod
    def _cell(cls, value) -> str:
        kind = 'office:value-type="string"'
        if isinstance(value, int | float):
            kind = f'office:value-type="float" office:value="{value}"'
        elif isinstance(value, datetime.date):
            kind = f'office:value-type="date" office:date-value="{value.isoformat()}"'
        lines = "".join(f"<text:p>{cls._line(line)}</text:p>" for line in str(value).split("\n"))
        return f"<table:table-cell {kind}>{lines}</table:table-cell>"

    @staticmethod
    def _line(line: str) -> str:
        """Blanks as elements where there are several, or readers make one of them."""
        text = re.sub(r"^ +| {2,}| +$", lambda blanks: f'<text:s text:c="{len(blanks[0])}"/>', escape(line))
        return text.replace("\t", "<text:tab/>").replace("\r", "")


#: What the admin offers, the usual one first.
FORMATS = [CSV, XLSX, ODS]
