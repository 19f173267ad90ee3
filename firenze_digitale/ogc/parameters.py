"""What the address of features may ask: the filters of placements as the standard writes boxes, times and pages."""

from functools import partial

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.utils.urls import replace_query_param

from assets.filters import PlacementFilter, WorldBoxField
from assets.models import Placement
from assets.serializers import PlacementSerializer
from firenze_digitale.api.filtering import check_names
from firenze_digitale.api.lists import bodies_of, columns_of, lookups_of, read_columns
from firenze_digitale.api.since import moment_told, updated_since
from firenze_digitale.ogc.collections import Collection
from firenze_digitale.paging import InvalidCursor, paginate

USUAL_LIMIT, LARGEST_LIMIT = 100, 10_000
COLUMNS = columns_of(PlacementSerializer)
PAGING = frozenset({"limit", "cursor"})
OPEN = ("", "..")


class FeatureBoxField(WorldBoxField):
    """A box of four numbers, or of six: heights, which no unit has, are not looked at."""

    def to_python(self, value):
        edges = (value or "").split(",")
        return super().to_python(",".join(edges[:2] + edges[3:5]) if len(edges) == 6 else value)


class FeatureBoxFilter(django_filters.Filter):
    """Units inside a box."""

    field_class = FeatureBoxField

    def filter(self, queryset, value):
        return queryset.in_box(*value) if value else queryset


class PeriodField(forms.CharField):
    """A moment, or two with a slash between them, the one or the other of which may be left open (RFC 3339)."""

    default_error_messages = {
        "invalid": _("Write a moment, or two and a slash: 2026-01-01T00:00:00Z/.. says “since the beginning of 2026”.")
    }

    def to_python(self, value):
        value = super().to_python(value)
        if not value:
            return None
        ends = value.split("/")
        try:
            first, last = (None if end in OPEN and len(ends) == 2 else moment_told(end) for end in (ends[0], ends[-1]))
            if len(ends) > 2 or (first is None and last is None) or (first and last and first > last):
                raise ValueError
        except (ValueError, ValidationError) as error:
            raise forms.ValidationError(self.error_messages["invalid"], "invalid") from error
        return first, last


class PeriodFilter(django_filters.Filter):
    """Units that were last changed in a period."""

    field_class = PeriodField

    def filter(self, queryset, value):
        first, last = value or (None, None)
        queryset = updated_since(queryset, first) if first else queryset
        return queryset.filter(updated_at__lte=last) if last else queryset


class FeatureFilter(PlacementFilter):
    """The filters of placements, as the standard writes boxes and times."""

    bbox = FeatureBoxFilter(label=_("Box: west,south,east,north"))
    datetime = PeriodFilter(label=_("When it was last changed: a moment, or a period such as 2026-01-01T00:00:00Z/.."))

    class Meta:
        model = Placement
        fields = ()


def names_of(collection: Collection) -> list[str]:
    """Return the names of the filters that a layer knows: one of a category does not ask for it once more."""
    return [name for name in FeatureFilter.base_filters if not (collection.category and name == "category")]


class FeaturePage:
    """One page of the features of a layer, as a request asks for it.

    Raises:
        ValidationError: a parameter that there is not, or one that is not understood.
    """

    def __init__(self, request, collection: Collection):
        check_names(request, {*names_of(collection), *PAGING})
        filters = FeatureFilter(request.GET, queryset=collection.units(request.user), request=request)
        if not filters.is_valid():
            raise ValidationError(filters.errors)
        self.address = request.build_absolute_uri()
        self.is_whole = not request.GET.keys() - PAGING
        # Units in a box are read through the index of their positions.
        key = ("latitude", "longitude", "id") if filters.form.cleaned_data["bbox"] else ("asset_id", "code")
        limit, cursor = _limit(request.GET.get("limit")), request.GET.get("cursor")
        read = partial(read_columns, lookups=lookups_of(COLUMNS, frozenset(), key))
        try:
            page = paginate(filters.qs, key=key, limit=limit, cursor=cursor, read=read)
        except InvalidCursor as error:
            raise ValidationError({"cursor": [error.message]}) from error
        self.bodies = bodies_of(page.rows, COLUMNS, frozenset())
        self.next, self.previous = self._address_of(page.next), self._address_of(page.previous)

    def _address_of(self, cursor: str | None) -> str | None:
        return cursor and replace_query_param(self.address, "cursor", cursor)


def _limit(given: str | None) -> int:
    """How many features a page has: the standard has no limit refused that is only too large."""
    if given is None:
        return USUAL_LIMIT
    if not (given.isascii() and given.isdecimal() and len(given) <= 100 and int(given) >= 1):
        raise ValidationError({"limit": [_("Write a number from 1 to %(most)s.") % {"most": LARGEST_LIMIT}]})
    return min(int(given), LARGEST_LIMIT)
