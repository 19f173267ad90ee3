"""How much one may ask in a minute: of a credential, an account, an address; exact, however many ask at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from firenze_digitale.api.throttling import subject_of
from partners import admission
from partners.models import ApiCredential, CredentialDay, KeptAnswer, RequestWindow
from partners.tokens import Token
from tests import factories

HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
THIS_MINUTE = "SELECT floor(extract(epoch FROM statement_timestamp()) / 60)::int"
WINDOWS = "INSERT INTO partners_requestwindow (subject, minute, requests) VALUES (%s, %s, %s)"


@pytest.fixture
def limits(settings):
    settings.API_LIMIT_PER_CREDENTIAL, settings.API_LIMIT_PER_ADDRESS = 3, 2


def left(response) -> tuple[int, int, int]:
    """Status, limit and what remains; the seconds are checked."""
    assert 1 <= int(response["RateLimit-Reset"]) <= 60
    return response.status_code, int(response["RateLimit-Limit"]), int(response["RateLimit-Remaining"])


def ran(sql: str, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0] if cursor.description else cursor.rowcount


@pytest.fixture
def minute(db):
    """No minute ends in the middle of a test."""
    if ran("SELECT 60 - extract(epoch FROM clock_timestamp())::numeric %% 60") < 3:
        ran("SELECT pg_sleep(3.1)")
    return ran(THIS_MINUTE)


def test_a_credential_may_ask_as_often_as_its_limit_and_is_told_when_to_go_on(minute, limits, get, reader, writer):
    assert [left(get("assets", reader)) for _ in range(3)] == [(200, 3, 2), (200, 3, 1), (200, 3, 0)]
    barred = get("assets", reader)
    assert (left(barred), barred["Content-Type"]) == ((429, 3, 0), "application/problem+json")
    assert barred["Retry-After"] == barred["RateLimit-Reset"]
    assert barred.json()["status"] == 429
    assert "3" in barred.json()["detail"]
    assert left(get("assets", writer)) == (200, 3, 2)
    assert left(get("assets")) == (200, 2, 1)


def test_a_new_minute_lets_in_again(minute, limits, get, reader):
    for _ in range(4):
        answer = get("assets", reader)
    assert answer.status_code == 429
    ran("UPDATE partners_requestwindow SET minute = minute - 1")
    assert left(get("assets", reader)) == (200, 3, 2)


@pytest.mark.parametrize(
    ("path", "status"), [("assets", 200), ("assets/none", 404), ("nowhere", 404), ("assets?limit=x", 400), ("ogc", 200)]
)
def test_whatever_is_answered_tells_what_is_left(path, status, minute, limits, get, reader):
    assert left(get(path, reader)) == (status, 3, 2)


def test_an_answer_without_a_body_and_one_to_a_wrong_body_tell_it_too(minute, limits, publiacqua, call, writer):
    assert left(call(writer).options("/api/v1/assets")) == (204, 3, 2)
    assert left(call(writer).generic("POST", "/api/v1/assets", b"{", content_type="application/json")) == (400, 3, 1)
    first = call(writer).get("/api/v1/assets")
    assert left(first) == (200, 3, 0)


def test_what_has_not_changed_is_counted_too(minute, limits, publiacqua, get, call, reader):
    first = get("assets", reader)
    again = call(reader).get("/api/v1/assets", HTTP_IF_NONE_MATCH=first["ETag"])
    assert left(again) == (304, 3, 1)


def test_wrong_tokens_count_to_the_address_that_tries_them(minute, limits, get, reader):
    wrong = str(Token(Token.read(reader).prefix, Token.new().secret))
    assert [get("assets", wrong).status_code for _ in range(3)] == [401, 401, 429]
    assert get("assets").status_code == 429
    assert left(get("assets", reader)) == (200, 3, 2)


def test_a_session_is_counted_to_its_account_wherever_it_comes_from(minute, limits, browse, referent, outsider):
    for address in ("192.0.2.1", "192.0.2.2"):
        answer = browse(referent).get("/api/v1/assets", REMOTE_ADDR=address)
    assert left(answer) == (200, 3, 1)
    assert left(browse(outsider).get("/api/v1/assets")) == (200, 3, 2)


def test_addresses_are_counted_apart_and_a_subscribers_many_together(rf, settings):
    def subject(address, **headers):
        return subject_of(rf.get("/", REMOTE_ADDR=address, **headers))

    assert subject("192.0.2.1") == subject("::ffff:192.0.2.1") == "address:192.0.2.1"
    assert subject("192.0.2.2") != subject("192.0.2.1")
    assert subject("2001:db8:1:2::1") == subject("2001:db8:1:2:ffff::") == "address:2001:db8:1:2::/64"
    assert subject("2001:db8:1:3::1") != subject("2001:db8:1:2::1")
    assert subject("") == "address:unknown"
    forwarded = {"HTTP_X_FORWARDED_FOR": "192.0.2.9"}
    assert subject("192.0.2.1", **forwarded) == "address:192.0.2.1"
    settings.TRUSTED_PROXY_COUNT = 1
    assert subject("192.0.2.1", **forwarded) == "address:192.0.2.9"


def test_the_status_is_never_refused_nor_counted(minute, limits, get):
    for _ in range(4):
        assert left(get("status")) == (200, 10**9, 10**9)
    assert not RequestWindow.objects.exists()


def test_pages_are_not_counted_but_for_who_brings_a_credential(minute, limits, db, client, reader):
    for _ in range(4):
        assert "RateLimit-Limit" not in client.get("/").headers
    assert not RequestWindow.objects.exists()
    assert left(client.get("/accessibility/", HTTP_AUTHORIZATION=f"Bearer {reader}")) == (200, 3, 2)


def test_a_database_that_does_not_answer_at_the_gate_is_told_as_a_problem(db, get, reader):
    with patch("partners.admission.connection.cursor", side_effect=OperationalError):
        answer = get("assets", reader)
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert answer["Retry-After"] == "5"
    assert left(answer)[0] == 503


def test_asking_costs_one_statement_and_once_a_minute_one_more(minute, publiacqua, reader, django_assert_num_queries):
    token = Token.read(reader)
    with patch("partners.admission.random.randrange", return_value=1):
        with django_assert_num_queries(2):
            admission.admit(token)
        with django_assert_num_queries(1):
            system, count = admission.admit(token)
        with django_assert_num_queries(0):
            assert system.access.partner_ids == {publiacqua.pk}
    assert count.requests == 2


def test_counting_leaves_nothing_that_the_disk_must_hold(db):
    """A table that is not logged: no request waits for a disk, and a crash loses the counts of a minute alone."""
    assert ran("SELECT relpersistence FROM pg_class WHERE relname = 'partners_requestwindow'") == "u"


def test_a_system_answers_for_those_whom_its_partner_succeeded(publiacqua, get):
    heir = factories.partner("erede")
    publiacqua.successor = heir
    publiacqua.save()
    first = factories.partner("prima", successor=publiacqua)
    system, _count = admission.admit(Token.read(factories.credential(heir)))
    assert system.access.partner_ids == {heir.pk, publiacqua.pk, first.pk}


def test_the_minutes_of_a_credential_become_its_days(minute, reader, get):
    credential = ApiCredential.objects.get()
    subject = f"credential:{credential.pk}"
    day = ran("SELECT (to_timestamp(%s) AT TIME ZONE 'Europe/Rome')::date", 60 * (minute - 5))
    CredentialDay.objects.create(credential=credential, day=day, requests=100)
    for ago, requests in ((2_880, 7), (5, 20), (1, 3)):
        ran(WINDOWS, subject, minute - ago, requests)
    assert get("assets", reader).status_code == 200
    assert dict(credential.days.values_list("day", "requests")) == {day: 120, day - timedelta(days=2): 7}
    kept = dict(RequestWindow.objects.filter(subject=subject).values_list("minute", "requests"))
    assert kept == {minute - 1: 3, minute: 1}
    credential.refresh_from_db()
    assert timezone.now() - credential.last_used_at < timedelta(minutes=1)


def test_what_is_over_is_swept_away_now_and_then(minute, reader, get):
    credential = ApiCredential.objects.get()
    for subject in ("address:192.0.2.1", "account:1", "credential:0"):
        ran(WINDOWS, subject, minute - 5, 1)
    ran(WINDOWS, "address:192.0.2.1", minute - 1, 1)
    for key, days in (("old", 2), ("new", 0)):
        kept = KeptAnswer.objects.create(credential=credential, key=key, fingerprint="x", status=201)
        KeptAnswer.objects.filter(pk=kept.pk).update(created_at=timezone.now() - timedelta(days=days))
    with patch("partners.admission.random.randrange", return_value=0):
        get("assets")
    subjects = set(RequestWindow.objects.filter(minute__lt=minute).values_list("subject", "minute"))
    assert subjects == {("credential:0", minute - 5), ("address:192.0.2.1", minute - 1)}
    assert [kept.key for kept in KeptAnswer.objects.all()] == ["new"]


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_as_many_pass_as_may(minute, settings, publiacqua):
    settings.API_LIMIT_PER_CREDENTIAL = 15
    token = factories.credential(publiacqua)

    def ask(_number):
        try:
            return Client().get("/api/v1/partners", HTTP_AUTHORIZATION=f"Bearer {token}").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(ask, range(45)))
    assert statuses == [200] * 15 + [429] * 30
    assert RequestWindow.objects.get(minute=minute).requests == 45
