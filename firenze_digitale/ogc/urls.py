"""Addresses of the OGC API below its landing page, `/api/v1/ogc`."""

from django.urls import path

from firenze_digitale.ogc import views

urlpatterns = [
    path("conformance", views.Conformance.as_view(), name="api-ogc-conformance"),
    path("api", views.Definition.as_view(), name="api-ogc-definition"),
    path("collections", views.Collections.as_view(), name="api-ogc-collections"),
    path("collections/<str:collection>", views.CollectionPage.as_view(), name="api-ogc-collection"),
    path("collections/<str:collection>/items", views.Items.as_view(), name="api-ogc-items"),
    path("collections/<str:collection>/items/<str:key>", views.Item.as_view(), name="api-ogc-item"),
]
