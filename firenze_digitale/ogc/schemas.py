"""Schemas of what the OGC API answers (OpenAPI 3.0), after those of OGC 17-069r4."""

from firenze_digitale.openapi.answers import PROBLEM

TEXT = {"type": "string"}
BOX = {"type": "array", "minItems": 4, "maxItems": 4, "items": {"type": "number"}}
BOXES = {"type": "array", "minItems": 1, "items": BOX}


def _object(required: str, **properties) -> dict:
    return {"type": "object", "required": required.split(), "properties": properties}


def _list_of(schema: str) -> dict:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}}


LINKS = _list_of("link")

SCHEMAS = {
    "link": _object("href rel type", href={"type": "string", "format": "uri"}, rel=TEXT, type=TEXT, title=TEXT),
    "landingPage": _object("links", title=TEXT, description=TEXT, links=LINKS),
    "confClasses": _object("conformsTo", conformsTo={"type": "array", "items": TEXT}),
    "definition": {"type": "object"},
    "extent": _object("spatial", spatial=_object("bbox", bbox=BOXES, crs=TEXT)),
    "collection": _object(
        "id links",
        id=TEXT,
        title=TEXT,
        description=TEXT,
        itemType=TEXT,
        crs={"type": "array", "items": TEXT},
        extent={"$ref": "#/components/schemas/extent"},
        links=LINKS,
    ),
    "collections": _object("links collections", links=LINKS, collections=_list_of("collection")),
    "pointGeoJSON": _object(
        "type coordinates",
        type={"type": "string", "enum": ["Point"]},
        coordinates={"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}},
    ),
    "featureGeoJSON": _object(
        "type id geometry properties",
        type={"type": "string", "enum": ["Feature"]},
        id=TEXT,
        geometry={"$ref": "#/components/schemas/pointGeoJSON"},
        properties={"type": "object", "additionalProperties": True},
        links=LINKS,
    ),
    "featureCollectionGeoJSON": _object(
        "type features",
        type={"type": "string", "enum": ["FeatureCollection"]},
        timeStamp={"type": "string", "format": "date-time"},
        numberMatched={"type": "integer", "minimum": 0},
        numberReturned={"type": "integer", "minimum": 0},
        links=LINKS,
        features=_list_of("featureGeoJSON"),
    ),
    "problem": PROBLEM,
}
