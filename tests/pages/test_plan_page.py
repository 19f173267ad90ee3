"""The plan's page: actions in their years and objectives, charts over time, and the memoranda behind it."""

import re
from datetime import date

import pytest

from projects.models import ProjectChart
from tests import factories


@pytest.fixture
def reader(request, browse):
    """Return the browser of a role by its name."""

    def reader(role):
        return browse(None if role == "nobody" else request.getfixturevalue(role))

    return reader


@pytest.fixture
def plan(world, silfi):
    """The world's plan with a second objective, actions of two years and charts with dates, some of them hidden."""
    second = factories.objective(world.plan, 2)
    factories.action(
        factories.action_plan(world.plan, 2018), "di-due", [second, world.plan.objectives.first()], status="done"
    )
    factories.action(world.plan.action_plans.get(year=2016), "di-nessuno")
    for chart, starts_on in zip(world.charts.values(), ("2016-02-01", "2017-02-01", "2018-02-01"), strict=True):
        ProjectChart.objects.filter(pk=chart.pk).update(starts_on=starts_on, ends_on="2018-12-01")
    draft = factories.chart("bozza-del-piano", silfi, title_it="Bozza del piano", visibility="public")
    draft.objectives.add(second)
    factories.milestone(draft, done_on="2017-01-01")
    return world.plan


def roadmap_of(response):
    return response.context["roadmap"]


def test_an_action_stands_in_its_year_with_each_objective_that_it_pursues(plan, reader):
    lanes = roadmap_of(reader("nobody").get("/plan/")).lanes
    cells = [[[action.code for action in cell.actions] for cell in lane.cells] for lane in lanes]
    assert [lane.objective and lane.objective.number for lane in lanes] == [1, 2, None]
    assert cells == [[["azione"], [], ["di-due"]], [[], [], ["di-due"]], [["di-nessuno"], [], []]]


def test_a_plan_without_loose_actions_has_no_row_for_them(world, reader):
    assert [lane.objective.number for lane in roadmap_of(reader("nobody").get("/plan/")).lanes] == [1]


@pytest.mark.parametrize(
    ("role", "charts", "first", "second"),
    [
        ("nobody", {"public"}, (1, 2), (0, 0)),
        ("outsider", {"public", "network"}, (1, 2), (0, 0)),
        ("other_referent", {"public", "network", "piano"}, (1, 2), (1, 1)),
        ("city_staff", {"public", "network", "restricted", "piano"}, (1, 2), (1, 1)),
    ],
)
def test_charts_and_progress_are_those_that_the_reader_may_see(role, charts, first, second, plan, reader):
    roadmap = roadmap_of(reader(role).get("/plan/"))
    assert {chart.code.split("-")[-1] for chart in roadmap.charts} == charts
    progress = [(lane.progress.milestones_done, lane.progress.milestone_count) for lane in roadmap.lanes]
    assert progress == [first, second, (0, 0)]
    actions = [action for lane in roadmap.lanes for cell in lane.cells for action in cell.actions]
    assert {chart.visibility for action in actions for chart in action.charts.all()} == charts - {"piano"}


def test_the_timeline_draws_charts_from_the_earliest_and_says_the_same_in_a_table(plan, reader):
    response = reader("city_staff").get("/plan/")
    timeline, page = roadmap_of(response).timeline, response.content.decode()
    assert [row.bar.label for row in timeline.rows] == [
        "Scheda public",
        "Bozza del piano",
        "Scheda network",
        "Scheda restricted",
    ]
    assert (timeline.first_day, timeline.last_day, timeline.today_x) == (date(2016, 1, 1), date(2018, 12, 31), None)
    drawing = re.search(r'<svg class="timeline".*?</svg>', page, re.DOTALL).group()
    for label in ("Scheda public", "Bozza del piano", "in ritardo"):
        assert label.lower() in page.lower()
    assert drawing.count("<rect") >= 7
    assert not re.search(r"style=|,\d+\"", drawing)


def test_charts_without_any_day_are_named_beneath(world, reader):
    factories.milestone(world.charts["restricted"])
    roadmap = roadmap_of(reader("city_staff").get("/plan/"))
    assert [chart.visibility for chart in roadmap.undated] == ["network"]


def test_the_memoranda_that_were_renewed_are_told_and_lead_to_their_plans(plan, reader):
    earlier = factories.memorandum(
        "prima", title_it="Protocollo di prima", starts_on="2013-01-01", ends_on="2015-12-31", extended_to="2016-03-01"
    )
    factories.plan("piano-di-prima", start_year=2013, end_year=2015, memorandum=earlier)
    plan.memorandum.renews = earlier
    plan.memorandum.save()
    page = reader("nobody").get("/plan/?plan=piano-2016-18").content.decode()
    assert "Protocollo di prima" in page
    assert "1 marzo 2016" in page
    assert 'href="/plan/?plan=piano-di-prima"' in page


def test_provisional_wording_is_shown_as_provisional(plan, reader):
    page = reader("nobody").get("/plan/").content.decode()
    assert page.count("state-provisional") == 2  # in the table, and in the cards of narrow screens


@pytest.mark.parametrize("code", ["nessuno", "piano:2016", "%00", "piano-2016-18%20"])
@pytest.mark.parametrize("address", ["/plan/", "/network/"])
def test_a_plan_that_is_not_there_is_not_found(address, code, plan, reader):
    assert reader("nobody").get(f"{address}?plan={code}").status_code == 404


@pytest.mark.parametrize("address", ["/plan/", "/network/", "/milestones/"])
def test_pages_of_an_empty_registry_say_what_is_missing(address, db, browse):
    response = browse().get(address)
    assert response.status_code == 200
    assert 'class="empty"' in response.content.decode()
