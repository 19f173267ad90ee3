"""Pages show each reader what is theirs to see: rows, counts, related things."""

import re

import pytest

from tests import factories

SEEN = {
    "nobody": {"public"},
    "outsider": {"public", "network"},
    "other_referent": {"public", "network"},
    "referent": {"public", "network", "restricted"},
    "city_staff": {"public", "network", "restricted"},
}


@pytest.fixture
def reader(request, browse):
    """Return the browser of a role by its name."""

    def reader(role):
        return browse(None if role == "nobody" else request.getfixturevalue(role))

    return reader


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


@pytest.mark.parametrize("role", SEEN)
@pytest.mark.parametrize("kind", ["charts", "assets"])
def test_lists_hold_what_the_reader_may_see_and_count_it(role, kind, world, reader):
    response = reader(role).get(f"/{kind}/")
    shown = {row.code.rsplit("-", 1)[1] for row in response.context["page"].rows} - {"silfi"}
    assert response.status_code == 200
    assert shown == SEEN[role]
    assert response.context["total"] == len(response.context["page"].rows)


@pytest.mark.parametrize("role", SEEN)
@pytest.mark.parametrize("visibility", ["public", "network", "restricted"])
def test_a_page_that_the_reader_may_not_see_does_not_exist(role, visibility, world, reader):
    browser = reader(role)
    expected = 200 if visibility in SEEN[role] else 404
    asset, chart = world.assets[visibility].get_absolute_url(), world.charts[visibility].get_absolute_url()
    assert [browser.get(url).status_code for url in (asset, f"{asset}placements/", chart)] == [expected] * 3


@pytest.mark.parametrize(("role", "status"), [("nobody", 404), ("referent", 404), ("other_referent", 200)])
def test_a_draft_is_its_participants_even_where_it_will_be_public(role, status, world, reader):
    browser = reader(role)
    assert browser.get("/charts/bozza-silfi/").status_code == status
    assert ("Bozza di Silfi" in text_of(browser.get("/charts/"))) is (status == 200)


@pytest.mark.parametrize("role", SEEN)
def test_a_chart_names_the_assets_in_use_that_the_reader_may_see(role, world, reader):
    text = text_of(reader(role).get(world.charts["public"].get_absolute_url()))
    shown = {visibility for visibility, asset in world.assets.items() if asset.name in text}
    assert shown == SEEN[role]


@pytest.mark.parametrize("role", SEEN)
def test_an_asset_names_the_charts_that_use_it_as_far_as_the_reader_may_see_them(role, world, reader):
    for visibility in ("network", "restricted"):
        factories.asset_use(world.assets["public"], world.charts[visibility])
    text = text_of(reader(role).get(world.assets["public"].get_absolute_url()))
    assert {name for name in world.charts if f"Scheda {name}" in text} == SEEN[role]


@pytest.mark.parametrize("role", SEEN)
def test_a_partner_shows_and_counts_what_the_reader_may_see(role, world, reader):
    response = reader(role).get(world.partner.get_absolute_url())
    assert {asset.visibility for asset in response.context["assets"]} == SEEN[role]
    assert {part.chart.visibility for part in response.context["participations"]} == SEEN[role]
    partner = response.context["partner"]
    assert (partner.assets_count, partner.participations_count) == (len(SEEN[role]), len(SEEN[role]))


@pytest.mark.parametrize("role", SEEN)
def test_the_list_of_partners_counts_what_the_reader_may_see(role, world, reader):
    rows = {row.code: row for row in reader(role).get("/partners/").context["page"].rows}
    partner = rows[world.partner.code]
    assert (partner.assets_count, partner.participations_count) == (len(SEEN[role]), len(SEEN[role]))


@pytest.mark.parametrize("role", SEEN)
def test_the_plan_shows_and_counts_the_charts_that_the_reader_may_see(role, world, reader):
    response = reader(role).get("/plan/")
    text = text_of(response)
    assert {name for name in world.charts if f"Scheda {name}" in text} == SEEN[role]
    assert [objective.charts_count for objective in response.context["plan"].objectives.all()] == [len(SEEN[role])]


def test_the_home_page_takes_referents_to_their_own_partners(world, reader):
    own = reader("referent").get("/").context["board"].own_partners
    assert [(row.code, row.assets_count, row.participations_count) for row in own] == [("publiacqua", 3, 3)]
    assert not reader("outsider").get("/").context["board"].own_partners
    assert not reader("nobody").get("/").context["board"].own_partners


def test_people_are_shown_to_those_who_logged_in(world, reader):
    for url in (world.assets["public"].get_absolute_url(), world.partner.get_absolute_url()):
        assert world.contact.email not in text_of(reader("nobody").get(url))
        assert world.contact.email in text_of(reader("outsider").get(url))


@pytest.mark.parametrize(
    ("role", "asset_link", "chart_link"),
    [("nobody", False, False), ("outsider", False, False), ("referent", True, False), ("administrator", True, True)],
)
def test_links_to_the_desk_are_for_those_who_may_change_the_row(role, asset_link, chart_link, world, reader):
    browser = reader(role)
    asset = browser.get(world.assets["public"].get_absolute_url()).content.decode()
    chart = browser.get(world.charts["public"].get_absolute_url()).content.decode()
    assert (f"/admin/assets/asset/{world.assets['public'].pk}/change/" in asset) is asset_link
    assert (f"/admin/projects/projectchart/{world.charts['public'].pk}/change/" in chart) is chart_link
