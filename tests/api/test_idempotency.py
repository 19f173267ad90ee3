"""A POST that is sent again under its key is not carried out again, whatever happens to the first one."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from assets.models import Asset, Import, Placement
from firenze_digitale.api import idempotency
from firenze_digitale.api.idempotency import OnceByKey
from firenze_digitale.api.views import NowhereView
from partners.models import ApiCredential, KeptAnswer
from tests import factories

ADDRESS = "/api/v1/assets"


def body(code="bene", **values):
    return {"code": code, "name_it": "Bene", "owner": "publiacqua", "category": "fontanelli", **values}


@pytest.fixture
def send(publiacqua, call, writer):
    """Send a POST under a key."""
    factories.category("fontanelli")

    def send(data, key="k-1", address=ADDRESS, token=writer, **options):
        return call(token).post(address, data, HTTP_IDEMPOTENCY_KEY=key, **options)

    return send


def told(response) -> tuple:
    kept = ("Location", "ETag", "Content-Type")
    return response.status_code, response.content, {name: response[name] for name in kept if name in response}


def test_a_repeated_request_has_the_first_answer_and_is_not_carried_out(send):
    first = send(body())
    assert first.status_code == 201
    assert {"Location", "ETag"} <= set(first.headers)
    Asset.objects.update(name_it="Cambiato")
    again = send(body())
    assert told(again) == told(first)
    assert (again["Idempotency-Replayed"], "Idempotency-Replayed" in first) == ("true", False)
    assert int(again["RateLimit-Remaining"]) < int(first["RateLimit-Remaining"])
    assert Asset.objects.get().name_it == "Cambiato"


def test_it_is_the_same_request_whatever_the_order_of_its_members(send):
    first = send(body())
    assert told(send(dict(reversed(body().items())))) == told(first)


def test_without_a_key_each_request_counts(send, call, writer):
    assert call(writer).post(ADDRESS, body()).status_code == 201
    assert call(writer).post(ADDRESS, body()).status_code == 400
    assert not KeptAnswer.objects.exists()


@pytest.mark.parametrize(("data", "address"), [(body("altro"), ADDRESS), (body(), f"{ADDRESS}?a=1")])
def test_the_same_key_for_another_request_is_refused(data, address, send):
    send(body())
    other = send(data, address=address)
    assert (other.status_code, other["Content-Type"]) == (422, "application/problem+json")
    assert Asset.objects.get().code == "bene"


def test_another_credential_has_keys_of_its_own(send, publiacqua):
    send(body())
    other = send(body("altro"), token=factories.credential(publiacqua, "write"))
    assert other.status_code == 201
    assert Asset.objects.count() == 2


@pytest.mark.parametrize("key", ["", " ", "a b", "è", "x" * 256, "a\tb"])
def test_a_key_that_is_no_key_is_refused(key, send):
    answer = send(body(), key=key.encode().decode("latin-1"))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert not Asset.objects.exists()


def test_the_longest_key_is_kept(send):
    assert send(body(), key="~" * 255).status_code == 201
    assert "Idempotency-Replayed" in send(body(), key="~" * 255)


def test_what_was_refused_may_be_corrected_under_the_same_key(send):
    assert send(body(name_it="")).status_code == 400
    assert not KeptAnswer.objects.exists()
    assert send(body()).status_code == 201
    assert KeptAnswer.objects.get().status == 201


def test_what_may_not_be_done_is_not_kept(send, publiacqua):
    reader = factories.credential(publiacqua, "read")
    assert send(body(), token=reader).status_code == 403
    assert send(body(), token=None).status_code == 401
    assert not KeptAnswer.objects.exists()


def test_a_key_is_forgotten_after_a_day(send):
    first = send(body())
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=23))
    assert told(send(body())) == told(first)
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert send(body()).status_code == 400
    assert send(body("altro")).status_code == 201
    assert KeptAnswer.objects.get().created_at > timezone.now() - timedelta(minutes=1)


def test_many_rows_at_once_are_stored_once(send):
    rows = {"rows": [body(f"bene-{number}") for number in range(3)]}
    first = send(rows, address=f"{ADDRESS}/bulk")
    assert first.status_code == 200, first.content
    assert first.json()["counts"]["created"] == 3
    assert told(send(rows, address=f"{ADDRESS}/bulk")) == told(first)
    assert Asset.objects.count() == 3


def test_many_rows_of_which_one_is_wrong_leave_neither_rows_nor_an_answer(send):
    rows = {"rows": [body("bene-1"), body("bene-2", name_it="")]}
    assert send(rows, address=f"{ADDRESS}/bulk").status_code == 400
    assert (Asset.objects.count(), KeptAnswer.objects.count()) == (0, 0)


def test_a_file_is_taken_in_once(send, call, writer):
    def bring(content):
        file = SimpleUploadedFile("a.csv", content, "text/csv")
        return call(writer).post(
            "/api/v1/imports?kind=assets", {"file": file}, format="multipart", HTTP_IDEMPOTENCY_KEY="f"
        )

    content = b"code,name_it,category,owner\nbene,Bene,fontanelli,publiacqua\n"
    first = bring(content)
    assert first.status_code == 202, first.content
    assert told(bring(content)) == told(first)
    assert Import.objects.count() == 1
    assert bring(content.replace(b"bene", b"pene")).status_code == 422


def test_a_crash_between_the_work_and_its_answer_leaves_neither(send):
    with (
        patch.object(idempotency, "_written", side_effect=ZeroDivisionError),
        pytest.raises(ZeroDivisionError),
    ):
        send(body())
    assert (Asset.objects.count(), KeptAnswer.objects.count()) == (0, 0)
    assert send(body()).status_code == 201


def test_every_post_of_the_api_takes_a_key():
    views = [view for route, view in _patterns(get_resolver()) if route.startswith("api/v1/")]
    classes = {_class(view) for view in views if _takes_posts(view)} - {NowhereView}
    assert len(classes) > 3
    assert not [cls for cls in classes if not issubclass(cls, OnceByKey)]


def _patterns(resolver, prefix=""):
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _patterns(pattern, route)
        else:
            yield route, pattern.callback


def _class(view):
    return getattr(view, "cls", None) or getattr(view, "view_class", None)


def _takes_posts(view) -> bool:
    actions = getattr(view, "actions", None)
    return "post" in actions if actions else hasattr(_class(view), "post")


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_the_second_waits_and_has_the_first_answer(send, writer):
    def post(_number):
        try:
            return Client().post(
                ADDRESS,
                body(),
                content_type="application/json",
                HTTP_IDEMPOTENCY_KEY="k",
                HTTP_AUTHORIZATION=f"Bearer {writer}",
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(post, range(6)))
    assert {told(answer)[:2] for answer in answers} == {(201, answers[0].content)}
    assert sorted("Idempotency-Replayed" in answer for answer in answers) == [False] + [True] * 5
    assert Asset.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_for_the_first_is_asked_to_come_again(send, monkeypatch):
    monkeypatch.setattr(idempotency, "PATIENCE", "200ms")
    credential = ApiCredential.objects.get()
    held, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            KeptAnswer.objects.create(credential=credential, key="k-1", fingerprint="x")
            held.set()
            done.wait(10)
            transaction.set_rollback(True)
        connection.close()

    first = threading.Thread(target=hold)
    first.start()
    assert held.wait(10)
    answer = send(body())
    done.set()
    first.join()
    assert (answer.status_code, answer["Retry-After"]) == (409, "5")
    assert not Asset.objects.exists()
    assert send(body()).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_what_only_the_end_of_the_transaction_refuses_is_told_and_not_kept(send):
    """Rules that wait for the end speak when the answer is already written."""
    asset = factories.asset(ApiCredential.objects.get().partner, "bene")
    refuse = "ALTER TABLE assets_placement ADD CONSTRAINT late UNIQUE (address) DEFERRABLE INITIALLY DEFERRED"
    factories.placement(asset, "A", address="Via X")
    with connection.cursor() as cursor:
        cursor.execute(refuse)
    try:
        placement = {"asset": "bene", "code": "B", "address": "Via X", "latitude": 43.7, "longitude": 11.2}
        answer = send(placement, address="/api/v1/placements")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE assets_placement DROP CONSTRAINT late")
    assert answer.status_code == 400, answer.content
    assert (Placement.objects.count(), KeptAnswer.objects.count()) == (1, 0)
