"""What a partner's system is told: in order, at least once, as far as the partner may see it, until it gives up."""

import json
from contextlib import nullcontext
from datetime import timedelta
from threading import Barrier, Event, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from assets.models import Asset
from firenze_digitale.management.commands import db_worker
from firenze_digitale.webhooks import example, messages
from firenze_digitale.webhooks.messages import queue_changes
from firenze_digitale.webhooks.queue import LEASE, MOST_ATTEMPTS, OFF_AFTER, forget_old, note, take_due, wait_after
from firenze_digitale.webhooks.sender import Sender, sending_beside
from firenze_digitale.webhooks.sending import Outcome, Result
from partners.choices import DeliveryState, WebhookState
from partners.models import Partner, Webhook, WebhookDelivery
from tests import factories

pytestmark = pytest.mark.django_db
FAILED = Result(Outcome.TIMEOUT)
DELIVERED = Result(Outcome.ANSWERED, 204)


@pytest.fixture
def webhook(publiacqua, receiver):
    return factories.webhook(publiacqua, receiver.url)


def send_due():
    sender = Sender()
    sender.send_due()
    sender.close()
    return sender


def told(receiver) -> list[tuple]:
    """What the receiver was told, change by change."""
    return [(c["kind"], c["key"], c["change"]) for got in receiver.received for c in got.json["changes"]]


def make_due():
    """The time of the next attempt has come."""
    WebhookDelivery.objects.waiting().update(due_at=timezone.now())


def test_a_change_is_told_signed_and_without_its_content(webhook, receiver, publiacqua, settings):
    settings.SITE_URL = "https://registro.example.org/"
    asset = factories.asset(publiacqua, "publiacqua-rete", name_it="Rete idrica")
    Asset.objects.filter(pk=asset.pk).update(name_it="Rete idrica di Firenze")
    sender = send_due()
    assert (sender.delivered, sender.failed) == (1, 0)
    [got] = receiver.received
    example.verify(webhook.secret, got.headers, got.body)
    body = got.json
    assert (body["type"], body["webhook"]) == ("changes", str(webhook.public_id))
    assert body["after"].startswith("https://registro.example.org/api/v1/changes?after=")
    assert body["next"] != body["after"]
    created, updated = (change for change in body["changes"] if change["kind"] == "assets")
    assert (created["key"], created["change"], created["fields"]) == ("publiacqua-rete", "created", None)
    assert (updated["change"], updated["fields"]) == ("updated", ["name_it"])
    assert updated["url"] == "https://registro.example.org/api/v1/assets/publiacqua-rete"
    assert updated["at"].endswith("Z")
    assert "Rete idrica" not in got.body.decode()
    [delivery] = webhook.deliveries.all()
    assert (delivery.state, delivery.attempts, delivery.status) == (DeliveryState.DELIVERED, 1, 200)
    assert (delivery.outcome, delivery.due_at) == ("answered", None)
    assert str(delivery.message_id) == got.headers["webhook-id"]


def test_nothing_is_told_of_what_happened_before_the_webhook_was_made(webhook, receiver):
    assert send_due().delivered == 0
    assert receiver.received == []


def test_only_the_kinds_asked_for_are_told(webhook, receiver, publiacqua):
    Webhook.objects.filter(pk=webhook.pk).update(kinds=["placements", "monographs"])
    asset = factories.asset(publiacqua, "publiacqua-rete")
    factories.placement(asset, "P1").delete()
    send_due()
    assert ("placements", "publiacqua-rete:P1", "deleted") in told(receiver)
    assert {kind for kind, _key, _change in told(receiver)} == {"placements"}
    assert "kind=placements,monographs" in receiver.received[0].json["next"]


