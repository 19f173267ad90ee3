"""Likely twins of a row about to be added: shown before it is saved, never forbidden."""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from assets.choices import PlacementStatus
from assets.models import Asset, Placement

EARTH_RADIUS = 6_371_000  # metres
METRES_A_DEGREE = 111_195  # of latitude
NEAR = 5  # metres
LIKENESS = 0.55  # of names, by trigrams: “Fontanelli pubblici” is like “Fontanello pubblico”
MOST_SHOWN = 10
MOST_MEASURED = 500


@dataclass(frozen=True)
class Twin:
    """A row that may be the same thing, and what makes it look so."""

    pk: int
    name: str
    code: str
    of: str
    url: str
    why: str


def twins_of(row: Asset | Placement, who) -> list[Twin]:
    """Return what may be the same thing as `row`, which is about to be added, out of what `who` may see."""
    return twins_of_asset(row, who) if isinstance(row, Asset) else twins_of_placement(row, who)


def twins_of_asset(asset: Asset, who) -> list[Twin]:
    """Assets of the same category with nearly the same name, the likest first."""
    rows = Asset.objects.visible_to(who).for_list().filter(category=asset.category)
    rows = rows.named_like(asset.name_it, asset.name_en, LIKENESS)[:MOST_SHOWN]
    return [_twin(row, row.name, row.owner, _same_name(row.likeness)) for row in rows]


def twins_of_placement(placement: Placement, who) -> list[Twin]:
    """Units of the same category that stand within five metres, the nearest first; removed ones are no twins."""
    if placement.latitude is None or placement.longitude is None:
        return []
    here = (placement.latitude, placement.longitude)
    near = Placement.objects.visible_to(who).for_list().in_box(*box_around(*here, NEAR))
    near = near.filter(asset__category=placement.asset.category).exclude(status=PlacementStatus.REMOVED)
    found = sorted((distance(*here, row.latitude, row.longitude), row.pk, row) for row in near[:MOST_MEASURED])
    return [
        _twin(row, row.address or row.asset.name, row.asset, _away(metres))
        for metres, _pk, row in found[:MOST_SHOWN]
        if metres <= NEAR
    ]


def _away(metres: float) -> str:
    # What is left out is cut off and not rounded by `number_format`.
    return _("%(metres)s m away") % {"metres": number_format(round(metres, 1), 1)}


def _same_name(likeness: float) -> str:
    return _("same name") if likeness >= 1 else _("similar name")


def _twin(row, name, of, why: str) -> Twin:
    url = reverse(f"admin:assets_{row._meta.model_name}_change", args=[row.pk])
    return Twin(row.pk, str(name), row.code, str(of), url, why)


def distance(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Metres between two points in degrees (WGS 84), along a sphere (haversine): right to 0.5 %."""
    north, other_north = radians(latitude), radians(other_latitude)
    along = sin((other_north - north) / 2) ** 2
    across = cos(north) * cos(other_north) * sin(radians(other_longitude - longitude) / 2) ** 2
    return 2 * EARTH_RADIUS * asin(min(1, sqrt(along + across)))


def box_around(latitude: float, longitude: float, metres: float) -> tuple[float, float, float, float]:
    """West, south, east and north of a box that holds every point within `metres`. Degrees, WGS 84."""
    height = metres / METRES_A_DEGREE * 1.01
    # At the poles every longitude is near.
    width = min(height / max(cos(radians(latitude)), 1e-9), 180)
    return longitude - width, latitude - height, longitude + width, latitude + height
