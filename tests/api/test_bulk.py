"""Many assets or placements in one call: added, changed or left by their key, under the same rules as one by one."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.models import Asset, Placement
from firenze_digitale.history import history_of
from tests import factories

ASSET = {"code": "nuovo", "name_it": "Nuovo", "owner": "publiacqua", "category": "fontanelli"}


def unit(code="P2", **values) -> dict:
    return {"asset": "publiacqua-public", "code": code, **values}


@pytest.fixture
def bulk(registry, call, writer):
    """Return the answer to many rows, with the owner's writing credential unless another token is given."""

    def bulk(resource: str, rows, token=writer, **rest):
        return call(token).post(f"/api/v1/{resource}/bulk", {"rows": rows, **rest})

    return bulk


def outcomes(response) -> list[tuple[str | None, str]]:
    assert response.status_code == 200, response.json()
    body = response.json()
    assert [row["index"] for row in body["rows"]] == list(range(len(body["rows"])))
    found = [row["outcome"] for row in body["rows"]]
    assert body["counts"] == {name: found.count(name) for name in ("created", "updated", "unchanged", "refused")}
    return [(row["key"], row["outcome"]) for row in body["rows"]]


def errors_of(response, status=400) -> dict[str, str]:
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json"), response.json()
    return {error["field"]: error["message"] for error in response.json()["errors"]}


def state() -> list[dict]:
    return [*Asset.objects.order_by("pk").values(), *Placement.objects.order_by("pk").values()]


def test_rows_are_added_changed_and_left_by_their_key(bulk, registry):
    factories.placement(registry.assets["public"], "P9", address="Via Pisana 9", district="4")
    rows = [
        unit("P1", address="Altrove"),
        unit("P2", latitude=43.78, longitude=11.26, status="planned", attributes={"watt": 35}),
        unit("P9", district="4", latitude=43.77),
    ]
    assert outcomes(bulk("placements", rows)) == [
        ("publiacqua-public:P1", "updated"),
        ("publiacqua-public:P2", "created"),
        ("publiacqua-public:P9", "unchanged"),
    ]
    changed, added, left = Placement.objects.filter(asset=registry.assets["public"]).order_by("code")
    assert (changed.address, changed.district, changed.latitude) == ("Altrove", "1", 43.77)
    assert (added.address, added.status, added.attributes, added.latitude) == ("", "planned", {"watt": 35}, 43.78)
    assert (left.address, left.district) == ("Via Pisana 9", "4")


def test_assets_too_and_what_a_new_one_does_not_say_begins_as_in_a_single_post(bulk, registry, call, writer):
    rows = [ASSET, {"code": "publiacqua-network", "quantity": 12, "contact": None}]
    assert outcomes(bulk("assets", rows)) == [("nuovo", "created"), ("publiacqua-network", "updated")]
    single = call(writer).post("/api/v1/assets", {**ASSET, "code": "altro"}).json()
    many = call(writer).get("/api/v1/assets/nuovo").json()
    for body in (single, many):
        for name in ("code", "created_at", "updated_at"):
            del body[name]
    assert many == single
    changed = Asset.objects.get(code="publiacqua-network")
    assert (changed.quantity, changed.contact, changed.category) == (12, None, registry.fountains)


def test_rows_as_a_list_shows_them_say_nothing_new(bulk, get, writer):
    for resource in ("placements", "assets"):
        shown = get(resource, writer, owner="publiacqua").json()["results"]
        assert len(shown) >= 3
        assert {outcome for _key, outcome in outcomes(bulk(resource, shown))} == {"unchanged"}


def test_what_is_left_out_is_kept_and_what_is_said_empty_is_emptied(bulk, registry):
    row = Placement.objects.get(asset=registry.assets["public"])
    Placement.objects.filter(pk=row.pk).update(attributes={"watt": 35})
    assert outcomes(bulk("placements", [unit("P1", address="", latitude=None, longitude=None)]))[0][1] == "updated"
    row.refresh_from_db()
    assert (row.address, row.latitude, row.longitude, row.attributes) == ("", None, None, {"watt": 35})
    bulk("placements", [unit("P1", attributes={})])
    row.refresh_from_db()
    assert row.attributes == {}


def test_where_a_row_is_wrong_all_are_refused_and_each_is_named(bulk):
    before = state()
    rows = [
        unit("P2"),
        unit("P3", latitude=143.7, longitude=11.2),
        unit("P 4", colour="red"),
        "P5",
        {**unit(), "code": 6},
    ]
    errors = errors_of(bulk("placements", rows))
    assert errors.keys() == {"rows.1.latitude", "rows.2.code", "rows.2.colour", "rows.3", "rows.4.code"}
    assert state() == before


