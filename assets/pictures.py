"""A map as a still picture: inline SVG for print, for a page of one asset, and where no script runs."""

from dataclasses import dataclass

from assets import outlines
from assets.maps import MOST_ZOOM, Selection, View, view_of
from assets.marks import Mark
from assets.tiles import Box, pixels, zoom_for

#: A picture of one asset is drawn for a map of this size.
WIDTH, HEIGHT = 640, 520


@dataclass(frozen=True)
class PlacedMark:
    """A mark and where its middle lies in the picture, in pixels."""

    mark: Mark
    x: float
    y: float

    @property
    def radius(self) -> float:
        return self.mark.diameter / 2 if self.mark.count > 1 else 7


@dataclass(frozen=True)
class Picture:
    """What a template draws: paths and marks, in a picture of `width` × `height` pixels."""

    width: float
    height: float
    city: str
    districts: list[str]
    marks: list[PlacedMark]
    total: int


def picture_of(asset, who) -> Picture | None:
    """Return where the units of an asset lie in the city, as far as `who` may see; None where none does."""
    selection = Selection(who, assets=type(asset).objects.filter(pk=asset.pk), owner=asset.owner, category=None)
    box = city_box()
    picture = drawn(view_of(selection, box, zoom_for(box, WIDTH, HEIGHT, MOST_ZOOM)), box)
    return picture if picture.marks else None


def city_box() -> Box:
    """The city with a little of its surroundings."""
    return outlines.city().box.moved(0, 0, 1.08)


def drawn(view: View, box: Box) -> Picture:
    """Draw what lies in `box` of a view."""
    west, north = pixels(box.north, box.west, view.zoom)
    east, south = pixels(box.south, box.east, view.zoom)

    def place(latitude: float, longitude: float) -> tuple[float, float]:
        x, y = pixels(latitude, longitude, view.zoom)
        return round(x - west, 1), round(y - north, 1)

    inside = [m for m in view.marks if box.south <= m.latitude <= box.north and box.west <= m.longitude <= box.east]
    return Picture(
        round(east - west, 1),
        round(south - north, 1),
        _path(outlines.city(), place),
        [_path(outline, place) for outline in outlines.districts()],
        [PlacedMark(mark, *place(mark.latitude, mark.longitude)) for mark in inside],
        sum(mark.count for mark in inside),
    )


def _path(outline, place) -> str:
    """An outline as SVG writes paths, without points that fall on the one before."""
    parts = []
    for ring in outline.rings:
        points = dict.fromkeys(place(latitude, longitude) for longitude, latitude, *_ in ring)
        parts.append("M" + "L".join(f"{x:g} {y:g}" for x, y in points) + "Z")
    return "".join(parts)
