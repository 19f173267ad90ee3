"""A little more than the document says a request may hold: the registry refuses it and names the field."""

import base64
import json
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser

from firenze_digitale.api.views import openapi_document
from firenze_digitale.api_urls import RESOURCES
from tests.api.described import parameters, resolved

WRITTEN = sorted(name for name, viewset in RESOURCES.items() if "patch" in viewset.http_method_names)
NO_TEXT = 7
NO_CODE = "à \u0007"


@pytest.fixture(scope="module")
def document() -> dict:
    return openapi_document()


def body_of(document: dict, resource: str) -> dict:
    """The schema of a whole body of a resource, or else of a change."""
    path = document["paths"][f"/{resource}"]
    operation = path.get("post") or document["paths"][f"/{resource}/{{key}}"]["patch"]
    (content,) = operation["requestBody"]["content"].values()
    return resolved(document, content["schema"])


def beyond(document: dict, schema: dict) -> list:
    """Values that a schema does not allow: of another type, and just past each of its bounds."""
    schema = resolved(document, schema)
    kinds = [resolved(document, each) for each in schema.get("oneOf", schema.get("allOf", ()))]
    if kinds:
        longest = max((kind.get("maxLength", 0) for kind in kinds), default=0)
        return [NO_TEXT, "no such value", *(["https://example.org/" + "x" * longest] if longest else [])]
    if "enum" in schema:
        return [NO_TEXT, "no such value"]
    values = {
        "string": beyond_text,
        "integer": lambda schema: ["1", 1.5, True, schema["minimum"] - 1, schema["maximum"] + 1],
        "number": lambda schema: ["1", True, schema["minimum"] - 1, schema["maximum"] + 1],
        "boolean": lambda schema: ["true", 1],
        "object": lambda schema: ["{}", [], {str(n): n for n in range(schema["maxProperties"] + 1)}],
        "array": lambda schema: beyond_list(document, schema),
    }[schema["type"]](schema)
    return values if schema.get("nullable") else [*values, None]


def beyond_text(schema: dict) -> list:
    values = [NO_TEXT, [], "a\x00b"]
    if schema.get("format"):
        return [*values, "no such value"]
    if schema.get("minLength"):
        values += ["", "  \n"]
    if "\\u0000" not in schema["pattern"]:
        values.append(NO_CODE)
    return [*values, "x" * (schema["maxLength"] + 1)]


def beyond_list(document: dict, schema: dict) -> list:
    items = resolved(document, schema["items"])
    item = {} if items["type"] == "object" else "x"
    values = ["[]", {}, [item] * (schema["maxItems"] + 1), [NO_TEXT], [None]]
    if schema.get("uniqueItems"):
        values.append([item, item])
    if items["type"] == "object":
        values += [[{"no_such_field": 1}]]
        values += [[{name: value}] for name, each in items["properties"].items() for value in beyond(document, each)]
    return values


@pytest.mark.parametrize("resource", WRITTEN)
def test_a_value_beyond_what_is_declared_is_refused_and_named(resource, document, db):
    serializer_class = RESOURCES[resource].serializer_class
    context = {"request": SimpleNamespace(user=AnonymousUser())}
    tried = 0
    for name, schema in body_of(document, resource)["properties"].items():
        for value in beyond(document, schema):
            if value is None and resolved(document, schema).get("nullable"):
                continue
            serializer = serializer_class(data={name: value}, partial=True, context=context)
            assert not serializer.is_valid(), (name, str(value)[:80])
            assert set(serializer.errors) == {name}, (name, str(value)[:80])
            tried += 1
    assert tried > 20


@pytest.mark.parametrize("resource", WRITTEN)
def test_what_a_whole_body_must_hold_is_asked_for(resource, document, db):
    serializer = RESOURCES[resource].serializer_class(
        data={}, context={"request": SimpleNamespace(user=AnonymousUser())}
    )
    required = body_of(document, resource).get("required", [])
    if required:
        assert not serializer.is_valid()
        assert set(serializer.errors) == set(required)


@pytest.mark.parametrize("resource", sorted(RESOURCES))
def test_a_filter_beyond_what_is_declared_is_refused_and_named(resource, document, db, get):
    declared = parameters(document["paths"][f"/{resource}"]["get"], "query")
    assert declared
    for name, parameter in declared.items():
        for value in beyond(document, parameter["schema"]):
            if not isinstance(value, str | int) or value in ("1", NO_TEXT):
                continue
            response = get(resource, **{name: value})
            assert response.status_code == 400, (name, value)
            assert {error["field"] for error in response.json()["errors"]} == {name}


def test_a_cursor_that_is_longer_than_declared_is_refused(registry, get):
    cursor = base64.urlsafe_b64encode(json.dumps(["f", "x" * 2_000]).encode()).decode().rstrip("=")
    response = get("assets", cursor=cursor)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "cursor")
    assert get("assets", cursor=base64.urlsafe_b64encode(b'["f", "x"]').decode().rstrip("=")).status_code == 200
