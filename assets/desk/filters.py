"""Filters of the desk's lists that the home leads to: what is stale, what is incomplete."""

from django.contrib.admin import SimpleListFilter
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.freshness import Freshness, label_of
from firenze_digitale.access import access_of


class FreshnessFilter(SimpleListFilter):
    """Assets by how long ago they were vouched for."""

    title = _("age")
    parameter_name = "freshness"

    def lookups(self, request, model_admin):
        return [(freshness, label_of(freshness)) for freshness in Freshness.values]

    def queryset(self, request, queryset):
        if self.value() in Freshness.values:
            return queryset.of_freshness(self.value(), timezone.localdate())
        return queryset


class IncompleteFilter(SimpleListFilter):
    """Rows that lack something; `lacking` names what, its label, and the queryset's verb that finds them."""

    title = _("incomplete")
    parameter_name = "missing"
    lacking: tuple[str, str, str]

    def lookups(self, request, model_admin):
        return [self.lacking[:2]]

    def queryset(self, request, queryset):
        value, _label, verb = self.lacking
        return getattr(queryset, verb)() if self.value() == value else queryset


class WithoutContactFilter(IncompleteFilter):
    lacking = ("contact", _("without contact"), "without_contact")


class WithoutCoordinatesFilter(IncompleteFilter):
    lacking = ("coordinates", _("without coordinates"), "without_coordinates")


class WithoutLicenceFilter(IncompleteFilter):
    lacking = ("licence", _("without licence"), "without_licence")


class SideFilter(SimpleListFilter):
    """Offers of assets by the asker's side of them."""

    title = _("side")
    parameter_name = "side"

    def lookups(self, request, model_admin):
        if not access_of(request.user).partner_ids:
            return []
        return [("received", _("offered to my partners")), ("made", _("offered by my partners"))]

    def queryset(self, request, queryset):
        verbs = {"received": queryset.received_by, "made": queryset.made_by}
        return verbs[self.value()](request.user) if self.value() in verbs else queryset