def test_what_is_restricted_to_another_partner_is_never_told(webhook, receiver, publiacqua, silfi):
    own = factories.asset(publiacqua, "publiacqua-segreto", visibility="restricted")
    other = factories.asset(silfi, "silfi-segreto", visibility="restricted")
    shared = factories.asset(silfi, "silfi-rete", visibility="network")
    factories.placement(other, "L1")
    Asset.objects.filter(pk=other.pk).update(name_it="Ancora segreto")
    send_due()
    assert {key for kind, key, _change in told(receiver) if kind == "assets"} == {own.code, shared.code}
    Asset.objects.filter(pk=shared.pk).update(visibility="restricted")
    send_due()
    Asset.objects.filter(pk=shared.pk).update(name_it="Cambiato di nascosto")
    send_due()
    assert told(receiver)[-1] == ("assets", "silfi-rete", "deleted")
    assert not [got for got in receiver.received if b"silfi-segreto" in got.body]


def test_who_carries_on_a_partner_is_told_of_what_was_restricted_to_it(webhook, receiver, publiacqua, silfi):
    Partner.objects.filter(pk=silfi.pk).update(successor=publiacqua)
    factories.asset(silfi, "silfi-segreto", visibility="restricted")
    send_due()
    assert ("assets", "silfi-segreto", "created") in told(receiver)


def test_messages_are_a_chain_without_a_gap(webhook, receiver, monkeypatch):
    monkeypatch.setattr(messages, "MOST_CHANGES", 3)
    for number in range(5):
        factories.partner(f"partner-{number}", name_it=str(number))
    factories.partner("last", name_it="last")
    assert send_due().delivered == 2
    first, second = (got.json for got in receiver.received)
    assert first["next"] == second["after"]
    assert [key for _kind, key, _change in told(receiver)] == [*(f"partner-{number}" for number in range(5)), "last"]


def test_a_message_that_fails_is_sent_again_as_it_was_and_those_after_it_wait(webhook, receiver):
    receiver.answers += [(500, {}, b"no database"), (503, {}, b"")]
    factories.partner("first", name_it="first")
    assert send_due().failed == 1
    factories.partner("second", name_it="second")
    assert send_due().failed == 0
    make_due()
    assert send_due().failed == 1
    make_due()
    assert send_due().delivered == 2
    ids = [got.headers["webhook-id"] for got in receiver.received]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    assert len({got.body for got in receiver.received[:3]}) == 1
    assert [key for _kind, key, _change in told(receiver)] == ["first", "first", "first", "second"]


def test_a_failure_is_kept_with_its_reason_and_the_next_attempt(webhook, receiver):
    receiver.answers.append((429, {"Retry-After": "3600"}, b"troppe richieste"))
    factories.partner()
    began = timezone.now()
    send_due()
    webhook.refresh_from_db()
    [delivery] = webhook.deliveries.all()
    assert (delivery.state, delivery.status) == (DeliveryState.WAITING, 429)
    assert delivery.outcome == "answered: troppe richieste"
    assert delivery.due_at >= began + timedelta(hours=1)
    assert (webhook.state, webhook.failing_since >= began) == (WebhookState.FAILING, True)
    make_due()
    send_due()
    webhook.refresh_from_db()
    assert (webhook.state, webhook.failing_since) == (WebhookState.IN_STEP, None)


def test_waits_grow_to_about_three_days_in_all_and_are_never_quite_the_same():
    waits = [wait_after(attempts) for attempts in range(1, MOST_ATTEMPTS)]
    growing = waits[:8]  # the longest wait comes several times, each a little different
    assert growing == sorted(growing)
    assert timedelta(seconds=10) <= waits[0] <= timedelta(seconds=11)
    assert timedelta(days=2.5) < sum(waits, timedelta()) < timedelta(days=3.2)
    assert len({wait_after(5) for _ in range(20)}) > 10
    assert wait_after(1, retry_after=7200) == timedelta(hours=2)
    assert wait_after(11, retry_after=1) > timedelta(hours=19)


