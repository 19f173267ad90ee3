"""A page costs the same number of queries for one row and for twenty, and stays under its ceiling."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects.models import ChartDocument
from tests import factories

#: The most queries that each page may cost somebody who is logged in, session and account included.
CEILINGS = {
    "/": 22,
    "/plan/": 20,
    "/network/": 12,
    "/milestones/": 10,
    "/plan/booklet/?plan=piano": 28,
    "/charts/": 24,
    "/charts/?plan=piano&partner=publiacqua&role=participant&sort=status": 28,
    "/assets/": 13,
    "/partners/": 8,
    "/meetings/": 8,
    "/charts/centro/": 32,
    "/charts/centro/?changes": 85,
    "/assets/centro/": 15,
    "/assets/centro/placements/": 8,
    "/partners/publiacqua/": 17,
    "/meetings/centro/": 10,
}


class Centre:
    """A plan, a chart, an asset and a partner that everything added relates to."""

    def __init__(self, partner):
        self.partner = partner
        self.plan = factories.plan("piano", memorandum=factories.memorandum())
        self.year = factories.action_plan(self.plan)
        self.chart = factories.chart("centro", partner, status="approved", visibility="public")
        self.asset = factories.asset(partner, "centro", visibility="public")
        self.meeting = factories.meeting("centro", visibility="public")

    def grow(self, number: int):
        """Add one of everything, with relations that nothing else has."""
        other = factories.partner(successor=factories.partner())
        factories.partner(successor=self.partner)
        factories.signature(other, self.plan.memorandum)
        factories.signature(self.partner)
        factories.referent(self.partner)
        factories.monograph(self.partner, study=factories.study(promoter=self.partner))
        objective = factories.objective(self.plan, number)
        action = factories.action(self.year, objectives=[objective])
        chart = factories.chart(None, other, [self.partner], status="approved", visibility="public")
        asset = factories.asset(self.partner, visibility="public")
        for row in (chart, self.chart):
            row.objectives.add(objective, factories.objective())
            row.actions.add(action)
            factories.milestone(row)
            factories.made(ChartDocument, chart=row, title_it=f"Verbale {number}", url=f"https://example.org/{number}")
        factories.made(self.chart.participations.model, chart=self.chart, partner=other)
        factories.asset_use(asset, self.chart)
        factories.asset_use(self.asset, chart)
        factories.asset_use(factories.asset(other, visibility="public"), chart)
        factories.placement(self.asset)
        self.meet(chart, asset, factories.referent(other))

    def meet(self, chart, asset, referent):
        """Another meeting, and more of everything in the one at the centre."""
        for meeting in (self.meeting, factories.meeting(visibility="public")):
            meeting.participants.add(referent, self.partner.referents.first())
            meeting.mapped_assets.add(asset)
            meeting.charts_born.add(chart)


def cost(browser, address) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


def test_every_page_costs_as_many_queries_for_twenty_rows_as_for_one(city, publiacqua, browse, referent):
    centre, browser = Centre(publiacqua), browse(referent)
    centre.grow(1)
    one = {address: cost(browser, address) for address in CEILINGS}
    for number in range(2, 21):
        centre.grow(number)
    assert {address: cost(browser, address) for address in CEILINGS} == one
    assert {address: one[address] for address, most in CEILINGS.items() if one[address] > most} == {}
