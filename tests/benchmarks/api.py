"""Lists of the API against the limit and a stock viewset: `python -m tests.benchmarks.api [large]`.

Each is served by the same server with as many workers, and asked in turn. Ratios are medians of the rounds.
"""

import json
import statistics
import sys

from tests.benchmarks.database import LARGE, MEDIUM, databases
from tests.benchmarks.load import Connection, requests_a_second, serving

OURS, LIMIT, STOCK = 8301, 8302, 8303
ROUNDS = 5
DEEP = 500_000


def main() -> None:
    size = LARGE if LARGE[0] in sys.argv[1:] else MEDIUM
    with databases(size):
        token, stock_token, access = _credentials()
        environment = {
            "API_LIMIT_PER_CREDENTIAL": "10000000",
            "ALLOWED_HOSTS": "127.0.0.1",
            "BENCHMARK_QUERIES": json.dumps(_queries(access)),
        }
        with (
            serving("firenze_digitale.wsgi:application", OURS, environment),
            serving("tests.benchmarks.rivals:limit", LIMIT, environment),
            serving("tests.benchmarks.rivals:stock()", STOCK, environment),
        ):
            for name in ("assets", "placements"):
                compare(name, token, stock_token)
            if size is LARGE:
                compare_depth(token)


def compare(name: str, token: str, stock_token: str) -> None:
    """Print requests a second of one list, and what they are of those of the limit and of the stock viewset."""
    path, ours = f"/api/v1/{name}", {"Authorization": f"Bearer {token}"}
    _status, head, body = Connection(OURS, path, ours).ask()
    etag = next(line for line in head.decode().split("\r\n") if line.lower().startswith("etag")).partition(": ")[2]
    _status, _head, least = Connection(LIMIT, path, ours).ask()
    assert len(json.loads(body)["results"]) == len(json.loads(least)["results"]) == 50
    asked = {
        "200": (OURS, ours, 200),
        "limit": (LIMIT, ours, 200),
        "304": (OURS, {**ours, "If-None-Match": etag}, 304),
        "stock": (STOCK, {"Authorization": f"Token {stock_token}"}, 200),
    }
    rates = {kind: [] for kind in asked}
    for _round in range(ROUNDS):
        for kind, (port, headers, status) in asked.items():
            rates[kind].append(requests_a_second(port, path, headers, status=status))
    for kind, found in rates.items():
        sys.stdout.write(f"{name}, {kind}: {statistics.median(found):.0f} requests a second\n")
    for kind, against, least in (("200", "limit", 0.4), ("304", "limit", 0.6), ("200", "stock", 3)):
        ratio = statistics.median(a / b for a, b in zip(rates[kind], rates[against], strict=True))
        sys.stdout.write(f"{name}, {kind} against {against}: {ratio:.2f} (at least {least})\n")
    sys.stdout.flush()


def compare_depth(token: str) -> None:
    """Print how the first page compares with one half a million rows deep."""
    from assets.models import Placement
    from firenze_digitale.paging import cursor_at

    key = ("asset_id", "code")
    cursor = cursor_at(Placement.objects.order_by(*key)[DEEP], key)
    headers, rates = {"Authorization": f"Bearer {token}"}, {"": [], f"?cursor={cursor}": []}
    for _round in range(ROUNDS):
        for query, found in rates.items():
            found.append(requests_a_second(OURS, f"/api/v1/placements{query}", headers))
    ratio = statistics.median(first / deep for first, deep in zip(*rates.values(), strict=True))
    sys.stdout.write(f"a page {DEEP} rows deep against the first: × {ratio:.2f} (at most 1.3)\n")


def _credentials() -> tuple:
    """Tokens of a partner's system for the registry and for the stock viewset, and what it may see."""
    from partners.models import ApiCredential, Partner, PartnerSystem, User

    partner = Partner.objects.get(code="sample-01")
    credential, token = ApiCredential.issue(partner=partner, name="benchmark", access="read")
    stock_token = _stock_token(User.objects.get(username="referent"))
    return token, stock_token, PartnerSystem(credential, frozenset({partner.pk})).access


def _stock_token(user) -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS authtoken_token (key varchar(40) PRIMARY KEY,"
            " created timestamptz NOT NULL, user_id bigint NOT NULL UNIQUE)"
        )
        cursor.execute("INSERT INTO authtoken_token VALUES (%s, now(), %s) ON CONFLICT DO NOTHING", ["b" * 40, user.pk])
    return "b" * 40


def _queries(access) -> dict:
    """The SQL of each list as the registry asks it, with its values and the names of what it finds."""
    from assets import models, serializers
    from firenze_digitale.api.lists import columns_of, lookups_of, page_statement
    from firenze_digitale.paging import START

    found = {}
    for name, model, serializer, key in (
        ("assets", models.Asset, serializers.AssetSerializer, ("code",)),
        ("placements", models.Placement, serializers.PlacementSerializer, ("asset_id", "code")),
    ):
        lookups = lookups_of(columns_of(serializer), frozenset(), key)
        statement = page_statement(model, lookups, key, access, 50, START)
        found[name] = (statement.sql, statement.values, lookups)
    return found


if __name__ == "__main__":
    main()
