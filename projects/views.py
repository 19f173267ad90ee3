"""The Plan and its project charts, for reading."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from firenze_digitale.listing import Sort, render_list
from projects.choices import ChartStatus
from projects.filters import ProjectChartFilter
from projects.models import Plan, ProjectChart

CHART_SORTS = {
    "title": Sort(_("Title"), ("title_it", "id")),
    "changed": Sort(_("Last changed first"), ("-updated_at", "-id")),
}


@login_not_required
@require_safe
def plan(request):
    """The plan of this year, or the one that the address names."""
    plans = list(Plan.objects.visible_to(request.user))
    details = Plan.objects.visible_to(request.user).for_page(request.user)
    if code := request.GET.get("plan"):
        if code not in {plan.code for plan in plans}:
            raise Http404
        shown = details.get(code=code)
    else:
        shown = details.current(timezone.localdate().year)
    return render(request, "projects/plan.html", {"plan": shown, "plans": plans})


@login_not_required
@require_safe
def chart_list(request):
    charts = ProjectChart.objects.visible_to(request.user)
    filters = ProjectChartFilter(request.GET, queryset=charts, request=request)
    context = {"search_label": _("Search the project charts")}
    return render_list(request, "projects/chart_list.html", filters, CHART_SORTS, **context)


@login_not_required
@require_safe
def chart_detail(request, code):
    charts = ProjectChart.objects.visible_to(request.user).for_detail(request.user)
    chart = get_object_or_404(charts, code=code)
    context = {
        "chart": chart,
        "next_states": [ChartStatus(state).label for state in chart.states_open_to(request.user)],
        "may_change": chart.may_be_changed_by(request.user),
        "today": timezone.localdate(),
    }
    return render(request, "projects/chart_detail.html", context)
