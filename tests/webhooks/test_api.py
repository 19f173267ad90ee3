"""Webhooks on the API: a partner's system says where it is told, sees what was sent, and nobody else does."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from firenze_digitale.webhooks import example
from firenze_digitale.webhooks.sender import Sender
from partners.choices import DeliveryState
from partners.models import ApiCredential, KeptAnswer, Webhook, WebhookDelivery
from tests import factories
from tests.receiving import LOOPBACK

pytestmark = pytest.mark.django_db
URL = "/api/v1/webhooks"
HOOK = "https://8.8.8.8/hook"


@pytest.fixture
def webhook(publiacqua):
    return factories.webhook(publiacqua, HOOK)


@pytest.fixture
def other(silfi):
    return factories.webhook(silfi, "https://8.8.8.8/silfi")


def send_due():
    sender = Sender()
    sender.send_due()
    sender.close()


def fields_of(answer) -> set[str]:
    return {error["field"] for error in answer.json()["errors"]}


def test_a_system_registers_an_address_is_told_and_reads_on(call, writer, receiver, publiacqua, settings):
    settings.SITE_URL = "http://testserver"
    answer = call(writer).post(URL, {"partner": "publiacqua", "url": receiver.url, "kinds": ["assets"]})
    assert answer.status_code == 201
    body = answer.json()
    webhook = Webhook.objects.get()
    assert body["key"] == str(webhook.public_id)
    assert answer["Location"].endswith(f"{URL}/{webhook.public_id}")
    assert (body["partner"], body["url"], body["kinds"], body["active"]) == (
        "publiacqua",
        receiver.url,
        ["assets"],
        True,
    )
    factories.asset(publiacqua, "publiacqua-rete", visibility="restricted")
    send_due()
    [got] = receiver.received
    example.verify(body["secret"], got.headers, got.body)
    [change] = got.json["changes"]
    assert call(writer).get(change["url"]).json()["code"] == "publiacqua-rete"
    page = call(writer).get(got.json["after"]).json()
    assert [entry["key"] for entry in page["results"]] == ["publiacqua-rete"]
    assert page["next"] == got.json["next"]


def test_the_secret_is_shown_once_and_kept_nowhere(call, writer, webhook):
    answer = call(writer).post(
        URL, {"partner": "publiacqua", "url": "https://8.8.8.8/new"}, headers={"Idempotency-Key": "once"}
    )
    made = Webhook.objects.get(url="https://8.8.8.8/new")
    assert answer.json()["secret"] == made.secret
    assert answer["Cache-Control"] == "no-store"
    assert not KeptAnswer.objects.exists()
    for address in (URL, f"{URL}/{made.public_id}"):
        assert "secret" not in call(writer).get(address).content.decode()
    renewed = call(writer).post(f"{URL}/{made.public_id}/secret")
    made.refresh_from_db()
    assert renewed.json() == {"secret": made.secret}
    assert renewed.json()["secret"] != answer.json()["secret"]


def test_what_is_changed_in_part_stays_as_it_is_in_the_others(call, writer, webhook):
    address, client = f"{URL}/{webhook.public_id}", call(writer, if_match=None)
    seen = client.get(address)
    answer = client.patch(address, {"active": False}, HTTP_IF_MATCH=seen["ETag"])
    assert (answer.status_code, answer.json()["active"], answer.json()["url"]) == (200, False, HOOK)
    assert client.patch(address, {"active": True}, HTTP_IF_MATCH=seen["ETag"]).status_code == 412
    assert client.patch(address, {"active": True}).status_code == 428
    webhook.refresh_from_db()
    assert not webhook.active
    gone = client.delete(address, HTTP_IF_MATCH=answer["ETag"])
    assert gone.status_code == 204
    assert not Webhook.objects.exists()


def test_being_told_something_does_not_make_a_new_state_of_a_webhook(call, writer, webhook):
    address = f"{URL}/{webhook.public_id}"
    etag, list_etag = call(writer).get(address)["ETag"], call(writer).get(URL)["ETag"]
    Webhook.objects.update(position=webhook.position + 1, failing_since=timezone.now())
    assert call(writer).get(address, headers={"If-None-Match": etag}).status_code == 304
    assert call(writer).get(URL, headers={"If-None-Match": list_etag}).status_code == 304
    Webhook.objects.update(active=False)
    assert call(writer).get(address, headers={"If-None-Match": etag}).status_code == 200
    assert call(writer).get(URL, headers={"If-None-Match": list_etag}).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://8.8.8.8/"}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://169.254.169.254/latest/meta-data"}, "url"),
        ({"url": "https://user:secret@8.8.8.8/"}, "url"),
        ({"url": "nowhere"}, "url"),
        ({"url": 7}, "url"),
        ({"url": f"https://8.8.8.8/{'x' * 500}"}, "url"),
        ({"url": HOOK}, ""),
        ({"kinds": ["users"]}, "kinds.0"),
        ({"kinds": ["assets", "assets"]}, "kinds"),
        ({"kinds": "assets"}, "kinds"),
        ({"partner": "silfi"}, None),
        ({"partner": "nobody"}, "partner"),
        ({"secret": "mine"}, "secret"),
        ({"position": 7}, "position"),
    ],
)
def test_what_is_wrong_is_refused_with_the_field_named_and_nothing_stored(call, writer, webhook, silfi, body, field):
    answer = call(writer).post(URL, {"partner": "publiacqua", "url": "https://8.8.8.8/new", **body})
    assert answer.status_code == (403 if field is None else 400)
    assert field is None or field in fields_of(answer)
    assert Webhook.objects.get() == webhook


def test_a_webhook_stays_with_its_partner_and_leads_only_where_one_may_send(call, writer, webhook, silfi):
    address = f"{URL}/{webhook.public_id}"
    for body, field in (({"partner": "silfi"}, "partner"), ({"url": "https://10.0.0.1/"}, "url")):
        answer = call(writer).patch(address, body)
        assert (answer.status_code, fields_of(answer)) == (400, {field})
    webhook.refresh_from_db()
    assert (webhook.url, webhook.partner.code) == (HOOK, "publiacqua")


def test_a_partner_has_no_more_webhooks_than_it_can_keep_an_eye_on(call, writer, publiacqua):
    for number in range(20):
        factories.webhook(publiacqua, f"https://8.8.8.8/{number}")
    answer = call(writer).post(URL, {"partner": "publiacqua", "url": "https://8.8.8.8/one-more"})
    assert answer.status_code == 400
    assert Webhook.objects.count() == 20


@pytest.mark.parametrize("who", [None, "other_writer"])
def test_nobody_else_learns_that_a_webhook_is_there(call, request, webhook, other, who):
    client = call(request.getfixturevalue(who) if who else None)
    shown = [row["key"] for row in client.get(URL).json()["results"]]
    assert shown == ([str(other.public_id)] if who else [])
    address = f"{URL}/{webhook.public_id}"
    delivery = webhook.deliveries.create(body="{}", changes=1, state=DeliveryState.DELIVERED)
    assert client.get(address).status_code == 404
    assert client.get(f"{address}/deliveries").status_code == 404
    expected = 404 if who else 401
    again = f"{address}/deliveries/{delivery.message_id}/send"
    for path in (f"{address}/secret", f"{address}/ping", again):
        assert client.post(path).status_code == expected
    for method in (client.patch, client.put):
        assert method(address, {"active": False}).status_code == expected
    assert client.delete(address).status_code == expected
    assert list(webhook.deliveries.values_list("state")) == [("delivered",)]
    salt = webhook.secret_salt
    webhook.refresh_from_db()
    assert webhook.active
    assert webhook.secret_salt == salt


def test_who_reads_only_sees_webhooks_and_changes_none(call, reader, webhook):
    client, address = call(reader), f"{URL}/{webhook.public_id}"
    assert client.get(address).json()["url"] == HOOK
    assert client.post(URL, {"partner": "publiacqua", "url": "https://8.8.8.8/new"}).status_code == 403
    for path in (f"{address}/secret", f"{address}/ping"):
        assert client.post(path).status_code == 403
    assert client.delete(address).status_code == 403
    assert Webhook.objects.count() == 1
    assert not WebhookDelivery.objects.exists()


def test_a_credential_of_some_resources_has_no_webhook_that_tells_of_more(call, publiacqua, webhook):
    _credential, token = ApiCredential.issue(
        partner=publiacqua, name="reti", access="write", resources=["assets", "placements"]
    )
    client, new = call(token), {"partner": "publiacqua", "url": "https://8.8.8.8/new"}
    for kinds in ([], ["assets", "meetings"]):
        assert client.post(URL, {**new, "kinds": kinds}).status_code == 403
    made = client.post(URL, {**new, "kinds": ["assets"]})
    assert made.status_code == 201
    address = f"{URL}/{webhook.public_id}"
    moved = client.patch(address, {"url": "https://8.8.8.8/mine"})
    assert moved.status_code == 403
    assert client.post(f"{address}/secret").status_code == 403
    assert client.delete(address).status_code == 403
    webhook.refresh_from_db()
    assert webhook.url == HOOK
    assert client.delete(f"{URL}/{made.json()['key']}").status_code == 204
    assert Webhook.objects.get() == webhook


def test_what_was_sent_is_listed_the_latest_first_and_by_state(call, reader, webhook, other):
    made = [
        webhook.deliveries.create(body="{}", changes=number, state=state)
        for number, state in enumerate(["delivered", "failed", "waiting"])
    ]
    other.deliveries.create(body="{}", changes=9)
    address = f"{URL}/{webhook.public_id}/deliveries"
    first = call(reader).get(address, {"limit": 2}).json()
    assert [row["message"] for row in first["results"]] == [str(made[2].message_id), str(made[1].message_id)]
    rest = call(reader).get(first["next"]).json()
    assert [row["changes"] for row in rest["results"]] == [0]
    assert rest["next"] is None
    assert [row["state"] for row in call(reader).get(address, {"state": "failed"}).json()["results"]] == ["failed"]
    for wrong in ({"state": "lost"}, {"colour": "red"}, {"limit": "0"}, {"cursor": "x"}):
        assert call(reader).get(address, wrong).status_code == 400


def test_lists_ask_as_many_questions_for_many_rows(call, reader, publiacqua):
    client, webhook = call(reader), factories.webhook(publiacqua)
    webhook.deliveries.create(body="{}", changes=1)
    addresses = URL, f"{URL}/{webhook.public_id}/deliveries"

    def asked(address):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len([query for query in queries if "partners_webhook" in query["sql"]])

    few = [asked(address) for address in addresses]
    for _ in range(9):
        factories.webhook(publiacqua)
        webhook.deliveries.create(body="{}", changes=1)
    assert few == [asked(address) for address in addresses]
    assert max(few) <= 2


def test_a_message_is_sent_again_and_a_test_is_sent(call, writer, receiver, publiacqua):
    webhook = factories.webhook(publiacqua, receiver.url)
    factories.partner()
    send_due()
    delivery, address = webhook.deliveries.get(), f"{URL}/{webhook.public_id}"
    answer = call(writer).post(f"{address}/deliveries/{delivery.message_id}/send")
    assert (answer.status_code, answer.json()["state"], answer.json()["attempts"]) == (202, "waiting", 0)
    tested = call(writer).post(f"{address}/ping")
    assert (tested.status_code, tested.json()["changes"]) == (202, 0)
    send_due()
    assert sorted(got.headers["webhook-id"] for got in receiver.received) == sorted(
        [str(delivery.message_id), str(delivery.message_id), tested.json()["message"]]
    )
    for missing in ("x", "00000000-0000-0000-0000-000000000000"):
        assert call(writer).post(f"{address}/deliveries/{missing}/send").status_code == 404


def test_tests_that_wait_are_not_piled_up(call, writer, webhook):
    answers = [call(writer).post(f"{URL}/{webhook.public_id}/ping").status_code for _ in range(4)]
    assert answers == [202, 202, 202, 400]
    assert webhook.deliveries.count() == 3


@pytest.mark.parametrize("key", ["x", "7", "00000000-0000-0000-0000-000000000000", "0" * 32, "%00"])
def test_a_key_that_is_none_leads_nowhere(call, writer, webhook, key):
    assert call(writer).get(f"{URL}/{key}").status_code == 404


def test_the_operator_may_allow_a_network_of_the_city(call, writer, settings, publiacqua):
    settings.WEBHOOK_NETWORKS = LOOPBACK
    answer = call(writer).post(URL, {"partner": "publiacqua", "url": "http://127.0.0.1:9/"})
    assert answer.status_code == 201
