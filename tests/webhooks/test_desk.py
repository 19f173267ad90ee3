"""Webhooks on the desk: who answers for a partner registers them, sees what was sent, and nobody else does."""

import pytest
from django.utils import timezone
from django.utils.translation import override

from firenze_digitale.webhooks.sending import Outcome
from partners.choices import DeliveryState, WebhookState
from partners.models import Webhook, WebhookDelivery
from partners.webhook_admin import MADE_ALREADY, RENEWED_ALREADY
from tests import factories
from tests.admin.world import admin_url, filled_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def webhook(publiacqua):
    return factories.webhook(publiacqua, "https://8.8.8.8/hook")


@pytest.fixture
def desk(browse, referent):
    return browse(referent)


def delivery_of(webhook, **values):
    return webhook.deliveries.create(**{"body": "{}", "changes": 3, **values})


def test_a_referent_registers_an_address_and_is_shown_its_secret_once(desk, publiacqua, referent):
    page = desk.get(admin_url(Webhook, "add"))
    sent = {**filled_in(page), "url": "https://8.8.8.8/new", "kinds": ["meetings", "assets"]}
    answer = desk.post(admin_url(Webhook, "add"), sent)
    made = Webhook.objects.get()
    assert (made.partner, made.kinds, made.created_by) == (publiacqua, ["assets", "meetings"], referent)
    assert made.secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert made.secret not in desk.get(admin_url(made, "change")).content.decode()
    assert made.secret not in desk.get(admin_url(made, "history")).content.decode()


def test_forms_that_are_sent_again_make_no_second_webhook_and_no_second_secret(desk, publiacqua):
    add = admin_url(Webhook, "add")
    page = desk.get(add)
    form = {**filled_in(page), "url": "https://8.8.8.8/new", "_once": page.context["once"]}
    secret = desk.post(add, form).context["secret"]
    made = Webhook.objects.get()
    again = desk.post(add, form, follow=True)
    assert [str(told) for told in again.context["messages"]] == [str(MADE_ALREADY)]
    renew = admin_url(made, "secret")
    form = {"_once": desk.get(renew).context["once"]}
    renewed = desk.post(renew, form).context["secret"]
    again = desk.post(renew, form, follow=True)
    assert [str(told) for told in again.context["messages"]] == [str(RENEWED_ALREADY)]
    assert again.redirect_chain == [(admin_url(Webhook, "changelist"), 302)]
    assert secret != renewed == Webhook.objects.get().secret
    for shown in (secret, renewed):
        assert shown not in again.content.decode() + str(dict(desk.session)) + str(desk.cookies)


@pytest.mark.parametrize("address", ["ftp://8.8.8.8/", "https://8.8.8.8/#part", "https://8.8.8.8/#"])
def test_an_address_is_refused_in_the_same_words_as_by_the_api(desk, webhook, publiacqua, call, address):
    page = desk.get(admin_url(webhook, "change"))
    shown = desk.post(admin_url(webhook, "change"), {**filled_in(page), "url": address})
    api = call(factories.credential(publiacqua, "write"))
    told = api.patch(f"/api/v1/webhooks/{webhook.public_id}", {"url": address}, HTTP_IF_MATCH="*")
    assert told.status_code == 400
    assert shown.context["adminform"].form.errors["url"] == [each["message"] for each in told.json()["errors"]]
    assert Webhook.objects.get().url == "https://8.8.8.8/hook"


@pytest.mark.parametrize(("changes", "told"), [(0, "failed"), (3, "given up")])
def test_a_test_fails_and_is_not_given_up(desk, webhook, changes, told):
    delivery = delivery_of(webhook, changes=changes, state=DeliveryState.FAILED, attempts=1, due_at=None)
    with override("en"):
        assert delivery.state_told == told
    shown = desk.get(admin_url(webhook, "change")).content.decode()
    with override("it"):
        assert f">{delivery.state_told}</span>" in shown


@pytest.mark.parametrize(
    ("sent", "field"),
    [({"url": "https://10.0.0.1/"}, "url"), ({"url": "http://8.8.8.8/"}, "url"), ({"kinds": ["users"]}, "kinds")],
)
def test_what_is_wrong_is_told_beside_its_field(desk, webhook, sent, field):
    page = desk.get(admin_url(webhook, "change"))
    answer = desk.post(admin_url(webhook, "change"), {**filled_in(page), **sent})
    assert list(answer.context["adminform"].form.errors) == [field]
    assert Webhook.objects.get().url == "https://8.8.8.8/hook"


