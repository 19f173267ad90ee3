"""A list costs the same number of queries for one row and for twenty, and stays under its ceiling."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.choices import Kind
from projects.models import ChartDocument
from tests import factories

#: The most queries that each list may cost a credential: its look-up, its last use and its partners are three.
CEILINGS = {
    "partners": 5,
    "referents": 5,
    "memoranda": 6,
    "studies": 5,
    "monographs": 5,
    "categories": 5,
    "assets": 6,
    "placements": 5,
    "distributions": 5,
    "plans": 5,
    "objectives": 5,
    "action-plans": 5,
    "actions": 7,
    "project-charts": 14,
    "meetings": 8,
}


def grow(number: int) -> None:
    """Add one of everything, with relations that nothing else has."""
    owner = factories.partner(successor=factories.partner())
    contact = factories.referent(owner)
    plan = factories.plan(memorandum=factories.memorandum(renews=factories.memorandum(starts_on="2013-01-01")))
    factories.signature(owner, plan.memorandum)
    factories.signature(memorandum_=plan.memorandum)
    factories.monograph(owner)
    objectives = [factories.objective(plan, index) for index in (1, 2)]
    action = factories.action(factories.action_plan(plan), objectives=objectives)
    category = factories.category(parent=factories.category())
    asset = factories.asset(owner, category=category, contact=contact, visibility="public")
    factories.placement(asset)
    data = factories.category(kind=Kind.IMMATERIAL)
    factories.distribution(factories.asset(owner, category=data, visibility="public"))
    chart = factories.chart(None, owner, [factories.partner()], status="proposed", visibility="public")
    chart.objectives.set(objectives)
    chart.actions.set([action])
    factories.asset_use(asset, chart)
    factories.asset_use(factories.asset(visibility="public"), chart)
    factories.milestone(chart)
    factories.made(ChartDocument, chart=chart, title_it=f"Verbale {number}", url=f"https://example.org/{number}")
    meeting = factories.meeting(participants=[contact, factories.referent()], visibility="public")
    meeting.mapped_assets.set([asset])
    meeting.charts_born.set([chart])


def costs(api) -> dict[str, tuple[int, int]]:
    """Rows shown and queries made by each list."""
    counted = {}
    for resource in CEILINGS:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            rows = api.get(f"/api/v1/{resource}?limit=200").json()["results"]
        counted[resource] = (len(rows), len(queries))
    return counted


def test_a_list_costs_the_same_for_one_row_and_for_twenty(city, publiacqua, call, writer, subtests):
    api = call(writer)
    grow(0)
    api.get("/api/v1/partners")
    one = costs(api)
    for number in range(1, 20):
        grow(number)
    twenty = costs(api)
    for resource, ceiling in CEILINGS.items():
        with subtests.test(resource):
            assert twenty[resource][0] >= one[resource][0] + 19
            assert twenty[resource][1] == one[resource][1] <= ceiling


@pytest.mark.parametrize("key", ["assets", "placements"])
def test_no_list_counts_its_rows(key, publiacqua, call, writer):
    factories.placement(factories.asset(publiacqua))
    with CaptureQueriesContext(connection) as queries:
        assert call(writer).get(f"/api/v1/{key}").status_code == 200
    assert not [query["sql"] for query in queries if "COUNT(" in query["sql"]]
