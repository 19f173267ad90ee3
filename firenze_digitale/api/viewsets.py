"""One resource of the API: its list and its rows, as far as the caller may see and change them."""

from contextlib import contextmanager
from urllib.parse import quote

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from rest_framework import status
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from firenze_digitale import problems
from firenze_digitale.rules import readable_refusals

READ = ("get", "head", "options")
READ_AND_WRITE = (*READ, "post", "put", "patch", "delete")


@contextmanager
def storing():
    """All or nothing is stored, and what the database refuses is told in words."""
    with readable_refusals(), transaction.atomic():
        yield


class RegistryViewSet(GenericViewSet):
    """Base of all resources. What may be seen and changed is asked of the model's queryset.

    A subclass names `model`, `serializer_class`, `filterset_class`, where the list is ordered by something else than
    the code its `list_key`, and where callers write its `http_method_names`.
    """

    model = None
    filterset_class = None
    list_key = ("code",)
    http_method_names = READ
    lookup_url_kwarg = "key"
    lookup_value_regex = "[^/]+"

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

    def list(self, request):
        rows = self.filter_queryset(self.get_queryset().for_api(request.user))
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request, key):
        return Response(self.get_serializer(self.found(self.get_queryset().for_api(request.user))).data)

    def create(self, request):
        if not self.model.may_be_added_by(request.user):
            raise PermissionDenied
        with storing():
            row = self._stored(None)
        address = request.build_absolute_uri(f"{request.path}/{quote(row.key, safe=':')}")
        return Response(self._body(row), status=status.HTTP_201_CREATED, headers={"Location": address})

    def update(self, request, key, partial=False):
        seen = self.found(self.get_queryset())
        with storing():
            row = self._stored(self._locked(seen, self.rows_to_change()), partial=partial)
        return Response(self._body(row))

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
        """Answer with the methods that the address knows, in the header `Allow`."""
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _locked(self, seen, rows):
        """The row that was seen, locked until the end of the transaction, if it is among `rows`."""
        row = rows.select_for_update(of=("self",)).filter(pk=seen.pk).first()
        if row is None:
            raise PermissionDenied
        return row

    def _stored(self, row, *, partial=False):
        serializer = self.get_serializer(row, data=self.request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return serializer.save()

    def _body(self, row) -> dict:
        stored = self.get_queryset().for_api(self.request.user).get(pk=row.pk)
        return self.get_serializer(stored).data
