"""Addresses of the API, below `/api/v1/`."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from assets import api as assets
from firenze_digitale.api.views import NowhereView, OpenApiView, StatusView
from partners import api as partners
from projects import api as projects

RESOURCES = {
    "partners": partners.PartnerViewSet,
    "referents": partners.ReferentViewSet,
    "memoranda": partners.MemorandumViewSet,
    "studies": partners.StudyViewSet,
    "monographs": partners.MonographViewSet,
    "categories": assets.CategoryViewSet,
    "assets": assets.AssetViewSet,
    "placements": assets.PlacementViewSet,
    "distributions": assets.DistributionViewSet,
    "plans": projects.PlanViewSet,
    "objectives": projects.ObjectiveViewSet,
    "action-plans": projects.ActionPlanViewSet,
    "actions": projects.ActionViewSet,
    "project-charts": projects.ProjectChartViewSet,
    "meetings": projects.MeetingViewSet,
}

router = SimpleRouter(trailing_slash=False)
for name, viewset in RESOURCES.items():
    router.register(name, viewset, basename=f"api-{name}")

urlpatterns = [
    path("", include(router.urls)),
    path("openapi.json", OpenApiView.as_view(), name="api-openapi"),
    path("status", StatusView.as_view(), name="api-status"),
    re_path(r"^.*$", NowhereView.as_view(), name="api-nowhere"),
]
