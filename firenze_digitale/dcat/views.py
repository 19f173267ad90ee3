"""The catalogue's addresses: one that answers in the format asked for, one for each format."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.translation import override
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer

from firenze_digitale.api.filtering import check_names
from firenze_digitale.api.formats import CHARSETS, JSON_LD, MEDIA_TYPES, PARAMETER, RDF_XML, TURTLE, asked_format
from firenze_digitale.api.views import OpenView
from firenze_digitale.dcat.catalogue import CataloguePage
from firenze_digitale.dcat.terms import PREFIXES, address_below_site
from firenze_digitale.paging import InvalidCursor

#: The formats, the first where it is all the same, and what rdflib calls them.
FORMATS = {TURTLE: "turtle", RDF_XML: "xml", JSON_LD: "json-ld"}
SECONDS_FRESH = 300


class CatalogueView(OpenView):
    """The catalogue of public immaterial assets, a page at a time. It is the same for whoever asks."""

    parameters = ("cursor", PARAMETER)

    @extend_schema(
        operation_id="catalogue",
        summary="The catalogue of data, for other catalogues",
        description="Public immaterial assets that have a distribution, in DCAT-AP_IT, which is valid by DCAT-AP as "
        "well. Harvesters follow `hydra:next` (or `hydra:nextPage`) until it is missing. The addresses "
        "`/catalogue.ttl`, `/catalogue.rdf` and `/catalogue.jsonld` answer in one format each.",
        tags=["catalogue"],
        auth=[{}],
        parameters=[
            OpenApiParameter(PARAMETER, enum=[*FORMATS], description="The format, in place of the header Accept."),
            OpenApiParameter("cursor", str, description="Where the page begins, as another page gave it out."),
        ],
        responses={(200, MEDIA_TYPES[name]): OpenApiTypes.STR for name in FORMATS},
    )
    def get(self, request):
        return self._answer(request, asked_format(request._request, tuple(FORMATS)))

    def perform_content_negotiation(self, request, force=False):
        """For problems, which are JSON whatever was asked for."""
        return JSONRenderer(), JSONRenderer.media_type

    def _answer(self, request, name: str, extension: str = "") -> HttpResponse:
        page = self._page(request, extension)
        etag = f'W/"{page.version}-{name}"'
        response = get_conditional_response(request._request, etag=etag) or self._written(page, name)
        response.headers["ETag"] = etag
        patch_cache_control(response, public=True, max_age=SECONDS_FRESH)
        patch_vary_headers(response, ["Accept"])
        return response

    def _page(self, request, extension: str) -> CataloguePage:
        check_names(request, set(self.parameters))
        query = request.query_params
        format_asked = f"?{PARAMETER}={query[PARAMETER]}" if PARAMETER in query else ""
        address = address_below_site(reverse("api-catalogue") + extension + format_asked)
        try:
            return CataloguePage(address, query.get("cursor"))
        except InvalidCursor as error:
            raise ValidationError({"cursor": [error.message]}) from error

    @staticmethod
    def _written(page: CataloguePage, name: str) -> HttpResponse:
        context = {"context": {prefix: str(names) for prefix, names in PREFIXES.items()}} if name == JSON_LD else {}
        with override("it"):
            body = page.graph().serialize(format=FORMATS[name], encoding="utf-8", **context)
        return HttpResponse(body, content_type=MEDIA_TYPES[name] + CHARSETS.get(name, ""))


class CatalogueFileView(CatalogueView):
    """The same at an address that ends in the name of its format."""

    parameters = ("cursor",)

    @extend_schema(exclude=True)
    def get(self, request, extension):
        return self._answer(request, extension, f".{extension}")
