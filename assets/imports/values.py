"""From the cells of a file to the registry's values: all rows of a batch at once, all errors of a row at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.utils.translation import gettext as _

from assets.imports.columns import DEFAULT, Column, Refusal, column_for
from assets.imports.coordinates import EAST, NORTH, SOUTH, SYSTEMS, WEST, WGS84, outside_florence, to_degrees
from assets.imports.mapping import Assignment, Mapping
from assets.imports.related import AssetColumn, RelatedColumn
from assets.imports.targets import ATTRIBUTE, Target

__all__ = ["DEFAULT", "Batch", "Problem", "RowReader"]

POLE, ANTIMERIDIAN = 90, 180
AXES = {"latitude": "longitude", "longitude": "latitude"}


class Problem(NamedTuple):
    """Something about one cell that the person who made the file should know.

    Attributes:
        number: the row as the file numbers it.
        column: the header as in the file; "" where the mapping gives a fixed text.
        field: the target's name: “latitude”, “attributes.watt”.
        found: what the cell says, shortened.
        expected: a sentence in the language active now.
    """

    number: int
    column: str
    field: str
    found: str
    expected: str


@dataclass
class Batch:
    """Rows that have been read: by column of the stored table, a value for each row.

    A value that could not be read is None, and a problem says so. “attributes” are dicts: with all attributes
    if one column holds them, else with those that have columns (None: its cell is empty).
    """

    numbers: list[int]
    values: dict[str, list]
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


class RowReader:
    """Reads the rows of a file by a mapping that is settled.

    Args:
        targets: as `targets_of` gives them.
        mapping: without problems, and with what the columns' evidence decided.
        headers: as in the file.
        who: on whose rights other rows are looked up.
    """

    def __init__(self, targets: list[Target], mapping: Mapping, headers: list[str], who: object):
        self.crs = mapping.crs or WGS84
        by_name = {target.name: target for target in targets}
        position = {header: index for index, header in enumerate(headers)}
        self.columns: list[tuple[Column, int | None, str]] = []
        for target, assignment, fixed in _sources(mapping, by_name):
            index = None if fixed is not None else position[assignment.column]
            self.columns.append((_column(target, assignment, who), index, fixed))
        self.order = {column.target.name: order for order, (column, _i, _f) in enumerate(self.columns)}

    def read(self, rows: list[tuple[int, list]]) -> Batch:
        """Return the values of `rows`: the number of each and its cells, one for each header."""
        batch = Batch([number for number, _cells in rows], {})
        cells = list(zip(*(cells for _number, cells in rows), strict=True))
        told, attributes = [], {}
        for column, index, fixed in self.columns:
            values = column.read([fixed] * len(rows) if index is None else cells[index] if rows else [])
            if column.refused:
                values = self._without_refusals(column, values, batch, told)
            if column.target.is_attribute:
                attributes[column.target.name.removeprefix(ATTRIBUTE)] = values
            else:
                batch.values[column.target.model_field.attname] = values
        if attributes:
            names = list(attributes)
            batch.values["attributes"] = [
                dict(zip(names, row, strict=True)) for row in zip(*attributes.values(), strict=True)
            ]
        if AXES.keys() <= batch.values.keys():
            Points(self, batch, told).place()
        told.sort(key=lambda one: one[0])
        batch.problems = [problem for _where, problem in told]
        return batch

    @property
    def left_as_text(self) -> bool:
        """Whether any cell so far was not what its attribute should be."""
        return any(column.left_as_text for column, _index, _fixed in self.columns)

    def _without_refusals(self, column: Column, values: list, batch: Batch, told: list) -> list:
        for position, value in enumerate(values):
            if type(value) is Refusal:
                told.append(self.problem(column.target.name, position, batch, value.found, value.expected))
        return [None if type(value) is Refusal else value for value in values]

    def problem(self, name: str, position: int, batch: Batch, found: str, expected: str):
        """A problem of the target `name` in a row, with what puts it in its place among others."""
        order = self.order[name]
        header = self.columns[order][0].assignment.column
        return (position, order), Problem(batch.numbers[position], header, name, found, expected)


def _sources(mapping: Mapping, by_name: dict[str, Target]):
    """Yield each target that is filled, its assignment, and its text where that is fixed."""
    for assignment in mapping.assignments:
        name = AXES.get(assignment.target, assignment.target) if mapping.swapped else assignment.target
        yield by_name[name], assignment, None
    for name, text in mapping.fixed.items():
        yield by_name[name], Assignment("", name), text


def _column(target: Target, assignment: Assignment, who: object) -> Column:
    if target.kind != "related":
        return column_for(target, assignment)
    return (AssetColumn if target.name == "asset" else RelatedColumn)(target, assignment, who)


class Points:
    """The coordinates of a batch, on their way to degrees."""

    def __init__(self, reader: RowReader, batch: Batch, told: list):
        self.reader, self.batch, self.told = reader, batch, told
        self.wrong = {where[0] for where, problem in told if problem.field in AXES}

    def place(self) -> None:
        """Turn the batch's coordinates into degrees, WGS 84; say which are wrong, and which lie far away."""
        latitudes, longitudes = self.batch.values["latitude"], self.batch.values["longitude"]
        if None in latitudes or None in longitudes:
            self._check_pairs(latitudes, longitudes)
            whole = [n for n, pair in enumerate(zip(latitudes, longitudes, strict=True)) if None not in pair]
            xs, ys = [longitudes[n] for n in whole], [latitudes[n] for n in whole]
        else:
            whole, xs, ys = range(len(latitudes)), longitudes, latitudes
        easts, norths = to_degrees(self.reader.crs, xs, ys)
        if len(whole) == len(latitudes):
            self.batch.values |= {"latitude": norths, "longitude": easts}
        else:
            latitudes, longitudes = [None] * len(latitudes), [None] * len(longitudes)
            for n, east, north in zip(whole, easts, norths, strict=True):
                latitudes[n], longitudes[n] = north, east
            self.batch.values |= {"latitude": latitudes, "longitude": longitudes}
        if not _within(norths, SOUTH, NORTH) or not _within(easts, WEST, EAST):
            self._look_at(whole, xs, ys)

    def _check_pairs(self, latitudes: list, longitudes: list) -> None:
        for n, (latitude, longitude) in enumerate(zip(latitudes, longitudes, strict=True)):
            if (latitude is None) != (longitude is None) and n not in self.wrong:
                empty = "latitude" if latitude is None else "longitude"
                said = _("Give both latitude and longitude, or neither.")
                self.told.append(self.reader.problem(empty, n, self.batch, "", said))

    def _look_at(self, whole: Sequence[int], xs: Sequence[float], ys: Sequence[float]) -> None:
        latitudes, longitudes = self.batch.values["latitude"], self.batch.values["longitude"]
        for n, x, y in zip(whole, xs, ys, strict=True):
            wrong = {}
            if not abs(latitudes[n]) <= POLE:
                wrong["latitude"] = y
            if not abs(longitudes[n]) <= ANTIMERIDIAN:
                wrong["longitude"] = x
            for name, found in wrong.items():
                self.told.append(self.reader.problem(name, n, self.batch, str(found), self._expected(name)))
            if wrong:
                latitudes[n] = longitudes[n] = None
            elif outside_florence(latitudes[n], longitudes[n]):
                said = _("The point lies outside the Florence area: check its coordinates.")
                found = f"{latitudes[n]}, {longitudes[n]}"
                self.batch.warnings.append(self.reader.problem("latitude", n, self.batch, found, said)[1])

    def _expected(self, name: str) -> str:
        system = SYSTEMS[self.reader.crs]
        if not system.in_degrees:
            return _("It is no place in the reference system of the file: expected %(system)s.") % {
                "system": system.label
            }
        if name == "latitude":
            return _("Expected degrees between -90 and 90, in Florence about 43.77.")
        return _("Expected degrees between -180 and 180, in Florence about 11.25.")


def _within(values: Sequence[float], least: float, most: float) -> bool:
    return not values or (least <= min(values) and max(values) <= most)
