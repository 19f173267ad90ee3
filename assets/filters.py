"""Filters of the lists of categories, assets, placements and distributions."""

import django_filters
from django import forms
from django.core.validators import EMPTY_VALUES
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from assets.choices import District, ExchangeStatus, Kind, PlacementStatus, UpdateFrequency, Visibility
from assets.freshness import Freshness, label_of
from assets.models import Asset, Category, Distribution, Placement
from assets.querysets import AssetQuerySet
from firenze_digitale.facets import FacetRule
from firenze_digitale.filters import KeyFilter, RegistryFilterSet, SearchFilter, ValueFilter, WordsFilter
from partners.models import Partner

FRESHNESS = [(freshness, lazy(label_of, str)(freshness)) for freshness in Freshness.values]


class BoxField(forms.CharField):
    """A box on the map, as RFC 7946 writes it: west, south, east and north, in degrees (WGS 84)."""

    #: Whether west may be more than east: the box then crosses the antimeridian.
    may_cross = False
    default_error_messages = {
        "invalid": _("Write west,south,east,north in degrees, for example 11.24,43.76,11.27,43.78.")
    }

    def to_python(self, value):
        value = super().to_python(value)
        if not value:
            return None
        try:
            west, south, east, north = map(float, value.split(","))
        except ValueError as error:
            raise forms.ValidationError(self.error_messages["invalid"], "invalid") from error
        on_globe = all(-180 <= edge <= 180 for edge in (west, east)) and -90 <= south <= north <= 90
        if not on_globe or (west > east and not self.may_cross):
            raise forms.ValidationError(self.error_messages["invalid"], "invalid")
        return west, south, east, north


class WorldBoxField(BoxField):
    """A box anywhere on the globe, across the antimeridian where west is more than east."""

    may_cross = True


class BoxFilter(django_filters.Filter):
    """Units inside a box on the map."""

    field_class = WorldBoxField

    def filter(self, queryset, value):
        return queryset.in_box(*value) if value else queryset


class CategoryFilter(RegistryFilterSet):
    q = SearchFilter("code", "name_it", "name_en")
    kind = ValueFilter(choices=Kind.choices, label=_("Kind"))
    parent = KeyFilter(model=Category, label=_("Part of"))

    class Meta:
        model = Category
        fields = ()


class AssetFilter(RegistryFilterSet):
    q = WordsFilter()
    kind = ValueFilter(field_name="category__kind", choices=Kind.choices, label=_("Kind"))
    category = KeyFilter(model=Category, label=_("Category"), method="in_category")
    owner = KeyFilter(model=Partner, label=_("Owner"))
    exchange_status = ValueFilter(choices=ExchangeStatus.choices, label=_("Exchange status"))
    visibility = ValueFilter(choices=Visibility.choices, label=_("Visibility"))
    district = ValueFilter(choices=District.choices, label=_("District"), method="in_district")
    used = ValueFilter(choices=[("yes", _("in use")), ("no", _("idle"))], label=_("Use"), method="put_to_use")
    freshness = ValueFilter(choices=FRESHNESS, label=_("Last confirmed"), method="of_freshness")

    FACETS = (
        FacetRule("kind", "category__kind"),
        FacetRule("category", "category__code", added_up=Category.objects.all().with_those_above),
        FacetRule("owner", "owner__code"),
        FacetRule("exchange_status", "exchange_status"),
        FacetRule("used", method="counted_by_use"),
        FacetRule("district", counted=AssetQuerySet.counted_by_district),
    )

    class Meta:
        model = Asset
        fields = ()

    def in_category(self, queryset, name, category):
        return queryset.within_category(category)

    def in_district(self, queryset, name, district):
        return queryset.placed_in(district)

    def put_to_use(self, queryset, name, used):
        return queryset.in_use(self.who) if used == "yes" else queryset.idle(self.who)

    def counted_by_use(self, assets):
        return assets.counted_by_use(self.who)

    def of_freshness(self, queryset, name, freshness):
        return queryset.of_freshness(freshness, timezone.localdate())


class MapFilter(AssetFilter):
    """Narrows the map as the catalogue is narrowed: by what the units' assets are, and by where the units lie."""

    kind = None
    asset = KeyFilter(model=Asset, label=_("Asset"), typed=True, method="of_asset")

    #: What the tallies of the map know by themselves; the others need the assets one by one.
    KNOWN_TO_TALLIES = frozenset({"owner", "category", "exchange_status", "district"})

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.filters["category"].queryset = Category.objects.filter(kind=Kind.MATERIAL)

    @property
    def needs_assets(self) -> bool:
        chosen = {name for name, value in self.form.cleaned_data.items() if value not in EMPTY_VALUES}
        return bool(chosen - self.KNOWN_TO_TALLIES)

    def of_asset(self, queryset, name, asset):
        return queryset.filter(pk=asset.pk)

    def in_district(self, queryset, name, district):
        """All of them: it is units that are looked for there, not assets."""
        return queryset


class AssetPartFilter(RegistryFilterSet):
    """What placements and distributions are looked for by: their asset, and what it is."""

    asset = KeyFilter(model=Asset, label=_("Asset"), typed=True)
    owner = KeyFilter(model=Partner, label=_("Owner"), method="of_owner")
    category = KeyFilter(model=Category, label=_("Category"), method="in_category")

    def of_owner(self, queryset, name, owner):
        return queryset.of_assets(Asset.objects.filter(owner=owner))

    def in_category(self, queryset, name, category):
        return queryset.of_assets(Asset.objects.within_category(category))


class PlacementFilter(AssetPartFilter):
    q = WordsFilter()
    status = ValueFilter(choices=PlacementStatus.choices, label=_("Status"))
    district = ValueFilter(choices=District.choices, label=_("District"))
    bbox = BoxFilter(label=_("Box: west,south,east,north"))

    class Meta:
        model = Placement
        fields = ()


class DistributionFilter(AssetPartFilter):
    q = SearchFilter("code", "title_it", "title_en")
    # Not “format”: that is the format of the list itself.
    file_format = django_filters.CharFilter("format", "iexact", label=_("Format"), max_length=50)
    licence = django_filters.CharFilter(lookup_expr="iexact", label=_("Licence"), max_length=100)
    update_frequency = ValueFilter(choices=UpdateFrequency.choices, label=_("Update frequency"))

    class Meta:
        model = Distribution
        fields = ()
