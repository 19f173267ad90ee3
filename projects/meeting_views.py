"""Meetings of the referents, for reading: minutes, who came, what was mapped, which charts came of it."""

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from firenze_digitale.listing import Sort, render_list
from projects.filters import MeetingFilter
from projects.models import Meeting

MEETING_SORTS = {
    "latest": Sort(_("Latest first"), ("-day_key", "-id")),
    "earliest": Sort(_("Earliest first"), ("day_key", "id")),
    "title": Sort(_("Title"), ("title_it", "id")),
}


@login_not_required
@require_safe
def meeting_list(request):
    filters = MeetingFilter(request.GET, queryset=Meeting.objects.visible_to(request.user), request=request)
    context = {"search_label": _("Search the meetings")}

    def joined(meetings):
        return meetings.for_catalogue(request.user)

    return render_list(request, "projects/meeting_list.html", filters, MEETING_SORTS, joined, **context)


@login_not_required
@require_safe
def meeting_detail(request, code):
    """What was said and done in one meeting, as far as the reader may see it."""
    meeting = get_object_or_404(Meeting.objects.visible_to(request.user).for_page(request.user), code=code)
    context = {"meeting": meeting, "may_change": meeting.may_be_changed_by(request.user)}
    return render(request, "projects/meeting_detail.html", context)
