"""Assets on the desk: confirming that they are still true, one or many at once."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from assets.models import Asset
from firenze_digitale.desk.changelist import NUMBER_OF_ROW


class Confirmable:
    """Adds to the admin of assets: a column with the age of each, an action, and the address that buttons call."""

    @admin.display(description=_("age"))
    def age(self, asset):
        if asset.is_stale:
            return format_html('<span class="desk-pill desk-pill-stale">{}</span>', asset.age_told)
        return asset.age_told

    def get_urls(self):
        view = self.admin_site.admin_view(self.confirm_view)
        return [path("confirm/", view, name="assets_asset_confirm"), *super().get_urls()]

    @admin.action(description=_("Confirm that these are still true"), permissions=["change"])
    def confirm(self, request, queryset):
        ticked = [asset.pk for asset in queryset]
        own = Asset.objects.changeable_by(request.user).filter(pk__in=ticked)
        tell_of_confirmation(request, own, not_own=len(ticked) - own.count())

    def confirm_view(self, request):
        """Confirm the assets that a button stands for, or that were ticked beside it; then go back."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        keys = set(request.POST.getlist("asset"))
        if not all(NUMBER_OF_ROW.fullmatch(key) for key in keys):
            raise Http404
        if Asset.objects.visible_to(request.user).filter(pk__in=keys).count() < len(keys):
            raise Http404
        own = Asset.objects.changeable_by(request.user).filter(pk__in=keys)
        if own.count() < len(keys):
            raise PermissionDenied
        if keys:
            tell_of_confirmation(request, own)
        else:
            messages.warning(request, _("Nothing was confirmed: tick what is still true first."))
        back = request.POST.get("next", "")
        safe = url_has_allowed_host_and_scheme(
            back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        return HttpResponseRedirect(back if safe else self.url_of("changelist"))


def tell_of_confirmation(request, assets, not_own: int = 0) -> None:
    """Confirm `assets` as of today, and tell how many were, and which were not and why."""
    today = timezone.localdate()
    later = [str(asset) for asset in assets.filter(mapped_on__gt=today)[:3]]
    confirmed = assets.confirm(today)
    if confirmed:
        told = ngettext(
            "%(count)s asset is confirmed as of today.", "%(count)s assets are confirmed as of today.", confirmed
        )
        messages.success(request, told % {"count": confirmed})
    elif not later and not not_own:
        messages.info(request, _("Nothing to do: it was confirmed today already."))
    if later:
        told = _("Not confirmed, since it is said to be mapped on a later day: %(names)s. Correct that date first.")
        messages.warning(request, told % {"names": ", ".join(later)})
    if not_own:
        told = ngettext(
            "%(count)s of those ticked is another partner's, and was left as it is.",
            "%(count)s of those ticked are other partners', and were left as they are.",
            not_own,
        )
        messages.warning(request, told % {"count": not_own})
