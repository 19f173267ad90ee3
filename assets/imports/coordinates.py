"""Reference systems of the coordinates that offices of Florence hand out, and degrees of WGS 84 from each of them."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf

from django.utils.translation import gettext_lazy as _
from pyproj import Transformer, network
from pyproj.aoi import AreaOfInterest

WGS84 = "EPSG:4326"
# The box of the city's outline (fixtures/firenze-outline.geojson), widened by some 15 km: the inner part of the
# metropolitan city, from Prato and Lastra a Signa to Pontassieve.
SOUTH, NORTH, WEST, EAST = 43.60, 43.95, 11.00, 11.50
#: Decimals of a degree that are kept of a computed one: about a millimetre.
DECIMALS = 8
# Half of the equator, in metres: no system has coordinates beyond it.
FARTHEST = 20_037_509
# Of the points that any system explains, how many one system must explain to be taken for granted.
CLEARLY = 0.9


@dataclass(frozen=True)
class System:
    """A reference system, and the box of the Florence area in its units (x to the east, y to the north)."""

    crs: str
    label: object
    x: tuple[float, float]
    y: tuple[float, float]

    @property
    def in_degrees(self) -> bool:
        return self.crs == WGS84


SYSTEMS: dict[str, System] = {
    system.crs: system
    for system in (
        System(WGS84, _("degrees of latitude and longitude (WGS 84, EPSG:4326)"), (WEST, EAST), (SOUTH, NORTH)),
        System("EPSG:3003", _("Monte Mario / Italy 1, Gauss-Boaga (EPSG:3003)"), (1.66e6, 1.71e6), (4.82e6, 4.88e6)),
        System("EPSG:25832", _("ETRS89 / UTM zone 32N (EPSG:25832)"), (6.6e5, 7.1e5), (4.82e6, 4.88e6)),
        System("EPSG:6707", _("RDN2008 / UTM zone 32N (EPSG:6707)"), (6.6e5, 7.1e5), (4.82e6, 4.88e6)),
        System("EPSG:3857", _("Web Mercator, as on web maps (EPSG:3857)"), (1.22e6, 1.29e6), (5.40e6, 5.46e6)),
    )
}
# Their coordinates are the same to the centimetre: values alone cannot tell one from the other.
SAME_AS = {"EPSG:6707": "EPSG:25832"}
Recognised = tuple[str, bool]


def same_system(crs: str) -> str:
    """The system under which the values of `crs` are recognised."""
    return SAME_AS.get(crs, crs)


@lru_cache(maxsize=len(SYSTEMS))
def _transformer(crs: str) -> Transformer:
    network.set_network_enabled(False)
    return Transformer.from_crs(crs, WGS84, always_xy=True, area_of_interest=AreaOfInterest(WEST, SOUTH, EAST, NORTH))


def to_degrees(crs: str, xs: Sequence[float], ys: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return longitudes and latitudes (degrees, WGS 84) of points given in `crs`, x to the east and y to the north.

    From EPSG:3003 it is the seven-parameter shift for mainland Italy (EPSG:1660), good to about 4 metres: the
    exact one needs the military institute's grids, which are not free. EPSG:25832 and EPSG:6707 are taken as WGS 84,
    good to about 1 metre. A point that the system does not reach comes out as infinity.
    """
    if SYSTEMS[crs].in_degrees:
        return list(xs), list(ys)
    xs, ys = ([value if abs(value) <= FARTHEST else inf for value in values] for values in (xs, ys))
    easts, norths = _transformer(crs).transform(array("d", xs), array("d", ys))
    return [round(east, DECIMALS) for east in easts], [round(north, DECIMALS) for north in norths]


def votes_of(xs: Sequence[float], ys: Sequence[float]) -> dict[Recognised, int]:
    """Count the points that lie in the Florence area under each system, axes as they are (False) or swapped (True)."""
    votes = {}
    for crs, system in SYSTEMS.items():
        if crs in SAME_AS:
            continue
        (west, east), (south, north) = system.x, system.y
        straight = sum(1 for x, y in zip(xs, ys, strict=True) if west <= x <= east and south <= y <= north)
        swapped = sum(1 for x, y in zip(xs, ys, strict=True) if west <= y <= east and south <= x <= north)
        votes |= {key: count for key, count in (((crs, False), straight), ((crs, True), swapped)) if count}
    return votes


def recognise_crs(xs: Sequence[float], ys: Sequence[float]) -> Recognised | None:
    """Return the system that most points speak for and whether x and y are swapped; None if they do not say.

    EPSG:6707 is told as EPSG:25832. Points that lie nowhere near Florence can still be degrees.
    """
    votes = votes_of(xs, ys)
    if votes:
        best = max(votes, key=votes.get)
        clear = votes[best] >= CLEARLY * sum(votes.values()) and 2 * votes[best] >= len(xs)
        return best if clear else None
    # Metres of any of the systems are thousands, here and anywhere near.
    degrees = xs and all(abs(x) <= 180 and abs(y) <= 180 for x, y in zip(xs, ys, strict=True))
    return (WGS84, False) if degrees else None


def outside_florence(latitude: float, longitude: float) -> bool:
    """Whether a point (degrees, WGS 84) lies outside the Florence area: a box, so that it is only worth a warning."""
    return not (SOUTH <= latitude <= NORTH and WEST <= longitude <= EAST)
