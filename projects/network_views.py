"""Who works with whom, for reading."""

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from projects.models import Plan
from projects.network import Network, matrix
from projects.plan_views import plan_asked_for


@login_not_required
@require_safe
def network(request):
    """Partners and the charts that they share; and which objectives of a plan they pursue."""
    plans = Plan.objects.visible_to(request.user)
    shown = plan_asked_for(request, plans.with_objectives(request.user))
    drawn = Network(request.user)
    rows = matrix(drawn, shown, request.user) if shown else {}
    context = {
        "network": drawn,
        "plans": plans,
        "plan": shown,
        "rows": [(drawn.partners[pk], counts) for pk, counts in rows.items()],
    }
    return render(request, "projects/network.html", context)
