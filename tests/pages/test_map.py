"""The map's page, and what its script asks for: one truth for whoever asks, and plain words where it fails."""

import re

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets import outlines
from firenze_digitale.env import origin_of_tiles
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
    return lambda role: browse(None if role == "nobody" else request.getfixturevalue(role))


@pytest.mark.parametrize("role", SEEN)
def test_page_list_and_marks_show_what_the_reader_may_see(role, world, reader):
    browser = reader(role)
    expected = {f"bene-{visibility}" for visibility in SEEN[role]}
    page, answer = browser.get("/map/"), browser.get("/map/clusters/").json()
    assert {unit.asset.code for unit in page.context["page"].rows} == expected
    assert {asset[0] for asset in answer["assets"]} == expected
    assert answer["total"] == page.context["asked"].view.total == len(expected)
    listed = browser.get("/map/list/").content.decode()
    assert set(re.findall(r"/assets/(bene-\w+)/", listed)) == expected


@pytest.mark.parametrize("role", SEEN)
def test_what_one_may_not_see_is_as_if_it_were_not_there(role, world, reader):
    browser = reader(role)
    missing = plain(browser.get("/map/?asset=nothing"))
    for visibility in ("public", "network", "restricted"):
        seen = visibility in SEEN[role]
        for address in ("/map/", "/map/clusters/", "/map/list/"):
            for query in (f"place=bene-{visibility}:P1", f"asset=bene-{visibility}"):
                assert browser.get(f"{address}?{query}").status_code == (200 if seen else 404)
        hidden = plain(browser.get(f"/map/?asset=bene-{visibility}")).replace(f"bene-{visibility}", "nothing")
        assert (hidden == missing) is not seen


def plain(page) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.content.decode())