def test_a_referent_registers_nothing_for_another_partner(desk, silfi):
    desk.post(admin_url(Webhook, "add"), {"partner": silfi.pk, "url": "https://8.8.8.8/new"})
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    ("values", "delivery", "state"),
    [
        ({}, None, WebhookState.IN_STEP),
        ({}, {}, WebhookState.WAITING),
        ({"failing_since": timezone.now()}, {"attempts": 2}, WebhookState.FAILING),
        ({"active": False}, None, WebhookState.OFF),
        ({"active": False, "failing_since": timezone.now()}, {}, WebhookState.OFF),
    ],
)
def test_list_and_page_say_how_it_is_doing(desk, webhook, values, delivery, state):
    Webhook.objects.update(**values)
    if delivery is not None:
        delivery_of(webhook, **delivery)
    assert Webhook.objects.get().state == state
    pill = f'class="desk-pill webhook-{state}"'
    for address in (admin_url(Webhook, "changelist"), admin_url(webhook, "change")):
        assert pill in desk.get(address).content.decode()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"outcome": Outcome.TIMEOUT}, "nessuna risposta|no answer within 10 seconds"),
        ({"outcome": "answered: too busy", "status": 503}, "503 Service Unavailable: too busy"),
        ({"outcome": "answered", "status": 299}, "299"),
        ({"outcome": ""}, "–"),
    ],
)
def test_the_page_tells_what_came_of_the_latest_messages(desk, webhook, values, told):
    delivery_of(webhook, attempts=1, sent_at=timezone.now(), **values)
    page = desk.get(admin_url(webhook, "change"), headers={"Accept-Language": "en"}).content.decode()
    assert any(each in page for each in told.split("|"))


def test_only_the_latest_are_on_the_page_and_the_others_on_pages_of_their_own(desk, webhook):
    made = [delivery_of(webhook) for _ in range(60)]
    page = desk.get(admin_url(webhook, "change")).content.decode()
    assert str(made[-1].message_id) in page
    assert str(made[0].message_id) not in page
    address = admin_url(webhook, "deliveries")
    first = desk.get(address)
    assert str(made[0].message_id) not in first.content.decode()
    rest = desk.get(address, {"cursor": first.context["page"].next})
    assert str(made[0].message_id) in rest.content.decode()
    assert desk.get(address, {"cursor": "x"}).status_code == 404


def test_a_message_is_sent_again_and_a_test_is_sent(desk, webhook):
    delivery = delivery_of(webhook, state=DeliveryState.FAILED, attempts=12, due_at=None)
    answer = desk.post(admin_url(webhook, "send_again"), {"message": delivery.message_id}, follow=True)
    assert answer.status_code == 200
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.WAITING, 0)
    for _ in range(4):
        desk.post(admin_url(webhook, "ping"))
    assert webhook.deliveries.filter(changes=0).count() == 3


def test_the_secret_is_renewed_after_a_question(desk, webhook):
    old = webhook.secret
    assert old not in desk.get(admin_url(webhook, "secret")).content.decode()
    webhook.refresh_from_db()
    assert webhook.secret == old
    answer = desk.post(admin_url(webhook, "secret"))
    webhook.refresh_from_db()
    assert webhook.secret != old
    assert webhook.secret in answer.content.decode()


PAGES = ["change", "history", "delete", "deliveries", "secret"]
DEEDS = ["secret", "ping", "send_again", "delete", "change"]


def what_is_there(webhook) -> tuple:
    found = Webhook.objects.get(pk=webhook.pk)
    return found.secret_salt, found.active, list(found.deliveries.values_list("state", "due_at"))


@pytest.mark.parametrize("who", ["other_referent", "city_staff", "outsider", None])
def test_nobody_else_finds_a_webhook_or_does_anything_to_it(browse, request, webhook, who):
    client = browse(request.getfixturevalue(who) if who else None)
    refused = {"other_referent": 404, "city_staff": (403, 404), "outsider": 403, None: 302}[who]
    refused = refused if isinstance(refused, tuple) else (refused,)
    delivery = delivery_of(webhook, state=DeliveryState.DELIVERED, due_at=None)
    before = what_is_there(webhook)
    for page in PAGES:
        assert client.get(admin_url(webhook, page)).status_code in refused, page
    for page in DEEDS:
        sent = {"post": "yes", "message": delivery.message_id}
        assert client.post(admin_url(webhook, page), sent).status_code in refused, page
    assert what_is_there(webhook) == before
    listed = client.get(admin_url(Webhook, "changelist"))
    assert webhook.url not in listed.content.decode()


def test_an_administrator_does_all_of_it(browse, administrator, webhook):
    client = browse(administrator)
    delivery_of(webhook)
    for page in PAGES:
        assert client.get(admin_url(webhook, page)).status_code == 200, page
    assert client.post(admin_url(webhook, "delete"), {"post": "yes"}).status_code == 302
    assert not Webhook.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_what_is_done_by_post_is_not_done_by_a_link(desk, webhook):
    for page in ("ping", "send_again"):
        assert desk.get(admin_url(webhook, page)).status_code == 405
    assert not webhook.deliveries.exists()


def test_a_message_of_another_webhook_is_not_sent_by_this_one(desk, webhook, silfi):
    other = delivery_of(factories.webhook(silfi), state=DeliveryState.DELIVERED, due_at=None)
    for message in (other.message_id, "x", ""):
        assert desk.post(admin_url(webhook, "send_again"), {"message": message}).status_code == 404
    other.refresh_from_db()
    assert other.state == DeliveryState.DELIVERED


def test_the_list_asks_as_many_questions_for_many_webhooks(desk, publiacqua, django_assert_max_num_queries):
    address = admin_url(Webhook, "changelist")
    for _ in range(2):
        for _number in range(9):
            delivery_of(factories.webhook(publiacqua))
        with django_assert_max_num_queries(8):
            assert desk.get(address).status_code == 200
