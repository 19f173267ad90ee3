"""Marks of a map: what lies closer together than a finger is wide becomes one mark with its number."""

import math
from collections import defaultdict
from dataclasses import dataclass, field

from django.utils.formats import number_format

from assets.tiles import pixels

UNIT_PIXELS = 24
SMALLEST, GROWTH = 34, 7
#: Marks further from each other than this never overlap: that of ten million units is no wider.
REACH = 96


@dataclass
class Mark:
    """One or more units at their mean position. Degrees, WGS 84.

    `units` are those units where they are known one by one; `only` is the id of one of them.
    """

    latitude: float
    longitude: float
    count: int
    units: list = field(default_factory=list)
    only: int | None = None

    @property
    def told(self) -> str:
        """The number as it fits into a mark."""
        return abbreviated(self.count)

    @property
    def diameter(self) -> int:
        """Pixels; it grows with the number of digits."""
        return UNIT_PIXELS if self.count == 1 and self.units else SMALLEST + GROWTH * int(math.log10(self.count))

    def join(self, other: "Mark") -> None:
        whole = self.count + other.count
        self.latitude += (other.latitude - self.latitude) * other.count / whole
        self.longitude += (other.longitude - self.longitude) * other.count / whole
        self.count = whole
        self.units = [*self.units, *other.units]


def abbreviated(count: int) -> str:
    """1234 as 1,2k or 1.2k: short in every language, exact below a thousand."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if count >= 0.9995 * size:
            decimals = 1 if count < 9.95 * size else 0
            return f"{number_format(round(count / size, decimals), decimals)}{letter}"
    return str(count)


def apart(marks: list[Mark], zoom: int) -> list[Mark]:
    """Join marks that would lie on each other on a map at `zoom`; from north to south, as one reads."""
    kept, grid = [], defaultdict(list)
    for mark in sorted(marks, key=lambda mark: -mark.count):
        x, y = pixels(mark.latitude, mark.longitude, zoom)
        column, row = int(x // REACH), int(y // REACH)
        others = (other for place in _around(column, row) for other in grid.get(place, ()))
        near = next((other for other, *at in others if _overlap(mark, (x, y), other, at)), None)
        if near:
            near.join(mark)
        else:
            kept.append(mark)
            grid[column, row].append((mark, x, y))
    # Those that grew and moved may have come to lie on others.
    kept = kept if len(kept) == len(marks) else apart(kept, zoom)
    return sorted(kept, key=lambda mark: (-mark.latitude, mark.longitude))


def _around(column: int, row: int):
    return ((column + across, row + down) for across in (-1, 0, 1) for down in (-1, 0, 1))


def _overlap(mark: Mark, at, other: Mark, other_at) -> bool:
    return math.dist(at, other_at) < (mark.diameter + other.diameter) / 2
