"""Export of 100,000 placements against a bare COPY TO of the same columns: `python -m tests.benchmarks.export`.

Both are taken in turn, several times, in one process; then 10,000 rows against 100,000, and the other formats.
"""

import resource
import statistics
import sys
import time
import tracemalloc

from tests.benchmarks.database import MEDIUM, SMALL, databases, use

ROUNDS = 15
ALLOWED, ALLOWED_GROWTH = 6, 1.2
BARE = """COPY (
    SELECT asset.code, placement.code, address, district, latitude, longitude, status, placement.attributes
    FROM assets_placement placement JOIN assets_asset asset ON asset.id = placement.asset_id
) TO STDOUT (FORMAT csv, HEADER)"""


class Counted:
    """A file that is measured and forgotten."""

    length = 0

    def write(self, data) -> int:
        self.length += len(data)
        return len(data)


def main() -> None:
    with databases(SMALL, MEDIUM):
        use("medium")
        exported("csv")
        times = [(timed(exported, "csv"), timed(copied)) for _ in range(ROUNDS)]
        export, bare = (statistics.median(column) for column in zip(*times, strict=True))
        ratio = statistics.median(one / other for one, other in times)
        tell("CSV", 100_000, export)
        tell("bare COPY TO", 100_000, bare)
        sys.stdout.write(f"export / bare COPY TO, median of {ROUNDS}: {ratio:.2f} (allowed: {ALLOWED})\n")
        growth()
        memory()


def growth() -> None:
    """Ten times the rows take ten times as long."""
    ratios = []
    for _ in range(ROUNDS):
        times = {}
        for name in ("small", "medium"):
            use(name)
            exported("csv")
            times[name] = timed(exported, "csv")
        ratios.append(times["medium"] / times["small"] / 10)
    growth_per_row = statistics.median(ratios)
    sys.stdout.write(f"growth per row from 10,000 to 100,000: {growth_per_row:.2f} (allowed: {ALLOWED_GROWTH})\n")


def memory() -> None:
    """The time and the peak of each format."""
    use("medium")
    for name in ("csv", "csv-it", "geojson", "xlsx", "ods"):
        tell(name, 100_000, timed(exported, name))
        tracemalloc.start()
        exported(name)
        sys.stdout.write(f"  at most {tracemalloc.get_traced_memory()[1] / 2**20:.1f} MiB allocated by Python\n")
        tracemalloc.stop()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"peak memory of the process: {peak:.0f} MiB\n")


def exported(name: str) -> int:
    """Take a whole export, as an administrator's list of all placements gives it."""
    from assets.exports import PlacementExport
    from assets.models import Placement
    from firenze_digitale.access import OPERATOR

    export = PlacementExport(Placement.objects.order_by("asset_id", "code"), OPERATOR)
    return sum(map(len, export.written(export.format_named(name))))


def copied() -> int:
    from django.db import connection

    file = Counted()
    with connection.cursor() as cursor:
        cursor.copy_expert(BARE, file)
    return file.length


def timed(measured, *given) -> float:
    started = time.perf_counter()
    assert measured(*given)
    return time.perf_counter() - started


def tell(what: str, rows: int, seconds: float) -> None:
    sys.stdout.write(f"{what}: {1000 * seconds:.0f} ms, {rows / seconds:,.0f} rows a second\n")


if __name__ == "__main__":
    main()
