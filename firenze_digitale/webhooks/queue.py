"""The queue of messages: whose turn it is, and what becomes of a message that was delivered or not.

A message at work is not due again for `LEASE`: nobody else takes it meanwhile, no lock is held while it is sent, and
that of a worker that was killed is sent again. Its number of attempts says whose result counts.
"""

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from firenze_digitale.history import through_door
from firenze_digitale.webhooks.sending import SECONDS, Result, send
from firenze_digitale.webhooks.signing import signed_headers
from partners.choices import DeliveryState
from partners.models import Webhook, WebhookDelivery

logger = logging.getLogger(__name__)
#: Far longer than an attempt takes, looking up the name included.
LEASE = timedelta(seconds=12 * SECONDS)
#: With the waits between them, attempts go on for about three days.
MOST_ATTEMPTS = 12
FIRST_WAIT = 10
FACTOR = 3
LONGEST_WAIT = 20 * 3_600
JITTER = 0.1
#: Without any success in all of this time a webhook is switched off.
OFF_AFTER = timedelta(days=5)
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Message:
    """One attempt at a message: all that is needed to send it, and to note what came of it."""

    delivery_id: int
    webhook_id: int
    attempt: int
    is_test: bool
    url: str
    secret: str
    message_id: object
    body: bytes

    def sent(self, now: datetime) -> Result:
        """Send it; the database plays no part in this."""
        return send(self.url, self.body, signed_headers(self.secret, self.message_id, self.body, now))


def take_due(now: datetime, most: int) -> list[Message]:
    """Take up to `most` messages whose turn it is; each webhook's next one has its turn when this one is done."""
    with transaction.atomic():
        rows = WebhookDelivery.objects.due(now).select_related("webhook")
        rows = list(rows.select_for_update(of=("self",), skip_locked=True)[:most])
        for row in rows:
            row.attempts, row.sent_at, row.due_at = row.attempts + 1, now, now + LEASE
        WebhookDelivery.objects.bulk_update(rows, ["attempts", "sent_at", "due_at"])
    return [_message(row) for row in rows]


def _message(row: WebhookDelivery) -> Message:
    webhook = row.webhook
    return Message(
        delivery_id=row.pk,
        webhook_id=webhook.pk,
        attempt=row.attempts,
        is_test=row.is_test,
        url=webhook.url,
        secret=webhook.secret,
        message_id=row.message_id,
        body=row.body.encode(),
    )


def note(message: Message, result: Result, now: datetime) -> None:
    """Store what came of an attempt, unless another one was begun meanwhile."""
    state, due_at = _what_follows(message, result, now)
    with transaction.atomic():
        # The webhook first, as whoever changes it locks them.
        if not Webhook.objects.select_for_update(no_key=True).filter(pk=message.webhook_id):
            return
        rows = WebhookDelivery.objects.waiting().filter(pk=message.delivery_id, attempts=message.attempt)
        if rows.update(state=state, due_at=due_at, status=result.status, outcome=result.told[:500]):
            _note_health(message, result, now)
    if not result.is_delivered:
        logger.info("webhook %s, attempt %s: %s %s", message.webhook_id, message.attempt, result.status, result.outcome)


def _what_follows(message: Message, result: Result, now: datetime) -> tuple[DeliveryState, datetime | None]:
    if result.is_delivered:
        return DeliveryState.DELIVERED, None
    if message.is_test or result.is_gone or message.attempt >= MOST_ATTEMPTS:
        return DeliveryState.FAILED, None
    return DeliveryState.WAITING, now + wait_after(message.attempt, result.retry_after)


def wait_after(attempts: int, retry_after: int = 0) -> timedelta:
    """How long to wait after so many attempts that failed: three times longer each time, and at random a little more.

    Args:
        retry_after: seconds that the receiver asks for; it is never asked again sooner.
    """
    wait = min(FIRST_WAIT * FACTOR ** (attempts - 1), LONGEST_WAIT)
    return timedelta(seconds=max(wait * random.uniform(1, 1 + JITTER), retry_after))


def _note_health(message: Message, result: Result, now: datetime) -> None:
    """Remember since when a webhook fails; switch it off when it has failed for long, or is told to be."""
    rows = Webhook.objects.filter(pk=message.webhook_id)
    if message.is_test:
        return
    if result.is_delivered:
        rows.exclude(failing_since=None).update(failing_since=None)
    else:
        rows.filter(failing_since=None).update(failing_since=now)
        hopeless = rows if result.is_gone else rows.filter(failing_since__lt=now - OFF_AFTER)
        with through_door("command"):
            hopeless.filter(active=True).update(active=False)


def forget_old(now: datetime) -> None:
    """Delete what was delivered or given up long ago."""
    WebhookDelivery.objects.older_than(now - KEPT).delete()