def test_a_message_is_given_up_after_its_last_attempt_and_the_next_one_goes(webhook, receiver):
    factories.partner("first", name_it="first")
    queue_changes()
    WebhookDelivery.objects.update(attempts=MOST_ATTEMPTS - 1)
    receiver.answers.append((500, {}, b""))
    factories.partner("second", name_it="second")
    sender = send_due()
    assert (sender.failed, sender.delivered) == (1, 1)
    second, first = webhook.deliveries.all()
    assert (first.state, first.due_at, second.state) == (DeliveryState.FAILED, None, DeliveryState.DELIVERED)
    webhook.refresh_from_db()
    assert webhook.active
    assert webhook.failing_since is None


def test_a_webhook_that_fails_for_long_is_switched_off_and_told_nothing_more(webhook, receiver):
    factories.partner()
    queue_changes()
    now = timezone.now()
    [message] = take_due(now, 1)
    note(message, FAILED, now)
    make_due()
    [message] = take_due(timezone.now(), 1)
    note(message, FAILED, now + OFF_AFTER + timedelta(seconds=1))
    webhook.refresh_from_db()
    assert (webhook.active, webhook.failing_since, webhook.state) == (False, now, WebhookState.OFF)
    make_due()
    factories.partner()
    assert send_due().delivered == 0
    assert receiver.received == []


def test_a_webhook_that_is_switched_on_again_begins_where_it_stopped(webhook, receiver):
    now = timezone.now()
    factories.partner("first", name_it="first")
    queue_changes()
    delivery = webhook.deliveries.get()
    WebhookDelivery.objects.update(attempts=7, due_at=now + timedelta(hours=9))
    Webhook.objects.update(active=False, failing_since=now - OFF_AFTER * 2)
    factories.partner("second", name_it="second")
    webhook.refresh_from_db()
    webhook.active = True
    webhook.save()
    assert send_due().delivered == 2
    webhook.refresh_from_db()
    assert webhook.failing_since is None
    assert receiver.received[0].headers["webhook-id"] == str(delivery.message_id)
    assert [key for _kind, key, _change in told(receiver)] == ["first", "second"]


def test_a_receiver_that_is_gone_for_good_is_left_alone_at_once(webhook, receiver):
    receiver.answers.append((410, {}, b""))
    factories.partner()
    send_due()
    webhook.refresh_from_db()
    assert (webhook.active, webhook.deliveries.get().state) == (False, DeliveryState.FAILED)


def test_one_that_hangs_or_fails_does_not_keep_the_others_waiting(webhook, receiver, silfi):
    failing = factories.webhook(silfi, receiver.url.replace("/hook", "/other"))
    failing.deliveries.create(body="{}", changes=1, due_at=timezone.now() + timedelta(hours=1))
    factories.partner()
    assert send_due().delivered == 1
    assert [got.path for got in receiver.received] == ["/hook"]


def test_a_delivered_message_is_sent_again_under_the_same_name(webhook, receiver):
    factories.partner()
    send_due()
    webhook.deliveries.get().send_again()
    assert send_due().delivered == 1
    first, again = receiver.received
    assert (first.headers["webhook-id"], first.body) == (again.headers["webhook-id"], again.body)
    example.verify(webhook.secret, again.headers, again.body)


def test_a_test_message_passes_by_what_waits_and_is_sent_once(webhook, receiver):
    receiver.answers.append((500, {}, b""))
    factories.partner()
    send_due()
    webhook.send_test()
    Webhook.objects.update(active=False)
    assert send_due().delivered == 1
    assert receiver.received[-1].json == {"type": "ping", "webhook": str(webhook.public_id)}
    webhook.send_test()
    receiver.answers.append((500, {}, b""))
    assert send_due().failed == 1
    assert webhook.deliveries.first().state == DeliveryState.FAILED


def test_a_renewed_secret_signs_from_the_next_message_on(webhook, receiver):
    old = webhook.secret
    factories.partner()
    queue_changes()
    webhook.renew_secret()
    send_due()
    [got] = receiver.received
    example.verify(Webhook.objects.get().secret, got.headers, got.body)
    with pytest.raises(ValueError, match="signature"):
        example.verify(old, got.headers, got.body)


