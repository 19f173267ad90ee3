"""The front page: each figure equals the list that it leads to, and counts what its reader may see."""

import html
import re
from datetime import timedelta

import pgtrigger
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from firenze_digitale.dashboard import Dashboard
from firenze_digitale.filters import start_of
from partners.models import Memorandum
from projects.models import Milestone, Participation, ProjectChart
from tests import factories

PEOPLE = ["nobody", "outsider", "other_referent", "referent", "city_staff"]
LINK = re.compile(r'<a\b[^>]*href="(/(?:charts|assets|milestones)/(?:\?[^"]*)?)"[^>]*>(.*?)</a>', re.DOTALL)
FIGURE = re.compile(r'(?:<strong>|<span class="figure">)\s*([\d.]+)')


@pytest.fixture
def reader(request, browse):
    """Return the browser of a role by its name."""

    def reader(role):
        return browse(None if role == "nobody" else request.getfixturevalue(role))

    return reader


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def busy(world, silfi, today):
    """The world with something of every kind that the front page counts, seen by some and not by others."""
    year = today.year
    plan = factories.plan("piano-di-oggi", start_year=year - 1, end_year=year + 1)
    objectives = [factories.objective(plan, 1), factories.objective(plan, 2, provisional=True)]
    action = factories.action(factories.action_plan(plan, year + 1), "azione-di-domani", objectives)
    for status, visibility in (("draft", "public"), ("proposed", "network"), ("completed", "restricted")):
        chart = factories.chart(f"oggi-{status}", silfi, status=status, visibility=visibility)
        chart.objectives.set(objectives[: 1 if status == "draft" else 2])
        chart.actions.add(action)
        ProjectChart.objects.filter(pk=chart.pk).update(starts_on=today, ends_on=today)
        for days in (-400, -1, 0, 30, 31, 60, 61):
            factories.milestone(chart, due_on=today + timedelta(days))
        factories.milestone(chart, due_on=today - timedelta(5), done_on=today)
    for visibility, chart in world.charts.items():
        factories.milestone(chart, due_on=today + timedelta(10))
        factories.asset_use(factories.asset(silfi, f"uso-{visibility}", visibility="public"), chart)
    part = factories.category("parte", parent=world.assets["public"].category)
    for age, visibility in ((0, "public"), (200, "network"), (900, "public"), (900, "restricted")):
        confirmed = today - timedelta(age)
        factories.asset(silfi, category=part, visibility=visibility, last_confirmed_on=confirmed)
    factories.asset(silfi, category=factories.category("dati", kind="immaterial"), visibility="public")
    with pgtrigger.ignore():
        long_ago = timezone.now() - timedelta(90)
        old = world.charts["network"]
        ProjectChart.objects.filter(pk=old.pk).update(updated_at=long_ago)
        for parts in (Participation, Milestone, old.asset_uses.model):
            parts.objects.filter(chart=old).update(updated_at=long_ago)
    world.plan_of_today, world.objectives = plan, objectives
    return world


def figures_of(page: str) -> list[tuple[str, int]]:
    """Address and figure of every link of the page's main part that leads to a list."""
    main = page[page.index("<main") : page.index("</main>")]
    found = []
    for address, inside in LINK.findall(main):
        marked = FIGURE.search(inside)
        number = marked.group(1) if marked else re.search(r"\d[\d.]*|$", re.sub(r"<[^>]*>", " ", inside)).group()
        if number:
            found.append((html.unescape(address), int(number.replace(".", ""))))
        else:
            assert "?" not in address, f"{address} tells no figure"
    return found


@pytest.mark.parametrize("role", ["nobody", "other_referent", "city_staff"])
def test_each_figure_equals_the_list_that_it_leads_to(role, busy, reader):
    browser, figures = reader(role), set()
    for address in ("/", "/plan/", "/network/"):
        found = figures_of(browser.get(address).content.decode())
        assert found or (role, address) == ("nobody", "/plan/")
        figures |= set(found)
    assert len(figures) >= (20 if role == "nobody" else 35)
    for url, figure in sorted(figures):
        assert browser.get(url).context["total"] == figure, url


@pytest.mark.parametrize(
    ("role", "charts", "assets", "used", "overdue"),
    [
        ("nobody", 1, 7, 2, 0),
        ("outsider", 3, 9, 4, 2),
        ("other_referent", 6, 11, 4, 6),
        ("referent", 4, 10, 6, 2),
        ("city_staff", 7, 12, 6, 6),
    ],
)
def test_figures_count_what_their_reader_may_see(role, charts, assets, used, overdue, busy, reader):
    board = reader(role).get("/").context["board"]
    assert board.chart_count == charts
    assert board.covered.total == assets
    assert board.covered.used == used
    # The milestones of the world itself were due long ago.
    done_with = 1
    assert board.terms[0].count == overdue + done_with


@pytest.mark.parametrize(("role", "moved"), [("nobody", 1), ("outsider", 2), ("referent", 3), ("city_staff", 6)])
def test_what_moved_in_the_last_month_leaves_out_what_was_changed_before(role, moved, busy, reader):
    board = reader(role).get("/").context["board"]
    assert board.moved.count == moved
    assert busy.charts["network"] not in [move.chart for move in board.moves]


