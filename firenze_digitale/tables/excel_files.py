"""Excel's workbooks (Office Open XML, ISO/IEC 29500, transitional and strict): the first sheet that has cells.

Read by a reader of our own: the usual one builds objects of every cell, style and drawing, which takes ten times as
long and has no limits.
"""

import datetime
import math
import posixpath
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from copy import copy
from functools import lru_cache
from typing import BinaryIO

from django.utils.translation import gettext as _
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel, from_ISO8601

from firenze_digitale.tables import limits
from firenze_digitale.tables.grid import Record
from firenze_digitale.tables.limits import UnreadableFile, checked_text, damaged, too_large, too_many_columns
from firenze_digitale.tables.packages import Package
from firenze_digitale.tables.raw_files import size_of
from firenze_digitale.tables.table import Value, is_blank
from firenze_digitale.tables.xml_parts import Budget, Exhausted, Handler, local, parse, read_through

MAIN = ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
ELEMENTS = ("c", "cellXfs", "f", "is", "numFmt", "rPh", "row", "si", "t", "v", "xf")
#: The elements that are read, in the namespaces of both kinds of the format.
KINDS = {f"{namespace} {name}": name for namespace in MAIN for name in ELEMENTS}
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
MAX_ENTRIES = 100_000
MAX_DIGITS = 30
DIGITS_OF_ROWS = 7
LONGEST_FORMAT = 255

column_number = lru_cache(limits.MAX_COLUMNS)(column_index_from_string)


class ExcelFile:
    """An Excel workbook's first visible sheet that has cells.

    Raises:
        UnreadableFile: no sheet has any, or the package is no workbook.
    """

    header_is_full = False

    def __init__(self, file: BinaryIO):
        self.package, self.size = Package(file), size_of(file)
        self.budget, self.share_read = Budget(limits.MAX_ELEMENTS), 0.0
        book = _Book(self.package, self.budget)
        self.strings, self.styles, self.epoch = book.strings(), book.styles(), book.epoch
        opening = Budget(limits.SAMPLE_ELEMENTS)
        for name, self.part in book.sheets:
            if any(not is_blank(cells) for _number, cells in self._records(opening)):
                self.facts = {"format": "xlsx", "sheet": name}
                return
        raise UnreadableFile(_("The file is empty: the first row must name the columns."))

    def bytes_read(self) -> int:
        return int(self.share_read * self.size)

    def sample(self) -> Iterator[Record]:
        """Yield the first rows."""
        with suppress(Exhausted):
            yield from self._records(Budget(limits.SAMPLE_ELEMENTS))

    def records(self) -> Iterator[Record]:
        """Yield the rows that the sheet holds, with their numbers."""
        return self._records(copy(self.budget))

    def _records(self, budget: Budget) -> Iterator[Record]:
        handler = _Sheet(self.strings, self.styles, self.epoch)
        size = max(self.package.size_of(self.part), 1)
        self.share_read = 0.0
        with self.package.open(self.part) as stream:
            for _piece in parse(stream, handler, budget):
                self.share_read = stream.tell() / size
                found, handler.records = handler.records, []
                yield from found


