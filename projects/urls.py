"""Pages of the Plan and its project charts."""

from django.urls import path

from projects import document_views, meeting_views, network_views, plan_views, views, work_views

urlpatterns = [
    path("plan/", plan_views.plan, name="plan"),
    path("milestones/", plan_views.milestone_list, name="milestone-list"),
    path("network/", network_views.network, name="network"),
    path("plan/booklet/", views.plan_booklet, name="plan-booklet"),
    path("charts/", views.chart_list, name="chart-list"),
    path("charts/export/", views.chart_export, name="chart-export"),
    path("charts/new/", work_views.chart_new, name="chart-new"),
    path("charts/<slug:code>/", views.chart_detail, name="chart-detail"),
    path("charts/<slug:code>/step/", work_views.chart_step, name="chart-step"),
    path("charts/<slug:code>/comments/", work_views.chart_comment, name="chart-comment"),
    path("charts/<slug:code>/part/<slug:partner>/", work_views.chart_part, name="chart-part"),
    path("charts/<slug:code>/partners/add/", work_views.chart_partner_add, name="chart-partner-add"),
    path("charts/<slug:code>/milestones/<int:pk>/", work_views.milestone_done, name="milestone-done"),
    path("charts/<slug:code>/documents/add/", document_views.chart_document_add, name="chart-document-add"),
    path("charts/<slug:code>/documents/<int:pk>/", document_views.chart_document, name="chart-document"),
    path(
        "charts/<slug:code>/documents/<int:pk>/remove/",
        document_views.chart_document_remove,
        name="chart-document-remove",
    ),
    path("meetings/", meeting_views.meeting_list, name="meeting-list"),
    path("meetings/<slug:code>/", meeting_views.meeting_detail, name="meeting-detail"),
    path("meetings/<slug:code>/documents/<int:pk>/", document_views.meeting_document, name="meeting-document"),
]
