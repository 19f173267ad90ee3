"""The OpenAPI 3.0 definition of the OGC API, in English whoever asks: with the paths of the layers that they see."""

from django.utils import translation
from django.utils.encoding import force_str

from firenze_digitale.api.filtering import schema_of
from firenze_digitale.ogc.collections import Collection
from firenze_digitale.ogc.documents import GEOJSON, JSON, OPENAPI
from firenze_digitale.ogc.parameters import LARGEST_LIMIT, USUAL_LIMIT, FeatureFilter, names_of
from firenze_digitale.ogc.schemas import SCHEMAS
from firenze_digitale.problems import MEDIA_TYPE as PROBLEM

IN_ADDRESS = {"in": "query", "required": False, "style": "form", "explode": False}
LIMIT = {
    **IN_ADDRESS,
    "name": "limit",
    "description": "Features a page.",
    "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": USUAL_LIMIT},
}
CURSOR = {
    **IN_ADDRESS,
    "name": "cursor",
    "description": "Where a page begins, as the link `next` gives it out.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 2000},
}
BOX = {
    "type": "array",
    "oneOf": [{"minItems": count, "maxItems": count} for count in (4, 6)],
    "items": {"type": "number"},
}
FEATURE_ID = {
    "name": "featureId",
    "in": "path",
    "required": True,
    "description": "The key of the unit: the code of its asset and its own, joined by a colon.",
    "schema": {"type": "string"},
}
#: Filters that the standard gives a schema of their own.
SCHEMAS_OF_FILTERS = {"bbox": BOX, "datetime": {"type": "string"}}


def definition(root: str, collections: list[Collection]) -> dict:
    """Return the definition.

    Args:
        root: address of the landing page.
        collections: the layers that the caller sees.
    """
    with translation.override("en"):
        paths = {
            "/": _path("landingPage", "The landing page", "landingPage"),
            "/conformance": _path("conformance", "What this API conforms to", "confClasses"),
            "/api": _path("definition", "This definition", "definition", media_type=OPENAPI),
            "/collections": _path("collections", "The layers", "collections"),
        }
        for collection in collections:
            paths |= _paths_of(collection)
        parameters = {"limit": LIMIT, "cursor": CURSOR, "featureId": FEATURE_ID, **_filters()}
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Firenze Digitale: units in the field",
            "version": "1.0.0",
            "description": "What partners share and where it stands, as far as the caller may see it.",
        },
        "servers": [{"url": root}],
        "security": [{}, {"credential": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"credential": {"type": "http", "scheme": "bearer"}},
            "parameters": parameters,
            "responses": {
                "Problem": {
                    "description": "What went wrong (RFC 9457).",
                    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/problem"}}},
                }
            },
            "schemas": SCHEMAS,
        },
    }


def _filters() -> dict:
    return {
        name: {
            **IN_ADDRESS,
            "name": name,
            "description": force_str(filter_.label),
            "schema": SCHEMAS_OF_FILTERS.get(name) or schema_of(filter_),
        }
        for name, filter_ in FeatureFilter.base_filters.items()
    }


def _paths_of(collection: Collection) -> dict:
    path, name, title = f"/collections/{collection.id}", collection.id, collection.title
    parameters = ["limit", "cursor", *names_of(collection)]
    return {
        path: _path(f"{name}.collection", title, "collection"),
        f"{path}/items": _path(f"{name}.items", title, "featureCollectionGeoJSON", parameters, GEOJSON),
        f"{path}/items/{{featureId}}": _path(f"{name}.item", title, "featureGeoJSON", ["featureId"], GEOJSON),
    }


def _path(operation_id: str, summary: str, schema: str, parameters: list[str] = (), media_type: str = JSON) -> dict:
    problem = {"$ref": "#/components/responses/Problem"}
    return {
        "get": {
            "operationId": operation_id,
            "summary": summary,
            "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in parameters],
            "responses": {
                "200": {
                    "description": summary,
                    "content": {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
                },
                "4XX": problem,
                "5XX": problem,
            },
        }
    }
