"""A body of PATCH is a merge patch (RFC 7396), by that name and by that of plain JSON."""

import json

import pytest

from assets.models import Asset
from firenze_digitale.api.merging import merged

MERGE_PATCH = "application/merge-patch+json"
ADDRESS = "/api/v1/assets/publiacqua-public"


@pytest.fixture(params=[MERGE_PATCH, "application/json"])
def patch(request, registry, call, writer):
    """Change Publiacqua's public asset; return the answer."""
    api = call(writer)

    def patch(body: dict, address: str = ADDRESS):
        etag = api.get(address).get("ETag", '"none"')
        return api.generic("PATCH", address, json.dumps(body), content_type=request.param, HTTP_IF_MATCH=etag)

    return patch


@pytest.fixture
def asset(registry):
    """The asset with something in every field that null may empty."""
    row = registry.assets["public"]
    Asset.objects.filter(pk=row.pk).update(
        name_en="Fountains", source="Atto", quantity=7, attributes={"watt": 35, "colour": "blue"}
    )
    return row


def errors_of(response) -> set[str]:
    assert response.status_code == 400, response.content
    return {error["field"] for error in response.json()["errors"]}


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"a": "c"}, {"a": "c", "b": {"c": 1}}),
        ({"a": None}, {"b": {"c": 1}}),
        ({"b": {"c": None, "d": 2}}, {"a": "b", "b": {"d": 2}}),
        ({"b": [1, None]}, {"a": "b", "b": [1, None]}),
        ({"x": {"y": None}}, {"a": "b", "b": {"c": 1}, "x": {}}),
        ({}, {"a": "b", "b": {"c": 1}}),
        ([], []),
    ],
)
def test_a_patch_is_merged_as_the_standard_says(patch, expected):
    target = {"a": "b", "b": {"c": 1}}
    assert merged(target, patch) == expected
    assert target == {"a": "b", "b": {"c": 1}}


def test_null_empties_what_may_be_empty(asset, patch):
    answer = patch({"name_en": None, "source": None, "quantity": None, "contact": None})
    assert answer.status_code == 200, answer.content
    asset.refresh_from_db()
    assert (asset.name_en, asset.source, asset.quantity, asset.contact) == ("", "", None, None)
    assert asset.attributes == {"watt": 35, "colour": "blue"}


def test_null_empties_lists_and_objects(asset, registry, patch):
    assert patch({"attributes": None}).json()["attributes"] == {}
    chart = patch({"objectives": None, "actions": None}, "/api/v1/project-charts/scheda-public")
    assert chart.status_code == 200, chart.content
    assert not registry.charts["public"].objectives.exists()
    assert registry.charts["network"].objectives.exists()


@pytest.mark.parametrize("name", ["name_it", "owner", "category", "visibility", "exchange_status", "code"])
def test_null_is_refused_and_named_where_something_must_stay(name, asset, patch):
    before = Asset.objects.values().get(pk=asset.pk)
    assert errors_of(patch({name: None, "source": "Altro"})) == {name}
    assert Asset.objects.values().get(pk=asset.pk) == before


def test_attributes_are_merged_member_by_member(asset, patch):
    answer = patch({"attributes": {"watt": 36, "colour": None, "height": 2}})
    assert answer.json()["attributes"] == {"watt": 36, "height": 2}
    asset.refresh_from_db()
    assert asset.attributes == {"watt": 36, "height": 2}
    assert errors_of(patch({"attributes": {"watt": "many"}})) == {"attributes"}
    assert errors_of(patch({"attributes": [1]})) == {"attributes"}


@pytest.mark.parametrize("body", ["", "{}"])
def test_a_body_that_says_nothing_replaces_nothing(body, registry, call, writer):
    api, address = call(writer), "/api/v1/placements/publiacqua-public:P1"
    before = api.get(address).json()
    headers = {"HTTP_IF_MATCH": api.get(address)["ETag"]}
    assert errors_of(api.generic("PUT", address, body, content_type="application/json", **headers)) == {""}
    assert api.get(address).json() == before


def test_a_patch_that_changes_nothing_or_what_is_not_there_is_refused(asset, patch):
    assert errors_of(patch({})) == {""}
    assert errors_of(patch({"no_such_field": 1})) == {"no_such_field"}
    assert errors_of(patch({"quantity": "7"})) == {"quantity"}


@pytest.mark.parametrize(("method", "address"), [("POST", "/api/v1/assets"), ("PUT", ADDRESS)])
def test_only_patch_reads_a_merge_patch(method, address, registry, call, writer):
    api = call(writer)
    headers = {} if method == "POST" else {"HTTP_IF_MATCH": api.get(address).get("ETag", '"none"')}
    assert api.generic(method, address, "{}", content_type=MERGE_PATCH, **headers).status_code == 415


def test_an_address_says_what_patches_it_takes(registry, call):
    answer = call().options(ADDRESS)
    assert (answer.status_code, answer["Accept-Patch"]) == (204, "application/merge-patch+json, application/json")
    assert not call().options("/api/v1/plans/piano-2016-18").has_header("Accept-Patch")
    assert not call().options("/api/v1/assets").has_header("Accept-Patch")


def test_what_is_read_is_asked_for_again_and_the_rest_is_not_kept(registry, call, writer):
    assert call().get(ADDRESS)["Cache-Control"] == "private, no-cache"
    assert call().get("/api/v1/assets/none")["Cache-Control"] == "no-store"
    assert call(writer).post("/api/v1/assets", {})["Cache-Control"] == "no-store"
