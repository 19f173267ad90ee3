"""Placements as features of GeoJSON (RFC 7946): degrees, WGS 84, longitude first; null where a unit has no position."""

from collections.abc import Callable, Iterator

import orjson

from assets.imports.targets import ATTRIBUTE
from firenze_digitale.api.formats import bodies_by_column, names_of
from firenze_digitale.api.lists import OPTIONS


def feature_collection(units, serializer_of: Callable, who) -> Iterator[bytes]:
    """Yield all of `units` as one FeatureCollection; arguments as of `api.formats.csv_of`."""
    names = names_of(serializer_of([]).child.fields)
    before = b'{"type":"FeatureCollection","features":['
    for batch in bodies_by_column(units, serializer_of, who):
        bodies = [dict(zip(names, values, strict=True)) for values in zip(*batch, strict=True)]
        yield before + orjson.dumps(features(bodies), option=OPTIONS)[1:-1]
        before = b","
    yield b"]}\n" if before == b"," else before + b"]}\n"


def features(bodies: list[dict]) -> list[dict]:
    """Return bodies of placements, as the API's list tells them, as features."""
    return [
        {
            "type": "Feature",
            "id": body["key"],
            "geometry": None
            if body["latitude"] is None
            else {"type": "Point", "coordinates": (body["longitude"], body["latitude"])},
            "properties": body,
        }
        for body in bodies
    ]


def spread(body: dict, names: list[str]) -> dict:
    """Return the body of a placement with each attribute in a member of its own: `attributes.watt`.

    Args:
        names: attributes that are told whether it has them or not.
    """
    values = orjson.loads(orjson.dumps(body["attributes"]))
    told = {ATTRIBUTE + name: values.get(name) for name in dict.fromkeys([*names, *values])}
    return {name: value for name, value in body.items() if name != "attributes"} | told