def test_asked_to_take_each_row_by_itself_it_stores_what_is_right(bulk, registry):
    rows = [unit("P2"), unit("P3", latitude=143.7, longitude=11.2), {"code": "P4"}, unit("P1", status="broken")]
    response = bulk("placements", rows, mode="each")
    assert outcomes(response) == [
        ("publiacqua-public:P2", "created"),
        ("publiacqua-public:P3", "refused"),
        (None, "refused"),
        ("publiacqua-public:P1", "refused"),
    ]
    assert [[error["field"] for error in row["errors"]] for row in response.json()["rows"]] == [
        [],
        ["latitude"],
        ["asset"],
        ["status"],
    ]
    placed = Placement.objects.filter(asset=registry.assets["public"])
    assert dict(placed.values_list("code", "status")) == {"P1": "active", "P2": "active"}


ROWS = [
    ("assets", {**ASSET, "colour": "red"}, "colour"),
    ("assets", {**ASSET, "id": 1}, "id"),
    ("assets", {**ASSET, "name_it": 12}, "name_it"),
    ("assets", {**ASSET, "name_it": " "}, "name_it"),
    ("assets", {**ASSET, "name_it": "x" * 201}, "name_it"),
    ("assets", {**ASSET, "name_en": None}, "name_en"),
    ("assets", {**ASSET, "code": "Not A Code"}, "code"),
    ("assets", {**ASSET, "code": None}, "code"),
    ("assets", {**ASSET, "code": "bulk"}, "code"),
    ("assets", {**ASSET, "code": "silfi-segreto"}, "code"),
    ("assets", {"code": "nuovo", "owner": "publiacqua", "category": "fontanelli"}, "name_it"),
    ("assets", {"code": "nuovo", "name_it": "Nuovo", "category": "fontanelli"}, "owner"),
    ("assets", {**ASSET, "owner": 7}, "owner"),
    ("assets", {**ASSET, "owner": None}, "owner"),
    ("assets", {**ASSET, "contact": "silfi-rete"}, "contact"),
    ("assets", {**ASSET, "contact": ["publiacqua-rete"]}, "contact"),
    ("assets", {**ASSET, "quantity": "12"}, "quantity"),
    ("assets", {**ASSET, "quantity": True}, "quantity"),
    ("assets", {**ASSET, "quantity": -1}, "quantity"),
    ("assets", {**ASSET, "quantity": 2**40}, "quantity"),
    ("assets", {**ASSET, "mapped_on": "31/12/2016"}, "mapped_on"),
    ("assets", {**ASSET, "mapped_on": "2016-12-31", "last_confirmed_on": "2016-12-30"}, "mapped_on"),
    ("assets", {**ASSET, "exchange_status": "on_conditions"}, "exchange_status"),
    ("assets", {**ASSET, "attributes": {"watt": "x"}}, "attributes"),
    ("assets", {**ASSET, "attributes": ["watt"]}, "attributes"),
    ("assets", {**ASSET, "attributes": {"a": "x" * 30_000}}, "attributes"),
    ("assets", {"code": "publiacqua-public", "category": "dati"}, "category"),
    ("placements", unit(latitude="43.7"), "latitude"),
    ("placements", unit(latitude=43.7), "latitude"),
    ("placements", unit(district="9"), "district"),
    ("placements", unit(status=None), "status"),
    ("placements", unit(attributes={"watt": 3.5}), "attributes"),
    ("placements", unit(asset="nowhere"), "asset"),
    ("placements", unit(asset="silfi-segreto"), "asset"),
    ("placements", unit(asset="publiacqua-dati-public"), "asset"),
    ("placements", unit(asset=None), "asset"),
    ("placements", {"asset": "publiacqua-public"}, "code"),
]


@pytest.mark.parametrize(("resource", "row", "field"), ROWS)
def test_what_a_single_body_may_not_say_no_row_of_many_may(resource, row, field, bulk):
    before = state()
    assert list(errors_of(bulk(resource, [row]))) == [f"rows.0.{field}"]
    assert outcomes(bulk(resource, [row], mode="each"))[0][1] == "refused"
    assert state() == before


def test_a_hidden_asset_is_refused_like_one_that_does_not_exist(bulk):
    errors = errors_of(bulk("placements", [unit(asset="silfi-segreto"), unit(asset="zzz")]))
    assert errors["rows.0.asset"].replace("silfi-segreto", "zzz") == errors["rows.1.asset"]


def test_a_key_is_named_once(bulk):
    errors = errors_of(bulk("placements", [unit(), unit("P3"), unit()]))
    assert list(errors) == ["rows.2.code"]
    assert "rows.0" in errors["rows.2.code"]


BODIES = [
    ([], ""),
    ({"rows": []}, "rows"),
    ({}, "rows"),
    ({"rows": {"code": "x"}}, "rows"),
    ({"rows": [{}] * 10_001}, "rows"),
    ({"rows": [{}], "mode": "some"}, "mode"),
    ({"rows": [{}], "mode": ["each"]}, "mode"),
    ({"rows": [{}], "colour": "red"}, "colour"),
]


