"""What the landing page, the conformance declaration and the descriptions of layers say (OGC 17-069r4, clause 7)."""

from django.urls import reverse
from django.utils.translation import gettext as _

from firenze_digitale.ogc.collections import Collection

JSON, GEOJSON = "application/json", "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CONFORMANCE = [
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "oas30", "geojson")
]


def address_of(request, name: str = "", *args: str) -> str:
    """Return the whole address of a route of this API: “collections”, “items”; the landing page's without a name."""
    return request.build_absolute_uri(reverse("-".join(filter(None, ("api-ogc", name))), args=args))


def link(href: str, rel: str, media_type: str, title: str) -> dict:
    return {"href": href, "rel": rel, "type": media_type, "title": title}


def landing_page(request) -> dict:
    return {
        "title": _("Firenze Digitale: units in the field"),
        "description": _(
            "What partners share and where it stands, as far as you may see it: for QGIS, GDAL and others."
        ),
        "links": [
            link(address_of(request), "self", JSON, _("This page")),
            link(address_of(request, "definition"), "service-desc", OPENAPI, _("Definition of this API (OpenAPI 3.0)")),
            link(request.build_absolute_uri("/api/"), "service-doc", "text/html", _("For developers")),
            link(address_of(request, "conformance"), "conformance", JSON, _("What this API conforms to")),
            link(address_of(request, "collections"), "data", JSON, _("The layers")),
        ],
    }


def conformance() -> dict:
    return {"conformsTo": CONFORMANCE}


def collections_page(request, collections: list[Collection]) -> dict:
    return {
        "links": [link(address_of(request, "collections"), "self", JSON, _("The layers"))],
        "collections": [collection_page(request, collection) for collection in collections],
    }


def collection_page(request, collection: Collection) -> dict:
    """What a layer is called, where its features lie, and where they are read."""
    items = address_of(request, "items", collection.id)
    extent = {"extent": {"spatial": {"bbox": [list(collection.box)], "crs": CRS84}}} if collection.box else {}
    return {
        "id": collection.id,
        "title": collection.title,
        "description": collection.description,
        "itemType": "feature",
        "crs": [CRS84],
        **extent,
        "links": [
            link(address_of(request, "collection", collection.id), "self", JSON, collection.title),
            link(items, "items", GEOJSON, collection.title),
        ],
    }
