"""Sixteen writers and sixteen readers at once, over two workers: `python -m tests.benchmarks.consistency [seconds]`.

Writers count up by PATCH with If-Match, and read again where the answer is 412; they also hide and show assets, and add
and delete placements. Readers start from the lists and follow the changes feed. In the end no count may be short, no
answer may have been a failure of the server, and every reader must have what the lists show it.
"""

import http.client
import json
import random
import sys
import threading
import time
from collections import Counter
from urllib.parse import urlsplit

from tests.benchmarks.database import databases
from tests.benchmarks.load import HOST, serving

SECONDS, WRITERS, READERS, COUNTERS = 60, 16, 16, 6
PORT = 8461
SIZE = ("consistency", 60, 1_000)
VISIBILITIES = ("public", "network", "restricted")


class Caller(threading.Thread):
    """Somebody who calls over one lasting connection, and counts the answers by their status."""

    def __init__(self, headers: dict[str, str]):
        super().__init__(daemon=True)
        self.headers, self.statuses, self.failure = headers, Counter(), None
        self.connection = http.client.HTTPConnection(HOST, PORT, timeout=60)

    def run(self):
        try:
            self.work()
        except Exception as error:
            self.failure = error

    def call(self, method: str, path: str, body=None, **headers) -> tuple[int, dict | None, str | None]:
        """Return the status, the body and the ETag of an answer."""
        told = {"Content-Type": "application/json"} if body is not None else {}
        data = None if body is None else json.dumps(body)
        self.connection.request(method, path, data, {**self.headers, **told, **headers})
        answer = self.connection.getresponse()
        content = answer.read()
        self.statuses[answer.status] += 1
        return answer.status, json.loads(content) if content else None, answer.getheader("ETag")


class Writer(Caller):
    """A partner's system that changes what others change too."""

    def __init__(self, headers, seed: int, until: float, own: list[str]):
        super().__init__(headers)
        self.random, self.until, self.own, self.counted = random.Random(seed), until, own, Counter()
        self.placed, self.name = [], f"w{seed}"

    def work(self):
        while time.monotonic() < self.until:
            self.random.choice((self.count, self.count, self.count, self.show, self.place, self.remove))()

    def count(self):
        path = f"/api/v1/assets/counter-{self.random.randrange(COUNTERS)}"
        if self.changed(path, lambda body: {"quantity": body["quantity"] + 1}):
            self.counted[path] += 1

    def show(self):
        visibility = self.random.choice(VISIBILITIES)
        self.changed(f"/api/v1/assets/{self.random.choice(self.own)}", lambda body: {"visibility": visibility})

    def changed(self, path: str, change) -> bool:
        """Read and write until nobody comes between."""
        while True:
            _status, body, etag = self.call("GET", path)
            status, *_rest = self.call("PATCH", path, change(body), **{"If-Match": etag})
            if status != 412:
                return status == 200

    def place(self):
        code = f"{self.name}-{time.time_ns()}"
        asset = self.random.choice(self.own)
        status, *_rest = self.call("POST", "/api/v1/placements", {"asset": asset, "code": code})
        if status == 201:
            self.placed.append(f"/api/v1/placements/{asset}:{code}")

    def remove(self):
        if self.placed:
            path = self.placed.pop(self.random.randrange(len(self.placed)))
            self.call("DELETE", path, **{"If-Match": "*"})


class Reader(Caller):
    """A system that follows."""

    def __init__(self, headers, over: threading.Event):
        super().__init__(headers)
        self.over, self.copy, self.entries, self.started_anew = over, {}, 0, 0

    def work(self):
        address = self.export()
        while True:
            is_over = self.over.is_set()
            status, page, _etag = self.call("GET", self.path_of(address))
            if status == 410:
                self.started_anew += 1
                address = self.export()
                continue
            self.take(page["results"])
            address = page["next"]
            if is_over and not page["more"]:
                return
            time.sleep(0 if page["more"] else 0.05)

    def export(self) -> str:
        _status, page, _etag = self.call("GET", "/api/v1/changes?after=latest")
        self.copy = self.listed()
        return page["next"]

    def take(self, entries: list[dict]):
        self.entries += len(entries)
        for entry in entries:
            if entry["change"] == "deleted":
                self.copy[entry["kind"]].pop(entry["key"], None)
            else:
                self.copy[entry["kind"]][entry["key"]] = entry["data"]

    def listed(self) -> dict:
        from firenze_digitale.resource_names import RESOURCES

        return {kind: dict(self.rows(kind)) for kind in RESOURCES}

    def rows(self, kind: str):
        address = f"/api/v1/{kind}?limit=200"
        while address:
            _status, page, _etag = self.call("GET", self.path_of(address))
            yield from ((row.get("key") or row["code"], row) for row in page["results"])
            address = page["next"]

    @staticmethod
    def path_of(address: str) -> str:
        told = urlsplit(address)
        return f"{told.path}?{told.query}"


