"""How many charts there are of each value that a list of them can be narrowed to: one query for each facet."""

from django.db.models import Count, Func, IntegerField, Max, Subquery, TextField, Value
from django.db.models.functions import Cast, Coalesce, Concat, ExtractYear, Greatest, Least

from firenze_digitale.facets import counted_pairs

#: Years that a filter takes; a date far off would make as many years of its own.
FIRST_YEAR, LAST_YEAR = Value(1900), Value(2200)


class Years(Func):
    """Each year from one to another."""

    function, set_returning, output_field = "generate_series", True, IntegerField()


def _year(day):
    return Cast(ExtractYear(day), IntegerField())


def _greatest(rows, value) -> Subquery:
    return Subquery(rows.annotate(whole=Value(1)).values("whole").annotate(greatest=Max(value)).values("greatest"))


class ChartCounts:
    """Counts of the charts of a queryset; each chart once for each value."""

    def counted_by_status(self) -> dict[str, int]:
        return dict(self.order_by().values_list("status").annotate(Count("pk")))

    def counted_by_plan(self) -> dict[str, int]:
        """How many of these charts each plan holds, by its code: as `of_plan` finds them."""
        pursued = self._links("objectives").values_list("objective__plan__code", "projectchart_id")
        carried_out = self._links("actions").values_list("action__action_plan__plan__code", "projectchart_id")
        return counted_pairs(pursued, carried_out)

    def counted_by_objective(self) -> dict[str, int]:
        """How many of these charts pursue each objective, by its key."""
        number = Cast("objective__number", TextField())
        key = Concat("objective__plan__code", Value(":"), number, output_field=TextField())
        return counted_pairs(self._links("objectives").annotate(key=key).values_list("key", "projectchart_id"))

    def counted_by_partner(self, role: str = "") -> dict[str, int]:
        """In how many of these charts each partner takes part, by its code; in the given role, or in any."""
        parts = self._rows_of("participations").filter(**({"role": role} if role else {}))
        return counted_pairs(parts.values_list("partner__code", "chart_id"))

    def counted_by_role(self, partner=None) -> dict[str, int]:
        """In how many of these charts somebody has each role; the given partner, or any."""
        parts = self._rows_of("participations").filter(**({"partner": partner} if partner else {}))
        return counted_pairs(parts.values_list("role", "chart_id"))

    def counted_by_year(self, today) -> dict[int, int]:
        """How many of these charts are under way in each year, as `under_way_in` finds them.

        What has no last day goes on to the last year that any of them names, at least to that of `today`.
        """
        actions, begun = self._links("actions"), self.order_by().filter(starts_on__isnull=False)
        named = (begun, _year(Greatest("starts_on", "ends_on"))), (actions, "action__action_plan__year")
        horizon = Greatest(Value(today.year), *(_greatest(rows, year) for rows, year in named))
        last_year = Least(Coalesce(_year("ends_on"), horizon), LAST_YEAR)
        years = begun.annotate(under_way=Years(Greatest(_year("starts_on"), FIRST_YEAR), last_year))
        planned = actions.values_list("action__action_plan__year", "projectchart_id")
        return counted_pairs(years.values_list("under_way", "pk"), planned)

    def counted_by_category(self, assets) -> dict[str, int]:
        """How many of these charts use one of `assets` of each category, or of one that is part of it."""
        uses = self._rows_of("asset_uses").filter(asset__in=assets)
        categories = assets.model._meta.get_field("category").related_model.objects
        return categories.counted_within(uses.values_list("asset__category_id", "chart_id"))

    def _links(self, name: str):
        """Rows of a many-to-many table that these charts hold."""
        through = self.model._meta.get_field(name).remote_field.through
        return through.objects.filter(projectchart__in=self.order_by().values("pk"))

    def _rows_of(self, relation: str):
        """Rows of a table of parts that belong to these charts."""
        parts = self.model._meta.get_field(relation).related_model
        return parts.objects.filter(chart__in=self.order_by().values("pk"))
