"""Where a request comes from, as far as our own proxies can be trusted to tell."""

import re
from ipaddress import ip_address

from django.conf import settings

#: As some proxies write addresses: 192.0.2.1:5678, or [2001:db8::1] with or without a port.
WITH_PORT = re.compile(r"^(?:\[(.+)\](?::\d+)?|([\d.]+):\d+)$")


def client_address(request) -> str | None:
    """Return the address of the caller; None where nothing that is an address is told.

    Each trusted proxy adds one address to the right of `X-Forwarded-For`; what stands further left is the caller's
    own word. Without proxies the header says nothing.
    """
    count = settings.TRUSTED_PROXY_COUNT
    told = request.META.get("REMOTE_ADDR", "")
    if count:
        forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        told = forwarded[-count] if len(forwarded) >= count else told
    try:
        return str(ip_address(WITH_PORT.sub(r"\1\2", told)))
    except ValueError:
        return None
