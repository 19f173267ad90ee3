"""The organisations of the network, for reading."""

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from firenze_digitale.listing import Sort, render_list
from partners.filters import PartnerFilter
from partners.models import Partner

ROWS_AT_A_GLANCE = 20
PARTNER_SORTS = {"name": Sort(_("Name"), ("name_it", "id"))}


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
    """What a partner shares, what it takes part in, and what became of it."""
    who = request.user
    partner = get_object_or_404(Partner.objects.visible_to(who).for_detail().with_counts(who), code=code)
    participations = partner.participations.visible_to(who).select_related("chart")
    context = {
        "partner": partner,
        "assets": partner.assets.visible_to(who).for_list()[:ROWS_AT_A_GLANCE],
        "participations": participations.order_by("chart__title_it", "id")[:ROWS_AT_A_GLANCE],
        "signatures": partner.signatures.visible_to(who).select_related("memorandum"),
        "monographs": partner.monographs.visible_to(who).select_related("study__promoter"),
        "promoted_studies": partner.promoted_studies.visible_to(who),
        "referents": partner.referents.visible_to(who).active(),
        "may_change": partner.may_be_changed_by(who),
    }
    return render(request, "partners/partner_detail.html", context)
