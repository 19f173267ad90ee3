"""The map, and what it is drawn from."""

from django.urls import path

from assets import map_views

urlpatterns = [
    path("", map_views.map_page, name="map"),
    path("clusters/", map_views.clusters, name="map-clusters"),
    path("list/", map_views.unit_list, name="map-list"),
    path("outlines/", map_views.outlines, name="map-outlines"),
]
