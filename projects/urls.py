"""Pages of the Plan and its project charts."""

from django.urls import path

from projects import views

urlpatterns = [
    path("plan/", views.plan, name="plan"),
    path("charts/", views.chart_list, name="chart-list"),
    path("charts/<slug:code>/", views.chart_detail, name="chart-detail"),
]
