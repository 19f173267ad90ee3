"""Pages that belong to no app: the front page, and what the site says of itself."""

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from assets.choices import Kind
from assets.models import Asset
from firenze_digitale.access import access_of
from partners.models import Partner
from projects.choices import ChartStatus
from projects.models import Plan, ProjectChart


@login_not_required
@require_safe
def home(request):
    """What the registry is, and what it holds for this reader."""
    charts = ProjectChart.objects.visible_to(request.user)
    assets = Asset.objects.visible_to(request.user)
    plan = Plan.objects.with_objectives(request.user).current(timezone.localdate().year)
    context = {
        "plan": plan,
        "chart_count": charts.count(),
        "charts_by_state": _counted(charts, "status", ChartStatus),
        "assets_by_kind": _counted(assets, "category__kind", Kind),
        "own_partners": _own_partners(request.user),
    }
    return render(request, "home.html", context)


def _counted(rows, field: str, choices) -> list[tuple[str, str, int]]:
    """Value, label and number of the rows, for each of the choices."""
    counts = dict(rows.order_by().values_list(field).annotate(Count("pk")))
    return [(value, label, counts.get(value, 0)) for value, label in choices.choices]


def _own_partners(who):
    """The partners that the reader answers for, with what each has in the registry."""
    ids = access_of(who).partner_ids
    return Partner.objects.filter(pk__in=ids).with_counts(who).order_by("name_it") if ids else []


def csrf_failure(request, reason=""):
    """A form that has grown stale, or that another site sent."""
    return render(request, "403_csrf.html", status=403)


@login_not_required
@require_safe
@cache_control(max_age=86_400, public=True)
def robots(request):
    """What search engines leave alone."""
    return HttpResponse("User-agent: *\nDisallow: /admin/\nDisallow: /account/\n", content_type="text/plain")


class FaviconView(RedirectView):
    """Browsers that ask for the icon by its old name."""

    def get_redirect_url(self, *args, **kwargs):
        return static("img/favicon.svg")
