"""What the API tells of an import."""

from rest_framework import serializers

from assets.choices import ImportedKind, ImportState, RowState
from assets.models import Import, ImportRow

MOST = 2**31 - 1
COUNTED = {
    "rows": "Rows of the file.",
    "new": "Rows whose key is new.",
    "changed": "Rows that say something new of a row that is known.",
    "unchanged": "Rows that say nothing new.",
    "wrong": "Rows that cannot be stored.",
    "missing": "Rows of the registry that the file could have named, and does not.",
    "warnings": "Rows that can be stored and look odd.",
    "restored": "Rows that have their earlier state again, since the import was taken back.",
    "deleted": "Rows that were deleted again.",
}


class QuestionSerializer(serializers.Serializer):
    """Something that the file does not say by itself."""

    column = serializers.CharField(max_length=5_000, help_text="The heading; empty for the file as a whole.")
    about = serializers.CharField(max_length=20, help_text="decimal, dates or crs (the reference system).")
    found = serializers.CharField(max_length=5_000, help_text="An example from the file.")


class ImportSerializer(serializers.Serializer):
    """An import, at work or as its receipt."""

    id = serializers.IntegerField(min_value=1)
    kind = serializers.ChoiceField(choices=ImportedKind)
    partner = serializers.CharField(max_length=100, allow_null=True, help_text="For whom; null: for all partners.")
    file_name = serializers.CharField(max_length=255)
    sha256 = serializers.CharField(max_length=64, help_text="Of the file, in hexadecimal.")
    size = serializers.IntegerField(min_value=0, help_text="Of the file, in bytes.")
    state = serializers.ChoiceField(choices=ImportState)
    finished = serializers.BooleanField(help_text="Whether nothing is at work any more.")
    progress = serializers.FloatField(min_value=0, max_value=1, help_text="The share that is done of the work.")
    counts = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=MOST),
        help_text="; ".join(f"`{name}`: {what.rstrip('.').lower()}" for name, what in COUNTED.items()),
    )
    questions = QuestionSerializer(many=True)
    refusal = serializers.CharField(max_length=20_000, help_text="Why nothing was stored, or taken back.")
    rows = serializers.URLField(max_length=2_000, help_text="The rows that are wrong.")
    created_at = serializers.DateTimeField()
    stored_at = serializers.DateTimeField(allow_null=True)
    undone_at = serializers.DateTimeField(allow_null=True)


class RowProblemSerializer(serializers.Serializer):
    """What is wrong with one cell, or looks odd in it."""

    column = serializers.CharField(max_length=5_000, help_text="The heading as in the file.")
    field = serializers.CharField(max_length=300)
    found = serializers.CharField(max_length=5_000, allow_null=True)
    message = serializers.CharField(max_length=20_000)


class ImportRowSerializer(serializers.Serializer):
    """A row of a file, and what there is to say of it."""

    number = serializers.IntegerField(
        min_value=1, max_value=MOST, allow_null=True, help_text="The line of the file; null for rows that it lacks."
    )
    state = serializers.ChoiceField(choices=RowState)
    key = serializers.CharField(max_length=210, help_text="The key of the row; empty where it cannot be read.")
    problems = RowProblemSerializer(many=True)


def body_of(imported: Import, address: str) -> dict:
    """Tell of an import that is found at `address`."""
    told = {name: getattr(imported, name) for name in ("kind", "file_name", "sha256", "size", "state", "refusal")}
    return {
        "id": imported.pk,
        **told,
        "partner": imported.partner and imported.partner.code,
        "finished": not imported.is_at_work,
        "progress": _progress(imported),
        "counts": {name: count for name, count in imported.counts.items() if name in COUNTED},
        "questions": [{name: asked[name] for name in ("column", "about", "found")} for asked in imported.questions],
        "rows": f"{address}/rows",
        "created_at": imported.created_at,
        "stored_at": imported.stored_at,
        "undone_at": imported.undone_at,
    }


def _progress(imported: Import) -> float:
    if not imported.is_at_work:
        return 1.0
    return min(1.0, imported.done / imported.total) if imported.total else 0.0


def body_of_row(row: ImportRow) -> dict:
    problems = [
        {
            "column": problem.get("column") or "",
            "field": problem.get("field") or "",
            "found": problem.get("found"),
            "message": problem["expected"],
        }
        for problem in row.problems
    ]
    return {"number": row.number, "state": row.state, "key": row.key, "problems": problems}
