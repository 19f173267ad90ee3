"""How long pages take in a small and in a large database, asked in turn."""

import statistics
import sys
import time

from tests.benchmarks.database import LARGE, SMALL, use

ROUNDS = 15


def client_of(person: str):
    """A browser in which `person` is signed in: anonymous, referent or staff."""
    from django.test import Client

    from partners.models import User

    client = Client()
    if person != "anonymous":
        client.force_login(User.objects.get(username=person), backend="django.contrib.auth.backends.ModelBackend")
    return client


def growth(name: str, person: str, address_of) -> float:
    """Print the median times of one page in both databases, and return their ratio.

    Args:
        address_of: asked in each database; returns the page's address there.
    """
    places = {}
    for size, *_ in (SMALL, LARGE):
        use(size)
        places[size] = (client_of(person), address_of())
    times = {SMALL[0]: [], LARGE[0]: []}
    for _ in range(ROUNDS):
        for size, (client, path) in places.items():
            use(size)
            client.get("/api/v1/status")
            started = time.perf_counter()
            answer = client.get(path)
            times[size].append(time.perf_counter() - started)
            assert answer.status_code == 200, (path, answer.status_code)
    small, large = (1000 * statistics.median(times[size]) for size in (SMALL[0], LARGE[0]))
    sys.stdout.write(f"{name}, {person}: {small:.1f} ms → {large:.1f} ms, × {large / small:.2f}\n")
    sys.stdout.flush()
    return large / small
