"""CSV as any program saves it (RFC 4180 and its relatives): which encoding and delimiter it has, and its records."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from django.utils.translation import gettext as _

from firenze_digitale.tables import limits
from firenze_digitale.tables.grid import Record, header_position
from firenze_digitale.tables.limits import UnreadableFile, checked_text, too_large
from firenze_digitale.tables.raw_files import Buffered, beginning_of
from firenze_digitale.tables.table import is_blank

#: The usual one last: it is in texts, too.
DELIMITERS = "\t;|,"
#: Excel's own first line, which no spreadsheet program shows or numbers.
DECLARATION = re.compile(r'"?sep=([\t;|,])"?(\r\n|\r|\n|$)', re.IGNORECASE)
SAMPLE_BYTES = 2**16
SAMPLE_RECORDS = 50
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
#: Above it, one of two bytes is zero: UTF-16 without a mark.
SHARE_OF_ZEROS = 0.3


class CsvFile:
    """A text file whose lines are rows.

    Raises:
        UnreadableFile: it is in no known encoding.
    """

    header_is_full = True

    def __init__(self, file: BinaryIO):
        self.file = file
        self.encoding = encoding_of(file)
        self.buffered = None
        sample = beginning_of_text(file, self.encoding)
        declared = DECLARATION.match(sample)
        self.lines_before = 1 if declared else 0
        self.delimiter = declared[1] if declared else delimiter_of(sample)
        self.facts = {"format": "csv", "encoding": self.encoding, "delimiter": self.delimiter}

    def bytes_read(self) -> int:
        return self.buffered.bytes_read() if self.buffered else 0

    def sample(self) -> Iterator[Record]:
        """Yield the first records."""
        return self.records()

    def records(self) -> Iterator[Record]:
        """Yield the records with their numbers, blank ones too.

        Raises:
            UnreadableFile: a quotation mark is where none may be, or a row or a cell is too long.
        """
        self.buffered = Buffered(self.file)
        lines = _Lines(io.TextIOWrapper(self.buffered, self.encoding, newline=""))
        for _line in islice(lines, self.lines_before):
            pass
        number = count = 0
        try:
            for number, cells in enumerate(csv.reader(lines, delimiter=self.delimiter, strict=True), start=1):
                count += len(cells)
                if count > limits.MAX_CELLS:
                    raise too_large()
                if lines.length > limits.MAX_CELL_LENGTH:
                    checked_text(max(cells, key=len, default=""), number)
                lines.length = 0
                yield number, [cell or None for cell in cells] if "" in cells else cells
        except csv.Error as error:
            raise UnreadableFile(
                _("Row %(number)s: a quotation mark is not closed, or stands where none may be: save the file anew.")
                % {"number": number + 1}
            ) from error
        except _TooLong as error:
            raise UnreadableFile(
                _("Row %(number)s is too long: is a quotation mark before it not closed?") % {"number": number + 1}
            ) from error


class _TooLong(Exception):
    """A record has more characters than any table's."""


class _Lines:
    """Lines of a text with their ends, as long as a record may be."""

    def __init__(self, text: io.TextIOBase):
        self.text, self.length = text, 0

    def __iter__(self):
        read, limit = self.text.readline, limits.MAX_ROW_LENGTH
        while line := read(limit):
            self.length += len(line)
            if self.length >= limit:
                raise _TooLong
            yield line


def encoding_of(file: BinaryIO) -> str:
    """Return the encoding that all of the file can be read in.

    Raises:
        UnreadableFile: there is none, or there are two.
    """
    start = beginning_of(file, SAMPLE_BYTES)
    for mark, encoding in MARKS.items():
        if start.startswith(mark):
            return _checked(file, encoding)
    if start.count(0) > SHARE_OF_ZEROS * len(start):
        return _checked(file, "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be")
    return _utf8_or_windows(file)


def _checked(file: BinaryIO, encoding: str) -> str:
    try:
        for _text in _decoded(file, encoding):
            pass
    except UnicodeDecodeError as error:
        raise _unreadable_text() from error
    return encoding


def _utf8_or_windows(file: BinaryIO) -> str:
    has_accents = False
    try:
        for text in _decoded(file, "utf-8"):
            has_accents = has_accents or not text.isascii()
    except UnicodeDecodeError as error:
        if has_accents or not error.object[: error.start].isascii():
            raise UnreadableFile(
                _("The text is partly in UTF-8 and partly not, or was cut off: save the file as CSV UTF-8.")
            ) from error
        return _checked(file, "cp1252")
    return "utf-8"


def _decoded(file: BinaryIO, encoding: str) -> Iterator[str]:
    """Yield the text in pieces, none of which holds what no text does."""
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    while chunk := file.read(limits.CHUNK_BYTES):
        text = decoder.decode(chunk)
        if "\x00" in text:
            raise _unreadable_text()
        yield text
    yield decoder.decode(b"", final=True)


def _unreadable_text() -> UnreadableFile:
    return UnreadableFile(
        _("The file is no table, or in an unknown encoding: save it as XLSX, ODS or CSV UTF-8 and bring that.")
    )


def beginning_of_text(file: BinaryIO, encoding: str) -> str:
    """Return the first lines of a file, some 60,000 characters."""
    start = beginning_of(file, SAMPLE_BYTES)
    text = codecs.getincrementaldecoder(encoding)().decode(start)
    whole_lines = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text[:whole_lines] if len(start) == SAMPLE_BYTES and whole_lines else text


def delimiter_of(sample: str) -> str:
    """Return the delimiter by which the first rows are most alike. What stands in texts tears them unevenly."""
    return max(DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))


def _evenness(sample: str, delimiter: str) -> tuple:
    """How well a delimiter fits: by a header and rows like it, by rows that are alike, or for not being there.

    The last is for tables of one column. Names hold no delimiter but a comma.
    """
    rows, is_whole = _first_records(sample, delimiter)
    position = header_position(rows)
    if position is not None and len(rows[position]) > 1:
        header = rows[position]
        fitting = sum(len(cells) > 1 and is_blank(cells[len(header) :]) for cells in rows)
        if 2 * fitting >= len(rows):
            is_clean = not any(other in name for name in header for other in "\t;|")
            return (2, is_whole, is_clean, sum(len(cells) == len(header) for cells in rows) / len(rows), len(header))
    widths = {len(cells) for cells in rows}
    if len(widths) == 1 and widths != {1}:
        return (1, is_whole, *widths)
    return (0, -sample.count(delimiter))


def _first_records(sample: str, delimiter: str) -> tuple[list[list[str]], bool]:
    """Return the first records, and whether all quotation marks are next to delimiters."""
    records = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, strict=True)
    found: list[list[str]] = []
    try:
        found.extend(cells for cells in islice(records, SAMPLE_RECORDS) if not is_blank(cells))
    except csv.Error as error:
        # The sample may end within a quoted cell.
        return found, "end of data" in str(error)
    return found, True
