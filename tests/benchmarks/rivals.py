"""What the API is measured against, each a WSGI application for the same server: the limit, and a stock DRF viewset.

The limit does the same work with nothing around it: one look-up of a credential, the same SQL over a lasting
connection, orjson.
"""

import hashlib
import os
import threading

import orjson
import psycopg2
import psycopg2.extras

LOOK_UP = (
    "SELECT id, partner_id, access FROM partners_apicredential WHERE prefix = %s AND secret_hash = %s"
    " AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())"
)
local = threading.local()


def limit(environ, start_response):
    """Answer with a list, as little as can be done for it."""
    name = environ["PATH_INFO"].rpartition("/")[2]
    statement, values, columns = QUERIES[name]
    _mark, prefix, secret = environ["HTTP_AUTHORIZATION"].removeprefix("Bearer ").split("_", 2)
    with _connection().cursor() as cursor:
        cursor.execute(LOOK_UP, [prefix, hashlib.sha256(secret.encode()).hexdigest()])
        assert cursor.fetchone(), "the credential is not known"
        cursor.execute(statement, values)
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()[:50]]
    body = orjson.dumps({"next": None, "previous": None, "results": rows}, option=orjson.OPT_UTC_Z)
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _connection():
    if not hasattr(local, "connection"):
        local.connection = psycopg2.connect(os.environ["DATABASE_URL"])
        local.connection.autocommit = True
        psycopg2.extras.register_default_jsonb(local.connection, loads=orjson.Fragment)
    return local.connection


def stock():
    """Return the application of a `ModelViewSet` with page numbers and token authentication on the same rows."""
    import django
    from django.conf import settings

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "firenze_digitale.settings")
    settings.INSTALLED_APPS.append("rest_framework.authtoken")
    django.setup()
    from django.core.handlers.wsgi import WSGIHandler
    from django.urls import include, path
    from rest_framework import authentication, pagination, permissions, routers, serializers, viewsets

    from assets import models
    from assets import serializers as ours

    class Pages(pagination.PageNumberPagination):
        page_size = 50

    router = routers.DefaultRouter(trailing_slash=False)
    for name, model, fields, joins in (
        ("assets", models.Asset, ours.AssetSerializer.Meta.fields, ("owner", "category")),
        ("placements", models.Placement, ours.PlacementSerializer.Meta.fields, ("asset",)),
    ):
        links = {
            field: serializers.SlugRelatedField(slug_field="code", read_only=True)
            for field in fields
            if field in ("owner", "category", "contact", "asset", "rights_holder")
        }
        meta = type("Meta", (), {"model": model, "fields": [f for f in fields if f not in ("kind", "key")]})
        serializer = type("Stock", (serializers.ModelSerializer,), {**links, "Meta": meta})
        view = type(
            "StockViewSet",
            (viewsets.ModelViewSet,),
            {
                "queryset": model.objects.select_related(*joins).order_by("id"),
                "serializer_class": serializer,
                "pagination_class": Pages,
                "filter_backends": (),
                "authentication_classes": (authentication.TokenAuthentication,),
                "permission_classes": (permissions.IsAuthenticated,),
            },
        )
        router.register(name, view, basename=name)
    urls = type("Urls", (), {"urlpatterns": [path("api/v1/", include(router.urls))]})
    settings.ROOT_URLCONF = urls
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
    return WSGIHandler()


QUERIES = orjson.loads(os.environ.get("BENCHMARK_QUERIES", "{}"))
