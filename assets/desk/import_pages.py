"""What the pages of an import show, by how far it has come."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from assets.choices import ImportedKind, ImportState
from assets.desk.import_rows import side_by_side, told_rows
from assets.desk.import_words import (
    Labels,
    counted,
    mapping_in_words,
    notes_on_places,
    percent_done,
    progress_in_words,
    what_was_undone,
    what_would_be_stored,
)
from assets.imports.mapping import Mapping
from assets.imports.receipts import changed_since, touched
from assets.imports.targets import model_of
from assets.imports.work import rights_for
from assets.models import Asset, Import
from firenze_digitale.listing import page_of

ROWS_A_PAGE = 50
#: After so many seconds without a worker the page says so.
PATIENCE = 10
STEPS = (gettext_lazy("File"), gettext_lazy("Columns"), gettext_lazy("Preview"), gettext_lazy("Receipt"))
#: Parts of a preview, what hinders first; of the unchanged rows only their number is known.
SECTIONS = {
    "wrong": gettext_lazy("Wrong rows"),
    "new": gettext_lazy("New rows"),
    "changed": gettext_lazy("Changed rows"),
    "warnings": gettext_lazy("To be looked at"),
    "missing": gettext_lazy("Missing from the file"),
    "unchanged": gettext_lazy("Unchanged rows"),
}
ALSO_COUNTED = {
    "rows": gettext_lazy("Rows of the file"),
    "removed": gettext_lazy("Marked as removed"),
    "deleted": gettext_lazy("Deleted again"),
    "restored": gettext_lazy("Put back as they were"),
}

TOUCHED = {"insert": gettext_lazy("new row"), "update": gettext_lazy("changed row")}


def asset_of(imported: Import, who) -> Asset | None:
    """The one asset whose parts the file holds, for the way back to it."""
    fixed = imported.mapping.get("fixed") or {}
    code = fixed.get("asset") if isinstance(fixed, dict) else None
    return Asset.objects.visible_to(who).filter(code=code).first() if code else None


def seen(imported: Import) -> str:
    """What tells one preview of an import from another."""
    return imported.previewed_at.isoformat() if imported.previewed_at else ""


def is_waiting(imported: Import) -> bool:
    """Whether it has been in the queue for a while and no worker has begun."""
    if not imported.is_at_work or imported.done:
        return False
    return (timezone.now() - imported.updated_at).total_seconds() > PATIENCE and not imported.is_held()


def progress_of(imported: Import) -> dict:
    """How far it has come, for the page and for the script that asks every second."""
    return {
        "at_work": imported.is_at_work,
        "percent": percent_done(imported),
        "told": progress_in_words(imported, waiting=is_waiting(imported)),
    }


def preview(request, imported: Import) -> dict:
    """Context of a preview: the sections with their counts, and a page of one of them."""
    sections = _sections(imported)
    open_ones = [name for name, _label, count in sections if count and name != "unchanged"]
    section = request.GET.get("rows", "")
    if section not in open_ones:
        section = open_ones[0] if open_ones else ""
    labels, mapping = Labels(imported.kind), Mapping.from_json(imported.mapping)
    page, problem = page_of(request, imported.rows.of_section(section), ("id",), ROWS_A_PAGE)
    columns, rows = side_by_side(told_rows(page.rows, imported.kind, labels, request.user))
    return {
        "sections": [
            {"name": name, "label": label, "count": counted(count), "is_empty": not count, "is_open": name == section}
            for name, label, count in sections
        ],
        "section": section,
        "rows": rows,
        "columns": columns,
        "page": page,
        "page_problem": problem,
        "query": urlencode({"rows": section}),
        "seen": seen(imported),
        "would_be_stored": what_would_be_stored(imported.counts),
        "mapping_words": mapping_in_words(mapping, labels),
        "notes": notes_on_places(mapping),
        "removes_missing": mapping.missing == "remove",
        "may_remove_missing": imported.kind == ImportedKind.PLACEMENTS,
        "offers_swap": offers_swap(imported),
    }


def offers_swap(imported: Import) -> bool:
    """Whether so many points lie elsewhere that latitude and longitude may be the wrong way round."""
    placed = imported.counts.get("new", 0) + imported.counts.get("changed", 0)
    return imported.kind == ImportedKind.PLACEMENTS and 2 * imported.counts.get("warnings", 0) >= placed


def _sections(imported: Import) -> list[tuple[str, str, int]]:
    return [(name, label, imported.counts.get(name, 0)) for name, label in SECTIONS.items()]


def receipt(request, imported: Import) -> dict:
    """Context of a receipt: what was read how, and a page of the rows that it touched."""
    page, problem = page_of(request, touched(imported, request.user), ("pgh_id",), ROWS_A_PAGE)
    return {
        "stored": what_would_be_stored(imported.counts),
        "undone": what_was_undone(imported.counts) if imported.state == ImportState.UNDONE else "",
        "counts": [
            (label, counted(imported.counts[name]))
            for name, label in {**ALSO_COUNTED, **SECTIONS}.items()
            if imported.counts.get(name)
        ],
        "mapping_words": mapping_in_words(Mapping.from_json(imported.mapping), Labels(imported.kind)),
        "touched": _touched_rows(imported, page.rows, request.user),
        "page": page,
        "page_problem": problem,
        "may_be_undone": imported.may_be_undone,
    }


def _touched_rows(imported: Import, events, who) -> list[dict]:
    model = model_of(imported.kind)
    rows = model.objects.visible_to(who).for_list().in_bulk([event.pgh_obj_id for event in events])
    opened = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    return [
        {
            "kind": TOUCHED.get(event.pgh_label, event.pgh_label),
            "key": row.key,
            "row": str(row),
            "url": reverse(opened, args=[row.pk]),
        }
        for event in events
        if (row := rows.get(event.pgh_obj_id))
    ]


def kept_rows(imported: Import, who) -> list:
    """Rows that keep an import from being undone as a whole, the first of them."""
    return changed_since(imported, rights_for(who, imported.partner))


def step_of(imported: Import) -> int:
    """At which of the steps it is."""
    by_state = {
        ImportState.REFUSED: 0,
        ImportState.COLUMNS: 1,
        ImportState.STORED: 3,
        ImportState.UNDOING: 3,
        ImportState.UNDONE: 3,
    }
    return by_state.get(imported.state, 2)