@pytest.mark.parametrize(
    "query",
    [
        "bbox=nonsense", "bbox=1,2,3", "bbox=nan,43,12,44", "bbox=12,43,11,44", "bbox=-181,43,11,44", "zoom=-1",
        "zoom=20", "zoom=x", "zoom=99999999999999999999", "owner=nobody", "category=x", "district=9", "used=maybe",
        "q=%00", "asset=%00",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_told_in_plain_words(query, world, browse):
    status = 404 if query.startswith("asset") else 400
    page = browse().get(f"/map/?{query}")
    assert page.status_code == status
    assert 'role="alert"' in page.content.decode()
    for address in ("/map/clusters/", "/map/list/"):
        answer = browse().get(f"{address}?{query}")
        assert (answer.status_code, list(answer.json())) == (status, ["problem"])


def test_a_cursor_that_this_list_did_not_give_out_is_refused(world, browse):
    assert browse().get("/map/?cursor=nonsense").status_code == 400
    assert browse().get("/map/list/?cursor=nonsense").status_code == 400
    assert browse().get("/map/clusters/?cursor=nonsense").status_code == 200


@pytest.mark.parametrize("place", ["nothing", "a:b:c", ":", "bene-public:P1:", "bene-public:%00", "bene-public:P2"])
def test_a_place_that_is_not_there_is_not_found(place, world, browse):
    assert browse().get(f"/map/?place={place}").status_code == 404


def test_extreme_views_are_answered(world, browse):
    for query in ("bbox=-180,-90,180,90&zoom=19", "bbox=11.25,43.77,11.25,43.77&zoom=0", "bbox=180,90,180,90"):
        for address in ("/map/", "/map/clusters/", "/map/list/"):
            assert browse().get(f"{address}?{query}").status_code == 200


def test_a_place_opens_the_map_where_it_is_and_one_without_position_is_told(world, browse):
    page = browse().get("/map/?place=bene-public:P1")
    assert page.context["asked"].view.zoom == 18
    assert 'data-place-key="bene-public:P1"' in page.content.decode()
    for code, values in (("P8", {"latitude": None, "longitude": None}), ("P9", {"status": "removed"})):
        factories.placement(world.assets["public"], code, **values)
        html = browse().get(f"/map/?place=bene-public:{code}").content.decode()
        assert "data-place" not in html
        assert re.search(rf'class="callout-note">[^<]*{code}', html)
        assert f"<strong>{code}</strong>" not in html


def test_the_list_is_read_page_by_page_and_each_unit_once(world, browse):
    for number in range(23):
        factories.placement(world.assets["public"], f"N{number}", latitude=43.76 + number % 3 / 1000)
    seen, address = [], "/map/?bbox=11.2,43.7,11.3,43.8&zoom=12"
    while address:
        page = browse().get(address).context["page"]
        seen += [unit.key for unit in page.rows]
        address = page.next and f"/map/?bbox=11.2,43.7,11.3,43.8&zoom=12&cursor={page.next}"
    assert len(seen) == len(set(seen)) == 24


def test_the_page_needs_no_script(world, browse):
    html = browse().get("/map/").content.decode()
    assert re.search(r'<svg class="map-picture"[^>]*role="img" aria-label="[^"]+"', html)
    assert html.count("<circle cx=") >= 1
    moves = re.search(r'<nav class="map-moves".*?</nav>', html, re.DOTALL).group()
    for url in re.findall('href="([^"]+)"', moves):
        assert browse().get(url.replace("&amp;", "&")).status_code == 200
    assert moves.count("<a ") == 6


def test_filters_keep_the_part_of_the_map(world, browse):
    html = browse().get("/map/?bbox=11.2,43.7,11.3,43.8&zoom=13&district=1").content.decode()
    assert '<input type="hidden" name="bbox" value="11.2,43.7,11.3,43.8">' in html
    assert '<input type="hidden" name="zoom" value="13">' in html


def test_where_the_city_has_none_the_map_goes_to_where_they_are(world, browse):
    world.assets["public"].placements.update(latitude=45.46, longitude=9.19)
    page = browse().get("/map/?asset=bene-public")
    assert [unit.key for unit in page.context["page"].rows] == ["bene-public:P1"]


def test_a_view_costs_as_many_queries_for_many_units_as_for_one(world, browse, referent):
    def cost() -> list[int]:
        browser, counts = browse(referent), []
        for address in ("/map/", "/map/clusters/", "/map/list/", "/map/?used=yes"):
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(address).status_code == 200
            counts.append(len(queries))
        return counts

    before = cost()
    for number in range(20):
        asset = factories.asset(factories.partner(), category=factories.category(), visibility="public")
        factories.placement(asset, latitude=43.75 + number / 1000)
        factories.asset_use(asset, world.charts["public"])
    assert cost() == before
    assert max(before) <= 16


def test_answers_of_one_reader_are_kept_by_no_other(world, browse, referent):
    for address in ("/map/clusters/", "/map/list/"):
        headers = browse(referent).get(address).headers
        assert "private" in headers["Cache-Control"]
        assert "Cookie" in headers["Vary"]


@pytest.fixture
def districts_file(settings, tmp_path):
    """Return a function that writes the operator's file of districts."""

    def write(content: str):
        settings.MAP_DISTRICTS_FILE = str(tmp_path / "districts.geojson")
        (tmp_path / "districts.geojson").write_text(content)
        forget()

    def forget():
        outlines.districts.cache_clear()
        outlines.as_geojson.cache_clear()

    yield write
    forget()


SQUARE = '{"type": "Polygon", "coordinates": [[[11.2, 43.7], [11.3, 43.7], [11.3, 43.8], [11.2, 43.7]]]}'
DISTRICTS = '{"features": [{"properties": {"district": %s}, "geometry": %s}]}'


def test_outlines_are_for_everybody_and_asked_for_once(db, browse, districts_file):
    first = browse().get("/map/outlines/")
    assert [feature["properties"]["name"] for feature in first.json()["features"]] == [""]
    again = browse().get("/map/outlines/", headers={"if-none-match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    districts_file(DISTRICTS % ("2", SQUARE))
    names = [f["properties"]["name"] for f in browse().get("/map/outlines/").json()["features"]]
    assert names == ["2 Campo di Marte", ""]
    assert browse().get("/map/").content.decode().count('stroke-dasharray="1 4"') == 1


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", DISTRICTS % ("9", SQUARE), DISTRICTS % ("1", '{"type": "Point", "coordinates": [1, 2]}'),
     DISTRICTS % ("1", '{"type": "Polygon", "coordinates": []}')],
)  # fmt: skip
def test_a_file_of_something_else_is_refused_with_its_name(content, districts_file):
    districts_file(content)
    with pytest.raises(ImproperlyConfigured, match=r"MAP_DISTRICTS_FILE: .*districts\.geojson"):
        outlines.districts()


@pytest.mark.parametrize(
    ("url", "let_in"),
    [
        ("", []),
        ("/tiles/{z}/{x}/{y}.png", []),
        ("https://tiles.example.org/{z}/{x}/{y}.png?key=1", ["https://tiles.example.org"]),
        ("https://{s}.tiles.example.org:8443/{z}/{x}/{y}.png", ["https://*.tiles.example.org:8443"]),
    ],
)
def test_the_policy_lets_in_the_host_of_the_tiles_alone(url, let_in):
    assert origin_of_tiles(url) == let_in


@pytest.mark.parametrize(
    "url",
    [
        "tiles",
        "https://tiles.example.org/",
        "//t.example.org/{z}/{x}/{y}",
        "https://a b/{z}/{x}/{y}",
        "javascript:{z}{x}{y}",
    ],
)
def test_what_is_no_pattern_of_tiles_is_refused(url):
    with pytest.raises(ImproperlyConfigured, match="MAP_TILES_URL"):
        origin_of_tiles(url)
