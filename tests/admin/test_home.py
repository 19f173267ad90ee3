"""The home of the desk: what is mine, what wants doing, and figures that equal the lists they lead to."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assets import services
from assets.choices import Kind
from assets.models import Asset, Import
from firenze_digitale.desk.home import MOST_COUNTED, Figure, Home
from firenze_digitale.plots import GAP, WIDTH, Share, plot_of
from partners.models import User
from tests import factories

HOME = "/admin/"
LOGIN = "/account/login/"
ENGLISH = {"accept-language": "en"}


def days_ago(days: int):
    return timezone.localdate() - timedelta(days=days)


def holdings(partner, prefix: str) -> None:
    """Of each thing that the home counts a number of its own, for one partner."""
    material = factories.category()
    immaterial = factories.category(kind=Kind.IMMATERIAL)
    contact = factories.referent(partner)
    for number, age in enumerate((5, 100, 200, 400, 500, 600)):
        factories.asset(
            partner,
            f"{prefix}-{number}",
            category=material,
            last_confirmed_on=days_ago(age),
            contact=contact if number < 2 else None,
            visibility=("public", "network", "restricted")[number % 3],
            exchange_status="not_exchangeable" if number == 5 else "exchangeable",
        )
    first = Asset.objects.get(code=f"{prefix}-0")
    for number in range(7):
        factories.placement(first, f"N{number}", latitude=None, longitude=None)
    factories.placement(first, "R", latitude=None, longitude=None, status="removed")
    factories.placement(first, "P")
    data = factories.asset(partner, f"{prefix}-data", category=immaterial, contact=contact)
    for number in range(5):
        factories.distribution(data, f"D{number}", licence="CC BY 4.0" if number == 0 else "")
    factories.chart(f"{prefix}-draft", lead=partner)
    factories.chart(f"{prefix}-running", lead=partner, status="in_progress")
    imported(partner, f"{prefix}.xlsx")


def imported(partner, name: str) -> Import:
    values = {"kind": "assets", "sha256": "0" * 64, "size": 1, "state": "stored"}
    return Import.objects.create(partner=partner, file_name=name, **values)


@pytest.fixture
def agencies(publiacqua, silfi, city):
    holdings(publiacqua, "publiacqua")
    holdings(silfi, "silfi")
    holdings(silfi, "silfi-again")
    services.offer(factories.user("boss", is_superuser=True), silfi, publiacqua, [Asset.objects.get(code="silfi-0")])


def figures_of(response) -> list[Figure]:
    context = response.context
    return [*context["holdings"], *context["to_do"], *context["chart_states"]]


def shares_of(response) -> list[Share]:
    return [share for plot in response.context["plots"] for share in plot.shares]


def rows_of(client, url: str) -> int:
    """How many rows the list at `url` has, counted page by page."""
    count, address = 0, url
    while True:
        response = client.get(address)
        assert response.status_code == 200, address
        changes = response.context["cl"]
        count += len(changes.result_list)
        if not changes.next_link:
            return count
        address = url.partition("?")[0] + changes.next_link


PEOPLE = ("publiacqua", "silfi", "staff", "admin", "boss")


@pytest.fixture
def people(referent, other_referent, city_staff, administrator, agencies):
    return {name: User.objects.get(username=name) for name in PEOPLE}


@pytest.mark.parametrize("name", PEOPLE)
def test_each_figure_equals_the_number_of_rows_of_its_list(people, browse, name):
    client = browse(people[name])
    home = client.get(HOME)
    compared = [(figure.url, figure.count) for figure in [*figures_of(home), *shares_of(home)]]
    compared += [(share.url, share.stale) for share in home.context["stale_shares"]]
    assert len(compared) > 12
    for url, count in compared:
        assert rows_of(client, url) == count, url
    page = home.content.decode()
    assert all(url.replace("&", "&amp;") in page for url, _count in compared)


def test_a_referent_sees_figures_of_their_own_partner_alone(people, browse):
    home = browse(people["publiacqua"]).get(HOME, headers=ENGLISH)
    assert {figure.title: figure.count for figure in figures_of(home)} == {
        "my assets": 7,
        "my charts": 2,
        "stale assets": 3,
        "assets without contact": 4,
        "placements without coordinates": 7,
        "distributions without licence": 4,
        "offers that await your answer": 1,
        "draft": 1,
        "in progress": 1,
    }
    page = home.content.decode()
    assert "You answer for: Publiacqua" in page
    assert "publiacqua.xlsx" in page
    assert "silfi.xlsx" not in page
    assert home.context["stale_shares"] == []
    assert {asset.owner.code for asset in home.context["stale_assets"]} == {"publiacqua"}


def test_city_staff_see_everything_and_the_shares_of_each_partner(people, browse):
    home = browse(people["staff"]).get(HOME, headers=ENGLISH)
    counts = {figure.title: figure.count for figure in figures_of(home)}
    assert (counts["assets"], counts["stale assets"], counts["charts"]) == (21, 9, 6)
    shares = [(share.partner.code, share.stale, share.total, share.percent) for share in home.context["stale_shares"]]
    assert shares == [("silfi", 6, 14, 43), ("publiacqua", 3, 7, 43)]
    assert home.context["stale_assets"] == []
    names = [row.file_name for row, _told in home.context["imports"]]
    assert names == ["silfi-again.xlsx", "silfi.xlsx", "publiacqua.xlsx"]


def test_nothing_of_a_hidden_row_shows_on_the_home_of_another(people, browse, outsider):
    Asset.objects.filter(code__startswith="silfi").update(visibility="restricted", name_it="Segreto")
    page = browse(people["publiacqua"]).get(HOME).content.decode()
    assert "Segreto" not in page
    assert browse(outsider).get(HOME).status_code == 403


def test_an_empty_home_says_what_to_begin_with(browse, referent):
    home = browse(referent).get(HOME, headers=ENGLISH)
    page = home.content.decode()
    assert "Nothing of yours is in the registry yet." in page
    assert "No file has been imported yet." in page
    assert "Your partners take part in no project chart yet." in page
    assert home.context["plots"] == []
    assert {figure.count for figure in figures_of(home)} == {0}


def test_a_home_where_all_is_well_says_so(browse, referent, publiacqua):
    factories.asset(publiacqua)
    assert "All of it has been confirmed lately." in browse(referent).get(HOME, headers=ENGLISH).content.decode()


def test_what_is_stale_is_confirmed_from_the_home_oldest_first(people, browse):
    client = browse(people["publiacqua"])
    home = client.get(HOME)
    assert [asset.code for asset in home.context["stale_assets"]] == ["publiacqua-5", "publiacqua-4", "publiacqua-3"]
    keys = [asset.pk for asset in home.context["stale_assets"][:2]]
    answer = client.post(reverse("admin:assets_asset_confirm"), {"asset": keys, "next": HOME})
    assert answer.url == HOME
    assert [asset.code for asset in client.get(HOME).context["stale_assets"]] == ["publiacqua-3"]


def test_the_home_costs_the_same_for_one_row_of_each_and_for_twenty(browse, referent, publiacqua, silfi, city_staff):
    administrator = factories.user("boss", is_superuser=True)
    clients = {who: browse(who) for who in (referent, city_staff, administrator)}
    material, immaterial = factories.category(), factories.category(kind=Kind.IMMATERIAL)

    def queries(client) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(HOME).status_code == 200
        counted = [query["sql"] for query in captured if "COUNT(" in query["sql"]]
        assert not [sql for sql in counted if '"assets_placement"' in sql and "LIMIT" not in sql]
        return len(captured)

    def add(number: int) -> None:
        old = {"category": material, "last_confirmed_on": days_ago(500)}
        placed = factories.asset(publiacqua, f"p{number}", **old)
        factories.placement(placed, latitude=None, longitude=None)
        factories.distribution(factories.asset(publiacqua, f"d{number}", category=immaterial))
        factories.asset(factories.partner(f"other-{number}"), **old)
        factories.chart(lead=publiacqua)
        imported(publiacqua, "beni.csv")
        services.offer(administrator, silfi, publiacqua, [factories.asset(silfi, f"s{number}", category=material)])

    add(0)
    before = [queries(client) for client in clients.values()]
    for number in range(1, 20):
        add(number)
    assert [queries(client) for client in clients.values()] == before
    assert max(before) <= 20


def test_what_is_too_many_to_count_is_told_so(publiacqua, referent, monkeypatch):
    monkeypatch.setattr("firenze_digitale.desk.home.MOST_COUNTED", 3)
    asset = factories.asset(publiacqua)
    for number in range(5):
        factories.placement(asset, f"P{number}", latitude=None, longitude=None)
    figure = next(figure for figure in Home(referent).to_do() if "missing=coordinates" in figure.url)
    assert figure.count == 4
    assert figure.told.endswith(" 3")
    assert Figure(MOST_COUNTED, "", "").count == MOST_COUNTED


# Plots


def test_a_plot_fills_its_bar_and_says_the_same_in_words():
    plot = plot_of("Assets", [Share("a", 1, "/a"), Share("b", 0, "/b"), Share("c", 3, "/c")], "exchange")
    widths = [share.width for share in plot.shares]
    assert widths[1] == 0
    assert sum(widths) + GAP == pytest.approx(WIDTH, abs=0.1)
    assert plot.shares[2].x == pytest.approx(widths[0] + GAP)
    assert [share.percent for share in plot.shares] == [25, 0, 75]
    assert plot.in_words == "a: 1, b: 0, c: 3"


def test_plots_are_drawn_without_styles_and_told_to_those_who_do_not_see_them(people, browse):
    page = browse(people["publiacqua"]).get(HOME).content.decode()
    plots = re.findall(r"<figure class=\"desk-plot\">.*?</figure>", page, re.DOTALL)
    assert len(plots) == 3
    for plot in plots:
        assert "<title" in plot
        assert "<desc" in plot
        assert "style=" not in plot
        # A decimal comma would break the picture.
        assert not re.search(r' (?:x|width)="\d+,', plot)


# Where people land


def log_in(browse, username: str, **data):
    return browse().post(LOGIN, {"username": username, "password": factories.PASSWORD, **data})


def test_referents_land_on_their_desk_and_others_on_the_front_page(
    browse, referent, city_staff, administrator, outsider
):
    landed = {name: log_in(browse, name).url for name in ("publiacqua", "staff", "admin", "outsider")}
    assert landed == {"publiacqua": HOME, "staff": "/", "admin": "/", "outsider": "/"}
    assert log_in(browse, "publiacqua", next="/assets/").url == "/assets/"
    assert browse(referent).get(LOGIN).url == HOME


def test_the_front_page_sends_nobody_back_to_itself(browse, db):
    assert f'href="{LOGIN}"' in browse().get("/").content.decode()
    assert f'href="{LOGIN}?next=/assets/"' in browse().get("/assets/").content.decode()
