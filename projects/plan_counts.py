"""What dashboard, plan and network count of charts and of partners' parts in them: each of them in one query."""

from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q


class PlanCounts:
    """Counts and choices of charts that go with a plan."""

    def counted_by_objective_and_status(self, plan) -> dict[tuple[int, str], int]:
        """How many of these charts pursue each objective of a plan, by the objective's id and the chart's status."""
        links = self.model.objectives.through.objects.filter(
            objective__plan=plan, projectchart__in=self.order_by().values("pk")
        )
        counted = links.values_list("objective_id", "projectchart__status").annotate(Count("pk"))
        return {(objective, status): count for objective, status, count in counted}

    def counted_by_year_and_status(self, years) -> dict[tuple[int, str], int]:
        """How many of these charts are under way in each of the years, by year and status."""
        counts = {f"in_{year}": Count("pk", filter=self.is_under_way_in(year)) for year in years}
        counted = self.order_by().values("status").annotate(**counts)
        return {(year, row["status"]): row[f"in_{year}"] for row in counted for year in years}

    def changed_since(self, moment: datetime, who):
        """Charts that were changed since then, or a part of them that `who` may see."""
        changed = Q(updated_at__gte=moment)
        for relation in ("participations", "milestones", "documents", "asset_uses"):
            parts = self.model._meta.get_field(relation).related_model.objects.visible_to(who)
            changed |= Exists(parts.filter(chart=OuterRef("pk"), updated_at__gte=moment))
        return self.filter(changed)


class PartCounts:
    """Counts of participations."""

    def counted_by_partner(self) -> dict[int, int]:
        """In how many charts each partner takes part, by its id."""
        return dict(self.order_by().values_list("partner_id").annotate(Count("chart")))

    def counted_by_pair(self) -> dict[tuple[int, int], int]:
        """In how many charts two partners take part together, by their ids, the smaller one first."""
        others = self.order_by().filter(chart__participations__partner_id__gt=F("partner_id"))
        counted = others.values_list("partner_id", "chart__participations__partner_id").annotate(Count("chart"))
        return {(partner, other): count for partner, other, count in counted}

    def counted_by_objective(self, plan) -> dict[tuple[int, int], int]:
        """In how many charts each partner pursues each objective of a plan, by the ids of both."""
        pursuing = self.order_by().filter(chart__objectives__plan=plan)
        counted = pursuing.values_list("partner_id", "chart__objectives").annotate(Count("chart"))
        return {(partner, objective): count for partner, objective, count in counted}


class MilestoneCounts:
    """Counts and choices of milestones by what is still to be done."""

    def overdue(self, today: date):
        """Milestones that should have been done before `today`."""
        return self.filter(_is_overdue(today))

    def due_within(self, days: int, today: date):
        """Milestones to be done from `today` on, `days` days later at the latest."""
        return self.filter(_is_due_within(days, today))

    def figures(self, terms, today: date) -> dict[object, int]:
        """Count in one go how many are overdue, under “overdue”, and how many due within each of the terms (days)."""
        due = {f"within_{days}": Count("pk", filter=_is_due_within(days, today)) for days in terms}
        counts = self.order_by().aggregate(overdue=Count("pk", filter=_is_overdue(today)), **due)
        return {"overdue": counts["overdue"]} | {days: counts[f"within_{days}"] for days in terms}


def _is_overdue(today: date) -> Q:
    return Q(done_on=None, due_on__lt=today)


def _is_due_within(days: int, today: date) -> Q:
    return Q(done_on=None, due_on__range=(today, today + timedelta(days)))
