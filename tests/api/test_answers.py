"""What the server answers on every route is what the document says: status, media type, headers, body."""

import re
from unittest.mock import patch

import pytest
from django.contrib.admindocs.views import simplify_regex
from django.db import OperationalError
from django.urls import get_resolver

from firenze_digitale.api.views import openapi_document
from firenze_digitale.api_urls import RESOURCES
from tests import factories
from tests.api.described import disagreements, operations, parameters, resolved

ROOT = "/api/v1"
#: Routes of which the document does not tell: itself, what does not exist, other addresses of the same catalogue, and
#: the OGC API, which has a document of its own.
UNTOLD = re.compile("api-(openapi|nowhere|catalogue-[a-z]+|ogc(-[a-z]+)?)")
METHODS = {"get", "post", "put", "patch", "delete"}
WRITTEN = sorted(name for name, viewset in RESOURCES.items() if "post" in viewset.http_method_names)
#: Of the writer's own rows, one that nothing uses.
OWN = {
    "assets": "publiacqua-dati-restricted",
    "placements": "publiacqua-restricted:P1",
    "distributions": "publiacqua-dati-restricted:csv",
    "monographs": "monografia",
    "project-charts": "scheda-restricted",
}
SHARED = {
    "assets": "publiacqua-public",
    "placements": "publiacqua-public:P1",
    "distributions": "publiacqua-dati-public:csv",
    "monographs": "monografia",
    "project-charts": "scheda-public",
}
#: What a new row says otherwise than the one it is copied from.
NEW = {"monographs": {"study": "altra-ricerca"}, "project-charts": {"status": "draft"}}
PROBES = {
    "nobody": {},
    "a wrong token": {"HTTP_AUTHORIZATION": "Bearer fdr_wrong"},
    "another media type": {"HTTP_ACCEPT": "application/nonsense"},
}


@pytest.fixture(scope="module")
def document() -> dict:
    return openapi_document()


@pytest.fixture
def agrees(document):
    """Check an answer against the document; return its status."""

    def agrees(path: str, method: str, response) -> int:
        assert disagreements(document, path, method, response) == []
        return response.status_code

    return agrees


def routes(resolver, prefix: str = ""):
    """Yield path and method of every route below an address."""
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern, route)
        elif route.startswith("api/v1/") and not UNTOLD.fullmatch(pattern.name):
            view = pattern.callback
            methods = set(getattr(view, "actions", None) or dir(view.cls)) & METHODS & set(view.cls.http_method_names)
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", simplify_regex(route)).removeprefix(ROOT)
            yield from ((path, method) for method in methods)


def test_the_document_tells_of_every_route_and_of_no_other(document):
    told = {(path, method) for path, method, _operation in operations(document)}
    assert told == set(routes(get_resolver()))


def test_every_operation_refuses_as_it_says(document, registry, call, writer, agrees):
    for path, method, operation in operations(document):
        address = ROOT + re.sub(r"\{\w+\}", "1", path)
        seen = {agrees(path, method, call().generic(method, address, **headers)) for headers in PROBES.values()}
        if any(operation["security"]):
            assert 401 in seen, (path, method)
        if "404" in operation["responses"] and method == "get":
            assert 404 in seen, (path, method)
        if parameters(operation, "query"):
            expected = {400, 404} if "{" in path else {400}
            assert agrees(path, method, call().get(address, {"no_such_parameter": 1})) in expected
        if "requestBody" in operation:
            for media_type, body in (("application/json", "{"), ("text/plain", "x"), ("application/json", "[]")):
                response = call(writer).generic(method, address, body, content_type=media_type)
                assert agrees(path, method, response) >= 400


def test_every_operation_asks_to_come_back_where_the_database_gives_way(document, registry, call, writer, agrees):
    with patch("partners.admission.admit", side_effect=OperationalError("gone")):
        for path, method, _operation in operations(document):
            if path != "/status":
                assert agrees(path, method, call(writer).generic(method, ROOT + path)) == 503


