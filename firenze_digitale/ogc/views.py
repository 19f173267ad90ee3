"""The addresses of the OGC API. The same credentials, rights and problems as everywhere below `/api/v1/`."""

from datetime import UTC, datetime

import orjson
from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.views import APIView

from assets.models import Placement
from assets.serializers import PlacementSerializer
from firenze_digitale.api.authentication import refuse_out_of_reach
from firenze_digitale.api.filtering import check_names
from firenze_digitale.api.formats import accepted_one
from firenze_digitale.api.lists import OPTIONS
from firenze_digitale.ogc.collections import Collection, collection_of, collections_of
from firenze_digitale.ogc.definition import definition
from firenze_digitale.ogc.documents import (
    GEOJSON,
    JSON,
    OPENAPI,
    address_of,
    collection_page,
    collections_page,
    conformance,
    landing_page,
    link,
)
from firenze_digitale.ogc.parameters import FeaturePage


@extend_schema(exclude=True)
class OgcView(APIView):
    """A document of the OGC API; it describes itself by a definition of its own."""

    http_method_names = ("get", "head")
    #: What the document is sent as, then what else a caller may take it for.
    media_types = (JSON,)
    #: Whether the address takes parameters; the view then checks them by itself.
    asks = False

    def perform_content_negotiation(self, request, force=False):
        """Problems are JSON; the document is what `media_types` say."""
        renderer = self.get_renderers()[0]
        return renderer, renderer.media_type

    def get(self, request, **names):
        refuse_out_of_reach(request.user, "placements")
        accepted_one(request, tuple(name.partition(";")[0] for name in self.media_types))
        if not self.asks:
            check_names(request, set())
        document = orjson.dumps(self.document(request, **names), option=OPTIONS)
        return HttpResponse(document, content_type=self.media_types[0])

    def document(self, request, **names) -> dict:
        raise NotImplementedError


class LandingPage(OgcView):
    """Where to begin."""

    def document(self, request):
        return landing_page(request)


class Conformance(OgcView):
    """Which parts of the standard are kept."""

    def document(self, request):
        return conformance()


class Definition(OgcView):
    """The OpenAPI definition of this API, of the layers that the caller sees."""

    media_types = (OPENAPI, "application/openapi+json", JSON)

    def document(self, request):
        return definition(address_of(request), collections_of(request.user))


class Collections(OgcView):
    """The layers."""

    def document(self, request):
        return collections_page(request, collections_of(request.user))


class OfCollection(OgcView):
    """Something of one layer."""

    def document(self, request, collection, **names):
        found = collection_of(request.user, collection)
        if found is None:
            raise Http404
        return self.document_of(request, found, **names)

    def document_of(self, request, collection: Collection, **names) -> dict:
        raise NotImplementedError


class CollectionPage(OfCollection):
    """One layer."""

    def document_of(self, request, collection):
        return collection_page(request, collection)


class Items(OfCollection):
    """Features of a layer, page by page."""

    media_types = (GEOJSON, JSON)
    asks = True

    def document_of(self, request, collection):
        page = FeaturePage(request, collection)
        ways = [("self", page.address), ("next", page.next), ("prev", page.previous)]
        links = [link(address, rel, GEOJSON, collection.title) for rel, address in ways if address]
        links.append(link(address_of(request, "collection", collection.id), "collection", JSON, collection.title))
        return {
            "type": "FeatureCollection",
            "timeStamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            **({"numberMatched": collection.count} if page.is_whole else {}),
            "numberReturned": len(page.bodies),
            "links": links,
            "features": collection.features(page.bodies),
        }


class Item(OfCollection):
    """One feature."""

    media_types = (GEOJSON, JSON)

    def document_of(self, request, collection, key):
        try:
            unit = collection.units(request.user).by_key(key)
        except Placement.DoesNotExist as error:
            raise Http404 from error
        (feature,) = collection.features([PlacementSerializer(unit).data])
        here = address_of(request, "item", collection.id, key)
        whole = address_of(request, "collection", collection.id)
        links = [link(here, "self", GEOJSON, key), link(whole, "collection", JSON, collection.title)]
        return {**feature, "links": links}
