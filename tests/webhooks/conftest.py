"""Names of the DNS, as tests say, and a partner's system that takes messages."""

import socket

import pytest
from django.db import connection

from firenze_digitale import changes
from firenze_digitale.resource_names import RESOURCES
from tests.receiving import LOOPBACK, receiving

real_getaddrinfo = socket.getaddrinfo


@pytest.fixture
def names(monkeypatch):
    """What the DNS says: the addresses of each name; a list of lists is answered one after the other."""
    known = {}

    def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
        if host not in known:
            return real_getaddrinfo(host, port, family, type, proto, flags | socket.AI_NUMERICHOST)
        found = known[host].pop(0) if isinstance(known[host][0], list) else known[host]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


@pytest.fixture
def receiver(settings):
    """A partner's system on this machine, which the operator allows."""
    settings.WEBHOOK_NETWORKS = LOOPBACK
    with receiving() as receiver:
        yield receiver


@pytest.fixture(autouse=True)
def _transactions_of_their_own(monkeypatch):
    """What a test changes after the log was read, in the same transaction, is logged as that of another one."""
    settle = changes.settle

    def settle_and_end():
        settle()
        with connection.cursor() as cursor:
            names = ["everything", *(name.replace("-", "_") for name in RESOURCES)]
            cursor.execute("SELECT set_config('registry.batch_' || name, '', TRUE) FROM unnest(%s) name", [names])

    monkeypatch.setattr(changes, "settle", settle_and_end)