def test_every_operation_asks_to_wait_where_too_much_is_asked(document, registry, call, writer, agrees, settings):
    settings.API_LIMIT_PER_CREDENTIAL = 1
    call(writer).get(f"{ROOT}/assets")
    for path, method, _operation in operations(document):
        answer = agrees(path, method, call(writer).generic(method, ROOT + path))
        assert (answer == 429) == (path != "/status"), (path, method)


def test_reading_answers_as_the_document_says(registry, call, writer, agrees):
    api = call(writer)
    for resource in RESOURCES:
        address = f"{ROOT}/{resource}"
        listed = api.get(address)
        assert agrees(f"/{resource}", "get", listed) == 200
        row = listed.json()["results"][0]
        detail = api.get(f"{address}/{row.get('key') or row['code']}")
        assert agrees(f"/{resource}/{{key}}", "get", detail) == 200
        for path, response in ((f"/{resource}", listed), (f"/{resource}/{{key}}", detail)):
            again = api.get(response.wsgi_request.path, HTTP_IF_NONE_MATCH=response["ETag"])
            assert agrees(path, "get", again) == 304


@pytest.mark.parametrize("resource", WRITTEN)
def test_writing_answers_as_the_document_says(resource, registry, document, call, writer, other_writer, agrees):
    api, path = call(writer, if_match=None), f"/{resource}/{{key}}"
    own, shared = f"{ROOT}/{resource}/{OWN[resource]}", f"{ROOT}/{resource}/{SHARED[resource]}"
    factories.study("altra-ricerca")
    row = api.get(own)
    body = {name: value for name, value in row.json().items() if name in fields_of(document, resource)}
    for method in ("put", "patch"):
        change = body if method == "put" else {"source": "Altrove"} if "source" in body else {"code": body["code"]}
        send, foreign = getattr(api, method), getattr(call(other_writer), method)
        assert agrees(path, method, send(own, change)) == 428
        assert agrees(path, method, send(own, change, HTTP_IF_MATCH='"another"')) == 412
        assert agrees(path, method, send(own, {"no_such_field": 1}, HTTP_IF_MATCH=api.get(own)["ETag"])) == 400
        assert agrees(path, method, foreign(shared, change, HTTP_IF_MATCH=api.get(shared)["ETag"])) in (403, 404)
        assert agrees(path, method, send(own, change, HTTP_IF_MATCH=api.get(own)["ETag"])) == 200
    assert agrees(f"/{resource}", "post", api.post(f"{ROOT}/{resource}", body)) == 400
    new = api.post(f"{ROOT}/{resource}", {**body, "code": "nuovo", **NEW.get(resource, {})})
    assert agrees(f"/{resource}", "post", new) == 201
    again = {"HTTP_IDEMPOTENCY_KEY": "again"}
    body = {**body, "code": "un-altro", **NEW.get(resource, {})}
    answers = [api.post(f"{ROOT}/{resource}", {**body, **change}, **again) for change in ({}, {}, {"code": "terzo"})]
    if resource != "monographs":
        assert [agrees(f"/{resource}", "post", answer) for answer in answers] == [201, 201, 422]
        assert [answer.has_header("Idempotency-Replayed") for answer in answers] == [False, True, False]
    for given, expected in (({}, 428), ({"HTTP_IF_MATCH": '"another"'}, 412), ({"HTTP_IF_MATCH": new["ETag"]}, 204)):
        assert agrees(path, "delete", api.delete(new["Location"], **given)) == expected


def test_what_is_in_use_is_answered_as_the_document_says(registry, call, writer, agrees):
    address = f"{ROOT}/assets/publiacqua-public"
    etag = call(writer).get(address)["ETag"]
    assert agrees("/assets/{key}", "delete", call(writer).delete(address, HTTP_IF_MATCH=etag)) == 409


def test_a_body_that_is_too_large_is_answered_as_the_document_says(registry, call, writer, settings, agrees):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    response = call(writer).post(f"{ROOT}/assets", {"name_it": "x" * 100})
    assert agrees("/assets", "post", response) == 413


def fields_of(document: dict, resource: str) -> set[str]:
    (content,) = document["paths"][f"/{resource}"]["post"]["requestBody"]["content"].values()
    return set(resolved(document, content["schema"])["properties"])
