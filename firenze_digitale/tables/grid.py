"""Rows of cells, one of which names the columns: what CSV files and workbooks have in common."""

import datetime
import re
from collections.abc import Iterator
from itertools import islice
from typing import Protocol

from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter

from firenze_digitale.tables import limits
from firenze_digitale.tables.limits import UnreadableFile, shown, too_many_columns
from firenze_digitale.tables.table import is_blank, unique

#: How many rows are looked at to tell which columns have cells, and how many characters at most.
SAMPLE_ROWS = 1_000
SAMPLE_CHARACTERS = 4_000_000
#: The header is among the first of them; those after it tell it from a title.
TITLE_ROWS = 20
ROWS_BELOW = 20
#: Numbers, days, hours, amounts: never the name of a column, unless a year.
FIGURES = re.compile(r"[\s\d.,:;/+\-−%€°'()]+")
DIGIT = re.compile(r"\d")
YEAR = re.compile(r"(19|20)\d\d")

Record = tuple[int, list]


class Sheet(Protocol):
    """A format's rows as the file has them; None is an empty cell."""

    facts: dict
    #: Whether a row that is longer than the header was torn apart, rather than has a column without a name.
    header_is_full: bool

    def sample(self) -> Iterator[Record]: ...

    def records(self) -> Iterator[Record]: ...

    def bytes_read(self) -> int: ...


class Grid:
    """A sheet below its header.

    Raises:
        UnreadableFile: no row names the columns, or there are too many of them.
    """

    crs = None

    def __init__(self, sheet: Sheet):
        self.sheet = sheet
        sample = list(_sample(sheet.sample()))
        position = header_position([cells for _number, cells in sample])
        if position is None:
            raise _no_header(sample)
        self.header_number, header = sample[position]
        used = {index for _number, cells in sample[position:] for index in _filled(cells)}
        self.columns = sorted(index for index in used if index < len(header) or not sheet.header_is_full)
        if len(self.columns) > limits.MAX_COLUMNS:
            raise too_many_columns()
        self.width = self.columns[-1] + 1
        self.gaps = sorted(set(range(self.width)).difference(self.columns))
        self.headers = unique([_name_of(header, index) for index in self.columns])
        self.facts = {**sheet.facts, "header_row": self.header_number}

    def bytes_read(self) -> int:
        return self.sheet.bytes_read()

    def rows(self) -> Iterator[Record]:
        """Yield the rows below the header, each with one cell for each column."""
        width, columns = self.width, self.columns
        padding = [None] * width
        records = self.sheet.records()
        for number, _cells in records:
            if number >= self.header_number:
                break
        for number, cells in records:
            if is_blank(cells):
                continue
            if len(cells) > width:
                self._refuse_beyond(number, cells)
                cells = cells[:width]
            elif len(cells) < width:
                cells = cells + padding[len(cells) :]
            if self.gaps:
                self._refuse_between(number, cells)
                cells = [cells[index] for index in columns]
            yield number, cells

    def _refuse_beyond(self, number: int, cells: list) -> None:
        if not is_blank(cells[self.width :]):
            last = _filled(cells)[-1]
            if not self.sheet.header_is_full:
                raise self._unnamed(number, last)
            raise UnreadableFile(
                _("Row %(number)s has %(found)s cells, but the header names %(expected)s columns.")
                % {"number": number, "found": last + 1, "expected": self.width}
            )

    def _refuse_between(self, number: int, cells: list) -> None:
        for index in self.gaps:
            if not is_blank([cells[index]]):
                raise self._unnamed(number, index)

    def _unnamed(self, number: int, index: int) -> UnreadableFile:
        return UnreadableFile(
            _("Row %(number)s has a cell in column %(column)s, which has no name: name it in row %(header)s.")
            % {"number": number, "column": get_column_letter(index + 1), "header": self.header_number}
        )


def _sample(records: Iterator[Record]) -> Iterator[Record]:
    """Yield the first rows that are not blank."""
    characters = 0
    for number, cells in islice((record for record in records if not is_blank(record[1])), SAMPLE_ROWS):
        yield number, cells
        characters += sum(len(cell) for cell in cells if isinstance(cell, str)) + len(cells)
        if characters > SAMPLE_CHARACTERS:
            return


def _name_of(header: list, index: int) -> str:
    name = " ".join(str(header[index]).split()) if index < len(header) and header[index] is not None else ""
    return name or f"({get_column_letter(index + 1)})"


def _no_header(sample: list[Record]) -> UnreadableFile:
    if not sample:
        return UnreadableFile(_("The file is empty: the first row must name the columns."))
    number, cells = next((record for record in sample if len(_filled(record[1])) > 2), sample[0])
    found = next((cell for cell in cells if not is_blank([cell]) and not _may_be_name(cell)), cells[0])
    return UnreadableFile(
        _("Row %(number)s should name the columns, but holds “%(found)s”: put a row of names above the data.")
        % {"number": number, "found": shown(found)}
    )


def header_position(rows: list[list]) -> int | None:
    """Return which of the first rows, none blank, names the columns: the first that is no title, if it has names.

    A title fills one or two cells, and at most half as many as the rows below it do.
    """
    filled = [len(_filled(cells)) for cells in rows[: TITLE_ROWS + ROWS_BELOW]]
    for position, cells in enumerate(rows[:TITLE_ROWS]):
        below = sorted(filled[position + 1 : position + 1 + ROWS_BELOW]) or [filled[position]]
        if filled[position] > 2 or 2 * filled[position] > below[(len(below) - 1) * 4 // 5]:
            return position if all(is_blank([cell]) or _may_be_name(cell) for cell in cells) else None
    return None


def _filled(cells: list) -> list[int]:
    """Return where a row has cells that hold something."""
    return [index for index, cell in enumerate(cells) if cell is not None and not is_blank([cell])]


def _may_be_name(cell: object) -> bool:
    if isinstance(cell, bool | float | datetime.date):
        return False
    text = str(cell).strip(" \t\r\n,;|")
    if YEAR.fullmatch(text):
        return True
    return bool(text) and not (FIGURES.fullmatch(text) and DIGIT.search(text))
