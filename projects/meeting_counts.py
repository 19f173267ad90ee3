"""Verbs of querysets of meetings that lists and facets of meetings need."""

from datetime import date

from django.db.models import Count, OuterRef, Prefetch, Subquery, Value
from django.db.models.functions import Coalesce

from firenze_digitale.base_models import RegistryQuerySet
from firenze_digitale.facets import counted_pairs

LINKS = ("participants", "mapped_assets", "charts_born")


class MeetingCounts(RegistryQuerySet):
    """What is counted of meetings, and in which order they are read."""

    def for_catalogue(self, who):
        """Have `day_key` to sort by, and of each link `<name>_count`: how many rows of it `who` may see."""
        counted = {f"{name}_count": Coalesce(Subquery(self._linked(name, who)), 0) for name in LINKS}
        return self.annotate(day_key=Coalesce("held_on", Value(date.min)), **counted)

    def for_page(self, who):
        """Joins of a meeting's page; participants, assets and charts only as far as `who` may see them."""
        people, assets, charts = (self.model._meta.get_field(name).related_model.objects for name in LINKS)
        return self.prefetch_related(
            Prefetch("participants", queryset=people.visible_to(who).for_list().order_by("partner__name_it", "name")),
            Prefetch("mapped_assets", queryset=assets.visible_to(who).for_list().with_count_of("uses", who)),
            Prefetch("charts_born", queryset=charts.visible_to(who).with_progress()),
            "documents",
        )

    def counted_by_year(self) -> dict[int, int]:
        """How many of these meetings were held in each year."""
        held = self.order_by().filter(held_on__isnull=False)
        return dict(held.values_list("held_on__year").annotate(Count("pk")))

    def counted_by_partner(self, who) -> dict[str, int]:
        """How many of these meetings each partner attended, by its code, as far as `who` sees referents."""
        attended = self._rows("participants", who).filter(meeting__in=self.order_by().values("pk"))
        return counted_pairs(attended.values_list("referent__partner__code", "meeting_id"))

    def _linked(self, name: str, who):
        rows = self._rows(name, who).filter(meeting=OuterRef("pk")).order_by().values("meeting")
        return rows.annotate(count=Count("pk")).values("count")

    def _rows(self, name: str, who):
        """Rows of the table of a link, to what `who` may see."""
        link = self.model._meta.get_field(name)
        seen = link.related_model.objects.visible_to(who)
        return link.remote_field.through.objects.filter(**{f"{link.m2m_reverse_field_name()}__in": seen})
