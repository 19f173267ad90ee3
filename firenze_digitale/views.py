"""Pages that belong to no app: the front page, and what the site says of itself."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from firenze_digitale.dashboard import Dashboard


@login_not_required
@require_safe
def home(request):
    """What the registry is, and what it holds for this reader."""
    return render(request, "home.html", {"board": Dashboard(request.user)})


@login_not_required
@require_safe
def accessibility(request):
    """The accessibility statement, in the order of the model of AgID (law 4/2004, article 3-quater)."""
    return render(request, "accessibility.html", {"publisher": settings.PUBLISHER})


@login_not_required
@require_safe
def privacy(request):
    """Which personal data the registry keeps (GDPR, articles 13 and 14)."""
    context = {"publisher": settings.PUBLISHER, "session_hours": settings.SESSION_COOKIE_AGE // 3600}
    return render(request, "privacy.html", context)


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