class _Book:
    """What a workbook says of its parts."""

    def __init__(self, package: Package, budget: Budget):
        self.package, self.budget = package, budget
        [path] = [target for kind, target in self._targets("") if kind == "officeDocument"][:1] or [None]
        entries = self._entries(path, ("sheet", "workbookPr"))
        related = _Entries(("Relationship",))
        self._read(_relations_of(path), related)
        self.targets = {entry["Id"]: _target(path, entry) for _name, entry in related.found if "Target" in entry}
        is_mac = any(entry.get("date1904") in ("1", "true") for name, entry in entries if name == "workbookPr")
        self.epoch = MAC_EPOCH if is_mac else WINDOWS_EPOCH
        self.sheets = self._sheets([entry for name, entry in entries if name == "sheet"])

    def strings(self) -> list[str]:
        handler = _Strings()
        self._read_kind("sharedStrings", handler)
        return handler.strings

    def styles(self) -> dict[str, str]:
        handler = _Styles()
        self._read_kind("styles", handler)
        return handler.styles

    def _sheets(self, entries: list[dict]) -> list[tuple[str, str]]:
        """Name and part of the sheets that have cells, hidden ones last."""
        entries.sort(key=lambda entry: entry.get("state", "visible") != "visible")
        parts = [(entry.get("name", ""), self.targets.get(entry.get("id"), ("", ""))) for entry in entries]
        return [(name, part) for name, (kind, part) in parts if kind == "worksheet"]

    def _read_kind(self, kind: str, handler: Handler) -> None:
        for found, part in self.targets.values():
            if found == kind:
                self._read(part, handler)
                return

    def _targets(self, path: str) -> list[tuple[str, str]]:
        return [_target(path, entry) for _name, entry in self._entries(_relations_of(path), ("Relationship",))]

    def _entries(self, path: str | None, names: tuple[str, ...]) -> list[tuple[str, dict]]:
        if path is None:
            raise damaged()
        handler = _Entries(names)
        self._read(path, handler)
        return handler.found

    def _read(self, path: str, handler: Handler) -> None:
        with self.package.open(path) as stream:
            read_through(stream, handler, self.budget)


def _relations_of(path: str) -> str:
    folder, name = posixpath.split(path)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _target(path: str, relation: dict) -> tuple[str, str]:
    """Kind and part of what `path` is related to."""
    target = posixpath.normpath(posixpath.join("/", posixpath.dirname(path), relation["Target"]))
    return relation.get("Type", "").rpartition("/")[2], target.lstrip("/")


class _Entries(Handler):
    """Elements of some names, by their attributes."""

    def __init__(self, names: tuple[str, ...]):
        super().__init__()
        self.names, self.found = names, []

    def start(self, name, attributes):
        super().start(name, attributes)
        if local(name) in self.names:
            self.found.append((local(name), {local(key): value for key, value in attributes.items()}))
            if len(self.found) > MAX_ENTRIES:
                raise too_large()


class _Styles(Handler):
    """Which styles of cells show a number as a day, a time or a duration."""

    def __init__(self):
        super().__init__()
        self.formats, self.styles, self.count, self.within = dict(BUILTIN_FORMATS), {}, 0, False

    def start(self, name, attributes):
        super().start(name, attributes)
        kind = KINDS.get(name)
        if kind == "numFmt":
            self.formats[int(attributes["numFmtId"])] = attributes.get("formatCode", "")[:LONGEST_FORMAT]
        elif kind == "cellXfs":
            self.within = True
        elif kind == "xf" and self.within:
            shown_as = self.formats.get(int(attributes.get("numFmtId", 0)))
            if is_timedelta_format(shown_as):
                self.styles[str(self.count)] = "duration"
            elif is_date_format(shown_as):
                self.styles[str(self.count)] = "date"
            self.count += 1
        if max(len(self.formats), self.count) > MAX_ENTRIES:
            raise too_large()

    def end(self, name):
        super().end(name)
        if KINDS.get(name) == "cellXfs":
            self.within = False


class _Texts(Handler):
    """Texts of cells, which may be spread over runs; how they are pronounced (`rPh`) is none of them."""

    def __init__(self):
        super().__init__()
        self.found: str | None = None
        self.is_pronunciation = False

    def start_text(self, kind: str | None) -> None:
        if kind == "rPh":
            self.is_pronunciation = True
        elif kind == "t":
            self.pieces.clear()
            self.wants_text = True

    def end_text(self, kind: str | None) -> None:
        if kind == "rPh":
            self.is_pronunciation = False
        elif kind == "t":
            self.wants_text = False
            # Longer ones are refused by the cell, which knows its row.
            if not self.is_pronunciation and len(self.found or "") <= limits.MAX_CELL_LENGTH:
                self.found = (self.found or "") + "".join(self.pieces)


class _Strings(_Texts):
    """The texts that cells refer to by number."""

    def __init__(self):
        super().__init__()
        self.strings, self.size = [], 0

    def start(self, name, attributes):
        self.opened += 1
        kind = KINDS.get(name)
        if kind == "si":
            self.found = None
        else:
            self.start_text(kind)

    def end(self, name):
        self.closed += 1
        kind = KINDS.get(name)
        if kind != "si":
            self.end_text(kind)
            return
        text = unescaped(self.found or "")
        self.strings.append(text)
        self.size += sys.getsizeof(text)
        if self.size > limits.MAX_SHARED_BYTES:
            raise too_large()


