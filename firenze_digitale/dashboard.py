"""The front page's figures: each counts what one reader may see, and names the list that holds just that."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from assets.choices import Kind
from assets.freshness import Freshness, label_of
from assets.models import Asset, Category
from firenze_digitale.access import access_of
from firenze_digitale.filters import start_of
from firenze_digitale.plots import Plot, Share, plot_of
from partners.models import Partner
from projects.choices import DUE_WITHIN, ChartStatus
from projects.models import Milestone, Plan, ProjectChart
from projects.moves import Move, moves_of

DAYS_BACK = 30
ROWS_AT_A_GLANCE = 6


def list_url(route: str, **filters) -> str:
    """Address of a list, narrowed to what a figure counts."""
    query = urlencode({name: value for name, value in filters.items() if value not in (None, "")}, safe=":")
    return f"{reverse(route)}?{query}" if query else reverse(route)


@dataclass(frozen=True)
class StateRow:
    """Charts of an objective or of a year, by state; `plot` is None where there are none."""

    label: str
    total: int
    url: str
    shares: list[Share]
    plot: Plot | None
    number: int | None = None
    provisional: bool = False


@dataclass
class CategoryShare:
    """A category, how many assets it and its parts hold, and its place in the tree."""

    label: str
    count: int
    url: str
    depth: int
    percent: int


@dataclass
class PartnerShare:
    """What a partner shares, how much of it is in use, and how much is stale."""

    partner: Partner | None = None
    total: int = 0
    used: int = 0
    stale: int = 0
    urls: dict[str, str] = field(default_factory=dict)

    @property
    def used_percent(self) -> int:
        return round(100 * self.used / self.total) if self.total else 0


class Dashboard:
    """What the registry holds for one reader today. Every property costs the same however many rows there are."""

    def __init__(self, who):
        self.who, self.today = who, timezone.localdate()
        self.charts = ProjectChart.objects.visible_to(who)
        self.milestones = Milestone.objects.visible_to(who)
        self.assets = Asset.objects.visible_to(who)

    @cached_property
    def plan(self) -> Plan | None:
        return Plan.objects.with_objectives(self.who).current(self.today.year, self.who)

    # Charts by state

    #: States of charts with their labels.
    states = ChartStatus.choices

    @cached_property
    def by_state(self) -> list[tuple[str, Share]]:
        counts = self.charts.counted_by_status()
        return list(zip(ChartStatus.values, _shares(lambda state: counts.get(state, 0)), strict=True))

    @cached_property
    def chart_count(self) -> int:
        return sum(share.count for _state, share in self.by_state)

    @cached_property
    def objectives(self) -> list[StateRow]:
        """The plan's objectives and the charts that pursue them."""
        counts = self.charts.counted_by_objective_and_status(self.plan)
        rows = [
            {
                "label": objective.title,
                "number": objective.number,
                "provisional": objective.provisional,
                "filters": {"objective": objective.key},
                "shares": _shares(lambda state, pk=objective.pk: counts.get((pk, state), 0), objective=objective.key),
            }
            for objective in self.plan.objectives.all()
        ]
        return _state_rows(rows)

    @cached_property
    def years(self) -> list[StateRow]:
        """The plan's years and those of its charts that are under way in them."""
        counts = self.charts.of_plan(self.plan).counted_by_year_and_status(self.plan.years)
        filters = {year: {"plan": self.plan.code, "year": year} for year in self.plan.years}
        rows = [
            {
                "label": str(year),
                "filters": filters[year],
                "shares": _shares(lambda state, year=year: counts.get((year, state), 0), **filters[year]),
            }
            for year in self.plan.years
        ]
        return _state_rows(rows)

    # What moves

    @property
    def since(self):
        return self.today - timedelta(DAYS_BACK)

    @cached_property
    def moved(self) -> Share:
        changed = self.charts.changed_since(start_of(self.since), self.who)
        url = list_url("chart-list", changed_since=self.since.isoformat(), sort="changed")
        return Share(_("moved in the last month"), changed.count(), url)

    @cached_property
    def moves(self) -> list[Move]:
        """The charts that were changed last, and what became of each."""
        moment = start_of(self.since)
        charts = self.charts.changed_since(moment, self.who).order_by("-updated_at", "-id")[:ROWS_AT_A_GLANCE]
        return moves_of(list(charts), moment, self.who)

    @cached_property
    def terms(self) -> list[Share]:
        """Milestones that are overdue, and due before long."""
        counts = self.milestones.figures(DUE_WITHIN, self.today)
        labels = {"overdue": _("overdue")} | {n: _("in the next {days} days").format(days=n) for n in DUE_WITHIN}
        return [Share(labels[term], count, list_url("milestone-list", due=term)) for term, count in counts.items()]

    @cached_property
    def next_milestones(self) -> list[Milestone]:
        """The first of those that are overdue or due soon."""
        until = self.today + timedelta(max(DUE_WITHIN))
        rows = self.milestones.for_list().filter(done_on=None, due_on__lte=until)
        return list(rows.order_by("due_on", "id")[:ROWS_AT_A_GLANCE])

    # Assets, all of them counted in one pass

    @cached_property
    def _shared(self) -> list[dict]:
        return self.assets.shared(self.who, self.today)

    @cached_property
    def _categories(self) -> dict[int, Category]:
        return {category.pk: category for category in Category.objects.order_by("name_it", "id")}

    @cached_property
    def _partners(self) -> dict[int, Partner]:
        return {partner.pk: partner for partner in Partner.objects.visible_to(self.who).order_by("name_it", "id")}

    @cached_property
    def by_kind(self) -> list[Share]:
        counts = Counter()
        for row in self._shared:
            counts[self._categories[row["category_id"]].kind] += row["total"]
        return [Share(kind.label, counts[kind], list_url("asset-list", kind=kind.value)) for kind in Kind]

    @cached_property
    def by_category(self) -> list[tuple[Share, list[CategoryShare]]]:
        """Each kind with its categories that hold an asset, each followed by its parts."""
        counts, children = Counter(), defaultdict(list)
        for row in self._shared:
            above = self._categories[row["category_id"]]
            while above is not None:
                counts[above.pk] += row["total"]
                above = self._categories.get(above.parent_id)
        for category in self._categories.values():
            children[category.parent_id].append(category)
        most = max(counts.values(), default=0)

        def rows_under(parent_id, kind: str, depth: int = 0):
            for category in sorted(children[parent_id], key=lambda row: (-counts[row.pk], row.name)):
                if counts[category.pk] and (depth or category.kind == kind):
                    count, url = counts[category.pk], list_url("asset-list", category=category.code)
                    yield CategoryShare(category.name, count, url, depth, round(100 * count / most))
                    yield from rows_under(category.pk, kind, depth + 1)

        return [(share, list(rows_under(None, kind))) for share, kind in zip(self.by_kind, Kind.values, strict=True)]

    @cached_property
    def coverage(self) -> list[PartnerShare]:
        """The partners that share something, who shares most first."""
        found = defaultdict(PartnerShare)
        for row in self._shared:
            share = found[row["owner_id"]]
            share.total += row["total"]
            share.used += row["used"]
            share.stale += row["total"] if row["freshness"] == Freshness.STALE else 0
        for pk, share in found.items():
            share.partner = self._partners[pk]
            share.urls = _asset_urls(owner=share.partner.code)
        return sorted(found.values(), key=lambda share: (-share.total, share.partner.name))

    @cached_property
    def silent(self) -> list[Partner]:
        """Partners of today that share nothing that the reader may see."""
        heard = {row["owner_id"] for row in self._shared}
        return [
            partner
            for partner in self._partners.values()
            if partner.pk not in heard and partner.left_on is None and partner.successor_id is None
        ]

    @cached_property
    def covered(self) -> PartnerShare:
        """All partners together."""
        total, used, stale = (sum(getattr(row, name) for row in self.coverage) for name in ("total", "used", "stale"))
        return PartnerShare(None, total, used, stale, _asset_urls())

    @cached_property
    def by_freshness(self) -> Plot | None:
        """For how long nobody has vouched for the assets; nothing where there are none."""
        counts = Counter()
        for row in self._shared:
            counts[row["freshness"]] += row["total"]
        shares = [
            Share(label_of(value), counts[value], list_url("asset-list", freshness=value)) for value in Freshness.values
        ]
        return plot_of(_("When they were last confirmed"), shares, "age") if self._shared else None

    @cached_property
    def own_partners(self):
        """The partners that the reader answers for, with what each has in the registry."""
        ids = access_of(self.who).partner_ids
        return Partner.objects.filter(pk__in=ids).with_counts(self.who).order_by("name_it") if ids else []


def _shares(count_of, **filters) -> list[Share]:
    """Charts in each state, of the list that the filters narrow."""
    return [
        Share(state.label, count_of(state.value), list_url("chart-list", **filters, status=state.value))
        for state in ChartStatus
    ]


def _state_rows(rows: list[dict]) -> list[StateRow]:
    """Lay out rows against the longest of them."""
    totals = [sum(share.count for share in row["shares"]) for row in rows]
    return [
        StateRow(
            **{name: value for name, value in row.items() if name != "filters"},
            total=total,
            url=list_url("chart-list", **row["filters"]),
            plot=plot_of(row["label"], row["shares"], "status", max(totals)) if total else None,
        )
        for row, total in zip(rows, totals, strict=True)
    ]


def _asset_urls(**filters) -> dict[str, str]:
    """Lists of assets: all, those in use, those that nobody has confirmed for long."""
    narrowed = {"total": {}, "used": {"used": "yes"}, "stale": {"freshness": Freshness.STALE.value}}
    return {name: list_url("asset-list", **filters, **more) for name, more in narrowed.items()}
