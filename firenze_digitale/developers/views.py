"""The guide for developers, and the reference of the API: public, and of the same words for everybody."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from firenze_digitale.developers.changelog import RELEASES
from firenze_digitale.developers.examples import api_address, examples, partner_of
from firenze_digitale.developers.guide import CHAPTERS, figures
from firenze_digitale.developers.reference import reference


@login_not_required
@require_safe
def guide(request):
    """How to be live in an afternoon. Whoever answers for a partner finds its code in the examples."""
    partner = partner_of(request.user)
    context = {
        "chapters": CHAPTERS,
        "examples": examples(api_address(request), partner),
        "partner": partner,
        "figures": figures(),
        "releases": RELEASES,
        "publisher": settings.PUBLISHER,
        "terms": settings.API_TERMS_URL,
        "api": api_address(request),
    }
    return render(request, "developers/guide.html", context)


@login_not_required
@require_safe
def reference_index(request):
    """All operations of the API, by what they are about."""
    return render(request, "developers/reference.html", {"groups": reference()})


@login_not_required
@require_safe
def reference_group(request, tag):
    """All that there is to know of the operations of one kind, and a way to try those that read."""
    groups = reference()
    group = next((each for each in groups if each.name == tag), None)
    if group is None:
        return render(request, "404.html", status=404)
    context = {"group": group, "groups": groups, "api": api_address(request)}
    return render(request, "developers/reference_group.html", context)
