"""Signatures of messages, as Standard Webhooks has them, with secrets that are stored nowhere."""

import base64
import hashlib
import hmac
from datetime import datetime
from uuid import UUID

from django.conf import settings

PURPOSE = b"firenze_digitale.webhooks.signing"
SECRET_MARK = "whsec_"
VERSION = "v1"
#: How old a message may be that a receiver believes.
WINDOW_SECONDS = 300


def secret_of(public_id: UUID, salt: str) -> str:
    """Return the secret of a webhook: the registry's own key makes it out of the webhook's identifier and salt."""
    key = hmac.digest(settings.SECRET_KEY.encode(), PURPOSE, hashlib.sha256)
    secret = hmac.digest(key, f"{public_id}.{salt}".encode(), hashlib.sha256)
    return SECRET_MARK + base64.b64encode(secret).decode()


def signed_headers(secret: str, message_id: UUID, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers that sign a message that is sent at `now`.

    Args:
        secret: as `secret_of` returns it.
    """
    moment = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix(SECRET_MARK))
    digest = hmac.digest(key, b".".join((str(message_id).encode(), moment.encode(), body)), hashlib.sha256)
    return {
        "webhook-id": str(message_id),
        "webhook-timestamp": moment,
        "webhook-signature": f"{VERSION},{base64.b64encode(digest).decode()}",
    }