def test_where_keys_have_changed_the_follower_is_told_to_start_anew(webhook, receiver, silfi):
    Partner.objects.filter(pk=silfi.pk).update(code="firenze-smart")
    send_due()
    factories.partner("next", name_it="next")
    send_due()
    assert told(receiver) == [("*", "", "start_anew"), ("partners", "next", "created")]
    first, second = (got.json for got in receiver.received)
    assert first["next"] == second["after"]


def test_a_message_at_work_is_nobody_elses_until_its_lease_has_ended(webhook):
    factories.partner()
    queue_changes()
    now = timezone.now()
    [message] = take_due(now, 5)
    assert take_due(now + LEASE / 2, 5) == []
    [again] = take_due(now + LEASE, 5)
    assert (again.delivery_id, again.attempt) == (message.delivery_id, 2)
    note(message, FAILED, now + LEASE)
    assert webhook.deliveries.get().outcome == ""
    note(again, DELIVERED, now + LEASE)
    delivery = webhook.deliveries.get()
    assert (delivery.state, delivery.status) == (DeliveryState.DELIVERED, 204)


def test_what_came_of_a_message_of_a_deleted_webhook_is_nobodys_business(webhook):
    factories.partner()
    queue_changes()
    [message] = take_due(timezone.now(), 1)
    webhook.delete()
    note(message, DELIVERED, timezone.now())
    assert not WebhookDelivery.objects.exists()


def test_old_messages_are_forgotten_but_never_one_that_waits(webhook):
    long_ago = timezone.now() - timedelta(days=31)
    for state in DeliveryState:
        webhook.deliveries.create(body=json.dumps({"state": state}), changes=1, state=state, created_at=long_ago)
    recent = webhook.deliveries.create(body="{}", changes=1, state=DeliveryState.DELIVERED)
    forget_old(timezone.now())
    assert set(webhook.deliveries.values_list("state", "pk")) == {
        (DeliveryState.WAITING, webhook.deliveries.waiting().get().pk),
        (DeliveryState.DELIVERED, recent.pk),
    }


def test_the_command_sends_what_is_due_and_tells_what_failed(webhook, receiver, capsys):
    factories.partner()
    call_command("send_webhooks")
    assert capsys.readouterr().out == "1 messages delivered.\n"
    receiver.answers.append((500, {}, b""))
    factories.partner()
    with pytest.raises(CommandError, match=r"0 messages delivered\. 1 attempts failed\."):
        call_command("send_webhooks")


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_each_message_once_and_in_order(webhook, receiver, monkeypatch):
    monkeypatch.setattr(messages, "MOST_CHANGES", 1)
    for number in range(12):
        factories.partner(f"partner-{number:02}", name_it=str(number))
    start = Barrier(3)

    def work():
        start.wait()
        for _ in range(3):
            send_due()
        connection.close()

    workers = [Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [key for _kind, key, _change in told(receiver)] == [f"partner-{number:02}" for number in range(12)]
    assert set(WebhookDelivery.objects.values_list("state", "attempts")) == {(DeliveryState.DELIVERED, 1)}


@pytest.mark.django_db(transaction=True)
def test_the_worker_tells_a_change_within_seconds(webhook, receiver):
    arrived = Event()
    receiver.answers.append(lambda handler: arrived.set())
    with sending_beside():
        factories.partner()
        assert arrived.wait(5)


@pytest.mark.parametrize(
    ("options", "sends"),
    [({}, True), ({"webhooks": False}, False), ({"batch": True}, False), ({"reload": True}, False)],
)
def test_the_worker_sends_webhooks_unless_told_otherwise(options, sends, monkeypatch, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    ran = []
    monkeypatch.setattr(db_worker, "sending_beside", lambda: ran.append("webhooks") or nullcontext())
    monkeypatch.setattr(db_worker.WorkerCommand, "handle", lambda self, **options: ran.append("tasks"))
    monkeypatch.delenv(db_worker.DJANGO_AUTORELOAD_ENV, raising=False)
    call_command("db_worker", **{"reload": False, **options})
    assert ran == (["webhooks", "tasks"] if sends else ["tasks"])
