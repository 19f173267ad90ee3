"""Project charts: facets that count what the list shows, orders, the file of what is seen, the page, the booklet."""

import base64
import csv
import io
import json
from datetime import date, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from projects.chart_sheet import days_of, life_of, parts_in_order
from projects.filters import ProjectChartFilter
from projects.models import ChartDocument, ProjectChart
from tests import factories

FACETS = ("status", "plan", "objective", "partner", "role", "year", "category")


@pytest.fixture
def mixed(city, publiacqua, silfi):
    """Charts of two plans, several years, roles and categories, some of them hidden from some readers."""
    old, new = (
        factories.plan("vecchio", start_year=2016, end_year=2018),
        factories.plan("nuovo", start_year=2025, end_year=2027),
    )
    objectives = [factories.objective(old, 1), factories.objective(old, 2), factories.objective(new, 1)]
    action = factories.action(factories.action_plan(new, 2027), "azione", [objectives[2]])
    whole = factories.category("reti")
    pipes = factories.category("condotte", parent=whole)
    charts = {
        "acqua": factories.chart(
            "acqua",
            publiacqua,
            [silfi],
            "approved",
            visibility="public",
            title_it="Acqua",
            starts_on="2016-05-01",
            ends_on="2017-03-01",
        ),
        "luce": factories.chart(
            "luce", silfi, status="in_progress", visibility="network", title_it="Luce", starts_on="2026-01-01"
        ),
        "piazze": factories.chart(
            "piazze", status="proposed", participants=[publiacqua], visibility="restricted", title_it="Piazze"
        ),
        "bozza": factories.chart("bozza", silfi, visibility="public", title_it="Bozza"),
    }
    charts["acqua"].objectives.set(objectives)
    charts["luce"].actions.set([action])
    charts["piazze"].objectives.set([objectives[0]])
    assets = {
        "public": factories.asset(publiacqua, "tubi", category=pipes, visibility="public"),
        "more": factories.asset(publiacqua, "altri-tubi", category=pipes, visibility="public"),
        "hidden": factories.asset(silfi, "pali", category=whole, visibility="restricted"),
    }
    for asset in assets.values():
        factories.asset_use(asset, charts["acqua"])
    factories.asset_use(assets["hidden"], charts["luce"])
    return SimpleNamespace(charts=charts, assets=assets, plans=(old, new), action=action)


def facets_of(response) -> dict:
    return {facet.name: {choice.value: choice for choice in facet.choices} for facet in response.context["facets"]}


def codes(response) -> list[str]:
    return [row.code for row in response.context["page"].rows]


@pytest.mark.parametrize(
    "address",
    ["/charts/", "/charts/?partner=publiacqua", "/charts/?role=lead", "/charts/?year=2027&status=in_progress"],
)
@pytest.mark.parametrize("person", [None, "referent", "other_referent", "city_staff"])
def test_every_figure_of_a_facet_is_what_its_link_lists(address, person, mixed, browse, request):
    reader = request.getfixturevalue(person) if person else AnonymousUser()
    asking = SimpleNamespace(user=reader)
    charts = ProjectChart.objects.visible_to(reader)
    facets = facets_of(browse(person and reader).get(address))
    assert {"status"} <= set(facets) <= set(FACETS)
    for choices in facets.values():
        for choice in choices.values():
            listed = ProjectChartFilter(QueryDict(urlsplit(choice.url).query), queryset=charts, request=asking)
            assert choice.chosen or (listed.is_valid() and listed.qs.count() == choice.count), choice


def test_facets_count_each_chart_once_and_know_the_plan_of_an_action(mixed, browse, city_staff):
    facets = facets_of(browse(city_staff).get("/charts/"))
    counts = {name: {value: choice.count for value, choice in facets[name].items()} for name in FACETS}
    assert counts["plan"] == {"vecchio": 2, "nuovo": 2}
    assert counts["objective"] == {"vecchio:1": 2, "vecchio:2": 1, "nuovo:1": 1}
    assert counts["role"] == {"lead": 4, "participant": 3}
    assert counts["category"] == {"reti": 2, "condotte": 1}
    assert counts["year"]["2016"] == counts["year"]["2017"] == 1
    assert list(facets["year"]) == sorted(facets["year"], reverse=True)
    assert facets["objective"]["nuovo:1"].label.endswith("(2025–2027)")


def test_a_category_counts_only_assets_that_the_reader_may_see(mixed, browse, other_referent):
    seen = facets_of(browse(other_referent).get("/charts/"))["category"]
    assert {value: choice.count for value, choice in seen.items()} == {"reti": 2, "condotte": 1}
    public = facets_of(browse().get("/charts/"))["category"]
    assert {value: choice.count for value, choice in public.items()} == {"reti": 1, "condotte": 1}


