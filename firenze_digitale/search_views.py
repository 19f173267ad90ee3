"""The search page, and what the search box offers while somebody types."""

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from firenze_digitale.asking import MAX_LENGTH, asked
from firenze_digitale.search import MOST, SECTIONS, groups_found

SHOWN, SUGGESTED = 8, 4
SHORTEST_SUGGESTED = 2


@login_not_required
@require_safe
def search(request):
    """Everything that the reader may see and that has the words, by kind."""
    text, only = request.GET.get("q", "").strip(), request.GET.get("kind", "")
    problem, groups = problem_with(text), []
    if only not in ("", *(section.name for section in SECTIONS)):
        problem = _("There is no such kind of result: search in all of them.")
    elif text and not problem:
        shown = MOST if only else SHOWN
        groups = groups_found(asked(text), request.user, shown=shown, only=only, quoting=True)
    context = {"text": text[:MAX_LENGTH], "problem": problem, "groups": groups, "only": only, "most": MOST}
    return render(request, "search.html", context, status=400 if problem else 200)


@login_not_required
@require_safe
@never_cache
def suggest(request):
    """The first results of each kind, as options of the search box."""
    text = request.GET.get("q", "").strip()
    problem, groups = problem_with(text), []
    if not problem and len(text) >= SHORTEST_SUGGESTED:
        groups = groups_found(asked(text), request.user, shown=SUGGESTED, quickly=True)
    context = {"text": text[:MAX_LENGTH], "problem": problem, "groups": groups}
    context |= {"shown": sum(len(group.results) for group in groups), "suggested": SUGGESTED}
    return render(request, "includes/search_suggestions.html", context, status=400 if problem else 200)


def problem_with(text: str) -> str:
    """What keeps the text from being searched for."""
    if len(text) > MAX_LENGTH:
        return _("This is too long to search for: write at most %(most)s characters, a few words are best.") % {
            "most": MAX_LENGTH
        }
    return ""