def main(seconds: float) -> int:
    with databases(SIZE):
        credentials, staff, own = prepared()
        environment = {"API_LIMIT_PER_CREDENTIAL": "10000000", "API_LIMIT_PER_ADDRESS": "10000000"}
        environment["ALLOWED_HOSTS"] = HOST
        with serving("firenze_digitale.wsgi", PORT, environment):
            return told(*work(seconds, credentials, staff, own))


def prepared() -> tuple[dict[str, str], str, list[str]]:
    """Counters from nought, and return the tokens of credentials by their use, a session of staff, and own assets."""
    from django.test import Client

    from assets.models import Asset, Category
    from partners.models import ApiCredential, Partner, User

    partner, other = Partner.objects.filter(code__startswith="sample-").order_by("code")[:2]
    category = Category.objects.filter(kind="material").order_by("pk").first()
    for number in range(COUNTERS):
        defaults = {"name_it": "Contatore", "owner": partner, "category": category, "visibility": "public"}
        Asset.objects.update_or_create(code=f"counter-{number}", defaults={**defaults, "quantity": 0})
    uses = {"writer": (partner, "write"), "own": (partner, "read"), "other": (other, "read")}
    tokens = {
        use: ApiCredential.issue(partner=of, name="consistency", access=access)[1] for use, (of, access) in uses.items()
    }
    client = Client()
    client.force_login(User.objects.get(username="staff"), backend="django.contrib.auth.backends.ModelBackend")
    material = Asset.objects.filter(owner=partner, category__kind="material").exclude(code__startswith="counter-")
    return tokens, client.cookies["sessionid"].value, list(material.values_list("code", flat=True))


def work(seconds: float, tokens: dict[str, str], session: str, own: list[str]) -> tuple[list[Writer], list[Reader]]:
    """Let everybody write and read for so many seconds, and the readers come to the end."""
    bearers = {use: {"Authorization": f"Bearer {token}"} for use, token in tokens.items()}
    callers = ({}, bearers["own"], bearers["other"], {"Cookie": f"sessionid={session}"})
    over, until = threading.Event(), time.monotonic() + seconds
    readers = [Reader(callers[number % len(callers)], over) for number in range(READERS)]
    writers = [Writer(bearers["writer"], number, until, own) for number in range(WRITERS)]
    for thread in (*readers, *writers):
        thread.start()
    for writer in writers:
        writer.join()
    over.set()
    for reader in readers:
        reader.join()
    return writers, readers


def told(writers: list[Writer], readers: list[Reader]) -> int:
    """Print what came of it, and return the exit status."""
    from assets.models import Asset

    failures = [str(thread.failure) for thread in (*writers, *readers) if thread.failure]
    statuses = sum((thread.statuses for thread in (*writers, *readers)), Counter())
    counted = sum((writer.counted for writer in writers), Counter())
    stored = sum(Asset.objects.filter(code__startswith="counter-").values_list("quantity", flat=True))
    lost, failed = sum(counted.values()) - stored, sum(count for status, count in statuses.items() if status >= 500)
    exact = sum(reader.copy == reader.listed() for reader in readers)
    lines = [
        f"answers: {sum(statuses.values())} {dict(sorted(statuses.items()))}",
        f"updates counted: {sum(counted.values())}, lost: {lost} (allowed: 0)",
        f"5xx: {failed} (allowed: 0)",
        f"readers that have what the lists show: {exact} of {READERS},"
        f" after {sum(reader.entries for reader in readers)} entries",
        *failures,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if not (lost or failed or failures) and exact == READERS else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))
