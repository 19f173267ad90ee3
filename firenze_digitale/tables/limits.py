"""How much of a file is read, and how a file is refused that cannot be."""

import csv
import re
import zipfile
import zlib
from xml.parsers import expat

from django.utils.translation import gettext as _

MAX_ROWS = 500_000
MAX_COLUMNS = 500
#: What Excel holds in a cell.
MAX_CELL_LENGTH = 32_767
#: Characters of one row of a text file, or bytes of one feature of GeoJSON.
MAX_ROW_LENGTH = 2_000_000
#: Of a text file, empty ones too: 500,000 rows of 40.
MAX_CELLS = 20_000_000
MAX_FILE_BYTES = 150 * 2**20
MAX_UNPACKED_BYTES = 400 * 2**20
#: What the texts that an Excel workbook keeps apart may take in memory.
MAX_SHARED_BYTES = 150 * 2**20
#: Of XML, all parts together: what some 200,000 rows of 10 cells take.
MAX_ELEMENTS = 5_000_000
#: Of these, for finding the header and which columns have cells.
SAMPLE_ELEMENTS = 1_000_000
#: Of JSON: names, values, brackets.
MAX_EVENTS = 10_000_000
MAX_DEPTH = 100
MAX_NAMES = 5_000
#: Characters of the name of a column.
MAX_NAME_LENGTH = 1_000
MAX_TOKEN_BYTES = 2**20
#: Of the list of a ZIP package, which takes some 80 bytes for each part.
MAX_LIST_BYTES = 2 * 2**20
CHUNK_BYTES = 2**17
SHOWN = 60

#: What no text holds, and no database stores.
NO_TEXT = re.compile("[\x00\ud800-\udfff]")


class UnreadableFile(ValueError):
    """The file is not a table that can be read; the text says why, to the person who made it."""


#: What readers trip over in a broken file.
BROKEN = (
    ValueError,
    LookupError,
    ArithmeticError,
    EOFError,
    OSError,
    RuntimeError,
    csv.Error,
    zlib.error,
    zipfile.BadZipFile,
    expat.ExpatError,
)


def damaged() -> UnreadableFile:
    return UnreadableFile(
        _("The file is damaged, or was cut off on its way: open it in the program that made it and save it anew.")
    )


def too_large() -> UnreadableFile:
    return UnreadableFile(_("The file is too large: split it."))


def too_many_rows() -> UnreadableFile:
    return UnreadableFile(_("The file has more than %(limit)s rows: split it.") % {"limit": MAX_ROWS})


def too_many_columns() -> UnreadableFile:
    return UnreadableFile(
        _("The file has more than %(limit)s columns: keep those that are wanted.") % {"limit": MAX_COLUMNS}
    )


def checked_text(text: str, number: int) -> str:
    """Return the text of a cell in row `number`.

    Raises:
        UnreadableFile: it is too long, or holds what no text does.
    """
    if len(text) > MAX_CELL_LENGTH:
        raise UnreadableFile(
            _("Row %(number)s: a cell holds more than %(limit)s characters: shorten it.")
            % {"number": number, "limit": MAX_CELL_LENGTH}
        )
    if not text.isprintable() and NO_TEXT.search(text):
        raise UnreadableFile(
            _("Row %(number)s: a cell holds characters that cannot be read: type it anew.") % {"number": number}
        )
    return text


def checked_names(names: list[str]) -> list[str]:
    """Return the names of columns.

    Raises:
        UnreadableFile: one is too long, or holds what no text does.
    """
    for name in names:
        if len(name) > MAX_NAME_LENGTH or NO_TEXT.search(name):
            raise UnreadableFile(
                _("The name of a column is too long, or holds characters that cannot be read: “%(name)s”. Rename it.")
                % {"name": shown(name)}
            )
    return names


def shown(value: object) -> str:
    """What a message quotes of something found in a file."""
    text = " ".join(NO_TEXT.sub("\ufffd", str(value)).split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
