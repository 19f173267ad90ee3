"""The organisations of the network, for reading."""

from django.contrib.auth.decorators import login_not_required
from django.db.models import F
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from firenze_digitale.listing import Sort, render_list
from partners.filters import PartnerFilter
from partners.models import Partner
from partners.shares import Shares

ASSETS_AT_A_GLANCE, CHARTS_AT_A_GLANCE, MEETINGS_AT_A_GLANCE = 5, 50, 10
PARTNER_SORTS = {
    "name": Sort(_("Name"), ("name_it", "id")),
    "assets": Sort(_("Most assets first"), ("-assets_count", "-id")),
    "charts": Sort(_("Most project charts first"), ("-participations_count", "-id")),
}


@login_not_required
@require_safe
def partner_list(request):
    filters = PartnerFilter(request.GET, queryset=Partner.objects.visible_to(request.user), request=request)
    context = {"search_label": _("Search the partners")}

    def joined(partners):
        return partners.for_list().with_counts(request.user)

    return render_list(request, "partners/partner_list.html", filters, PARTNER_SORTS, joined, **context)


@login_not_required
@require_safe
def partner_detail(request, code):
    """What a partner shares, what it takes part in, what it gives and gains over time, and what became of it."""
    who = request.user
    partner = get_object_or_404(Partner.objects.visible_to(who).for_detail().with_counts(who), code=code)
    assets = partner.assets.visible_to(who).for_list().with_count_of("uses", who)
    latest_first = (F("chart__starts_on").desc(nulls_last=True), "chart__title_it", "id")
    referents = partner.referents.visible_to(who)
    context = {
        "partner": partner,
        "assets": assets[:ASSETS_AT_A_GLANCE],
        "shares": Shares(partner, who),
        "participations": partner.participations.visible_to(who)
        .for_list()
        .order_by(*latest_first)[:CHARTS_AT_A_GLANCE],
        "meetings": _attended_by(referents, who)[:MEETINGS_AT_A_GLANCE],
        "signatures": partner.signatures.visible_to(who).select_related("memorandum"),
        "monographs": partner.monographs.visible_to(who).select_related("study__promoter"),
        "promoted_studies": partner.promoted_studies.visible_to(who),
        "referents": referents.active(),
        "may_change": partner.may_be_changed_by(who),
    }
    return render(request, "partners/partner_detail.html", context)


def _attended_by(referents, who):
    """Meetings in which one of these referents took part, the latest first."""
    meetings = referents.model._meta.get_field("meetings").related_model.objects
    return meetings.visible_to(who).attended_by(referents).order_by(F("held_on").desc(nulls_last=True), "code")
