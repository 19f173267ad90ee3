"""The home of the desk: what is mine, what wants doing, what happened lately. Each figure leads to its list.

A figure and the list that it leads to are made by the same verbs of the same queryset.
"""

from dataclasses import dataclass, field

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from assets.choices import ExchangeStatus, Visibility
from assets.desk.import_words import what_would_be_stored
from assets.freshness import Freshness, label_of
from assets.models import Asset, Distribution, Handover, Import, Placement
from firenze_digitale.access import access_of
from firenze_digitale.plots import Plot, Share, plot_of
from partners.models import Partner
from projects.choices import ChartStatus
from projects.models import ProjectChart

MOST_COUNTED = 1_000
STALE_SHOWN = 8
CHARTS_SHOWN = 6
OFFERS_SHOWN = IMPORTS_SHOWN = 5
CLOSED = (ChartStatus.COMPLETED, ChartStatus.SUSPENDED)


@dataclass(frozen=True)
class Figure:
    """A number and the list that holds as many rows."""

    count: int
    title: str
    url: str

    @property
    def told(self) -> str:
        if self.count > MOST_COUNTED:
            return _("more than %(number)s") % {"number": number_format(MOST_COUNTED, force_grouping=True)}
        return number_format(self.count, force_grouping=True)


@dataclass(frozen=True)
class PartnerShare:
    """How much of what a partner has is stale."""

    partner: Partner
    total: int
    stale: int
    url: str

    @property
    def percent(self) -> int:
        return round(100 * self.stale / self.total)


@dataclass
class Home:
    """What the home shows to `who`: of their partners where they answer for any, or else of everybody."""

    who: object
    today: object = field(default_factory=timezone.localdate)

    def __post_init__(self):
        self.access = access_of(self.who)
        self.is_own = bool(self.access.partner_ids)
        self.figures = self.kept(Asset).figures(self.today)

    def kept(self, model):
        rows = model.objects.visible_to(self.who)
        return rows.kept_by(self.who) if self.is_own else rows

    def list_url(self, model, **filters) -> str:
        """Address of the desk's list of `model`, of the same scope as `kept` and filtered further."""
        scope = {"mine": "1"} if self.is_own else {}
        return changelist_url(model, **scope, **filters)

    def context(self) -> dict:
        return {
            "own_partners": self.own_partners(),
            "to_do": self.to_do(),
            "holdings": self.holdings(),
            "plots": self.plots() if self.figures["total"] else [],
            "stale_assets": self.stale_assets(),
            "stale_count": self.figures[Freshness.STALE],
            "offers": self.offers_awaiting().for_list()[:OFFERS_SHOWN],
            "imports": self.imports(),
            "chart_states": self.chart_states,
            "open_charts": self.open_charts(),
            "charts_url": self.list_url(ProjectChart),
            "stale_shares": self.stale_shares() if self.access.sees_everything else [],
            "may_add_assets": Asset.may_be_added_by(self.who),
        }

    def own_partners(self) -> list[str]:
        rows = Partner.objects.answered_for_by(self.who).order_by("name_it") if self.is_own else ()
        return [str(partner) for partner in rows]

    # Figures

    def to_do(self) -> list[Figure]:
        """What is stale or incomplete, and the offers that await an answer."""
        figures = self.figures
        placements = self.kept(Placement).without_coordinates()
        distributions = self.kept(Distribution).without_licence()
        found = [
            (figures[Freshness.STALE], _("stale assets"), self.list_url(Asset, freshness=Freshness.STALE)),
            (figures["without_contact"], _("assets without contact"), self.list_url(Asset, missing="contact")),
            (
                counted(placements),
                _("placements without coordinates"),
                self.list_url(Placement, missing="coordinates"),
            ),
            (
                counted(distributions),
                _("distributions without licence"),
                self.list_url(Distribution, missing="licence"),
            ),
        ]
        if Handover.may_be_added_by(self.who):
            side = {} if self.access.administrator else {"side": "received"}
            offers = changelist_url(Handover, **side, state__exact="offered")
            found.append((counted(self.offers_awaiting()), _("offers that await your answer"), offers))
        return [Figure(*figure) for figure in found]

    def holdings(self) -> list[Figure]:
        """What there is: assets and charts."""
        self.chart_states = self.charts_by_state()
        charts = sum(figure.count for figure in self.chart_states)
        assets, shown = (_("my assets"), _("my charts")) if self.is_own else (_("assets"), _("charts"))
        return [
            Figure(self.figures["total"], assets, self.list_url(Asset)),
            Figure(charts, shown, self.list_url(ProjectChart)),
        ]

    def charts_by_state(self) -> list[Figure]:
        counts = self.kept(ProjectChart).counted_by_status()
        return [
            Figure(counts[status], str(status.label), self.list_url(ProjectChart, status__exact=status))
            for status in ChartStatus
            if counts.get(status)
        ]

    def plots(self) -> list[Plot]:
        def shares(values, labels, parameter):
            return [Share(str(labels[v]), self.figures[v], self.list_url(Asset, **{parameter: v})) for v in values]

        freshness = {value: label_of(value) for value in Freshness.values}
        status, visibility = dict(ExchangeStatus.choices), dict(Visibility.choices)
        return [
            plot_of(_("Assets by last confirmation"), shares(freshness, freshness, "freshness"), "age"),
            plot_of(_("Assets by exchange status"), shares(status, status, "exchange_status__exact"), "exchange"),
            plot_of(_("Assets by visibility"), shares(visibility, visibility, "visibility__exact"), "visibility"),
        ]

    def stale_shares(self) -> list[PartnerShare]:
        """Of each partner with stale assets; for who sees everything."""
        rows = [row for row in Asset.objects.visible_to(self.who).stale_by_owner(self.today) if row[2]]
        partners = Partner.objects.visible_to(self.who).in_bulk([owner for owner, _total, _stale in rows])
        return [
            PartnerShare(
                partners[owner],
                total,
                stale,
                changelist_url(Asset, owner__id__exact=owner, freshness=Freshness.STALE),
            )
            for owner, total, stale in rows
        ]

    # Rows

    def stale_assets(self) -> list[Asset]:
        """The ones that were vouched for longest ago, of those that the asker may confirm."""
        rows = self.kept(Asset).changeable_by(self.who).stale(self.today).for_list()
        return list(rows.order_by("known_on", "id")[:STALE_SHOWN])

    def offers_awaiting(self):
        return Handover.objects.awaiting(self.who)

    def imports(self) -> list[tuple[Import, str]]:
        """The latest ones, each with what it changed or would change, in words."""
        rows = Import.objects.visible_to(self.who).for_list().order_by("-pk")[:IMPORTS_SHOWN]
        return [(row, what_would_be_stored(row.counts)) for row in rows]

    def open_charts(self) -> list[ProjectChart]:
        """The charts that were changed last, of those that are not over."""
        return list(self.kept(ProjectChart).exclude(status__in=CLOSED).order_by("-updated_at", "id")[:CHARTS_SHOWN])


def counted(rows) -> int:
    """How many rows there are, up to one more than is ever told."""
    return rows.order_by()[: MOST_COUNTED + 1].count()


def changelist_url(model, **filters) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    return f"{reverse(name)}?{urlencode(filters)}" if filters else reverse(name)
