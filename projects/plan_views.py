"""The plan as a whole, and the milestones of its charts, for reading."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from firenze_digitale.listing import Sort, render_list
from projects.filters import MilestoneFilter
from projects.models import Milestone, Plan
from projects.roadmap import Roadmap

MILESTONE_SORTS = {
    "due": Sort(_("Due first"), ("due_on", "id")),
    "latest": Sort(_("Due last"), ("-due_on", "-id")),
}


def plan_asked_for(request, plans) -> Plan | None:
    """The plan that the address names, out of `plans`; this year's where it names none.

    Raises:
        Http404: there is no such plan.
    """
    if code := request.GET.get("plan"):
        try:
            return plans.by_key(code)
        except Plan.DoesNotExist as error:
            raise Http404 from error
    return plans.current(timezone.localdate().year, request.user)


@login_not_required
@require_safe
def plan(request):
    """The plan of this year, or the one that the address names."""
    shown = plan_asked_for(request, Plan.objects.visible_to(request.user).for_page(request.user))
    plans = Plan.objects.visible_to(request.user)
    roadmap = Roadmap(shown, request.user, timezone.localdate()) if shown else None
    return render(request, "projects/plan.html", {"plan": shown, "plans": plans, "roadmap": roadmap})


@login_not_required
@require_safe
def milestone_list(request):
    """The milestones of charts, by when they are to be done."""
    milestones = Milestone.objects.visible_to(request.user)
    filters = MilestoneFilter(request.GET, queryset=milestones, request=request)
    context = {"search_label": _("Search the milestones"), "today": timezone.localdate()}
    return render_list(request, "projects/milestone_list.html", filters, MILESTONE_SORTS, **context)
