"""GeoJSON of 100,000 placements against a bare COPY of the same columns: `python -m tests.benchmarks.geojson`.

Both are taken in turn, several times: the one from a server as the README runs it, the other by this process. Then the
memory of the server, which must not grow with the answer, and how soon the first features of a layer come.
"""

import http.client
import os
import statistics
import sys
import time
from pathlib import Path

from tests.benchmarks.asking import client_of
from tests.benchmarks.database import MEDIUM, databases, use
from tests.benchmarks.export import Counted
from tests.benchmarks.load import HOST, serving

PORT, ROUNDS = 8399, 9
FIRST_BYTE, GROWTH = 100, 20  # milliseconds on an idle machine, MiB
WHOLE, FEW = "/api/v1/placements?format=geojson", "/api/v1/placements?format=geojson&bbox=11.25,43.77,11.251,43.771"
CSV, ITEMS = "/api/v1/placements?format=csv", "/api/v1/ogc/collections/placements/items"
BARE = """COPY (
    SELECT asset.code, placement.code, address, district, latitude, longitude, status, placement.attributes,
        placement.created_at, placement.updated_at
    FROM assets_placement placement JOIN assets_asset asset ON asset.id = placement.asset_id
    ORDER BY placement.asset_id, placement.code
) TO STDOUT (FORMAT csv)"""


def main() -> None:
    with databases(MEDIUM):
        use(MEDIUM[0])
        headers = {"Cookie": f"sessionid={client_of('staff').cookies['sessionid'].value}", "Host": "testserver"}
        with serving("firenze_digitale.wsgi", PORT, {}):
            for _ in range(2 * ROUNDS):
                taken(FEW, headers)
            before = peak()
            measure(headers)
            sys.stdout.write(f"memory of a worker: at most {before:.0f} MiB before, {peak():.0f} MiB after ")
            sys.stdout.write(f"(allowed: {GROWTH} MiB more)\n")
            for path in (FEW, ITEMS, f"{ITEMS}?limit=1000", f"{ITEMS}?bbox=11.2,43.7,11.3,43.8&limit=1000"):
                first = statistics.median(taken(path, headers)[0] for _ in range(ROUNDS))
                sys.stdout.write(f"{path}: first byte after {1000 * first:.0f} ms\n")


def measure(headers: dict[str, str]) -> None:
    """Print the times of the whole, in turn with the bare COPY."""
    rounds = [(*taken(WHOLE, headers), copied(), taken(CSV, headers)[1]) for _ in range(ROUNDS)]
    first, total, size, bare, csv = (1000 * statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(total / bare for _first, total, _size, bare, _csv in rounds)
    size /= 1000 * 2**20
    sys.stdout.write(f"GeoJSON of 100,000 placements: first byte after {first:.0f} ms (allowed: {FIRST_BYTE}), ")
    sys.stdout.write(f"all {size:.0f} MiB after {total:.0f} ms; CSV: {csv:.0f} ms; bare COPY: {bare:.0f} ms\n")
    sys.stdout.write(f"GeoJSON / bare COPY, median of {ROUNDS}: {ratio:.1f}\n")


def taken(path: str, headers: dict[str, str]) -> tuple[float, float, int]:
    """Seconds to the first byte of the body and to the last, and how many there were."""
    connection = http.client.HTTPConnection(HOST, PORT, timeout=120)
    started = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    length = len(answer.read(1))
    first = time.perf_counter() - started
    while piece := answer.read(2**18):
        length += len(piece)
    connection.close()
    return first, time.perf_counter() - started, length


def copied() -> float:
    from django.db import connection

    file, started = Counted(), time.perf_counter()
    with connection.cursor() as cursor:
        cursor.copy_expert(BARE, file)
    return time.perf_counter() - started


def peak() -> float:
    """The most memory that a worker has had, in MiB."""
    workers = [worker for server in children(os.getpid()) for worker in children(server)]
    lines = [line for pid in workers for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return max(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


if __name__ == "__main__":
    main()
