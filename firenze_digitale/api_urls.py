"""Addresses of the API, below `/api/v1/`."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from assets import bulk_api, imports_api
from firenze_digitale.api.changes import ChangesView
from firenze_digitale.api.resources import RESOURCES
from firenze_digitale.api.views import NowhereView, OpenApiView, StatusView
from firenze_digitale.api.webhooks import WebhookViewSet
from firenze_digitale.dcat.views import FORMATS, CatalogueFileView, CatalogueView
from firenze_digitale.ogc.views import LandingPage

router = SimpleRouter(trailing_slash=False)
for name, viewset in RESOURCES.items():
    router.register(name, viewset, basename=f"api-{name}")
router.register("webhooks", WebhookViewSet, basename="api-webhooks")

urlpatterns = [
    path("assets/bulk", bulk_api.AssetBulkView.as_view(), name="api-assets-bulk"),
    path("placements/bulk", bulk_api.PlacementBulkView.as_view(), name="api-placements-bulk"),
    path("imports", imports_api.ImportsView.as_view(), name="api-imports-list"),
    path("imports/<int:id>", imports_api.ImportDetailView.as_view(), name="api-imports-detail"),
    path("imports/<int:id>/rows", imports_api.ImportRowsView.as_view(), name="api-imports-rows"),
    path("imports/<int:id>/store", imports_api.ImportStoreView.as_view(), name="api-imports-store"),
    path("imports/<int:id>/undo", imports_api.ImportUndoView.as_view(), name="api-imports-undo"),
    path("changes", ChangesView.as_view(), name="api-changes"),
    path("", include(router.urls)),
    path("catalogue", CatalogueView.as_view(), name="api-catalogue"),
    *(
        path(f"catalogue.{name}", CatalogueFileView.as_view(), {"extension": name}, name=f"api-catalogue-{name}")
        for name in FORMATS
    ),
    re_path(r"^ogc/?$", LandingPage.as_view(), name="api-ogc"),
    path("ogc/", include("firenze_digitale.ogc.urls")),
    path("openapi.json", OpenApiView.as_view(), name="api-openapi"),
    path("status", StatusView.as_view(), name="api-status"),
    re_path(r"^.*$", NowhereView.as_view(), name="api-nowhere"),
]
