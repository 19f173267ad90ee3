"""Addresses of the API that are no resource: its document, its health, and what does not exist."""

from functools import cache

from django.db import DatabaseError, InterfaceError, connection
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from firenze_digitale import problems


class OpenView(APIView):
    """A view that asks nobody who they are, and so neither sessions nor credentials."""

    authentication_classes = ()
    permission_classes = ()


class StatusSerializer(serializers.Serializer):
    """Whether the registry is well."""

    status = serializers.ChoiceField(choices=["ok"])
    database = serializers.BooleanField(help_text="Whether the database answers: else the answer is 503.")


class StatusView(OpenView):
    """Whether the registry can answer, for those who watch over it."""

    @extend_schema(
        operation_id="status",
        summary="Whether the registry answers",
        tags=["status"],
        auth=[{}],
        responses=StatusSerializer,
    )
    def get(self, request):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except (DatabaseError, InterfaceError) as error:
            raise problems.Unavailable from error
        return Response({"status": "ok", "database": True})


@cache
def openapi_document() -> dict:
    """The OpenAPI document, in English whoever asks; it changes with the code only."""
    with translation.override("en"):
        return SchemaGenerator().get_schema(request=None, public=True)


class OpenApiView(OpenView):
    """The document that describes the API."""

    @extend_schema(exclude=True)
    def get(self, request):
        return Response(openapi_document())


class NowhereView(OpenView):
    """Answers for every address that does not exist, so that the answer is a problem and not a page."""

    @extend_schema(exclude=True)
    def http_method_not_allowed(self, request, *args, **kwargs):
        raise exceptions.NotFound

    get = post = put = patch = delete = options = http_method_not_allowed
