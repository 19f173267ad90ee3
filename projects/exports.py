"""Project charts as a file that people open: what one reader may see, in the reader's language."""

from collections.abc import Iterator

from django.db import transaction
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from firenze_digitale.tables.workbook_writing import XLSX_TYPE, write_xlsx
from firenze_digitale.tables.writing import Column, Kind, write_csv

#: Charts read at a time, with all that their rows tell of.
CHUNK = 200
CSV_TYPE = "text/csv; charset=utf-8"
FORMATS = ("csv", "xlsx")


def columns() -> list[Column]:
    """The headings, in the reader's language."""
    dates, numbers = Kind.DATE, Kind.NUMBER
    headings = [
        (_("Code"), Kind.TEXT),
        (_("Title"), Kind.TEXT),
        (_("Summary"), Kind.TEXT),
        (_("Status"), Kind.TEXT),
        (_("Starts on"), dates),
        (_("Ends on"), dates),
        (_("Lead"), Kind.TEXT),
        (_("Partners and their roles"), Kind.TEXT),
        (_("Objectives"), Kind.TEXT),
        (_("Actions"), Kind.TEXT),
        (_("Assets used"), Kind.TEXT),
        (_("Milestones done"), numbers),
        (_("Milestones"), numbers),
        (_("Progress (%)"), numbers),
        (_("Department of the City"), Kind.TEXT),
        (_("Visibility"), Kind.TEXT),
        (_("Last changed"), dates),
    ]
    return [Column(heading, kind) for heading, kind in headings]


def row_of(chart) -> tuple:
    """What the columns hold of a chart from `for_export`."""
    parts = chart.participations.all()
    done, total = chart.milestones_progress()
    return (
        chart.code,
        chart.title,
        chart.summary,
        chart.get_status_display(),
        chart.starts_on,
        chart.ends_on,
        listed(part.partner.name for part in parts if part.role == "lead"),
        listed(str(part) for part in parts),
        listed(f"{objective.plan.code}: {objective}" for objective in chart.objectives.all()),
        listed(f"{action.title} ({action.action_plan.year})" for action in chart.actions.all()),
        listed(f"{use.asset.name} ({use.asset.owner.name})" for use in chart.asset_uses.all()),
        done,
        total,
        chart.progress,
        chart.department,
        chart.get_visibility_display(),
        timezone.localdate(chart.updated_at),
    )


def listed(texts) -> str:
    return "; ".join(texts)


def rows_of(charts, who, language: str) -> Iterator[tuple]:
    """Yield the rows, read while they are taken: by then, whoever answered the request has forgotten the language."""
    # Outside of a transaction, the database would keep the whole answer aside before it gives the first row.
    with transaction.atomic():
        for chart in charts.for_export(who).iterator(chunk_size=CHUNK):
            with override(language):
                row = row_of(chart)
            yield row


def download(charts, who, file_format: str) -> StreamingHttpResponse:
    """Send all of `charts`, in their order, as they are read.

    Args:
        charts: those that `who` may see.
        file_format: one of `FORMATS`. In Italian, CSV is as Excel in Italian opens it.
    """
    language = get_language() or "it"
    rows, headings = rows_of(charts, who, language), columns()
    if file_format == "xlsx":
        content, media_type = write_xlsx(headings, rows), XLSX_TYPE
    else:
        content, media_type = write_csv(headings, rows, italian=language == "it"), CSV_TYPE
    name = slugify(charts.model._meta.verbose_name_plural)
    response = StreamingHttpResponse(content, content_type=media_type)
    file_name = f"{name}-{timezone.localdate().isoformat()}.{file_format}"
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response
