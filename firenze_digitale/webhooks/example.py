"""How a receiver verifies a message: needs nothing but Python, and may be copied."""

import base64
import hashlib
import hmac
import time

WINDOW_SECONDS = 300


def verify(secret: str, headers, body: bytes) -> None:
    """Make sure that a message comes from the registry, is as it was sent, and is not an old one sent anew.

    Args:
        secret: of the webhook, `whsec_…`.
        headers: of the request, under their names in lower case.
        body: of the request, as it came, before anything reads it.

    Raises:
        ValueError: answer with 401, and do nothing else.
    """
    moment = headers.get("webhook-timestamp", "")
    if not moment.isdecimal() or abs(time.time() - int(moment)) > WINDOW_SECONDS:
        raise ValueError("The message is too old, or the clocks differ.")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((headers.get("webhook-id", "").encode(), moment.encode(), body))
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    given = headers.get("webhook-signature", "").split()
    if not any(hmac.compare_digest(expected.encode(), one.encode()) for one in given):
        raise ValueError("The signature is wrong.")
