"""Filters of the lists of partners, their people and what they signed."""

from django.utils.translation import gettext_lazy as _

from firenze_digitale.facets import FacetRule
from firenze_digitale.filters import (
    KeyFilter,
    RegistryFilterSet,
    SearchFilter,
    ValueFilter,
    WordsFilter,
    YearFilter,
    YesNoFilter,
)
from partners.choices import PartnerKind, Sector
from partners.models import Memorandum, Monograph, Partner, Referent, Study

TITLE = ("code", "title_it", "title_en")


class PartnerFilter(RegistryFilterSet):
    q = WordsFilter()
    kind = ValueFilter(choices=PartnerKind.choices, label=_("Kind"))
    sector = ValueFilter(choices=Sector.choices, label=_("Sector"))

    FACETS = (FacetRule("kind", "kind"), FacetRule("sector", "sector"))

    class Meta:
        model = Partner
        fields = ()


class ReferentFilter(RegistryFilterSet):
    q = SearchFilter("code", "name", "role")
    partner = KeyFilter(model=Partner, label=_("Partner"))
    active = YesNoFilter(label=_("Active"))

    class Meta:
        model = Referent
        fields = ()


class MemorandumFilter(RegistryFilterSet):
    q = SearchFilter(*TITLE, "description_it", "description_en")
    partner = KeyFilter(model=Partner, label=_("Signed by"), method="of_partner")

    class Meta:
        model = Memorandum
        fields = ()

    def of_partner(self, queryset, name, partner):
        return queryset.signed_by(partner)


class StudyFilter(RegistryFilterSet):
    q = SearchFilter(*TITLE, "description_it", "description_en")
    promoter = KeyFilter(model=Partner, label=_("Promoter"))
    year = YearFilter()

    class Meta:
        model = Study
        fields = ()


class MonographFilter(RegistryFilterSet):
    q = SearchFilter(*TITLE, "summary_it", "summary_en")
    study = KeyFilter(model=Study, label=_("Study"))
    partner = KeyFilter(model=Partner, label=_("Partner"))
    year = YearFilter()

    class Meta:
        model = Monograph
        fields = ()