def test_a_role_is_that_of_the_chosen_partner(mixed, browse, city_staff):
    browser = browse(city_staff)
    roles = facets_of(browser.get("/charts/?partner=silfi"))["role"]
    assert {value: choice.count for value, choice in roles.items()} == {"lead": 2, "participant": 1}
    assert codes(browser.get("/charts/?partner=silfi&role=participant")) == ["acqua"]
    partners = facets_of(browser.get("/charts/?role=lead"))["partner"]
    assert {value: choice.count for value, choice in partners.items()} == {
        "comune-di-firenze": 1,
        "publiacqua": 1,
        "silfi": 2,
    }


def test_years_far_off_do_not_flood_the_facet(mixed, browse):
    ProjectChart.objects.filter(code="acqua").update(starts_on="0001-01-01", ends_on="9999-12-31")
    years = facets_of(browse().get("/charts/"))["year"]
    assert (max(years), min(years)) == ("2200", "1900")


def test_a_chosen_facet_is_dropped_by_its_own_link(mixed, browse):
    response = browse().get("/charts/?status=approved&q=acqua")
    chosen = facets_of(response)["status"]["approved"]
    assert chosen.chosen
    assert parse_qs(urlsplit(chosen.url).query) == {"q": ["acqua"]}
    assert 'aria-current="true"' in response.content.decode()


@pytest.mark.parametrize("written", ["2016", " 2016", "2016 ", "02016"])
def test_a_year_is_chosen_however_it_is_written(written, mixed, browse):
    years = facets_of(browse().get("/charts/", {"year": written}))["year"]
    assert [(year.value, year.label, year.count) for year in years.values() if year.chosen] == [("2016", "2016", 1)]
    assert "year" not in parse_qs(urlsplit(years["2016"].url).query)
    assert set(years) == set(facets_of(browse().get("/charts/"))["year"])


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("title", ["acqua", "bozza", "luce", "piazze"]),
        ("start", ["luce", "acqua", "bozza", "piazze"]),
        ("status", ["bozza", "piazze", "acqua", "luce"]),
    ],
)
def test_charts_are_read_in_the_order_that_the_address_names(sort, expected, mixed, browse, city_staff, monkeypatch):
    browser = browse(city_staff)
    listed = codes(browser.get("/charts/", {"sort": sort}))
    assert sorted(listed[-2:]) == sorted(expected[-2:]) if sort == "start" else listed == expected
    monkeypatch.setattr("firenze_digitale.listing.ROWS_A_PAGE", 1)
    monkeypatch.setattr("firenze_digitale.listing.page_of.__defaults__", (1,))
    walked, cursor, page = [], None, None
    while page is None or page.next:
        page = browser.get("/charts/", {"sort": sort, **({"cursor": cursor} if cursor else {})}).context["page"]
        walked += [row.code for row in page.rows]
        cursor = page.next
    assert walked == listed


@pytest.mark.parametrize(
    "cursor", ["WyJmIiwibm9uc2Vuc2UiLCIxIl0", "WyJmIiwiMTAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAiLCJhIiwiMSJd"]
)
@pytest.mark.parametrize("sort", ["start", "status"])
def test_a_cursor_that_belongs_to_no_such_order_is_told(sort, cursor, mixed, browse):
    response = browse().get("/charts/", {"sort": sort, "cursor": cursor})
    assert (response.status_code, codes(response)) == (400, [])


@pytest.mark.parametrize(
    ("moment", "status"),
    [("2026-01-10T12:00:00+01:00", 200), ("2026-01-10T12:00:00", 400), ("2026-01-10 12:00", 400), ("2026-01-10", 400)],
)
def test_a_cursor_tells_a_moment_with_its_time_zone(moment, status, mixed, browse):
    cursor = base64.urlsafe_b64encode(json.dumps(["b", moment, "1"]).encode()).decode().rstrip("=")
    response = browse().get("/charts/", {"sort": "changed", "cursor": cursor})
    assert response.status_code == status
    assert bool(response.context["problem"]) == bool(not codes(response)) == (status == 400)


# Files


def rows_of(response) -> list[list[str]]:
    text = response.getvalue().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


def exported(browser, **parameters):
    return browser.get("/charts/export/", {"format": "csv", **parameters})


