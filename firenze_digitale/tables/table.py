"""A file as rows of named cells, whatever its format."""

import datetime
from collections.abc import Iterator
from typing import Protocol

from firenze_digitale.tables import limits
from firenze_digitale.tables.limits import BROKEN, UnreadableFile, checked_names, damaged, too_many_rows

Value = str | int | float | bool | datetime.date | dict | None


class Reader(Protocol):
    """What a format knows of its file."""

    headers: list[str]
    facts: dict
    crs: str | None

    def rows(self) -> Iterator[tuple[int, list[Value]]]: ...

    def bytes_read(self) -> int: ...


class Table:
    """A file that can be read: its columns, and its rows one after the other.

    Attributes:
        headers: names of the columns, without outer blanks, each once.
        facts: how the file was read: its format, encoding, delimiter, row of the header. JSON can say it.
        crs: what the file says of its coordinates, such as “EPSG:4326”, or None.
        size: of the file, in bytes.
    """

    def __init__(self, reader: Reader, size: int):
        self.headers, self.facts, self.crs, self.size = checked_names(reader.headers), reader.facts, reader.crs, size
        self._reader = reader

    def rows(self) -> Iterator[tuple[int, list[Value]]]:
        """Yield each row with its number as a spreadsheet program shows it (or the feature's); call it again at will.

        Rows are as long as `headers`; blank ones are left out.

        Raises:
            UnreadableFile: the rest of the file cannot be read; the text names the row where there is one.
        """
        found = 0
        try:
            for number, cells in self._reader.rows():
                found += 1
                if found > limits.MAX_ROWS:
                    raise too_many_rows()
                yield number, cells
        except UnreadableFile:
            raise
        except BROKEN as error:
            raise damaged() from error

    def bytes_read(self) -> int:
        """How far the latest pass over the rows has come, of `size`."""
        return min(self._reader.bytes_read(), self.size)


class GivenRows:
    """Rows that are no file's: a table made by the program itself."""

    crs = None

    def __init__(self, headers: list[str], rows: list[tuple[int, list[Value]]]):
        self.headers, self.facts, self.given = headers, {}, rows

    def rows(self) -> Iterator[tuple[int, list[Value]]]:
        return iter(self.given)

    def bytes_read(self) -> int:
        return 0


def unique(names: list[str], taken: list[str] | None = None) -> list[str]:
    """Return `names` so that each stands once, “ (2)” after one that is repeated."""
    found = list(taken or ())
    known = set(found)
    for name in names:
        number, candidate = 2, name
        while candidate in known:
            candidate = f"{name} ({number})"
            number += 1
        known.add(candidate)
        found.append(candidate)
    return found[len(taken or ()) :]


def is_blank(cells: list) -> bool:
    """Whether nothing is in any of the cells."""
    for cell in cells:  # noqa: SIM110 twice as quick as a generator, and every row of every file is asked
        if cell is not None and not (isinstance(cell, str) and not cell.strip()):
            return False
    return True
