"""What partners share, for reading."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from assets.catalogue import entry_of
from assets.exports import AssetExport
from assets.filters import AssetFilter
from assets.models import Asset, PlacementTally
from assets.pictures import picture_of
from assets.units import UnitsRecorded
from firenze_digitale.desk.export import sent
from firenze_digitale.listing import Sort, page_of, render_list
from firenze_digitale.paging import paginate
from partners.models import Referent

PLACEMENTS_AT_A_GLANCE = 10
ASSET_SORTS = {
    "name": Sort(_("Name"), ("name_it", "id")),
    "owner": Sort(_("Owner"), ("owner__name_it", "name_it", "id")),
    "confirmed": Sort(_("Last confirmed first"), ("-known_on", "-id")),
    "changed": Sort(_("Last changed first"), ("-updated_at", "-id")),
}


@login_not_required
@require_safe
def asset_list(request):
    """The catalogue: what partners share, as far as the reader may see it."""
    context = {"search_label": _("Search the assets")}

    def joined(assets):
        return assets.for_list().with_known_on().with_count_of("uses", request.user)

    return render_list(request, "assets/asset_list.html", _catalogue(request), ASSET_SORTS, joined, **context)


@login_not_required
@require_safe
def asset_export(request):
    """The catalogue as the address filters and sorts it, as a file that is sent while it is being read."""
    filters, sort = _catalogue(request), request.GET.get("sort") or next(iter(ASSET_SORTS))
    file_format = AssetExport.format_named(request.GET.get("format", ""))
    if file_format is None:
        raise Http404
    if sort not in ASSET_SORTS or not filters.is_valid():
        # The list says what is wrong with the address.
        return HttpResponseRedirect(f"{reverse('asset-list')}?{request.GET.urlencode()}")
    assets = filters.qs.with_known_on().order_by(*ASSET_SORTS[sort].key)
    return sent(AssetExport(assets, request.user), file_format)


def _catalogue(request) -> AssetFilter:
    return AssetFilter(request.GET, queryset=Asset.objects.visible_to(request.user), request=request)


@login_not_required
@require_safe
def asset_detail(request, code):
    """All of one asset: terms, where it is or how to get at it, which charts use it, whether it is still true."""
    who = request.user
    asset = get_object_or_404(Asset.objects.visible_to(who).for_detail(), code=code)
    uses = asset.uses.visible_to(who)
    context = {
        "asset": asset,
        "contact": Referent.objects.visible_to(who).filter(pk=asset.contact_id).first(),
        "uses": uses.for_list().order_by("chart__title_it", "id"),
        "may_change": asset.may_be_changed_by(who),
        "may_draft": uses.model.may_be_added_by(who),
        **(_in_the_field(asset, who) if asset.is_material else _distributed(asset, who)),
    }
    return render(request, "assets/asset_detail.html", context)


def _in_the_field(asset, who) -> dict:
    """The first units of an asset, and how many there are as the tallies know it."""
    return {
        "placements": paginate(asset.placements.visible_to(who), key=("code",), limit=PLACEMENTS_AT_A_GLANCE),
        "picture": picture_of(asset, who),
        "units": _units(asset),
    }


def _units(asset) -> UnitsRecorded:
    return UnitsRecorded(asset, PlacementTally.objects.filter(asset_id=asset.pk).by_district())


def _distributed(asset, who) -> dict:
    return {
        "distributions": asset.distributions.visible_to(who).order_by("code"),
        "catalogue_entry": entry_of(asset) if asset.may_be_changed_by(who) else None,
    }


@login_not_required
@require_safe
def placement_list(request, code):
    """Every unit of an asset in the field; they may be a million, so the tallies tell how many."""
    assets = Asset.objects.visible_to(request.user).for_list().filter(category__kind="material")
    asset = get_object_or_404(assets, code=code)
    page, problem = page_of(request, asset.placements.visible_to(request.user), key=("code",), limit=50)
    context = {"asset": asset, "page": page, "problem": problem, "units": _units(asset)}
    return render(request, "assets/placement_list.html", context, status=400 if problem else 200)
