"""Lists as files: every row that the reader may see, in CSV, and of placements in GeoJSON."""

import csv
import io
import json

from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from assets.models import Placement
from firenze_digitale.api import formats as api_formats
from firenze_digitale.api_urls import RESOURCES
from tests import factories
from tests.api.test_queries import grow

ACROSS_180 = "170,-20,-170,20"


def text_of(response) -> str:
    assert response.status_code == 200, response.content
    return response.getvalue().decode()


def table(response) -> list[dict]:
    return list(csv.DictReader(io.StringIO(text_of(response), newline="")))


def geojson(response) -> dict:
    assert response["Content-Type"] == "application/geo+json"
    return json.loads(text_of(response))


def errors_of(response) -> dict[str, str]:
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    return {error["field"]: error["message"] for error in response.json()["errors"]}


def as_cell(value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return value
    return "" if value is None else str(value)


def read_back(row: dict, body: dict) -> dict:
    return {name: json.loads(row[name]) if isinstance(body[name], dict | list) else row[name] for name in row}


def test_every_list_is_csv_with_the_fields_of_its_json(registry, get, writer, subtests):
    for resource in RESOURCES:
        with subtests.test(resource):
            response = get(resource, writer, format="csv")
            assert response["Content-Type"] == "text/csv; charset=utf-8"
            assert response["Content-Disposition"].startswith(f'attachment; filename="{resource}-')
            rows, bodies = table(response), get(resource, writer, limit=200).json()["results"]
            assert bodies
            told = [{name: as_cell(value) for name, value in body.items()} for body in bodies]
            assert [read_back(row, body) for row, body in zip(rows, bodies, strict=True)] == told


def test_a_file_holds_all_rows_in_the_order_of_the_list_and_those_of_its_reader_alone(registry, get, reader, keys):
    factories.placement(registry.assets["public"], "A1")
    shown = {token: [row["key"] for row in table(get("placements", token, format="csv"))] for token in (None, reader)}
    assert shown[None] == keys("placements") == ["publiacqua-public:A1", "publiacqua-public:P1"]
    assert shown[reader] == keys("placements", reader)
    assert len(shown[reader]) == 4
    assert table(get("referents", format="csv")) == []


def test_a_file_is_filtered_as_the_list_is(registry, get, reader):
    assert [
        row["code"] for row in table(get("assets", reader, format="csv", owner="publiacqua", kind="immaterial"))
    ] == [f"publiacqua-dati-{visibility}" for visibility in ("network", "public", "restricted")]
    assert [row["key"] for row in table(get("distributions", reader, format="csv", file_format="xml"))] == []
    assert len(table(get("distributions", format="csv", file_format="csv"))) == 1
    assert set(errors_of(get("assets", format="csv", owner="nobody"))) == {"owner"}


def test_no_spreadsheet_runs_what_a_cell_holds(registry, get):
    factories.placement(registry.assets["public"], "F1", address='=HYPERLINK("https://example.org")', longitude=-11.5)
    row = next(row for row in table(get("placements", format="csv")) if row["code"] == "F1")
    assert row["address"] == '\'=HYPERLINK("https://example.org")'
    assert row["longitude"] == "-11.5"


ACCEPTED = {
    "text/csv": "text/csv; charset=utf-8",
    "text/csv;header=present, application/json;q=0.9": "text/csv; charset=utf-8",
    "text/html,application/xhtml+xml,*/*;q=0.8": "application/json",
    "text/*": "text/csv; charset=utf-8",
    "application/geo+json, application/json;q=0.5": "application/geo+json",
    "application/geo+json;q=0.5, application/json": "application/json",
    "*/*": "application/json",
}


def test_the_header_accept_chooses_where_the_address_does_not(registry, call, subtests):
    for accept, media_type in ACCEPTED.items():
        with subtests.test(accept):
            answer = call().get("/api/v1/placements", HTTP_ACCEPT=accept)
            assert (answer["Content-Type"], "publiacqua-public:P1" in text_of(answer)) == (media_type, True)
            assert "Accept" in answer["Vary"]
            assert geojson(call().get("/api/v1/placements?format=geojson", HTTP_ACCEPT=accept))["features"]


def test_a_format_that_there_is_not_is_refused(registry, get, call):
    assert set(errors_of(get("assets", format="xml"))) == {"format"}
    assert "json, csv" in errors_of(get("assets", format="geojson"))["format"]
    assert set(errors_of(get("assets", format=""))) == {"format"}
    for accept in ("application/xml", "application/geo+json", "text/csv;q=0"):
        answer = call().get("/api/v1/assets", HTTP_ACCEPT=accept)
        assert (answer.status_code, answer["Content-Type"]) == (406, "application/problem+json")


def test_a_file_has_no_pages(registry, get):
    assert set(errors_of(get("assets", format="csv", limit="10", cursor="x"))) == {"limit", "cursor"}


def test_what_fails_before_the_first_row_is_a_problem_and_not_half_a_file(registry, get, monkeypatch):
    def busy(*_given):
        raise OperationalError
        yield

    monkeypatch.setattr("firenze_digitale.api.formats.bodies_by_column", busy)
    monkeypatch.setattr("assets.geojson.bodies_by_column", busy)
    for form in ("csv", "geojson"):
        answer = get("placements", format=form)
        assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")


def test_head_tells_of_a_file_without_making_it(registry, call):
    with CaptureQueriesContext(connection) as queries:
        answer = call().head("/api/v1/placements?format=geojson")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/geo+json")
    assert answer.getvalue() == b""
    assert not [query for query in queries if "assets_placement" in query["sql"]]


def test_a_file_costs_the_same_number_of_queries_for_one_row_and_for_twenty(city, publiacqua, call, writer, subtests):
    def costs() -> dict[str, tuple[int, int]]:
        counted = {}
        for resource in RESOURCES:
            with CaptureQueriesContext(connection) as queries:
                rows = len(table(call(writer).get(f"/api/v1/{resource}?format=csv")))
            counted[resource] = (rows, len(queries))
        return counted

    grow(0)
    call(writer).get("/api/v1/partners")
    one = costs()
    for number in range(1, 20):
        grow(number)
    twenty = costs()
    for resource in RESOURCES:
        with subtests.test(resource):
            assert twenty[resource][0] >= one[resource][0] + 19
            assert twenty[resource][1] == one[resource][1]


def test_placements_are_features_with_the_body_of_the_list(registry, get, reader):
    registry.assets["public"].placements.update(attributes={"watt": 12, "tipo": "a “b” è", "n": None})
    factories.placement(registry.assets["network"], "A1", latitude=None, longitude=None)
    whole = geojson(get("placements", reader, format="geojson"))
    bodies = get("placements", reader, limit=200).json()["results"]
    assert whole["type"] == "FeatureCollection"
    assert [feature["properties"] for feature in whole["features"]] == bodies
    for feature, body in zip(whole["features"], bodies, strict=True):
        assert (feature["type"], feature["id"]) == ("Feature", body["key"])
        place = body["latitude"] and {"type": "Point", "coordinates": [body["longitude"], body["latitude"]]}
        assert feature["geometry"] == place
    assert [feature["id"] for feature in whole["features"] if not feature["geometry"]] == ["publiacqua-network:A1"]


def test_features_are_those_of_their_reader_and_none_is_an_empty_collection(registry, get):
    assert [each["id"] for each in geojson(get("placements", format="geojson"))["features"]] == ["publiacqua-public:P1"]
    nothing = geojson(get("placements", format="geojson", status="removed"))
    assert nothing == {"type": "FeatureCollection", "features": []}


def test_features_are_written_in_several_batches_as_in_one(registry, get, monkeypatch):
    for number in range(7):
        factories.placement(registry.assets["public"], f"N{number}")
    whole = text_of(get("placements", format="geojson"))
    charts = text_of(get("project-charts", format="csv"))
    monkeypatch.setattr(api_formats, "MANY", 3)
    monkeypatch.setattr(api_formats, "FEW", 1)
    assert json.loads(text_of(get("placements", format="geojson"))) == json.loads(whole)
    assert len(table(get("placements", format="csv"))) == len(json.loads(whole)["features"]) == 8
    assert text_of(get("project-charts", format="csv")) == charts


def test_a_box_may_cross_the_antimeridian(registry, get):
    asset = registry.assets["public"]
    for code, longitude in (("east", 175.0), ("west", -175.0), ("edge", 180.0), ("outside", 169.9), ("zero", 0.0)):
        factories.placement(asset, code, latitude=10.0, longitude=longitude)
    factories.placement(asset, "nowhere", latitude=None, longitude=None)
    bodies = get("placements", bbox=ACROSS_180).json()["results"]
    rows = table(get("placements", bbox=ACROSS_180, format="csv"))
    features = geojson(get("placements", bbox=ACROSS_180, format="geojson"))["features"]
    for found in (bodies, rows, [feature["properties"] for feature in features]):
        assert [row["code"] for row in found] == ["east", "edge", "west"]
    assert Placement.objects.in_box(-180, -90, 180, 90).filter(asset=asset).count() == 6


def test_a_box_that_is_none_is_refused(db, get):
    wrong = (
        "11,43,12",
        "11,43,12,x",
        "nan,43,12,44",
        "11,44,12,43",
        "-181,0,0,1",
        "0,0,180.1,1",
        "0,-91,1,0",
        "0,0,1,inf",
    )
    for box in wrong:
        for form in ("json", "geojson", "csv"):
            assert set(errors_of(get("placements", bbox=box, format=form))) == {"bbox"}
