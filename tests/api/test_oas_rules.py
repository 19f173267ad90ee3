"""The document keeps the rules that AGID's checker of interfaces (api-oas-checker-rules) judges by.

Each test is one of its rules, or asks for what the rules leave out where nothing is declared.
"""

import re

import pytest

from firenze_digitale.api.views import openapi_document
from tests.api.described import PROBLEM, answers, operations, parameters, resolved, schemas

TRAIN_CASE = re.compile(r"[A-Z][A-Za-z0-9]*(-[A-Z][A-Za-z0-9]*)*")
KEBAB_CASE = re.compile(r"(/[a-z0-9.-]+|/\{[A-Za-z0-9_]+\})+")
SETTLED_ELSEWHERE = {"accept", "content-type", "authorization"}
RATE_LIMIT = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
VERBS = ("get", "post", "put", "patch", "delete", "head")


@pytest.fixture(scope="module")
def document() -> dict:
    return openapi_document()


@pytest.fixture(params=["integer", "number", "string", "array", "object"])
def of_one_type(request, document) -> dict[str, dict]:
    found = {path: schema for path, schema in schemas(document) if schema["type"] == request.param}
    assert found
    return found


def bounded(schema: dict) -> bool:
    match schema["type"]:
        case "integer":
            return schema.get("format") in ("int32", "int64") and {"minimum", "maximum"} <= set(schema)
        case "number":
            return schema.get("format") in ("float", "double") and {"minimum", "maximum"} <= set(schema)
        case "string":
            return bool({"enum", "format"} & set(schema)) or {"maxLength", "pattern"} <= set(schema)
        case "array":
            return {"minItems", "maxItems", "items"} <= set(schema)
        case "object":
            return schema.get("additionalProperties") is False or "maxProperties" in schema


def test_every_schema_has_its_format_and_bounds(of_one_type):
    assert [path for path, schema in of_one_type.items() if not bounded(schema)] == []


def test_every_object_names_its_members_or_bounds_them(document):
    for path, schema in schemas(document):
        if schema["type"] == "object":
            assert schema.get("additionalProperties") is not True, path


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ("https://registro.example.org", {"url": "https://registro.example.org/api/v1"}),
        ("http://127.0.0.1:8000", {"url": "http://127.0.0.1:8000/api/v1", "x-sandbox": True}),
    ],
)
def test_the_document_says_whose_it_is_and_where(site, expected, settings):
    settings.SITE_URL = site
    settings.PUBLISHER = {**settings.PUBLISHER, "email": "registro@example.org"}
    document = openapi_document.__wrapped__()
    info, (server,) = document["info"], document["servers"]
    assert server.pop("description")
    assert server == expected
    assert re.fullmatch(r"\d+\.\d+\.\d+", info["version"])
    assert all(info[name] for name in ("title", "description", "x-summary", "x-api-id", "termsOfService"))
    assert info["contact"] == {"name": "Comune di Firenze", "url": site, "email": "registro@example.org"}
    assert set(info["license"]) == {"name", "url"}


def test_every_operation_has_a_name_a_tag_and_says_what_it_does(document):
    described = {tag["name"] for tag in document["tags"] if tag["description"]}
    names = []
    for path, method, operation in operations(document):
        names.append(operation["operationId"])
        assert operation["summary"], (path, method)
        assert operation["description"], (path, method)
        assert operation["tags"], (path, method)
        assert set(operation["tags"]) <= described, (path, method)
    assert len(set(names)) == len(names)
    assert [name for name in names if name.lower().startswith(VERBS)] == []


def test_paths_are_in_kebab_case_and_name_no_verb(document):
    assert "/status" in document["paths"]
    assert [path for path in document["paths"] if not KEBAB_CASE.fullmatch(path)] == []
    assert [
        path for path in document["paths"] if re.search("/(get|post|put|patch|delete|create|remove|list)", path)
    ] == []


def test_headers_are_in_train_case_and_none_says_what_another_part_of_the_document_does(document):
    names = set(document["components"]["headers"])
    for _path, _method, operation in operations(document):
        names |= set(parameters(operation, "header"))
        for answer in answers(document, operation).values():
            names |= set(answer.get("headers", ()))
    assert {"ETag", "If-Match", "Retry-After"} <= names
    for name in names:
        assert TRAIN_CASE.fullmatch(name), name
        assert not name.startswith("X-"), name
        assert name.lower() not in SETTLED_ELSEWHERE


def test_errors_are_problems_and_say_when_to_come_back(document):
    for path, method, operation in operations(document):
        declared = answers(document, operation)
        assert {"406", "503"} <= set(declared), (path, method)
        assert ("429" in declared) == (path != "/status"), (path, method)
        for code, answer in declared.items():
            if code >= "4":
                assert list(answer["content"]) == [PROBLEM], (path, method, code)
                schema = resolved(document, answer["content"][PROBLEM]["schema"])
                assert {"type", "title", "status", "detail"} <= set(schema["properties"])
        assert all("Retry-After" in declared[code]["headers"] for code in {"429", "503"} & set(declared))


def test_every_answer_tells_of_limits_and_caching(document):
    for path, method, operation in operations(document):
        for code, answer in answers(document, operation).items():
            headers = set(answer["headers"])
            assert headers >= RATE_LIMIT, (path, method, code)
            if code.startswith("2"):
                assert "Cache-Control" in headers, (path, method, code)
    told = document["components"]["headers"]["Cache-Control"]["description"]
    assert re.search("max-age|private|no-store|no-cache|no-transform", told)


def test_bodies_are_where_they_belong(document):
    for path, method, operation in operations(document):
        assert not (method in ("get", "delete") and "requestBody" in operation), (path, method)
        for code, answer in answers(document, operation).items():
            assert bool(answer.get("content")) == (code not in ("204", "304")), (path, method, code)
            for media_type, content in answer.get("content", {}).items():
                schema = resolved(document, content["schema"])
                assert not media_type.endswith("json") or schema["type"] == "object", (path, method, code)


def test_patch_takes_a_merge_patch_and_must_have_one(document):
    patches = [operation["requestBody"] for _path, method, operation in operations(document) if method == "patch"]
    assert patches
    for body in patches:
        assert body["required"]
        assert list(body["content"]) == ["application/merge-patch+json"]


def test_writing_is_protected_and_reading_says_that_it_is_not(document):
    schemes = document["components"]["securitySchemes"]
    for path, method, operation in operations(document):
        assert operation["security"], (path, method)
        assert {name for each in operation["security"] for name in each} <= set(schemes)
        assert method == "get" or all(operation["security"]), (path, method)


def test_no_credential_travels_in_an_address(document):
    for _path, _method, operation in operations(document):
        for name in (*parameters(operation, "query"), *parameters(operation, "path")):
            assert not re.search("password|secret|apikey|token", name, re.IGNORECASE), name
