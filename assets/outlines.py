"""Outlines that a map is drawn on: the city, and its districts where the operator gives them."""

import hashlib
import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from assets.choices import District
from assets.tiles import Box
from firenze_digitale.env import ROOT

CITY_OUTLINE = ROOT / "fixtures" / "firenze-outline.geojson"
AREAS = ("Polygon", "MultiPolygon")


@dataclass(frozen=True)
class Outline:
    """An area as GeoJSON (RFC 7946) has it. `district` is its number; empty: the whole city."""

    geometry: dict
    district: str = ""

    @property
    def rings(self) -> list:
        """Rings of positions: longitude, latitude."""
        parts = self.geometry["coordinates"]
        polygons = [parts] if self.geometry["type"] == "Polygon" else parts
        return [ring for polygon in polygons for ring in polygon]

    @property
    def name(self) -> str:
        return str(District(self.district).label) if self.district else ""

    @property
    def box(self) -> Box:
        longitudes, latitudes = zip(*((at[0], at[1]) for ring in self.rings for at in ring), strict=True)
        return Box(min(longitudes), min(latitudes), max(longitudes), max(latitudes))


@cache
def city() -> Outline:
    return Outline(json.loads(CITY_OUTLINE.read_text())["geometry"])


@cache
def districts() -> tuple[Outline, ...]:
    """Outlines of the districts, from the file that MAP_DISTRICTS_FILE names; none where it names none.

    Raises:
        ImproperlyConfigured: the file cannot be read, or holds something else.
    """
    if not settings.MAP_DISTRICTS_FILE:
        return ()
    path = Path(settings.MAP_DISTRICTS_FILE)
    try:
        outlines = [_district_of(feature) for feature in json.loads(path.read_text("utf-8-sig"))["features"]]
        for outline in outlines:
            if not all(math.isfinite(edge) for edge in outline.box):
                raise ValueError
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise ImproperlyConfigured(
            f"MAP_DISTRICTS_FILE: {path} must be GeoJSON in degrees (WGS 84): a FeatureCollection of polygons, each "
            f"with the property “district”, a number from 1 to {len(District)}."
        ) from error
    return tuple(sorted(outlines, key=lambda outline: outline.district))


def _district_of(feature: dict) -> Outline:
    district, geometry = str(feature["properties"]["district"]), feature["geometry"]
    if district not in District.values or geometry["type"] not in AREAS:
        raise ValueError
    return Outline({"type": geometry["type"], "coordinates": geometry["coordinates"]}, district)


@cache
def as_geojson() -> tuple[bytes, str]:
    """All outlines as one GeoJSON document, and a mark that changes with it."""
    features = [
        {"type": "Feature", "properties": {"name": outline.name}, "geometry": outline.geometry}
        for outline in (*districts(), city())
    ]
    body = json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":")).encode()
    return body, hashlib.sha256(body).hexdigest()[:16]
