"""OGC API - Features: layers of units as QGIS and GDAL open them, of what the caller may see and no more."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from assets.models import Placement
from tests import factories

GEOJSON = "application/geo+json"
DOCUMENTS = {
    "ogc": "landingPage",
    "ogc/conformance": "confClasses",
    "ogc/collections": "collections",
    "ogc/collections/placements": "collection",
    "ogc/collections/placements/items": "featureCollectionGeoJSON",
    "ogc/collections/placements/items/publiacqua-public:P1": "featureGeoJSON",
    "ogc/collections/fontanelli": "collection",
    "ogc/collections/fontanelli/items": "featureCollectionGeoJSON",
    "ogc/collections/fontanelli/items/publiacqua-public:P1": "featureGeoJSON",
}
ITEMS = "ogc/collections/placements/items"


@pytest.fixture
def lights(registry, silfi):
    """A second category, with a public unit of another partner far away, and some that no map shows."""
    lights = factories.category(
        "lampioni", attribute_schema={"type": "object", "properties": {"watt": {"type": "integer"}, "lamp": {}}}
    )
    asset = factories.asset(silfi, "silfi-luci", category=lights, visibility="public")
    factories.placement(asset, "L1", latitude=43.9, longitude=11.4, attributes={"watt": 35, "note": ["a"]})
    factories.placement(asset, "nowhere", latitude=None, longitude=None)
    factories.placement(asset, "gone", status="removed")
    return asset


def ok(response, media_type="application/json") -> dict:
    assert (response.status_code, response["Content-Type"]) == (200, media_type), response.content
    return response.json()


def problem(response, status: int) -> dict[str, str]:
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    return {error["field"]: error["message"] for error in response.json()["errors"]}


def ids(collection: dict) -> list[str]:
    assert collection["numberReturned"] == len(collection["features"])
    return [feature["id"] for feature in collection["features"]]


def linked(document: dict, rel: str) -> str:
    """Address of a link, below `/api/v1/`."""
    (address,) = (link["href"] for link in document["links"] if link["rel"] == rel)
    return address.removeprefix("http://testserver/api/v1/")


@pytest.fixture
def items(get):
    """Return the features of a layer."""

    def items(layer="placements", token=None, **query) -> dict:
        return ok(get(f"ogc/collections/{layer}/items", token, **query), GEOJSON)

    return items


@pytest.fixture
def layers(get):
    """Return the names of the layers that a caller sees."""

    def layers(token=None) -> list[str]:
        return [layer["id"] for layer in ok(get("ogc/collections", token))["collections"]]

    return layers


def test_the_landing_page_leads_to_everything(lights, get):
    landing = ok(get("ogc"))
    assert ok(get("ogc/")) == landing
    assert linked(landing, "self") == "ogc"
    assert ok(get(linked(landing, "conformance")))["conformsTo"][0].endswith("/ogcapi-features-1/1.0/conf/core")
    definition = ok(get(linked(landing, "service-desc")), "application/vnd.oai.openapi+json;version=3.0")
    validate(definition)
    for layer in ok(get(linked(landing, "data")))["collections"]:
        assert ok(get(linked(layer, "self"))) == layer
        page = ok(get(linked(layer, "items")), GEOJSON)
        for feature in page["features"]:
            one = ok(get(f"{linked(layer, 'items')}/{feature['id']}"), GEOJSON)
            assert {name: value for name, value in one.items() if name != "links"} == feature
            assert ok(get(linked(one, "self")), GEOJSON) == one
            assert linked(one, "collection") == linked(page, "collection") == linked(layer, "self")


def test_every_answer_is_as_the_definition_says(lights, get, subtests):
    definition = get("ogc/api").json()
    described = {path.replace("{featureId}", "publiacqua-public:P1") for path in definition["paths"]}
    assert {f"ogc{path}".rstrip("/") for path in described} >= set(DOCUMENTS)
    for address, schema in DOCUMENTS.items():
        with subtests.test(address):
            answer = get(address)
            whole = {"$ref": f"#/components/schemas/{schema}", "components": definition["components"]}
            Draft202012Validator(whole).validate(answer.json())
    refused = {"$ref": "#/components/schemas/problem", "components": definition["components"]}
    Draft202012Validator(refused).validate(get(ITEMS, colour="red").json())


def test_every_parameter_that_is_described_is_understood_and_no_other(lights, get):
    definition = get("ogc/api").json()
    parameters = definition["components"]["parameters"]
    for layer, others in (("placements", set()), ("lampioni", {"category"})):
        path = f"/collections/{layer}/items"
        named = {each["$ref"].rpartition("/")[2] for each in definition["paths"][path]["get"]["parameters"]}
        assert named | others == set(parameters) - {"featureId"}
        assert {name: parameters[name]["style"] for name in named} == dict.fromkeys(named, "form")
        for name in others | {"colour", "format", "offset"}:
            assert set(problem(get(f"ogc{path}", **{name: "x"}), 400)) == {name}
    for address in DOCUMENTS:
        if not address.endswith("items"):
            assert set(problem(get(address, limit="1"), 400)) == {"limit"}


def test_features_are_units_on_the_map_with_the_body_of_the_list(lights, items, get):
    whole = items()
    bodies = {body["key"]: body for body in get("placements", limit=200).json()["results"]}
    assert set(ids(whole)) == {"publiacqua-public:P1", "silfi-luci:L1"}
    assert set(bodies) == {*ids(whole), "silfi-luci:nowhere", "silfi-luci:gone"}
    for feature in whole["features"]:
        assert feature["properties"] == bodies[feature["id"]]
        place = [bodies[feature["id"]][name] for name in ("longitude", "latitude")]
        assert feature["geometry"] == {"type": "Point", "coordinates": place}
    for key in ("silfi-luci:nowhere", "silfi-luci:gone"):
        problem(get(f"{ITEMS}/{key}"), 404)


def test_a_layer_of_a_category_has_a_column_for_each_attribute(lights, items, get):
    factories.placement(lights, "L2")
    (first, second) = items("lampioni")["features"]
    attributes = {name: value for name, value in first["properties"].items() if name.startswith("attributes")}
    assert attributes == {"attributes.lamp": None, "attributes.watt": 35, "attributes.note": ["a"]}
    assert (second["properties"]["attributes.watt"], second["properties"]["key"]) == (None, "silfi-luci:L2")
    problem(get("ogc/collections/lampioni/items/publiacqua-public:P1"), 404)


@pytest.mark.parametrize(
    ("who", "seen", "named"),
    [
        (None, ["publiacqua-public:P1"], ["fontanelli"]),
        ("reader", [f"publiacqua-{v}:P1" for v in ("network", "public", "restricted")], ["contatori", "fontanelli"]),
        ("other_writer", ["publiacqua-network:P1", "publiacqua-public:P1", "silfi-segreto:L1"], ["fontanelli"]),
    ],
)
def test_each_caller_has_the_layers_and_features_that_they_may_see(
    who, seen, named, registry, publiacqua, items, layers, get, request
):
    meters = factories.asset(publiacqua, "contatori", category=factories.category("contatori"), visibility="restricted")
    factories.placement(meters, "C1", latitude=45.0)
    token = request.getfixturevalue(who) if who else None
    of_meters = ["contatori:C1"] if who == "reader" else []
    assert sorted(ids(items(token=token))) == sorted([*of_meters, *seen])
    assert items(token=token)["numberMatched"] == len(seen) + len(of_meters)
    assert layers(token) == ["placements", *named]
    north = ok(get("ogc/collections/placements", token))["extent"]["spatial"]["bbox"][0][3]
    assert (north > 45) == bool(of_meters)
    statuses = {get(address, token).status_code for address in ("ogc/collections/contatori", f"{ITEMS}/contatori:C1")}
    assert statuses == {200 if of_meters else 404}
    assert ("contatori" in get("ogc/api", token).content.decode()) == bool(of_meters)
    assert get(ITEMS, token, asset="contatori").status_code == (200 if of_meters else 400)


def test_a_credential_that_is_not_valid_is_refused(registry, get):
    problem(get(ITEMS, "fdr_00000000_x"), 401)


def test_with_nothing_to_see_there_is_one_empty_layer(db, items, layers, get):
    assert layers() == ["placements"]
    assert "extent" not in get("ogc/collections/placements").json()
    assert (items()["numberMatched"], items()["features"]) == (0, [])


def test_the_extent_holds_all_units_of_a_layer(lights, get):
    for layer, units in (("placements", Placement.objects.on_map()), ("lampioni", lights.placements.on_map())):
        extent = get(f"ogc/collections/{layer}").json()["extent"]["spatial"]
        (box,) = extent["bbox"]
        assert units.in_box(*box).count() == units.count()
        assert box[2] - box[0] < 0.3


def test_pages_join_into_the_whole_layer(registry, items, get, reader, subtests):
    for number in range(7):
        factories.placement(registry.assets["public"], f"N{number}", latitude=43.7 + number % 3 / 100)
    for query in ({}, {"bbox": "11,43,12,44"}, {"status": "active", "q": "signoria"}):
        with subtests.test(**query):
            pages_join(query, items, get, reader)


def pages_join(query, items, get, reader):
    whole = items(token=reader, **query)
    assert len(ids(whole)) == len(set(ids(whole))) == 10
    assert ("numberMatched" in whole) == (not query)
    page, joined, pages = items(token=reader, limit=3, **query), [], 1
    joined += ids(page)
    while any(link["rel"] == "next" for link in page["links"]):
        address = linked(page, "next")
        page = ok(get(address.partition("?")[0], reader, **dict(parse_qsl(urlsplit(address).query))), GEOJSON)
        joined, pages = joined + ids(page), pages + 1
    assert (joined, pages) == (ids(whole), 4)
    assert linked(page, "prev")
    problem(get(ITEMS, cursor="x"), 400)


def test_a_limit_that_is_too_large_is_the_largest_and_one_that_is_none_is_refused(registry, items, get, monkeypatch):
    factories.placement(registry.assets["public"], "P2")
    monkeypatch.setattr("firenze_digitale.ogc.parameters.LARGEST_LIMIT", 1)
    assert len(ids(items(limit="10001"))) == len(ids(items(limit="9" * 50))) == 1
    for limit in ("0", "-1", "x", "1.5", "٣", "9" * 5000):
        assert set(problem(get(ITEMS, limit=limit), 400)) == {"limit"}


def test_a_box_has_four_numbers_or_six_and_may_cross_the_antimeridian(registry, items, get):
    for code, longitude in (("east", 175.0), ("west", -175.0)):
        factories.placement(registry.assets["public"], code, latitude=10.0, longitude=longitude)
    for box in ("170,0,-170,20", "170,0,-5,-170,20,100"):
        assert ids(items(bbox=box)) == ["publiacqua-public:west", "publiacqua-public:east"]
    assert ids(items(bbox="11.25,43.77,11.25,43.77")) == ["publiacqua-public:P1"]
    for box in ("1,2,3", "1,2,3,4,5", "x,0,1,1", "0,1,1,0", "0,0,181,1", "1,2,x,3,4,5,6"):
        assert set(problem(get(ITEMS, bbox=box), 400)) == {"bbox"}


def test_a_time_is_when_a_unit_was_last_changed(registry, items, get):
    changed = Placement.objects.get(asset__code="publiacqua-public").updated_at
    now = changed.isoformat().replace("+00:00", "Z")
    later, earlier = ((changed + timedelta(seconds=by)).isoformat() for by in (1, -1))
    for period in (now, f"{earlier}/{later}", f"{earlier}/..", f"../{later}", f"{earlier}/", f"/{later}", now.lower()):
        assert ids(items(datetime=period)) == ["publiacqua-public:P1"], period
    for period in (later, f"{later}/..", f"../{earlier}"):
        assert ids(items(datetime=period)) == []
    wrong = ("..", "../..", "/", "x", "2026-01-01", "2026-01-01T00", f"{later}/{earlier}", f"{now}/{now}/{now}")
    for period in (*wrong, "2026-02-30T00:00:00Z", "2026-01-01T00:00:00+99:00"):
        assert set(problem(get(ITEMS, datetime=period), 400)) == {"datetime"}, period


def test_the_filters_of_placements_narrow_a_layer(lights, items):
    assert ids(items(owner="silfi")) == ids(items(category="lampioni")) == ids(items("lampioni")) == ["silfi-luci:L1"]
    assert ids(items(district="1", status="active", asset="publiacqua-public")) == ["publiacqua-public:P1"]
    assert ids(items("lampioni", owner="publiacqua")) == []


def test_an_answer_is_sent_as_what_it_is(lights, call, subtests):
    for address in DOCUMENTS:
        with subtests.test(address):
            media_type = GEOJSON if "items" in address else "application/json"
            for accept in (media_type, "application/json", "*/*", "application/geo+json, application/json"):
                assert ok(call().get(f"/api/v1/{address}", HTTP_ACCEPT=accept), media_type)
            problem(call().get(f"/api/v1/{address}", HTTP_ACCEPT="text/html"), 406)
            head = call().head(f"/api/v1/{address}")
            assert (head.status_code, head.content) == (200, b"")
            problem(call().post(f"/api/v1/{address}", {}), 401)


def test_what_there_is_not_is_a_problem(db, get):
    for address in (
        "ogc/nothing",
        "ogc/collections/nothing",
        "ogc/collections/nothing/items",
        f"{ITEMS}/x",
        ITEMS + "/a:b",
    ):
        problem(get(address), 404)


def test_a_layer_costs_the_same_number_of_queries_for_one_unit_and_for_twenty(registry, get, reader):
    def costs() -> list[int]:
        counted = []
        for address in DOCUMENTS:
            with CaptureQueriesContext(connection) as queries:
                assert get(address, reader).status_code == 200
            counted.append(len(queries))
        return counted

    get("ogc", reader)
    one = costs()
    for number in range(20):
        lights = factories.category()
        factories.placement(factories.asset(category=lights, visibility="public"), latitude=40 + number)
    assert len(get("ogc/collections", reader).json()["collections"]) > 20
    assert costs() == one
    assert max(one) <= 7


def test_units_are_neither_counted_nor_gone_through_to_describe_a_layer(lights, get):
    for address in ("ogc/api", "ogc/collections", "ogc/collections/lampioni"):
        with CaptureQueriesContext(connection) as queries:
            assert get(address).status_code == 200
        assert not [query["sql"] for query in queries if '"assets_placement"' in query["sql"]]
    with CaptureQueriesContext(connection) as queries:
        assert get(ITEMS).json()["numberMatched"] == 2
    assert not [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert get(ITEMS).json()["timeStamp"][:10] == timezone.now().date().isoformat()
