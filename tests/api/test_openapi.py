"""The document that describes the API is valid, and says what the server does."""

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from openapi_spec_validator import validate

from firenze_digitale.api.views import openapi_document
from firenze_digitale.api_urls import RESOURCES
from tests.api.described import answers, operations, parameters


@pytest.fixture(scope="module")
def document() -> dict:
    return openapi_document()


def test_the_document_is_valid_and_served_to_anybody(document, db, client):
    validate(document)
    response = client.get("/api/v1/openapi.json")
    assert (response.status_code, response.json()) == (200, document)


def test_the_document_is_generated_without_a_warning():
    GENERATOR_STATS.reset()
    openapi_document.__wrapped__()
    assert not GENERATOR_STATS


def test_the_verbs_of_every_resource_are_those_of_its_view(document):
    for name, viewset in RESOURCES.items():
        methods = set(viewset.http_method_names) - {"head", "options"}
        assert set(document["paths"][f"/{name}"]) == methods & {"get", "post"}
        assert set(document["paths"][f"/{name}/{{key}}"]) == methods - {"post"}


def test_every_operation_declares_its_problems(document):
    for path, method, operation in operations(document):
        declared, headers = set(answers(document, operation)), parameters(operation, "header")
        assert ("401" in declared) == any(operation["security"]), (path, method)
        assert ("404" in declared) == ("{" in path), (path, method)
        assert ("403" in declared) == (any(operation["security"]) or method != "get"), (path, method)
        assert ("409" in declared) == (method != "get"), (path, method)
        assert ("422" in declared) == ("Idempotency-Key" in headers), (path, method)
        assert ({"413", "415"} <= declared) == ("requestBody" in operation), (path, method)
        assert ({"412", "428"} <= declared) == ("If-Match" in headers), (path, method)
        assert not ("304" in declared) ^ ("If-None-Match" in headers), (path, method)


def test_rows_are_changed_under_a_condition_and_added_under_a_name(document):
    for name in RESOURCES:
        for method, operation in {**document["paths"][f"/{name}"], **document["paths"][f"/{name}/{{key}}"]}.items():
            headers = parameters(operation, "header")
            expected = {"get": "If-None-Match", "post": "Idempotency-Key"}.get(method, "If-Match")
            assert expected in headers
            assert headers[expected]["required"] == (expected == "If-Match")
            done = {
                code: answer for code, answer in answers(document, operation).items() if code in ("200", "201", "304")
            }
            assert all("ETag" in answer["headers"] for answer in done.values())


def test_reading_needs_no_credential_and_writing_does(document):
    for name in RESOURCES:
        for method, operation in {**document["paths"][f"/{name}"], **document["paths"][f"/{name}/{{key}}"]}.items():
            assert operation["security"] == ([{}] if method == "get" else []) + [{"credential": []}]


def test_every_filter_of_a_list_is_declared(document):
    for name, viewset in RESOURCES.items():
        declared = set(parameters(document["paths"][f"/{name}"]["get"], "query"))
        assert declared >= {*viewset.filterset_class.base_filters, "limit", "cursor"}


def test_bodies_hold_exactly_what_is_declared(document, registry, call, writer):
    for name in RESOURCES:
        component = document["paths"][f"/{name}/{{key}}"]["get"]["responses"]["200"]["content"]["application/json"]
        schema = document["components"]["schemas"][component["schema"]["$ref"].rpartition("/")[2]]
        row = call(writer).get(f"/api/v1/{name}").json()["results"][0]
        assert set(row) == set(schema["properties"]) == set(schema["required"])


def test_bounds_of_lists_in_a_body_are_stated(document):
    for name in ("ProjectChartRequest", "ReplacedProjectChartRequest", "PatchedProjectChartRequest"):
        fields = document["components"]["schemas"][name]["properties"]
        lists = {field: each for field, each in fields.items() if each.get("type") == "array"}
        assert {field: each["maxItems"] for field, each in lists.items()} == dict.fromkeys(
            ("objectives", "actions", "participations", "asset_uses", "milestones", "documents"), 500
        )
        assert {field for field, each in lists.items() if each.get("uniqueItems")} == {"objectives", "actions"}


def test_a_change_says_what_null_empties_and_a_whole_row_does_not_take_it(document):
    schemas = document["components"]["schemas"]
    change, whole = schemas["PatchedAssetRequest"], schemas["AssetRequest"]
    assert change["minProperties"] == 1
    for name, emptied in {
        "name_en": True,
        "attributes": True,
        "contact": True,
        "name_it": False,
        "owner": False,
    }.items():
        assert change["properties"][name].get("nullable", False) == emptied, name
    nullable = {name for name, each in whole["properties"].items() if each.get("nullable")}
    assert {"quantity", "contact", "mapped_on"} <= nullable
    assert not {"name_en", "attributes", "name_it", "owner"} & nullable


def test_a_row_that_is_replaced_need_not_repeat_its_key(document):
    schemas = document["components"]["schemas"]
    assert set(schemas["PlacementRequest"]["required"]) == {"asset", "code"}
    assert "required" not in schemas["ReplacedPlacementRequest"]
    assert set(schemas["AssetRequest"]["required"]) - set(schemas["ReplacedAssetRequest"]["required"]) == {"code"}
