"""Puts into the queue what webhooks are to be told: what has changed since they were told last."""

import json
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import transaction

from firenze_digitale.api.changes import cursor_of, scope_told
from firenze_digitale.change_log import EVERYTHING
from firenze_digitale.changes import DELETED, Place, StartAnew, entries_after, latest_place
from partners.models import Webhook, WebhookDelivery

#: Changes a message, so that it stays well under what receivers read.
MOST_CHANGES = 500


def queue_changes() -> int:
    """Queue the next message of each webhook that is behind and waits for nothing; return how many were queued.

    What has changed meanwhile stays in the log until then: the queue of a webhook that fails does not grow.
    """
    if not Webhook.objects.filter(active=True).exists():
        return 0
    return sum(_queue_next(webhook) for webhook in Webhook.objects.behind(latest_place()))


def _queue_next(webhook: Webhook) -> bool:
    """Queue what comes after the place that the webhook was told last, unless somebody else has done so meanwhile."""
    before = Place(webhook.position, webhook.change_id)
    told, after = _read_on(webhook, before)
    with transaction.atomic():
        rows = Webhook.objects.behind(after).filter(pk=webhook.pk, position=before.position, change_id=before.change_id)
        if not rows.update(position=after.position, change_id=after.change_id) or not told:
            return False
        WebhookDelivery.objects.create(webhook=webhook, body=_body(webhook, before, told, after), changes=len(told))
    return True


def _read_on(webhook: Webhook, place: Place) -> tuple[list[dict], Place]:
    """The next changes that concern the webhook, and up to where they have been read."""
    access, kinds = webhook.access, frozenset(webhook.kinds) or None
    try:
        page = entries_after(place, access, kinds, MOST_CHANGES)
        while page.more and not page.entries:
            page = entries_after(page.place, access, kinds, MOST_CHANGES)
    except StartAnew:
        return [{"kind": EVERYTHING, "key": "", "change": "start_anew"}], latest_place()
    return [_told(entry) for entry in page.entries], page.place


def _body(webhook: Webhook, before: Place, told: list[dict], after: Place) -> str:
    body = {
        "type": "changes",
        "webhook": str(webhook.public_id),
        "after": _address_after(webhook, before),
        "changes": told,
        "next": _address_after(webhook, after),
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _told(entry) -> dict:
    """A change without its content, which is read where `url` says, with the reader's own rights."""
    at = entry.at.isoformat().replace("+00:00", "Z")
    told = {"kind": entry.kind, "key": entry.key, "change": entry.change, "fields": entry.fields, "at": at}
    is_there = entry.change != DELETED
    return {**told, "url": _address(f"{entry.kind}/{quote(entry.key, safe=':')}") if is_there else None}


def _address_after(webhook: Webhook, place: Place) -> str:
    """Where the partner's system reads on from a place, with a credential that reaches all that the partner sees."""
    cursor = cursor_of(place, scope_told(webhook.access))
    kinds = {"kind": ",".join(webhook.kinds)} if webhook.kinds else {}
    return _address(f"changes?{urlencode({'after': cursor, **kinds}, safe=',')}")


def _address(path: str) -> str:
    return f"{settings.SITE_URL.rstrip('/')}/api/v1/{path}"
