"""Arithmetic of the Web Mercator grid (EPSG:3857): tiles, boxes and pixels, without any database.

At level n the world is a square of 2ⁿ × 2ⁿ tiles, numbered from the north-west; a map at zoom n shows each of them
256 px wide. The database numbers tiles by the same formulas (`registry_cell_x`, `registry_cell_y`).
"""

import math
from typing import NamedTuple

TILE_PIXELS = 256
#: Beyond it Web Mercator has no tiles; what lies there counts to the last one.
LAST_LATITUDE = 85.05


class Box(NamedTuple):
    """Edges in degrees, WGS 84; all of them belong to the box."""

    west: float
    south: float
    east: float
    north: float

    def moved(self, east: float, north: float, scale: float) -> "Box":
        """The box, moved by shares of itself and then made so many times larger, within the world."""
        across, up = self.east - self.west, self.north - self.south
        middle = (self.west + self.east) / 2 + across * east, (self.south + self.north) / 2 + up * north
        west, east = (middle[0] + across * scale * side for side in (-0.5, 0.5))
        south, north = (middle[1] + up * scale * side for side in (-0.5, 0.5))
        return Box(west, south, east, north).in_world

    @property
    def in_world(self) -> "Box":
        """As much of the box as there is on the globe."""
        west, east = (min(max(edge, -180), 180) for edge in (self.west, self.east))
        south, north = (min(max(edge, -90), 90) for edge in (self.south, self.north))
        return Box(west, south, east, north)

    def __str__(self):
        """As addresses write it, to about 10 cm."""
        return ",".join(f"{edge:.6f}" for edge in self)


WORLD = Box(-180, -90, 180, 90)


class Tiles(NamedTuple):
    """A rectangle of tiles, the last ones included."""

    level: int
    west: int
    north: int
    east: int
    south: int

    @classmethod
    def touched_by(cls, box: Box, level: int) -> "Tiles":
        """The tiles of which any part lies in `box`."""
        west, north = position(box.north, box.west, level)
        east, south = position(box.south, box.east, level)
        return cls(level, math.floor(west), math.floor(north), math.floor(east), math.floor(south))

    def share_in(self, box: Box) -> float:
        """Which part of the tiles lies in a box that touches all of them: 0 to 1."""
        west, north = position(box.north, box.west, self.level)
        east, south = position(box.south, box.east, self.level)
        return (east - west) * (south - north) / ((self.east - self.west + 1) * (self.south - self.north + 1))

    @property
    def box(self) -> Box:
        """What the tiles cover. Their eastern and southern edges belong to their neighbours."""
        southernmost, northernmost = (math.floor(position(pole, 0, self.level)[1]) for pole in (-90, 90))
        return Box(
            _longitude(self.west, self.level),
            -90 if self.south >= southernmost else math.nextafter(_latitude(self.south + 1, self.level), 90),
            180 if self.east >= (1 << self.level) - 1 else math.nextafter(_longitude(self.east + 1, self.level), -180),
            90 if self.north <= northernmost else _latitude(self.north, self.level),
        )


def position(latitude: float, longitude: float, level: int) -> tuple[float, float]:
    """Where a point lies, counted in tiles from the north-west."""
    bounded = math.radians(max(min(latitude, LAST_LATITUDE), -LAST_LATITUDE))
    size = 1 << level
    return (longitude + 180) / 360 * size, (1 - math.asinh(math.tan(bounded)) / math.pi) / 2 * size


def pixels(latitude: float, longitude: float, zoom: int) -> tuple[float, float]:
    """Where a point lies on a map of the whole world at `zoom`."""
    x, y = position(latitude, longitude, zoom)
    return x * TILE_PIXELS, y * TILE_PIXELS


def box_around(latitude: float, longitude: float, zoom: int, width: float, height: float) -> Box:
    """What a map of so many pixels shows at `zoom` around a point."""
    x, y = position(latitude, longitude, zoom)
    west, east = (x + side * width / TILE_PIXELS / 2 for side in (-1, 1))
    north, south = (y + side * height / TILE_PIXELS / 2 for side in (-1, 1))
    edges = (_longitude(west, zoom), _latitude(south, zoom), _longitude(east, zoom), _latitude(north, zoom))
    return Box(*edges).in_world


def zoom_for(box: Box, width: float, height: float, most: int) -> int:
    """The largest zoom, `most` at the utmost, at which a map of so many pixels shows the whole box."""
    west, north = position(box.north, box.west, 0)
    east, south = position(box.south, box.east, 0)
    share = max((east - west) * TILE_PIXELS / width, (south - north) * TILE_PIXELS / height, 2.0**-most)
    return max(0, min(most, math.floor(-math.log2(share))))


def _longitude(column: float, level: int) -> float:
    return column / (1 << level) * 360 - 180


def _latitude(row: float, level: int) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / (1 << level)))))