@pytest.mark.parametrize(("body", "field"), BODIES)
def test_the_body_itself_says_rows_and_a_mode(body, field, registry, call, writer):
    assert list(errors_of(call(writer).post("/api/v1/placements/bulk", body))) == [field]


def test_there_are_no_parameters(registry, call, writer):
    response = call(writer).post("/api/v1/placements/bulk?mode=each", {"rows": [unit()]})
    assert list(errors_of(response)) == ["mode"]


# Rights


def test_who_may_not_write_stores_nothing(bulk, registry, reader, call, browse, referent):
    before = state()
    for resource, row in (("assets", ASSET), ("placements", unit())):
        assert bulk(resource, [row], None).status_code == 401
        assert bulk(resource, [row], reader).status_code == 403
        session = browse(referent).post(f"/api/v1/{resource}/bulk", {"rows": [row]}, content_type="application/json")
        assert session.status_code == 401
        assert call(None).get(f"/api/v1/{resource}/bulk").status_code == 405
    assert state() == before


def test_another_partner_changes_nothing(bulk, registry, other_writer):
    before = state()
    for resource, row in (
        ("assets", {"code": "publiacqua-public", "name_it": "Altro"}),
        ("assets", {"code": "publiacqua-public"}),
        ("assets", ASSET),
        ("assets", {"code": "publiacqua-public", "owner": "silfi"}),
        ("placements", unit("P1", address="Altrove")),
        ("placements", unit("P1")),
        ("placements", unit("P2")),
    ):
        assert len(errors_of(bulk(resource, [row], other_writer), 403)) == 1
        assert outcomes(bulk(resource, [row], other_writer, mode="each"))[0][1] == "refused"
    assert errors_of(bulk("placements", [unit(asset="publiacqua-restricted")], other_writer)).keys() == {"rows.0.asset"}
    assert state() == before


def test_an_asset_is_not_given_away(bulk):
    before = state()
    for row in ({"code": "publiacqua-public", "owner": "silfi", "contact": None}, {**ASSET, "owner": "silfi"}):
        assert list(errors_of(bulk("assets", [row]), 403)) == ["rows.0.owner"]
    assert state() == before


def test_own_rows_are_stored_beside_those_of_others_that_are_refused(bulk, registry, silfi, other_writer):
    mine = factories.asset(silfi, "silfi-pali", category=registry.fountains)
    rows = [unit("P1", address="Altrove"), {"asset": mine.code, "code": "L1"}]
    assert errors_of(bulk("placements", rows, other_writer), 403).keys() == {"rows.0"}
    assert [outcome for _key, outcome in outcomes(bulk("placements", rows, other_writer, mode="each"))] == [
        "refused",
        "created",
    ]
    assert Placement.objects.get(asset=registry.assets["public"]).address == "Piazza della Signoria"
    assert mine.placements.count() == 1


def test_history_names_the_credential_and_only_what_has_changed(bulk, registry, writer):
    changed = Placement.objects.get(asset=registry.assets["public"])
    left = Placement.objects.get(asset=registry.assets["network"])
    before = len(history_of(left))
    bulk("placements", [unit("P1", address="Altrove"), unit("P2"), {"asset": "publiacqua-network", "code": "P1"}])
    added = Placement.objects.get(code="P2")
    for row in (changed, added):
        entry = history_of(row)[0]
        assert (entry.door, writer.split("_")[1] in entry.who) == ("API", True)
    assert len(history_of(left)) == before


# Bounds


def test_wrong_rows_are_told_up_to_a_bound(bulk):
    response = bulk("placements", [unit(f"P{number}", status="x") for number in range(1_200)])
    errors = errors_of(response)
    assert len(errors) == 1_001
    assert "200" in errors["rows"]


def test_a_body_larger_than_that_of_one_row_is_read_and_one_larger_still_is_not(bulk, registry, monkeypatch, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert outcomes(bulk("placements", [unit(address="Via Roma " * 20)]))[0][1] == "created"
    monkeypatch.setattr("assets.bulk_api.LargeJSONParser.most_bytes", 100)
    assert bulk("placements", [unit("P3", address="Via Roma " * 20)]).status_code == 413


def test_the_database_is_asked_as_often_for_many_rows_as_for_one(bulk, registry):
    def cost(resource, rows) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert {outcome for _key, outcome in outcomes(bulk(resource, rows))} == {"created"}
        return len(queries)

    cost("placements", [unit("A0")])
    one = cost("placements", [unit("A1", address="Via Roma", attributes={"watt": 1})])
    many = cost(
        "placements", [unit(f"B{number}", address=f"Via {number}", attributes={"watt": number}) for number in range(60)]
    )
    assert many == one <= 60
    one = cost("assets", [ASSET])
    assert cost("assets", [{**ASSET, "code": f"nuovo-{number}"} for number in range(30)]) == one <= 60
