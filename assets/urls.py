"""Pages of what partners share."""

from django.urls import path

from assets import views

urlpatterns = [
    path("", views.asset_list, name="asset-list"),
    path("export/", views.asset_export, name="asset-export"),
    path("<slug:code>/", views.asset_detail, name="asset-detail"),
    path("<slug:code>/placements/", views.placement_list, name="placement-list"),
]
