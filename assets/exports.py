"""Assets, placements and distributions as files: what one reader may see of some rows, in columns that read back.

Columns are those that an import knows (`assets.imports.targets`). Where all rows are of one category, each of its
attributes has a column of its own, provided that every value comes back equal from one; else they are one column
of JSON. Files for machines name columns and choices as they are stored, workbooks and the CSV for Excel in the
reader's language: an import recognises both.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.db.models import (
    BooleanField,
    Case,
    Count,
    DateField,
    F,
    ForeignKey,
    Func,
    JSONField,
    Max,
    Min,
    Q,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, NullIf
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from assets.imports.mapping import recognise
from assets.imports.targets import ATTRIBUTE, Target, model_of, targets_of
from assets.models import Asset, Category
from firenze_digitale.tables.workbook_writing import MAX_ROWS, ODS_TYPE, XLSX_TYPE, write_ods, write_xlsx
from firenze_digitale.tables.writing import BATCH, Column, Kind, write_csv, write_geojson

KINDS = {
    "number": Kind.NUMBER,
    "integer": Kind.NUMBER,
    "latitude": Kind.NUMBER,
    "longitude": Kind.NUMBER,
    "date": Kind.DATE,
    "boolean": Kind.BOOLEAN,
    "json": Kind.JSON,
}
# Text that a cell gives back as it was: no blanks at its ends or doubled, no breaks, not empty.
CLEAN = r'@.type() == "string" && @ like_regex "^[^\\s\\u00a0]+( [^\\s\\u00a0]+)*$"'
#: By a column's kind, the values that come back equal from it (SQL/JSON path).
FITTING = {
    "text": f"strict $ ? ({CLEAN})",
    "choice": f'strict $ ? (@.type() == "number" || {CLEAN})',
    "number": 'strict $ ? (@.type() == "number")',
    "integer": 'strict $ ? (@.type() == "number")',
    "boolean": 'strict $ ? (@.type() == "boolean")',
    "date": r'strict $ ? (@ like_regex "^\\d{4}-\\d\\d-\\d\\d$" && @.datetime() >= "0001-01-01".datetime())',
    "json": 'strict $ ? (@.type() == "array" || @.type() == "object")',
}


CASTS = {"boolean": BooleanField(), "date": DateField()}


@dataclass(frozen=True)
class FileFormat:
    """A kind of file that rows are written to."""

    name: str
    label: str
    help_text: str
    extension: str
    media_type: str
    #: Headings and choices in the reader's language.
    for_people: bool = False
    most_rows: int | None = None


EXCEL_CSV = FileFormat(
    "csv-it",
    _("CSV for Excel in Italian"),
    _("Opens with a double click: semicolons, decimal commas, dates as 31/12/2016."),
    "csv",
    "text/csv; charset=utf-8",
    for_people=True,
)
XLSX = FileFormat(
    "xlsx", _("Excel (XLSX)"), _("Codes with leading zeros stay as they are."), "xlsx", XLSX_TYPE, True, MAX_ROWS
)
ODS = FileFormat("ods", _("LibreOffice (ODS)"), "", "ods", ODS_TYPE, True, MAX_ROWS)
CSV = FileFormat(
    "csv",
    _("CSV for other programs"),
    _("UTF-8, commas, decimal points, dates as 2016-12-31; columns and choices by their codes."),
    "csv",
    "text/csv; charset=utf-8",
)
GEOJSON = FileFormat("geojson", _("GeoJSON"), _("For maps (QGIS): degrees, WGS 84."), "geojson", "application/geo+json")
WRITERS = {
    CSV.name: write_csv,
    EXCEL_CSV.name: partial(write_csv, italian=True),
    XLSX.name: write_xlsx,
    ODS.name: write_ods,
}


class JsonValue(Func):
    """What an object of JSON holds under a name, whatever the name looks like."""

    arg_joiner, template, output_field = " -> ", "(%(expressions)s)", JSONField()

    def __init__(self, field, name):
        super().__init__(field, Cast(Value(name), TextField()))


class JsonText(JsonValue):
    """The same as text."""

    arg_joiner, output_field = " ->> ", TextField()


class Without(Func):
    """An object of JSON without some names."""

    arg_joiner, template, output_field = " - ", "(%(expressions)s)", JSONField()

    def __init__(self, field, names):
        super().__init__(field, *(Cast(Value(name), TextField()) for name in names))


class Fits(Func):
    """Whether a JSON value is one that a path finds; unknown where there is no value."""

    function, template, output_field = (
        "jsonb_path_exists",
        "%(function)s(%(expressions)s::jsonpath, '{}', true)",
        BooleanField(),
    )


def attribute_of(target: Target) -> str:
    return target.name.removeprefix(ATTRIBUTE)


class Export:
    """What `who` may see of `queryset`, in its order, to be written as a file.

    Attributes:
        count: how many rows there are.
        asset_id: of the one asset that all rows belong to; None where there are several, or none.
        category: the one that all rows belong to; None likewise.
    """

    kind: str
    #: How a row reaches its asset's id and its category's.
    asset_path: str
    category_path: str
    formats = (XLSX, EXCEL_CSV, ODS, CSV)

    def __init__(self, queryset, who):
        self.queryset, self.who = queryset.visible_to(who), who
        ends = {
            f"{end.name}_{name}": end(path)
            for name, path in (("asset", self.asset_path), ("category", self.category_path))
            for end in (Min, Max)
        }
        found = self.queryset.order_by().aggregate(count=Count("pk"), **ends)
        self.count = found["count"]
        self.asset_id, category_id = (
            found[f"Min_{name}"] if found[f"Min_{name}"] == found[f"Max_{name}"] else None
            for name in ("asset", "category")
        )
        self.category = Category.objects.get(pk=category_id) if category_id else None

    @classmethod
    def of_assets(cls, assets):
        """All rows of these assets, in the order of their codes."""
        rows = model_of(cls.kind)._default_manager.filter(**{f"{cls.asset_path}__in": assets})
        return rows.order_by(cls.asset_path, "code")

    @classmethod
    def format_named(cls, name: str) -> FileFormat | None:
        return next((file_format for file_format in cls.formats if file_format.name == name), None)

    def file_name(self, file_format: FileFormat) -> str:
        """Such as “publiacqua-fontanelli-2026-11-22.csv”: of one asset, else of its kind of rows."""
        stem = slugify(self.queryset.model._meta.verbose_name_plural)
        if self.asset_id:
            stem = Asset.objects.values_list("code", flat=True).get(pk=self.asset_id)
        return f"{stem}-{timezone.localdate().isoformat()}.{file_format.extension}"

    def written(self, file_format: FileFormat, watched: Callable[[Iterator], Iterator] = iter) -> Iterator[bytes]:
        """Return the file, piece by piece; the rows are read while it is taken, all as they were at one moment.

        Args:
            watched: is given the rows and gives them on, for whoever shows how far they are.
        """
        targets = self._targets(file_format)
        if file_format is GEOJSON:
            placed = [F("longitude"), F("latitude")]
            targets = [target for target in targets if target.name not in ("latitude", "longitude")]
            properties = [F(target.field) if target.kind != "related" else self._value(target) for target in targets]
            return write_geojson([target.name for target in targets], watched(self._rows(placed + properties)))
        rows = watched(self._rows([self._value(target) for target in targets]))
        columns = columns_of(self.kind, targets, for_people=file_format.for_people)
        return WRITERS[file_format.name](columns, rows)

    def _rows(self, values: list) -> Iterator[tuple]:
        # Outside of a transaction, the database would keep the whole answer aside before it gives the first row.
        with transaction.atomic():
            yield from self.queryset.values_list(*values).iterator(chunk_size=BATCH)

    def _targets(self, file_format: FileFormat) -> list[Target]:
        """The columns: every field, and each attribute by itself where that says everything."""
        if self.category and file_format is not GEOJSON:
            targets = targets_of(self.kind, [self.category])
            attributes = [target for target in targets if target.is_attribute]
            if attributes and self._read_alike(attributes) and not self._is_told_short(attributes):
                return [target for target in targets if target.name != "attributes"]
        return targets_of(self.kind)

    def _read_alike(self, attributes: list[Target]) -> bool:
        """Whether these attributes are of the same kind where other categories have some of the same names."""
        anywhere = {target.name: KINDS.get(target.kind) for target in targets_of(self.kind, Category.objects.all())}
        return all(anywhere[target.name] == KINDS.get(target.kind) for target in attributes)

    def _is_told_short(self, attributes: list[Target]) -> bool:
        """Whether a row has an attribute that none of these columns gives back as it was."""
        names = [attribute_of(target) for target in attributes]
        amiss = ~Q(Exact(Without("attributes", names), Value({}, JSONField())))
        for target in attributes:
            amiss |= ~Q(Fits(JsonValue("attributes", attribute_of(target)), Value(FITTING[target.kind])))
        return self.queryset.filter(amiss).exists()

    def _value(self, target: Target):
        """What the database is asked for a column."""
        if target.is_attribute:
            text = JsonText("attributes", attribute_of(target))
            return Cast(text, CASTS[target.kind]) if target.kind in CASTS else text
        if target.kind == "json":
            return NullIf(Cast(target.field, TextField()), Value("{}", TextField()))
        if target.kind == "related":
            return self._code(self.queryset.model._meta.get_field(target.field))
        if KINDS.get(target.kind) is Kind.NUMBER:
            # As the database writes them: in as many digits as say exactly this number.
            return Cast(target.field, TextField())
        return F(target.field)

    def _code(self, field: ForeignKey):
        """The code of a related row; nothing where it is not for `who` to see."""
        seen = field.related_model._default_manager.visible_to(self.who)
        code = F(f"{field.name}__code")
        return Case(When(**{f"{field.name}__in": seen}, then=code)) if seen.query.where else code


def columns_of(kind: str, targets: list[Target], *, for_people: bool) -> list[Column]:
    """Return how columns are headed, and what is written in them.

    Args:
        for_people: headings and choices are in the reader's language, headings only where an import of any category
            tells them apart.
    """
    if not for_people:
        return [Column(target.name, KINDS.get(target.kind, Kind.TEXT)) for target in targets]
    labels = [" ".join(target.label.split()) for target in targets]
    recognised = recognise(labels, targets_of(kind, Category.objects.all()))
    position = 0 if (get_language() or "it").startswith("it") else 1
    columns = []
    for target, label in zip(targets, labels, strict=True):
        found = recognised.of_target(target.name)
        heading = label if found and found.column == label else target.name
        words = {value: words[position] for value, *words in target.choices}
        columns.append(Column(heading, KINDS.get(target.kind, Kind.TEXT), words))
    return columns


class AssetExport(Export):
    kind, asset_path, category_path = "assets", "pk", "category_id"


class PartExport(Export):
    asset_path, category_path = "asset_id", "asset__category_id"


class PlacementExport(PartExport):
    kind, formats = "placements", (*Export.formats, GEOJSON)


class DistributionExport(PartExport):
    kind = "distributions"


#: By what commands call them.
EXPORTS: dict[str, type[Export]] = {
    export.kind: export for export in (AssetExport, PlacementExport, DistributionExport)
}
