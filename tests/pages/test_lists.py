"""Lists: filters in the address, paging, plain words when nothing comes out or the asking is wrong."""

from html import unescape
from itertools import chain

import pytest

from firenze_digitale.listing import ROWS_A_PAGE
from tests import factories

LISTS = ["/charts/", "/assets/", "/partners/"]
PLACEMENTS = "/assets/bene-public/placements/"
DETAILS = ["/charts/scheda-public/", "/assets/bene-public/", PLACEMENTS, "/partners/publiacqua/"]


def codes(response):
    return [row.code for row in response.context["page"].rows]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/charts/?q=restricted", ["scheda-restricted"]),
        ("/charts/?status=approved", ["scheda-network", "scheda-public", "scheda-restricted"]),
        ("/charts/?status=draft", ["bozza-silfi"]),
        ("/charts/?partner=silfi", ["bozza-silfi"]),
        ("/charts/?objective=piano-2016-18:1&q=network", ["scheda-network"]),
        ("/assets/?owner=silfi", ["bene-silfi"]),
        ("/assets/?category=fontanelli", ["bene-public", "bene-network", "bene-restricted"]),
        ("/assets/?kind=immaterial", []),
        ("/partners/?sector=water", ["publiacqua"]),
    ],
)
def test_filters_narrow_the_list_and_its_count(address, expected, world, browse, city_staff):
    response = browse(city_staff).get(address)
    assert response.status_code == 200
    assert codes(response) == expected
    assert response.context["total"] == len(expected)


@pytest.mark.parametrize("address", LISTS)
def test_the_form_shows_what_was_asked(address, world, browse):
    html = browse().get(f"{address}?q=fontana+pubblica").content.decode()
    assert 'value="fontana pubblica"' in html
    assert f'href="{address}"' in html


def test_each_filter_in_use_is_named_and_can_be_taken_away(world, browse, city_staff):
    response = browse(city_staff).get("/charts/?q=scheda&status=approved&partner=publiacqua&cursor=")
    told = {str(label): (str(value), without) for label, value, without in response.context["in_use"]}
    assert len(told) == 2
    assert sorted(without for _value, without in told.values()) == [
        "/charts/?q=scheda&partner=publiacqua",
        "/charts/?q=scheda&status=approved",
    ]
    assert "Publiacqua" in {value for value, _without in told.values()}


@pytest.mark.parametrize(
    "address",
    [
        "/charts/?status=nonsense",
        "/charts/?objective=nowhere:1",
        "/charts/?partner=%00",
        "/charts/?year=99999999999999999999",
        "/charts/?q=a%00b",
        "/charts/?cursor=nonsense",
        "/charts/?cursor=%00",
        "/assets/?owner=nobody",
        "/assets/?district=9",
        "/assets/?cursor=WyJmIiwiXHUwMDAwIiwiMSJd",
        "/charts/?cursor=WyJmIiwgIlx1ZDgwMCIsICIxIl0",
        "/partners/?kind=nonsense",
        f"{PLACEMENTS}?cursor=nonsense",
        f"{PLACEMENTS}?cursor=%F0%9F%8D%95",
    ],
)
def test_what_cannot_be_understood_is_told_and_nothing_is_shown(address, world, browse):
    response = browse().get(address)
    assert response.status_code == 400
    assert response.context["problem"] in unescape(response.content.decode())
    assert codes(response) == []


def test_a_filter_does_not_tell_a_restricted_row_from_none(world, browse):
    browser = browse()
    hidden, missing = (browser.get(f"/charts/?asset={code}") for code in ("bene-restricted", "bene-nowhere"))
    assert (hidden.status_code, missing.status_code) == (400, 400)
    told = [str(response.context["filters"].form.errors["asset"]) for response in (hidden, missing)]
    assert told[0].replace("bene-restricted", "bene-nowhere") == told[1]


@pytest.mark.parametrize("address", ["/plan/?plan=nowhere", "/plan/?plan=%00", "/charts/nowhere/", "/charts/a%00/"])
def test_what_does_not_exist_is_not_found(address, world, browse):
    assert browse().get(address).status_code == 404


def walk(browser, address):
    """Return the codes of each page from the first to the last, and what “previous” led back to."""
    pages, response = [], browser.get(address)
    while True:
        pages.append(codes(response))
        page = response.context["page"]
        if not page.next:
            break
        response = browser.get(address, {"cursor": page.next})
    back = codes(browser.get(address, {"cursor": page.previous})) if page.previous else None
    return pages, back


def test_pages_of_a_list_follow_one_another_without_gap_or_repetition(publiacqua, browse):
    category = factories.category()
    # Names repeat: the key must still tell rows apart.
    made = [
        factories.asset(publiacqua, f"bene-{n:02}", category=category, visibility="public", name_it=f"Bene {n // 3:02}")
        for n in range(2 * ROWS_A_PAGE + 1)
    ]
    pages, back = walk(browse(), "/assets/")
    assert [len(page) for page in pages] == [ROWS_A_PAGE, ROWS_A_PAGE, 1]
    assert list(chain(*pages)) == [asset.code for asset in made]
    assert back == pages[1]


def test_placements_are_paged_and_keep_their_order(world, browse):
    asset = world.assets["public"]
    made = [factories.placement(asset, f"Q{n:03}").code for n in range(60)]
    pages, back = walk(browse(), PLACEMENTS)
    assert list(chain(*pages)) == ["P1", *made]
    assert back == pages[0]


def test_an_asset_shows_its_first_placements_and_where_the_others_are(world, browse):
    asset = world.assets["public"]
    url = asset.get_absolute_url()
    assert f'href="{PLACEMENTS}"' not in browse().get(url).content.decode()
    for number in range(10):
        factories.placement(asset, f"Q{number}")
    response = browse().get(url)
    assert [row.code for row in response.context["placements"].rows] == ["P1", *(f"Q{n}" for n in range(9))]
    assert f'href="{PLACEMENTS}"' in response.content.decode()


def test_an_immaterial_asset_has_distributions_and_no_page_of_placements(world, browse):
    asset = factories.asset(
        world.partner, "anagrafica", category=factories.category(kind="immaterial"), visibility="public"
    )
    distribution = factories.distribution(asset, title_it="Estrazione annuale", licence="CC BY 4.0")
    html = browse().get(asset.get_absolute_url()).content.decode()
    assert distribution.title in html
    assert "CC BY 4.0" in html
    assert browse().get(f"{asset.get_absolute_url()}placements/").status_code == 404


@pytest.mark.parametrize("address", ["/", "/plan/", *LISTS])
def test_an_empty_registry_explains_itself(address, db, browse):
    response = browse().get(address)
    assert response.status_code == 200
    assert 'class="empty"' in response.content.decode()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize(
    "address", ["/", "/plan/", *LISTS, "/charts/scheda-public/", "/assets/bene-public/", PLACEMENTS]
)
def test_pages_are_for_reading(method, address, world, browse, city_staff):
    assert getattr(browse(city_staff), method)(address).status_code == 405
