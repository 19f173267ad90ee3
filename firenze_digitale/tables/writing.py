"""Tables written as files piece by piece: CSV (RFC 4180), CSV for Italian Excel, GeoJSON (RFC 7946).

However many rows there are, a batch of them is in memory. Workbooks are written by `workbook_writing`.
"""

import codecs
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice
from operator import itemgetter

from firenze_digitale.cells import UNPRINTABLE, disarm

BATCH = 2_000
# What `cells.DANGEROUS` begins with: whatever begins otherwise needs no closer look.
RISKY = frozenset("'=+-@\t\r\n＝＋－＠")
FIRST = itemgetter(0)


class Kind(Enum):
    """What the cells of a column hold; None is an empty cell in all of them."""

    TEXT = "text"
    NUMBER = "number"  # int, float, or a number as JSON writes it
    DATE = "date"
    BOOLEAN = "boolean"
    JSON = "json"  # the text of a JSON value


@dataclass(frozen=True)
class Column:
    """One column of a file."""

    heading: str
    kind: Kind = Kind.TEXT
    #: What stored values are shown as; others are shown as they are.
    words: Mapping[str, str] = field(default_factory=dict)


#: Turns the values of one column, of a batch of rows, into what a format writes.
Renderer = Callable[[Sequence], Sequence]


def batches(columns: Sequence[Column], rows: Iterable[tuple]) -> Iterator[list[Sequence]]:
    """Yield some rows at a time, as the values of each column: much quicker to go through than cell by cell."""
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        yield [
            [column.words.get(value, value) for value in values] if column.words else values
            for column, values in zip(columns, zip(*batch, strict=True), strict=True)
        ]


def safe_text(value: str) -> str:
    """Text that no spreadsheet program runs and every reader takes."""
    return disarm(UNPRINTABLE.sub("", value))


def safe_json(value: str) -> str:
    """The same JSON value without characters that a file cannot hold."""
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", value)


def texts(values: Sequence) -> Sequence:
    """Text that is safe to open; where all of a batch is, which is seen at a glance, it is left as it is."""
    present = [*filter(None, values)]
    if "".join(present).isprintable() and RISKY.isdisjoint(map(FIRST, present)):
        return values
    return [value and safe_text(value) for value in values]


def objects(values: Sequence) -> Sequence:
    if "".join(filter(None, values)).isprintable():
        return values
    return [value and safe_json(value) for value in values]


def _numbers(values: Sequence) -> list:
    return [None if value is None else str(value) for value in values]


def _italian_numbers(values: Sequence) -> list:
    return [None if value is None else str(value).replace(".", ",") for value in values]


def _dates(values: Sequence) -> list:
    return [value and value.isoformat() for value in values]


def _italian_dates(values: Sequence) -> list:
    return [value and f"{value.day:02}/{value.month:02}/{value.year:04}" for value in values]


def _booleans(values: Sequence, words=("false", "true")) -> list:
    return [None if value is None else words[value] for value in values]


def _italian_booleans(values: Sequence) -> list:
    return _booleans(values, ("no", "sì"))


PLAIN: dict[Kind, Renderer] = {
    Kind.TEXT: texts,
    Kind.JSON: objects,
    Kind.NUMBER: _numbers,
    Kind.DATE: _dates,
    Kind.BOOLEAN: _booleans,
}
ITALIAN = {**PLAIN, Kind.NUMBER: _italian_numbers, Kind.DATE: _italian_dates, Kind.BOOLEAN: _italian_booleans}


def write_csv(columns: Sequence[Column], rows: Iterable[tuple], *, italian: bool = False) -> Iterator[bytes]:
    """Yield a CSV file in UTF-8: a header, then the rows, a batch at a time.

    Args:
        columns: what the rows hold; more than one.
        rows: tuples as long as `columns`; numbers are written in full, so that they read back equal.
        italian: as Excel in Italian opens it on a double click: semicolons, decimal commas, 31/12/2016, sì and no,
            and a byte order mark.
    """
    renderers, delimiter = (ITALIAN, ";") if italian else (PLAIN, ",")
    headings = [[safe_text(column.heading)] for column in columns]
    yield (codecs.BOM_UTF8 if italian else b"") + _lines(headings, delimiter)
    for batch in batches(columns, rows):
        yield _lines([renderers[column.kind](values) for column, values in zip(columns, batch, strict=True)], delimiter)


def _lines(by_column: list[Sequence], delimiter: str) -> bytes:
    """Lines of CSV. Its own module would look at every character; most columns need no quotes at all."""
    cells = [_quoted(values, delimiter) for values in by_column]
    return ("\r\n".join(map(delimiter.join, zip(*cells, strict=True))) + "\r\n").encode()


def _quoted(values: Sequence, delimiter: str) -> Sequence[str]:
    if None in values:
        values = [value or "" for value in values]
    joined = "".join(values)
    if not any(character in joined for character in ('"', "\n", "\r", delimiter)):
        return values
    return [
        '"' + value.replace('"', '""') + '"'
        if '"' in value or delimiter in value or "\n" in value or "\r" in value
        else value
        for value in values
    ]


def write_geojson(names: Sequence[str], rows: Iterable[tuple]) -> Iterator[bytes]:
    """Yield a FeatureCollection (RFC 7946): WGS 84, longitude before latitude, null where a row has no place.

    Args:
        names: of the properties, in the order of the rows' values.
        rows: longitude, latitude, then the properties: text, numbers, objects, dates.
    """
    yield b'{"type": "FeatureCollection", "features": ['
    encode, before = json.JSONEncoder(ensure_ascii=False, default=str).encode, "\n"
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        yield (before + ",\n".join(encode(_feature(names, *row)) for row in batch)).encode()
        before = ",\n"
    yield b"\n]}\n"


def _feature(names: Sequence[str], longitude: float | None, latitude: float | None, *values) -> dict:
    place = {"type": "Point", "coordinates": [longitude, latitude]}
    return {
        "type": "Feature",
        "geometry": None if None in (longitude, latitude) else place,
        "properties": dict(zip(names, map(_property, values), strict=True)),
    }


def _property(value: object) -> object:
    """Text as it is, unless who reads tables would take it for text that was disarmed."""
    return disarm(value) if isinstance(value, str) and value[:1] == "'" else value
