"""10,000 placements in one call of the API against as many single POSTs: `python -m tests.benchmarks.bulk`.

Both go through the whole stack of a request, with a credential, in turn in one process; of the single ones some
hundreds are timed. What a run writes is rolled back, so that singles are spared their commits.
"""

import random
import sys
import time
from contextlib import contextmanager
from itertools import count
from statistics import median

from tests.benchmarks.database import SMALL, databases, use

ROWS, SINGLES, RUNS = 10_000, 300, 5
AT_LEAST = 20
codes = count(1)


def main() -> None:
    with databases(SMALL):
        use("small")
        with rolled_back(), unlimited():
            client, asset = caller()
            bulk(client, asset, 100)
            singles(client, asset, 10)
            runs = [one_run(client, asset) for _run in range(RUNS)]
        for name, figures in zip(("new", "changed", "unchanged"), zip(*runs, strict=True), strict=True):
            say(f"{name}: single POSTs / bulk, median of {RUNS}: {median(figures):.1f}")
        say(f"for new rows at least: {AT_LEAST}")


def one_run(client, asset) -> tuple[float, float, float]:
    """How many times as long single POSTs of so many rows take as a call of new, changed and unchanged ones."""
    single = singles(client, asset, SINGLES) / SINGLES * ROWS
    rows, new = bulk(client, asset, ROWS)
    changed_rows = [{**row, "address": f"{row['address']} bis"} for row in rows]
    changed, unchanged = sent(client, changed_rows, "updated"), sent(client, changed_rows, "unchanged")
    say(f"single {single:.1f} s, bulk: new {new:.2f} s, changed {changed:.2f} s, unchanged {unchanged:.2f} s")
    return single / new, single / changed, single / unchanged


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def rolled_back():
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def unlimited():
    """Hundreds of requests in a minute are no abuse here."""
    from django.test import override_settings

    return override_settings(API_LIMIT_PER_CREDENTIAL=10**9)


def caller():
    """A client with a credential that writes, and a material asset of its partner without any units."""
    from rest_framework.test import APIClient

    from assets.models import Asset, Category
    from partners.models import ApiCredential, Partner

    partner = Partner.objects.get(code="sample-01")
    category = Category.objects.get(code="sample-luminaires")
    asset = Asset.objects.create(code="benchmark-bulk", name_it="Misura", owner=partner, category=category)
    client = APIClient()
    token = ApiCredential.issue(partner=partner, name="benchmark", access="write")[1]
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client, asset


def rows_of(asset, number: int) -> list[dict]:
    chance = random.Random(1)
    return [
        {
            "asset": asset.code,
            "code": f"L{next(codes)}",
            "address": f"Via di prova {position}",
            "district": chance.choice("12345"),
            "latitude": 43.77 + chance.uniform(-0.05, 0.05),
            "longitude": 11.25 + chance.uniform(-0.05, 0.05),
            "status": "active",
            "attributes": {"watt": chance.choice([35, 50, 70, 100])},
        }
        for position in range(number)
    ]


def singles(client, asset, number: int) -> float:
    rows = rows_of(asset, number)
    started = time.perf_counter()
    for row in rows:
        if (answer := client.post("/api/v1/placements", row)).status_code != 201:
            raise SystemExit(f"not stored: {answer.json()}")
    return time.perf_counter() - started


def bulk(client, asset, number: int) -> tuple[list[dict], float]:
    rows = rows_of(asset, number)
    return rows, sent(client, rows, "created")


def sent(client, rows: list[dict], outcome: str) -> float:
    """Seconds that a call takes, all of whose rows have the same outcome."""
    started = time.perf_counter()
    answer = client.post("/api/v1/placements/bulk", {"rows": rows})
    seconds = time.perf_counter() - started
    if answer.status_code != 200 or answer.json()["counts"][outcome] != len(rows):
        raise SystemExit(f"not as expected: {answer.content[:500]}")
    return seconds


if __name__ == "__main__":
    main()
