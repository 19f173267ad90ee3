"""The wrong rows of a file as a file of its columns, and one that says why: to be mended and brought back."""

import json
from collections.abc import Iterator

from django.db import connection
from django.http import StreamingHttpResponse

from assets.choices import RowState
from assets.desk.import_words import Labels
from assets.imports.mapping import REASONS
from assets.imports.work import table_of
from assets.models import Import
from firenze_digitale.tables.workbook_writing import write_xlsx
from firenze_digitale.tables.writing import Column, Kind, write_csv

FORMATS = {
    "csv": ("text/csv; charset=utf-8", lambda columns, rows: write_csv(columns, rows, italian=True)),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
}
# A column is of numbers where no wrong row has anything else in it.
NUMBERS = """SELECT cell.key FROM assets_importrow, jsonb_each(cells) cell
    WHERE of_id = %s AND state = 'wrong' AND jsonb_typeof(cell.value) <> 'null'
    GROUP BY 1 HAVING bool_and(jsonb_typeof(cell.value) = 'number')"""


def file_of_wrong_rows(imported: Import, labels: Labels, suffix: str) -> StreamingHttpResponse:
    """Return the download: “csv” (as Excel in Italian opens it) or “xlsx”."""
    with table_of(imported) as table:
        headers = [header for header in table.headers if header != REASONS]
    content_type, write = FORMATS[suffix]
    with connection.cursor() as cursor:
        cursor.execute(NUMBERS, [imported.pk])
        numbers = {header for (header,) in cursor.fetchall()}
    columns = [Column(header, Kind.NUMBER if header in numbers else Kind.TEXT) for header in headers]
    response = StreamingHttpResponse(
        write([*columns, Column(REASONS)], _rows(imported, columns, labels)), content_type=content_type
    )
    response.headers["Content-Disposition"] = f'attachment; filename="import-{imported.pk}-errors.{suffix}"'
    return response


def _rows(imported: Import, columns: list[Column], labels: Labels) -> Iterator[tuple]:
    wrong = imported.rows.of_section(RowState.WRONG).order_by("pk").only("cells", "problems")
    for row in wrong.iterator(chunk_size=500):
        cells = row.cells or {}
        reasons = " | ".join(map(str, labels.problems(row)))
        yield (*(_cell(cells.get(column.heading), column.kind) for column in columns), reasons)


def _cell(value: object, kind: Kind) -> object:
    if value is None or kind is Kind.NUMBER or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