def test_the_file_holds_what_the_list_shows_in_its_order(mixed, browse, city_staff):
    response = exported(browse(city_staff), sort="status")
    assert response.status_code == 200
    assert response.headers["Content-Disposition"].startswith('attachment; filename="schede-progetto-')
    header, *rows = rows_of(response)
    assert (header[0], header[3]) == ("Codice", "Stato")
    assert {row[3] for row in rows} == {"bozza", "proposta", "approvata", "in corso"}
    assert [row[0] for row in rows] == ["bozza", "piazze", "acqua", "luce"]
    assert [row[0] for row in rows_of(exported(browse(city_staff), partner="silfi", role="participant"))[1:]] == [
        "acqua"
    ]


def test_a_row_of_the_file_says_what_its_columns_are_called(mixed, browse, referent):
    chart = mixed.charts["acqua"]
    factories.milestone(chart, done_on="2016-06-01")
    factories.milestone(chart)
    ProjectChart.objects.filter(pk=chart.pk).update(summary_it="=SOMMA(A1)", department_it="Direzione Ambiente")
    response = browse(referent).get("/charts/export/?format=csv&q=acqua", headers={"accept-language": "en"})
    header, row = csv.reader(io.StringIO(response.getvalue().decode(), newline=""))
    cells = dict(zip(header, row, strict=True))
    assert cells["Summary"] == "'=SOMMA(A1)"
    assert (cells["Starts on"], cells["Ends on"]) == ("2016-05-01", "2017-03-01")
    assert cells["Lead"] == "Publiacqua"
    parts = {"Publiacqua (lead)", "Silfi (participant)", "City of Florence (participant)"}
    assert set(cells["Partners and their roles"].split("; ")) == parts
    assert "vecchio: 1. Obiettivo 1" in cells["Objectives"].split("; ")
    assert len(cells["Assets used"].split("; ")) == 2
    assert (cells["Milestones done"], cells["Milestones"], cells["Progress (%)"]) == ("1", "2", "50")


@pytest.mark.parametrize("person", [None, "referent", "city_staff"])
def test_a_file_holds_only_what_its_reader_may_see(person, mixed, browse, request):
    browser = browse(person and request.getfixturevalue(person))
    listed = set(codes(browser.get("/charts/")))
    content = exported(browser).getvalue().decode()
    assert {code for code in mixed.charts if f"\n{code};" in content} == listed
    assert (mixed.assets["hidden"].name_it in content) == (person == "city_staff")


def test_the_workbook_is_in_the_readers_language(mixed, browse):
    browser = browse()
    response = browser.get("/charts/export/?format=xlsx", headers={"accept-language": "en"})
    sheet = load_workbook(io.BytesIO(response.getvalue())).active
    assert [cell.value for cell in sheet[1]][:4] == ["Code", "Title", "Summary", "Status"]
    assert [cell.value for cell in sheet[2]][3:6] == [
        "approved",
        timezone.datetime(2016, 5, 1),
        timezone.datetime(2017, 3, 1),
    ]
    assert sheet.max_row == 2


@pytest.mark.parametrize("file_format", ["", "pdf", "csv%00", "XLSX"])
def test_an_unknown_format_is_not_found(file_format, mixed, browse):
    assert browse().get(f"/charts/export/?format={file_format}").status_code == 404


def test_a_file_of_a_list_that_was_not_understood_leads_back_to_the_list(mixed, browse):
    response = browse().get("/charts/export/?format=csv&status=nonsense", follow=True)
    assert (response.status_code, response.resolver_match.url_name) == (400, "chart-list")


def test_the_list_offers_the_file_of_what_it_shows(mixed, browse):
    html = browse().get("/charts/?status=approved&sort=start").content.decode()
    assert 'href="/charts/export/?status=approved&amp;sort=start&amp;format=csv"' in html


# The page


def test_the_city_comes_first_and_then_who_leads(mixed):
    factories.made(
        mixed.charts["acqua"].participations.model,
        chart=mixed.charts["acqua"],
        partner=factories.partner("altro"),
        role="beneficiary",
    )
    chart = ProjectChart.objects.for_detail().get(code="acqua")
    assert [part.partner.code for part in parts_in_order(chart)] == [
        "comune-di-firenze",
        "publiacqua",
        "silfi",
        "altro",
    ]


@pytest.mark.parametrize(
    ("status", "places"),
    [
        ("draft", ["now", "ahead", "ahead", "ahead", "ahead"]),
        ("in_progress", ["done", "done", "done", "now", "ahead"]),
        ("suspended", ["done", "done", "done", "stopped", "ahead"]),
        ("completed", ["done", "done", "done", "done", "now"]),
    ],
)
def test_a_chart_tells_where_it_stands_in_its_life(status, places):
    assert [step.place for step in life_of(ProjectChart(status=status))] == places


