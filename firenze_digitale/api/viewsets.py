"""One resource of the API: its list and its rows, as far as the caller may see and change them."""

from contextlib import contextmanager
from functools import partial
from urllib.parse import quote

import orjson
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from rest_framework import status
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from firenze_digitale import problems
from firenze_digitale.access import access_of
from firenze_digitale.api.conditional import check_match, etag_of, etag_of_list, is_known, unchanged, with_etag
from firenze_digitale.api.filtering import check_names, parameters_of
from firenze_digitale.api.formats import (
    CSV,
    JSON,
    MEDIA_TYPES,
    PARAMETER,
    asked_format,
    csv_of,
    refuse_paging,
    sent,
)
from firenze_digitale.api.idempotency import OnceByKey
from firenze_digitale.api.lists import OPTIONS, Statement, bodies_of, columns_of, lookups_of, page_statement
from firenze_digitale.api.parsing import ACCEPT_PATCH
from firenze_digitale.rules import readable_refusals

READ = ("get", "head", "options")
READ_AND_WRITE = (*READ, "post", "put", "patch", "delete")


@contextmanager
def storing():
    """All or nothing is stored, and what the database refuses is told in words."""
    with readable_refusals(), transaction.atomic():
        yield


class RegistryViewSet(OnceByKey, GenericViewSet):
    """Base of all resources. What may be seen and changed is asked of the model's queryset.

    A subclass names `model`, `serializer_class`, `filterset_class`, where the list is ordered by something else than
    the code its `list_key`, and where callers write its `http_method_names`.
    """

    model = None
    filterset_class = None
    list_key = ("code",)
    #: In which formats the list is answered, as `api.formats` calls them.
    formats = (JSON, CSV)
    http_method_names = READ
    lookup_url_kwarg = "key"
    lookup_value_regex = "[^/]+"

    @property
    def resource(self) -> str:
        """What the resource is called in addresses, and in the log of changes."""
        return self.basename.removeprefix("api-")

    def get_queryset(self):
        return self.model.objects.visible_to(self.request.user)

    def found(self, rows):
        """The row of `rows` that the address names."""
        try:
            return rows.by_key(self.kwargs["key"])
        except self.model.DoesNotExist as error:
            raise Http404 from error

    def rows_to_change(self):
        """Rows of which the caller may change something."""
        return self.model.objects.changeable_by(self.request.user)

    def perform_content_negotiation(self, request, force=False):
        """A list, which has several formats, finds out by itself which one is asked for."""
        if self.action != "list":
            return super().perform_content_negotiation(request, force)
        renderer = self.get_renderers()[0]
        return renderer, renderer.media_type

    @property
    def default_response_headers(self):
        varies = {"Vary": "Accept"} if self.action == "list" else {}
        return {**super().default_response_headers, **varies}

    def list(self, request):
        if (name := asked_format(request, self.formats)) != JSON:
            return self.file(request, name)
        check_names(request, parameters_of(self))
        filtered = bool(request.GET.keys() - self.pagination_class.parameters - {PARAMETER})
        etag = etag_of_list(request, self.resource, filtered=filtered)
        if is_known(request, etag):
            return unchanged(etag)
        page = self.paginator.page_of(self._bodies(request, filtered=filtered))
        return with_etag(HttpResponse(orjson.dumps(page, option=OPTIONS), MEDIA_TYPES[JSON]), etag)

    def _bodies(self, request, *, filtered: bool) -> list:
        """The bodies of the page that is asked for: read as columns, unless they say more than columns do."""
        columns = columns_of(self.serializer_class)
        if columns is None:
            rows = self.filter_queryset(self.get_queryset().for_api(request.user))
            return self.get_serializer(self.paginate_queryset(rows), many=True).data
        hidden = self.model.objects.all().links_hidden_from(request.user)
        lookups = lookups_of(columns, hidden, self.list_key)
        asked = self.paginator.asked(self.model.objects.all(), request, self)
        access = access_of(request.user)
        made = None if filtered else page_statement(self.model, lookups, self.list_key, access, asked.limit, asked.way)
        if made is None:
            made = Statement.of(asked.rows(self.filter_queryset(self.get_queryset())), lookups)
        found = made.rows(asked.values if made.places else ()) if made else []
        rows = self.paginator.fill(asked, found, named=lambda row: dict(zip(lookups, row, strict=True)))
        return bodies_of(rows, columns, hidden, lookups)

    def file(self, request, name: str):
        """All rows of the list in a format other than JSON."""
        refuse_paging(request, self.pagination_class.parameters)
        rows = self.filter_queryset(self.get_queryset().for_api(request.user)).order_by(*self.list_key)
        return sent(request, name, self.written(name, rows), self.resource)

    def written(self, name: str, rows):
        """The rows, piece by piece, in one of `formats`."""
        return csv_of(rows, partial(self.get_serializer, many=True), self.request.user)

    def retrieve(self, request, key):
        row = self.found(self.get_queryset().for_api(request.user))
        serializer = self.get_serializer(row)
        etag = etag_of(row, serializer)
        return unchanged(etag) if is_known(request, etag) else with_etag(Response(serializer.data), etag)

    def create(self, request):
        if not self.model.may_be_added_by(request.user):
            raise PermissionDenied
        with storing():
            row = self._stored(None)
        address = request.build_absolute_uri(f"{request.path}/{quote(row.key, safe=':')}")
        answer = self._answer(row, status.HTTP_201_CREATED)
        answer.headers["Location"] = address
        return answer

    def update(self, request, key, partial=False):
        seen = self.found(self.get_queryset())
        with storing():
            row = self._stored(self._locked(seen, self.rows_to_change()), partial=partial)
        return self._answer(row)

    def partial_update(self, request, key):
        return self.update(request, key, partial=True)

    def destroy(self, request, key):
        seen = self.found(self.get_queryset())
        with storing():
            row = self._locked(seen, self.model.objects.deletable_by(request.user))
            uses, in_use = row.uses_by(request.user)
            if in_use:
                raise problems.Conflict(" ".join([str(problems.IN_USE), *(f"{use}." for use in uses)]))
            row.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    def options(self, request, *args, **kwargs):
        """Answer with the methods that the address knows, in `Allow`, and with what PATCH takes, in `Accept-Patch`."""
        headers = {"Accept-Patch": ACCEPT_PATCH} if "PATCH" in self.allowed_methods else {}
        return Response(status=status.HTTP_204_NO_CONTENT, headers=headers)

    def _locked(self, seen, rows):
        """The row that was seen, locked until the transaction ends, if it is among `rows` and as the caller read it."""
        row = rows.select_for_update(of=("self",)).filter(pk=seen.pk).first()
        if row is None:
            # Somebody else may have deleted or hidden it meanwhile.
            self.found(self.get_queryset().filter(pk=seen.pk))
            raise PermissionDenied
        check_match(self.request, partial(self._etag_of, row))
        return row

    def _etag_of(self, row) -> str:
        """The ETag that the caller would get of the row now."""
        shown = self.get_queryset().for_api(self.request.user).get(pk=row.pk)
        return etag_of(shown, self.get_serializer(shown))

    def _stored(self, row, *, partial=False):
        serializer = self.get_serializer(row, data=self.request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return serializer.save()

    def _answer(self, row, status_code=status.HTTP_200_OK) -> Response:
        """The row as it is stored now, as far as the caller sees it."""
        stored = self.get_queryset().for_api(self.request.user).get(pk=row.pk)
        serializer = self.get_serializer(stored)
        return with_etag(Response(serializer.data, status=status_code), etag_of(stored, serializer))
