"""The resources of the API, by the names that its addresses and the log of changes have for them."""

from assets import api as assets
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
