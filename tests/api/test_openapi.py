"""The document that describes the API is valid, and says what the server does."""

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from openapi_spec_validator import validate

from firenze_digitale.api.views import openapi_document
from firenze_digitale.api_urls import RESOURCES


@pytest.fixture(scope="module")
def document() -> dict:
    return openapi_document()


def operations(document: dict):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_document_is_valid_and_served_to_anybody(document, db, client):
    validate(document)
    response = client.get("/api/v1/openapi.json")
    assert (response.status_code, response.json()) == (200, document)


def test_the_document_is_generated_without_a_warning():
    GENERATOR_STATS.reset()
    openapi_document.__wrapped__()
    assert not GENERATOR_STATS


def test_every_resource_is_described(document):
    described = {path.split("/")[1] for path in document["paths"]}
    assert described == {*RESOURCES, "status"}


def test_what_the_document_offers_is_what_the_views_do(document):
    offered = {(path, method) for path, method, _operation in operations(document)}
    done = {("/status", "get")}
    for name, viewset in RESOURCES.items():
        methods = set(viewset.http_method_names) - {"head", "options"}
        done |= {(f"/{name}", method) for method in methods & {"get", "post"}}
        done |= {(f"/{name}/{{key}}", method) for method in methods - {"post"}}
    assert offered == done


def test_every_operation_declares_its_problems(document):
    for path, method, operation in operations(document):
        if path == "/status":
            continue
        declared = {int(code) for code in operation["responses"] if code >= "400"}
        assert {401, 406, 503} <= declared
        assert (404 in declared) == ("{key}" in path)
        assert (409 in declared) == (method != "get")
        for code in declared:
            assert list(operation["responses"][str(code)]["content"]) == ["application/problem+json"]


def test_reading_needs_no_credential_and_writing_does(document):
    for path, method, operation in operations(document):
        if path != "/status":
            assert operation["security"] == ([{}] if method == "get" else []) + [{"credential": []}]


def test_every_filter_of_a_list_is_declared(document):
    for name, viewset in RESOURCES.items():
        declared = {parameter["name"] for parameter in document["paths"][f"/{name}"]["get"]["parameters"]}
        assert declared == {*viewset.filterset_class.base_filters, "limit", "cursor"}


def test_bodies_hold_exactly_what_is_declared(document, registry, call, writer):
    for name in RESOURCES:
        component = document["paths"][f"/{name}/{{key}}"]["get"]["responses"]["200"]["content"]["application/json"]
        schema = document["components"]["schemas"][component["schema"]["$ref"].rpartition("/")[2]]
        row = call(writer).get(f"/api/v1/{name}").json()["results"][0]
        assert set(row) == set(schema["properties"]) == set(schema["required"])


def test_bounds_of_lists_in_a_body_are_stated(document):
    schemas = document["components"]["schemas"]
    for name in ("ProjectChartRequest", "PatchedProjectChartRequest"):
        lists = {field: each for field, each in schemas[name]["properties"].items() if each.get("type") == "array"}
        assert {field: each["maxItems"] for field, each in lists.items()} == dict.fromkeys(
            ("objectives", "actions", "participations", "asset_uses", "milestones", "documents"), 500
        )
        assert {field for field, each in lists.items() if each.get("uniqueItems")} == {"objectives", "actions"}
    assert "maxItems" not in schemas["ProjectChart"]["properties"]["objectives"]