def test_days_are_drawn_to_scale_and_marks_do_not_hide_one_another(publiacqua):
    chart = factories.chart(None, publiacqua, starts_on="2025-01-01", ends_on="2026-12-31")
    factories.milestone(chart, due_on="2025-07-02", done_on="2026-01-01")
    for day in ("2026-01-02", "2026-01-03", "2026-11-30"):
        factories.milestone(chart, due_on=day)
    days = days_of(chart, date(2026, 2, 1))
    assert days.bar == (0, 100)
    assert (days.open_start, days.open_end) == (False, False)
    assert [mark.state for mark in days.marks] == ["done", "late", "late", "due"]
    assert days.marks[0].percent == pytest.approx(50, abs=0.1)
    assert len({mark.y for mark in days.marks[:3]}) == 3
    assert days.marks[3].y == days.marks[0].y
    assert days.today == pytest.approx(54.2, abs=0.1)
    assert [year.label for year in days.years] == ["2025", "2026"]


def test_a_chart_without_any_day_has_no_picture(publiacqua):
    assert days_of(factories.chart(None, publiacqua), date(2026, 1, 1)) is None


@pytest.fixture
def rich(mixed, publiacqua):
    """The public chart with something in every part of its page."""
    chart = mixed.charts["acqua"]
    today = timezone.localdate()
    factories.milestone(chart, title_it="Tappa raggiunta", done_on="2017-06-30")
    factories.milestone(chart, title_it="Tappa in ritardo", due_on=today - timedelta(days=3))
    factories.milestone(chart, title_it="Tappa futura", due_on=today + timedelta(days=90))
    factories.made(ChartDocument, chart=chart, title_it="Verbale di avvio", url="https://example.org/verbale")
    for visibility in ("public", "restricted"):
        meeting = factories.meeting(f"incontro-{visibility}", title_it=f"Incontro {visibility}", visibility=visibility)
        meeting.charts_born.add(chart)
    factories.referent(publiacqua, name="Referente delle reti", email="reti@example.org")
    factories.referent(publiacqua, name="Referente di una volta", active=False)
    return chart


def test_the_page_of_a_chart_tells_all_of_it(rich, browse, referent):
    html = browse(referent).get(rich.get_absolute_url()).content.decode()
    for told in (
        "Tappa in ritardo",
        "milestone-late",
        "days-late",
        "Verbale di avvio",
        "Incontro public",
        "Referente delle reti",
    ):
        assert told in html
    for hidden in ("Incontro restricted", "Referente di una volta", "pali"):
        assert hidden not in html


@pytest.mark.parametrize(
    ("person", "people", "history"),
    [(None, False, False), ("outsider", True, False), ("referent", True, True), ("city_staff", True, True)],
)
def test_people_and_history_are_not_for_everybody(person, people, history, rich, browse, request):
    ProjectChart.objects.filter(pk=rich.pk).update(department_it="Direzione Ambiente")
    browser = browse(person and request.getfixturevalue(person))
    response = browser.get(f"{rich.get_absolute_url()}?changes")
    assert ("Referente delle reti" in response.content.decode()) == people
    assert any(entry.kind == "modificata" or entry.changes for entry in response.context.get("history", [])) == history
    assert "history" not in browser.get(rich.get_absolute_url()).context


# The booklet


def test_a_booklet_holds_the_charts_of_its_plan_that_the_reader_may_see(mixed, rich, browse, referent):
    response = browse(referent).get("/plan/booklet/?plan=vecchio")
    assert [sheet["chart"].code for sheet in response.context["sheets"]] == ["acqua", "piazze"]
    html = response.content.decode()
    assert html.count('class="booklet-chart ') == 2
    assert 'href="#acqua"' in html
    assert [sheet["chart"].code for sheet in browse().get("/plan/booklet/?plan=vecchio").context["sheets"]] == ["acqua"]


def test_every_id_of_a_booklet_is_its_own(mixed, rich, browse, city_staff):
    html = browse(city_staff).get("/plan/booklet/?plan=vecchio").content.decode()
    ids = [part.split('"')[0] for part in html.split(' id="')[1:]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("address", ["/plan/booklet/?plan=nowhere", "/plan/booklet/?plan=%00"])
def test_there_is_no_booklet_of_what_is_not_there(address, mixed, browse):
    assert browse().get(address).status_code == 404


def test_without_any_plan_there_is_no_booklet(db, browse):
    assert browse().get(reverse("plan-booklet")).status_code == 404


def test_how_to_print_is_told_where_no_script_opens_the_dialogue(rich, browse):
    browser = browse()
    assert "print-told" in browser.get(f"{rich.get_absolute_url()}?print").content.decode()
    assert "print-told" not in browser.get(rich.get_absolute_url()).content.decode()
