"""`generate_sample` against a bare COPY of the same million placements: `python -m tests.benchmarks.sample`."""

import random
import sys
import time

from tests.benchmarks.database import LARGE, databases, use

RUNS = 3
ALLOWED = 3


def main() -> None:
    with databases():
        ratios = [measured() for _ in range(RUNS)]
    ratio = sorted(ratios)[len(ratios) // 2]
    sys.stdout.write(f"generate_sample / bare COPY, median of {RUNS}: {ratio:.2f} (allowed: {ALLOWED})\n")


def measured() -> float:
    """Generate a sample, copy its placements into a bare table of the same form, and undo both."""
    from django.db import connection, transaction

    from assets.models import Placement
    from assets.sample import PLACEMENT_COLUMNS, copy, generate_sample
    from firenze_digitale.history import through_door

    _, assets, placements = LARGE
    use("small")
    with transaction.atomic(), through_door("command"):
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE partners_partner, assets_category CASCADE")
        started = time.perf_counter()
        generate_sample(assets, placements, seed=1)
        # What a commit would still check.
        connection.check_constraints()
        whole = time.perf_counter() - started
        material = list(Placement.objects.values_list("asset_id", flat=True).distinct().order_by("asset_id"))
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE bare (LIKE assets_placement INCLUDING ALL)")
        started = time.perf_counter()
        copy(placement_lines(placements, material), Placement, PLACEMENT_COLUMNS, table="bare")
        bare = time.perf_counter() - started
        transaction.set_rollback(True)
    sys.stdout.write(f"generate_sample {whole:.1f} s, bare COPY {bare:.1f} s, ratio {whole / bare:.2f}\n")
    return whole / bare


def placement_lines(count: int, asset_ids: list[int]):
    from assets.sample import placement_rows

    return placement_rows(count, asset_ids, random.Random(1))


if __name__ == "__main__":
    main()
