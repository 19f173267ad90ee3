"""Import of 100,000 placements against a bare COPY and a stock resource: `python -m tests.benchmarks.imports`.

With `--without-stock` the slow comparison is left out. Each figure is taken on a registry without these rows; what a
run writes is rolled back.
"""

import io
import resource as limits
import sys
import time
from statistics import median

from tests.benchmarks.database import SMALL, databases, use

ROWS, FEWER, RUNS = 100_000, 10_000, 5
OF_COPY, OF_STOCK, OF_LINEAR = 6, 15, 1.2
FIELDS = ("code", "address", "district", "latitude", "longitude", "status", "attributes")


def main() -> None:
    with databases(SMALL):
        use("small")
        asset = some_asset()
        fewer, whole = csv_of(asset, FEWER), csv_of(asset, ROWS)
        imported(asset, fewer)
        runs = [one_run(asset, whole, fewer) for _run in range(RUNS)]
        of_copy, of_import, growth, seconds = (median(figures) for figures in zip(*runs, strict=True))
        say(f"import / bare COPY, median of {RUNS}: {of_copy:.2f} (allowed: {OF_COPY})")
        say(f"preview / import: {of_import:.2f} (allowed: 1)")
        say(f"growth from {FEWER} to {ROWS} rows, for each row: {growth:.2f} (allowed: {OF_LINEAR})")
        say(f"peak memory of this process: {limits.getrusage(limits.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
        if "--without-stock" not in sys.argv:
            stock = stock_import(whole)
            say(f"stock resource with use_bulk: {stock:.1f} s")
            say(f"stock resource / import: {stock / seconds:.1f} (at least: {OF_STOCK})")


def one_run(asset, whole: bytes, fewer: bytes) -> tuple[float, float, float, float]:
    """Import against COPY, preview against import, growth for each row; and the seconds of the import."""
    before = bare_copy(asset, ROWS)
    stored, previewed = imported(asset, whole)
    bare = (before + bare_copy(asset, ROWS)) / 2
    few, _previewed = imported(asset, fewer)
    say(f"bare COPY {bare:.2f} s, import {stored:.2f} s, preview {previewed:.2f} s, import of a tenth {few:.2f} s")
    return stored / bare, previewed / stored, stored / few * FEWER / ROWS, stored


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def some_asset():
    """A material asset of the sample that has no units yet."""
    from assets.models import Asset, Category
    from partners.models import Partner

    found = Asset.objects.filter(code="benchmark-import").first()
    return found or Asset.objects.create(
        code="benchmark-import",
        name_it="Misura",
        owner=Partner.objects.get(code="sample-01"),
        category=Category.objects.get(code="sample-luminaires"),
    )


def rows_of(asset, count: int):
    """Yield as many placements as tuples of texts, without their asset."""
    import random

    from assets.sample import placement_rows

    for line in placement_rows(count, [asset.pk], random.Random(1)):
        yield line.rstrip("\n").split("\t")[1:]


def csv_of(asset, count: int) -> bytes:
    import csv

    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["asset", *FIELDS])
    writer.writerows([asset.code, *row] for row in rows_of(asset, count))
    return text.getvalue().encode()


def bare_copy(asset, count: int) -> float:
    """Seconds that the same rows take into an indexed table without rules or history."""
    from django.db import connection, transaction

    lines = "".join(f"{asset.pk}\t" + "\t".join(row) + "\n" for row in rows_of(asset, count))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (LIKE assets_placement INCLUDING ALL)")
        started = time.perf_counter()
        cursor.copy_expert(f"COPY bare (asset_id, {', '.join(FIELDS)}) FROM STDIN", io.StringIO(lines))
        seconds = time.perf_counter() - started
        transaction.set_rollback(True)
    return seconds


def imported(asset, content: bytes) -> tuple[float, float]:
    """Seconds from the file to stored rows, checked and with history; and to a preview of the same file."""
    from assets.choices import ImportState
    from assets.imports import work

    return measured(asset, content, work.store_at_once, ImportState.STORED), measured(
        asset, content, work.preview, ImportState.PREVIEWED
    )


def measured(asset, content: bytes, do, expected) -> float:
    from django.db import transaction

    from assets.imports.comparison import targets_for
    from assets.imports.mapping import Mapping, recognise
    from assets.imports.work import rights_for, table_of
    from assets.models import Import
    from firenze_digitale.access import OPERATOR
    from firenze_digitale.history import through_door

    with transaction.atomic(), through_door("import"):
        started = time.perf_counter()
        one, file = Import(kind="placements", partner=asset.owner, file_name="file.csv"), io.BytesIO(content)
        one.note(file)
        with table_of(one, file) as table:
            targets = targets_for("placements", Mapping(), rights_for(OPERATOR, asset.owner))
            one.mapping = recognise(table.headers, targets).to_json()
        do(one, OPERATOR, lambda share: None, file)
        seconds = time.perf_counter() - started
        if one.state != expected or one.counts["new"] + 1 != content.count(b"\n"):
            raise SystemExit(f"not as expected: {one.state} {one.refusal} {one.counts}")
        transaction.set_rollback(True)
    return seconds


def stock_import(content: bytes) -> float:
    """Seconds that a stock resource takes for the same file, in bulk, on the same tables."""
    import tablib
    from django.db import transaction
    from import_export import fields, resources, widgets

    from assets.models import Asset, Placement
    from firenze_digitale.history import through_door

    class StockResource(resources.ModelResource):
        asset = fields.Field("asset", "asset", widgets.ForeignKeyWidget(Asset, "code"))
        attributes = fields.Field("attributes", "attributes", widgets.JSONWidget())

        class Meta:
            model = Placement
            fields = ("asset", *FIELDS)
            import_id_fields = ("asset", "code")
            use_bulk = True
            skip_diff = True
            clean_model_instances = True

    with transaction.atomic(), through_door("import"):
        started = time.perf_counter()
        dataset = tablib.Dataset().load(content.decode(), format="csv")
        result = StockResource().import_data(dataset, use_transactions=True)
        seconds = time.perf_counter() - started
        if result.has_errors() or result.has_validation_errors():
            raise SystemExit("the stock resource refused the file")
        transaction.set_rollback(True)
    return seconds


if __name__ == "__main__":
    main()
