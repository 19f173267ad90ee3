"""Whatever is sent, the answer is a problem that says in the reader's language what was wrong: no page, no 500."""

import json
from unittest.mock import patch

import pytest
from django.db import DataError, OperationalError

from assets.models import Asset
from tests import factories

ADDRESS = "/api/v1/assets"


def problem_of(response, status: int) -> dict:
    """The body of a problem, its form checked (RFC 9457)."""
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    body = json.loads(response.content)
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert (body["type"], body["status"]) == ("about:blank", status)
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"7",
        b"\xff\xfe",
        b'{"code": "a", "code": "b"}',
        b'{"quantity": NaN}',
        b'{"quantity": -Infinity}',
        b'{"quantity": 1e999}',
        b'{"quantity": ' + b"9" * 30 + b"}",
        b'{"quantity": ' + b"9" * 5000 + b"}",
        b'{"name_it": "a\\u0000b"}',
        b'{"name_it": "\\ud800"}',
        b'{"\\ud800": "x"}',
        b'{"\\u0000": "x"}',
        b'{"attributes": {"a": ["\\u0000"]}}',
        b'{"attributes": {"a": ' + b"[" * 60 + b"]" * 60 + b"}}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_a_body_that_cannot_be_read_is_refused(body, publiacqua, call, writer):
    response = call(writer).generic("POST", ADDRESS, body, content_type="application/json")
    problem_of(response, 400)
    assert not Asset.objects.exists()


def test_a_value_that_no_column_holds_is_named(publiacqua, call, writer):
    body = '{"participations": [{"gives_it": "\\u0000"}]}'
    response = call(writer).generic("POST", "/api/v1/project-charts", body, content_type="application/json")
    assert [error["field"] for error in problem_of(response, 400)["errors"]] == ["participations.0.gives_it"]


def test_all_that_is_wrong_with_a_body_is_told_at_once(publiacqua, call, writer):
    body = {"name_it": "", "nome": "x", "colour": 1, "owner": "nobody", "category": 7, "visibility": "secret"}
    told = problem_of(call(writer).post(ADDRESS, body), 400)["errors"]
    assert {error["field"] for error in told} == {"code", *body}
    assert "public, network, restricted" in next(each["message"] for each in told if each["field"] == "visibility")
    assert not Asset.objects.exists()


def test_a_body_that_is_too_large_is_refused(publiacqua, call, writer, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    problem_of(call(writer).post(ADDRESS, {"name_it": "x" * 1000}), 413)


@pytest.mark.parametrize("media_type", ["text/plain", "multipart/form-data; boundary=x", "nonsense", "application/xml"])
def test_a_body_of_another_kind_is_refused(media_type, publiacqua, call, writer):
    problem_of(call(writer).generic("POST", ADDRESS, b"a=1", content_type=media_type), 415)


def test_an_answer_of_another_kind_is_refused(db, call):
    problem_of(call().get(ADDRESS, HTTP_ACCEPT="application/xml"), 406)


@pytest.mark.parametrize("address", ["/api/v1/", "/api/v1/nothing", "/api/v1/assets/", "/api/v1/assets/a/b"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_address_that_does_not_exist_answers_with_a_problem(method, address, db, client):
    problem_of(getattr(client, method)(address), 404)


def test_a_row_that_does_not_exist_answers_with_a_problem(db, client):
    for key in ("none", "a%00b", "%ff", "x" * 3000, "a:b", "%F0%9F%98%80"):
        problem_of(client.get(f"{ADDRESS}/{key}"), 404)


def test_a_method_that_is_not_known_answers_with_a_problem(publiacqua, call, writer):
    problem_of(call(writer).generic("TRACE", ADDRESS), 405)
    problem_of(call(writer).generic("POST", f"{ADDRESS}/x"), 405)
    problem_of(call(writer).generic("DELETE", ADDRESS), 405)


def test_problems_speak_the_readers_language(publiacqua, call, writer):
    def told(language):
        return problem_of(call(writer).get(f"{ADDRESS}/none", HTTP_ACCEPT_LANGUAGE=language), 404)["detail"]

    assert told("en") == "There is nothing at this address, or it is not yours to see."
    assert told("it") != told("en")


def test_what_only_the_database_refuses_is_a_problem_too(publiacqua, call, writer):
    category = factories.category()
    body = {"code": "bene", "name_it": "Bene", "owner": "publiacqua", "category": category.code}
    with patch.object(Asset, "full_clean"), patch.object(Asset, "save", side_effect=DataError("out of range")):
        problem_of(call(writer).post(ADDRESS, body), 400)
    factories.asset(publiacqua, "bene", category=category)
    with patch.object(Asset, "full_clean"):
        assert problem_of(call(writer).post(ADDRESS, body), 400)["errors"][0]["message"]
    assert Asset.objects.count() == 1


def test_what_came_into_use_a_moment_ago_is_not_deleted(publiacqua, call, writer):
    asset = factories.placement(factories.asset(publiacqua, "bene")).asset
    with patch.object(Asset, "uses_by", return_value=([], False)):
        problem_of(call(writer).delete(f"{ADDRESS}/bene"), 409)
    assert asset.placements.count() == 1


def test_a_database_that_gives_way_asks_to_try_again(publiacqua, call, writer):
    with patch.object(Asset.objects._queryset_class, "visible_to", side_effect=OperationalError("deadlock detected")):
        response = call(writer).get(ADDRESS)
    problem_of(response, 503)
    assert response["Retry-After"] == "5"


def test_a_failure_below_the_api_is_a_problem_and_elsewhere_a_page(publiacqua, client):
    client.raise_request_exception = False
    with patch("firenze_digitale.api.viewsets.RegistryViewSet.list", side_effect=ZeroDivisionError):
        problem_of(client.get(ADDRESS), 500)
    assert client.get("/api/none")["Content-Type"] == "application/problem+json"
    assert client.get("/none")["Content-Type"].startswith("text/html")


def test_the_status_is_told_without_a_login(db, client):
    response = client.get("/api/v1/status")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "database": True})


def test_the_status_tells_that_the_database_does_not_answer(client):
    with patch("firenze_digitale.api.views.connection.cursor", side_effect=OperationalError):
        response = client.get("/api/v1/status", HTTP_COOKIE="sessionid=x", HTTP_AUTHORIZATION="Bearer fdr_x_y")
    problem_of(response, 503)
    assert response["Retry-After"] == "5"


def test_a_problem_is_no_longer_than_declared_whatever_it_repeats(publiacqua, call, writer):
    body = {f"{number}" + "x" * 3_000: 1 for number in range(50)} | {str(number): 1 for number in range(10_000)}
    told = problem_of(call(writer).post(ADDRESS, body), 400)["errors"]
    assert len(told) == 10_000
    assert [len(error["field"]) for error in told if "xxx" in error["field"]] == [2_000] * 50
    (error,) = problem_of(call().get(ADDRESS, {"kind": "a\x00b"}), 400)["errors"]
    assert "a␀b" in error["message"]
