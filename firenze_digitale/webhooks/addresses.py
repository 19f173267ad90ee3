"""Where messages may be sent: to the public internet, and to the networks that the operator allows.

A partner types the address in and the registry connects to it, so it must lead nowhere that only the registry reaches
(server-side request forgery). Every address that the name leads to is judged when the webhook is stored and each time
that something is sent; the connection then goes to the very address that was judged.
"""

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

Address = IPv4Address | IPv6Address
DEFAULT_PORTS = {"https": 443, "http": 80}
#: Below it, only the port of HTTPS: the others are those of services that must not get to read our messages.
FIRST_FREE_PORT = 1024
PRINTABLE = re.compile(r"[!-~]+")
HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
GLOBAL_UNICAST = ip_network("2000::/3")
NAT64 = ip_network("64:ff9b::/96")
#: What Python takes for global and is not, and addresses at which clouds tell their machines' secrets.
RESERVED = tuple(
    map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "3fff::/20", "2001::/23", "2001:db8::/32"))
)

HTTPS_ONLY = _("It must begin with https://, so that nobody reads or changes what is sent.")
NO_PASSWORD = _("Leave out user name and password: whoever sees the address would see them. Messages are signed.")
NOT_AN_ADDRESS = _("This is not the address of a system: write it as https://host/path, without spaces or accents.")
OTHER_PORT = _("Messages go to port 443, or to one from 1024 upward.")
NOT_PUBLIC = _(
    "This address does not lead to the public internet, or not only there: nothing is sent to it. Check that its name "
    "is right and known; for a private network, ask those who run the registry to allow it."
)


@dataclass(frozen=True)
class Destination:
    """Where a webhook is reached: what its address says, and the IP addresses that one may connect to."""

    scheme: str
    host: str
    port: int
    target: str
    addresses: tuple[str, ...]


def destination_of(url: str) -> Destination:
    """Judge an address, and find out where it leads now.

    Raises:
        ValidationError: nothing may be sent there. It does not tell names that lead nowhere from those that lead to a
            private network: nobody explores the registry's own network by it.
    """
    scheme, host, port, target = _parts_of(url)
    found = _resolved(host, port)
    in_allowed = [is_allowed(address) for address in found]
    if not found or not all(allowed or is_public(each) for allowed, each in zip(in_allowed, found, strict=True)):
        raise ValidationError(NOT_PUBLIC, code="not_public")
    if not all(in_allowed):
        if scheme != "https":
            raise ValidationError(HTTPS_ONLY, code="scheme")
        if port != DEFAULT_PORTS["https"] and port < FIRST_FREE_PORT:
            raise ValidationError(OTHER_PORT, code="port")
    return Destination(scheme, host, port, target, tuple(map(str, found)))


def _parts_of(url: str) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValidationError(NOT_AN_ADDRESS, code="invalid") from error
    if parts.scheme not in DEFAULT_PORTS:
        raise ValidationError(HTTPS_ONLY, code="scheme")
    if "@" in parts.netloc:
        raise ValidationError(NO_PASSWORD, code="password")
    host = parts.hostname or ""
    if not PRINTABLE.fullmatch(url) or not HOST.fullmatch(host) or "\\" in url or "#" in url or port == 0:
        raise ValidationError(NOT_AN_ADDRESS, code="invalid")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], target


def _resolved(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(ip_address(address[0]) for *_rest, address in found))


def is_allowed(address: Address) -> bool:
    """Whether the address is of a network that the operator named."""
    return any(address in network for network in settings.WEBHOOK_NETWORKS)


def is_public(address: Address) -> bool:
    """Whether the address is one of the public internet, also where it carries another one inside."""
    if (inner := _carried_by(address)) is not None:
        return is_public(inner)
    if address.is_multicast or any(address in network for network in RESERVED):
        return False
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    return address.is_global


def _carried_by(address: Address) -> IPv4Address | None:
    """The IPv4 address that mapped, 6to4 and NAT64 addresses lead to."""
    if isinstance(address, IPv4Address):
        return None
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
