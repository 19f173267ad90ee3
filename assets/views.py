"""What partners share, for reading."""

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from assets.filters import AssetFilter
from assets.models import Asset
from firenze_digitale.listing import Sort, page_of, render_list
from firenze_digitale.paging import paginate
from partners.models import Referent

PLACEMENTS_AT_A_GLANCE = 10
ASSET_SORTS = {"name": Sort(_("Name"), ("name_it", "id"))}


@login_not_required
@require_safe
def asset_list(request):
    filters = AssetFilter(request.GET, queryset=Asset.objects.visible_to(request.user), request=request)
    context = {"search_label": _("Search the assets")}
    return render_list(request, "assets/asset_list.html", filters, ASSET_SORTS, **context)


@login_not_required
@require_safe
def asset_detail(request, code):
    asset = get_object_or_404(Asset.objects.visible_to(request.user).for_detail(), code=code)
    placements = asset.placements.visible_to(request.user) if asset.is_material else asset.placements.none()
    context = {
        "asset": asset,
        "contact": Referent.objects.visible_to(request.user).filter(pk=asset.contact_id).first(),
        "uses": asset.uses.visible_to(request.user).for_list().order_by("chart__title_it", "id"),
        "placements": paginate(placements, key=("code",), limit=PLACEMENTS_AT_A_GLANCE),
        "distributions": () if asset.is_material else asset.distributions.visible_to(request.user).order_by("code"),
        "may_change": asset.may_be_changed_by(request.user),
    }
    return render(request, "assets/asset_detail.html", context)


@login_not_required
@require_safe
def placement_list(request, code):
    """Every unit of an asset in the field; they may be a million, so nobody counts them."""
    assets = Asset.objects.visible_to(request.user).for_list().filter(category__kind="material")
    asset = get_object_or_404(assets, code=code)
    page, problem = page_of(request, asset.placements.visible_to(request.user), key=("code",), limit=50)
    context = {"asset": asset, "page": page, "problem": problem}
    return render(request, "assets/placement_list.html", context, status=400 if problem else 200)