def test_a_chart_moves_with_each_of_its_parts_that_the_reader_may_see(busy, city_staff, outsider, today):
    chart, since = busy.charts["network"], start_of(today - timedelta(30))
    seen = ProjectChart.objects.filter(pk=chart.pk)
    assert not seen.changed_since(since, city_staff).exists()
    factories.asset_use(busy.other_asset, chart)
    assert seen.changed_since(since, city_staff).exists()
    assert not seen.changed_since(since, outsider).exists()
    factories.milestone(chart)
    assert seen.changed_since(since, outsider).exists()


def test_a_move_tells_from_which_state_to_which_but_no_state_that_was_hidden(busy, reader):
    def told(role):
        return {move.chart.code: (move.before, move.after) for move in reader(role).get("/").context["board"].moves}

    assert told("city_staff")["oggi-proposed"] == ("bozza", "proposta")
    assert told("other_referent")["oggi-proposed"] == ("bozza", "proposta")
    assert told("outsider")["oggi-proposed"] == ("", "")
    assert told("city_staff")["oggi-draft"] == ("", "")


def test_charts_by_state_stand_in_the_row_of_their_objective_and_year(busy, reader):
    board = reader("city_staff").get("/").context["board"]
    rows = [(row.number, row.provisional, row.total) for row in board.objectives]
    assert rows == [(1, False, 3), (2, True, 2)]
    counts = {row.label: {share.label: share.count for share in row.shares if share.count} for row in board.years}
    this, following = str(board.today.year), str(board.today.year + 1)
    assert counts[this] == counts[following] == {"bozza": 1, "proposta": 1, "completata": 1}
    assert counts[str(board.today.year - 1)] == {}


def test_a_category_counts_its_parts_and_stands_before_them(busy, reader):
    material, immaterial = reader("city_staff").get("/").context["board"].by_category
    rows = [(row.label, row.count, row.depth) for row in material[1]]
    assert rows[0] == ("Fontanelli", 7, 0)
    assert rows[1][1:] == (4, 1)
    assert [row.count for row in immaterial[1]] == [1]


def test_coverage_tells_who_shares_most_first_and_who_shares_nothing(busy, reader, city):
    board = reader("city_staff").get("/").context["board"]
    shares = [(share.partner.code, share.total, share.used, share.stale) for share in board.coverage]
    assert shares == [("silfi", 9, 3, 2), ("publiacqua", 3, 3, 0)]
    assert board.silent == [city]


def test_an_empty_registry_says_what_is_missing(db, browse):
    page = browse().get("/")
    assert page.status_code == 200
    assert page.context["board"].covered.total == 0
    assert page.content.decode().count('class="empty"') >= 4


def test_the_figures_of_many_assets_cost_as_many_queries_as_those_of_few(busy, city_staff):
    def cost() -> int:
        board = Dashboard(city_staff)
        with CaptureQueriesContext(connection) as queries:
            assert board.by_category
            assert board.coverage
            assert board.by_freshness
        return len(queries)

    few = cost()
    for _ in range(12):
        factories.asset(category=factories.category(parent=busy.assets["public"].category))
    assert cost() == few == 3


@pytest.mark.parametrize("address", ["/charts/?changed_since=1%2F2%2F2026", "/milestones/?due=tomorrow"])
def test_a_filter_that_is_not_understood_says_so(address, busy, reader):
    response = reader("nobody").get(address)
    assert response.status_code == 400
    assert response.context["problem"]


@pytest.mark.parametrize("day", ["1900-01-01", "2200-12-31"])
def test_a_day_far_off_is_no_accident(day, busy, reader):
    assert reader("nobody").get(f"/charts/?changed_since={day}").status_code == 200


def test_milestones_follow_their_charts_and_are_found_by_term_plan_and_partner(busy, reader, today):
    def listed(role, query=""):
        return reader(role).get(f"/milestones/?{query}").context["total"]

    assert [listed(role) for role in PEOPLE] == [3, 12, 28, 13, 29]
    assert listed("city_staff", "due=done") == 4
    assert listed("city_staff", "due=overdue") + listed("city_staff", "due=60") == 22
    assert listed("city_staff", "plan=piano-di-oggi") == listed("city_staff", "partner=silfi") == 24
    dates = [row.due_on for row in reader("city_staff").get("/milestones/?sort=latest").context["page"].rows]
    assert dates == sorted(dates, reverse=True)


def test_memoranda_in_line_are_told_from_the_earliest_to_the_latest(db):
    first = factories.memorandum("primo", starts_on="2010-01-01", ends_on="2012-12-31")
    second = factories.memorandum("secondo", starts_on="2013-01-01", ends_on="2015-12-31", renews=first)
    third = factories.memorandum("terzo", starts_on="2016-01-01", ends_on="2018-12-31", renews=second)
    factories.memorandum("altro")
    for memorandum in (first, second, third):
        assert list(Memorandum.objects.in_line_with(memorandum)) == [first, second, third]
