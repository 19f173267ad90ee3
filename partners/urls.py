"""Pages of the organisations of the network."""

from django.urls import path

from partners import views

urlpatterns = [
    path("", views.partner_list, name="partner-list"),
    path("<slug:code>/", views.partner_detail, name="partner-detail"),
]
