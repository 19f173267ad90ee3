"""The Plan and its project charts, for reading."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from firenze_digitale.history import history_with_parts
from firenze_digitale.listing import Sort, render_list
from projects.chart_page import work_context
from projects.chart_sheet import sheet_of
from projects.exports import FORMATS, download
from projects.filters import ProjectChartFilter
from projects.models import Plan, ProjectChart
from projects.plan_views import plan_asked_for
from projects.querysets import ProjectChartQuerySet

#: How many of the latest changes a chart's page tells those concerned.
LATEST_CHANGES = 20
#: The parameter of its address that asks for them: reading them back costs more than all the rest of the page.
CHANGES = "changes"

CHART_SORTS = {
    "title": Sort(_("Title"), ("title_it", "id")),
    "changed": Sort(_("Last changed first"), ("-updated_at", "-id")),
    "start": Sort(_("Latest start first"), ("-start_key", "-id")),
    "status": Sort(_("State, from draft to completed"), ("status_key", "title_it", "id")),
}


@login_not_required
@require_safe
def chart_list(request):
    context = {"search_label": _("Search the project charts")}
    context["may_add_chart"] = ProjectChart.may_be_added_by(request.user)
    joined = ProjectChartQuerySet.for_sorted_list
    return render_list(request, "projects/chart_list.html", _chart_filter(request), CHART_SORTS, joined, **context)


@login_not_required
@require_safe
def chart_export(request):
    """All charts that the list shows with the same filters, in the same order, as a file."""
    if request.GET.get("format") not in FORMATS:
        raise Http404
    filters, sort = _chart_filter(request), CHART_SORTS.get(request.GET.get("sort") or next(iter(CHART_SORTS)))
    if not filters.is_valid() or sort is None:
        # The list tells what it did not understand.
        return redirect(f"{reverse('chart-list')}?{request.GET.urlencode()}")
    charts = filters.qs.with_sort_keys().order_by(*sort.key)
    return download(charts, request.user, request.GET["format"])


def _chart_filter(request) -> ProjectChartFilter:
    charts = ProjectChart.objects.visible_to(request.user)
    return ProjectChartFilter(request.GET, queryset=charts, request=request)


@login_not_required
@require_safe
def chart_detail(request, code):
    charts = ProjectChart.objects.visible_to(request.user)
    chart = get_object_or_404(charts.for_page(request.user), code=code)
    context = sheet_of(chart, timezone.localdate()) | work_context(chart, request.user)
    if context["work"].is_discussed and CHANGES in request.GET:
        context["history"] = history_with_parts(chart, request.user, LATEST_CHANGES)
    return render(request, "projects/chart_detail.html", context)


@login_not_required
@require_safe
def plan_booklet(request):
    """A plan with its charts on one page, to be printed and handed out."""
    plan = plan_asked_for(request, Plan.objects.visible_to(request.user).for_page(request.user))
    if plan is None:
        raise Http404
    charts = ProjectChart.objects.visible_to(request.user).of_plan(plan).for_page(request.user)
    today = timezone.localdate()
    context = {
        "plan": plan,
        "sheets": [sheet_of(chart, today, f"{chart.code}-") for chart in charts.order_by("title_it", "id")],
        "today": today,
        "booklet_url": f"{reverse('plan-booklet')}?plan={plan.code}",
    }
    return render(request, "projects/plan_booklet.html", context)