class _Sheet(_Texts):
    """Rows of cells."""

    def __init__(self, strings: list[str], styles: dict[str, str], epoch: datetime.datetime):
        super().__init__()
        self.strings, self.styles, self.epoch = strings, styles, epoch
        self.records: list[Record] = []
        self.cells: list = []
        self.number = self.column = 0
        self.kind = self.style = None
        self.has_formula = False

    def start(self, name, attributes):
        self.opened += 1
        kind = KINDS.get(name)
        if kind == "c":
            reference = attributes.get("r")
            self.column = column_number(reference.rstrip("0123456789")) if reference else self.column + 1
            self.kind, self.style = attributes.get("t"), attributes.get("s")
            self.found, self.has_formula = None, False
        elif kind == "v":
            self.pieces.clear()
            self.wants_text = True
        elif kind == "row":
            reference = attributes.get("r")
            self.number = int(reference[:DIGITS_OF_ROWS]) if reference else self.number + 1
            self.cells, self.column = [], 0
        elif kind == "f":
            self.has_formula = True
        else:
            self.start_text(kind)

    def end(self, name):
        self.closed += 1
        kind = KINDS.get(name)
        if kind == "v":
            self.wants_text = False
            self.found = "".join(self.pieces)
        elif kind == "c":
            if self.found:
                self._place(self.value())
            elif self.has_formula and self.kind != "str":
                raise self._without_result()
        elif kind == "row":
            self.records.append((self.number, self.cells))
        else:
            self.end_text(kind)

    def _place(self, value: Value) -> None:
        cells, gap = self.cells, self.column - len(self.cells) - 1
        if self.column > limits.MAX_COLUMNS:
            raise too_many_columns()
        if gap > 0:
            cells.extend([None] * gap)
        if gap < 0:
            cells[self.column - 1] = value
        else:
            cells.append(value)

    def value(self) -> Value:
        """What the cell holds, as a value of Python."""
        found, kind = self.found, self.kind
        if kind == "s":
            return checked_text(self.strings[int(found)], self.number) or None
        if kind is None or kind == "n":
            number = number_of(found)
            shown_as = self.styles.get(self.style)
            return number if shown_as is None else self._moment(number, shown_as)
        if kind == "b":
            return found in ("1", "true")
        if kind == "d":
            return plain_date(from_ISO8601(found))
        return checked_text(unescaped(found), self.number)

    def _moment(self, number: int | float | str, shown_as: str) -> Value:
        """A day or a time, unless the number is outside of what there is; then the number."""
        try:
            return plain_date(from_excel(number, self.epoch, timedelta=shown_as == "duration"))
        except (ArithmeticError, ValueError, TypeError):
            return number

    def _without_result(self) -> UnreadableFile:
        return UnreadableFile(
            _("Row %(number)s, column %(column)s: a formula without its result. Open the file in Excel, and save it.")
            % {"number": self.number, "column": get_column_letter(self.column)}
        )


def unescaped(text: str) -> str:
    """Return `text` with the characters that the format writes by their number (ST_Xstring)."""
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def number_of(text: str) -> int | float | str:
    """Return the number that `text` writes; what is none, or no finite one, stays text."""
    if text.isdecimal() and len(text) <= MAX_DIGITS:
        return int(text)
    try:
        number = float(text)
    except ValueError:
        return text
    if not math.isfinite(number):
        return text
    return int(number) if number.is_integer() and text[1:].isdecimal() and len(text) <= MAX_DIGITS else number


def plain_date(moment: datetime.datetime | datetime.date | datetime.time | datetime.timedelta) -> Value:
    """Return a day where there is no hour; hours without a day as text."""
    if isinstance(moment, datetime.datetime):
        moment = moment.replace(tzinfo=None)
        return moment.date() if moment.time() == datetime.time() else moment
    return moment if isinstance(moment, datetime.date) else str(moment)
