"""Pages of a list, found by the last row seen."""

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from firenze_digitale.paging import LONGEST_CURSOR, Asked, InvalidCursor


class KeysetPagination(BasePagination):
    """`limit` rows after the place that `cursor` names; `next` and `previous` are addresses that keep the filters."""

    default_limit = 50
    max_limit = 200
    parameters = frozenset({"limit", "cursor"})

    def paginate_queryset(self, queryset, request, view=None):
        asked = self.asked(queryset, request, view)
        return self.fill(asked, list(asked.rows(queryset)))

    def asked(self, queryset, request, view) -> Asked:
        """Which page of the view's list a request asks for.

        Raises:
            ValidationError: `limit` or `cursor` is none.
        """
        self.address = request.build_absolute_uri()
        try:
            return Asked.by(request.query_params.get("cursor"), queryset, view.list_key, self._limit(request))
        except InvalidCursor as error:
            raise ValidationError({"cursor": [error.message]}) from error

    def fill(self, asked: Asked, rows: list, **options) -> list:
        """Take what was read for the page, and return its rows; the options are those of `Asked.page`."""
        self.page = asked.page(rows, **options)
        return self.page.rows

    def _limit(self, request) -> int:
        given = request.query_params.get("limit")
        if given is None:
            return self.default_limit
        if not (given.isascii() and given.isdecimal() and len(given) <= 3 and 1 <= int(given) <= self.max_limit):
            raise ValidationError({"limit": [_("Write a number from 1 to %(most)s.") % {"most": self.max_limit}]})
        return int(given)

    def _address_of(self, cursor: str | None) -> str | None:
        return cursor and replace_query_param(self.address, "cursor", cursor)

    def page_of(self, bodies: list) -> dict:
        """The body of the page, with the addresses of its neighbours."""
        return {
            "next": self._address_of(self.page.next),
            "previous": self._address_of(self.page.previous),
            "results": bodies,
        }

    def get_paginated_response(self, data):
        return Response(self.page_of(data))

    def get_paginated_response_schema(self, schema):
        address = {"type": "string", "format": "uri", "nullable": True, "maxLength": 4000}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**address, "description": "The page after this one, filters kept."},
                "previous": {**address, "description": "The page before this one, filters kept."},
                "results": {**schema, "maxItems": self.max_limit},
            },
        }

    def get_schema_operation_parameters(self, view):
        limit = {"type": "integer", "format": "int32", "minimum": 1, "maximum": self.max_limit}
        return [
            {
                "name": "limit",
                "in": "query",
                "description": "Rows a page.",
                "schema": {**limit, "default": self.default_limit},
            },
            {
                "name": "cursor",
                "in": "query",
                "description": "Where the page begins, as `next` or `previous` gave it out.",
                "schema": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": LONGEST_CURSOR,
                    "pattern": "^[A-Za-z0-9_-]+=*$",
                },
            },
        ]
