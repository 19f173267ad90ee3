"""Empty workbooks to fill in and import: the columns of one category, with lists of what may be chosen.

The first sheet is what an import reads; the second explains each column with an example, so that no example is
imported by mistake; a third, hidden, holds the choices of the lists, which a cell's rule could not all hold (Excel:
255 characters).
"""

import io
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from assets.attributes import AttributeField
from assets.choices import Kind
from assets.exports import attribute_of, columns_of
from assets.imports.targets import Target, model_of, targets_of
from assets.models import Asset, Category
from firenze_digitale.cells import disarm
from partners.models import Partner, Referent

LAST_ROW = 10_000
WIDTH = 24
EXPLAINED_WIDTHS = (24, 12, 60, 44, 36)
#: Choices that are written out, and the height of a line (points).
LISTED, LINE = 8, 15
REQUIRED = {"font": Font(bold=True, color="FFFFFF"), "fill": PatternFill("solid", start_color="0055A5")}
OPTIONAL = {"font": Font(bold=True), "fill": PatternFill("solid", start_color="E6ECF2")}
#: How the cells of a column are shown; text keeps the zeros that a code begins with.
FORMATS = {"date": "dd/mm/yyyy", "number": "General", "integer": "0", "latitude": "0.000000", "longitude": "0.000000"}
BOUNDS = {"latitude": (-90, 90), "longitude": (-180, 180)}
EXAMPLES = {
    "name_it": "Fontanelli di acqua potabile",
    "name_en": "Drinking fountains",
    "title_it": "Elenco dei fontanelli",
    "title_en": "List of drinking fountains",
    "description_it": "Acqua refrigerata, naturale e frizzante",
    "description_en": "Chilled water, still and sparkling",
    "conditions_it": "Previa convenzione",
    "conditions_en": "Upon agreement",
    "quantity": 24,
    "address": "Piazza della Signoria, 1",
    "latitude": 43.769562,
    "longitude": 11.255814,
    "source": "Censimento 2016",
    "format": "CSV",
    "access_url": "https://www.example.org/fontanelli.csv",
    "licence": "CC BY 4.0",
}
CODES = {"assets": "publiacqua-fontanelli", "placements": "F001", "distributions": "elenco-csv"}
EXAMPLES_BY_KIND = {"integer": 12, "number": 12.5, "date": "31/12/2016"}


@dataclass(frozen=True)
class Asked:
    """A column of the table: how it is headed, what is chosen there, what is told about it."""

    target: Target
    heading: str
    required: bool
    choices: list[str]
    told: str
    example: object
    minimum: float | None = None
    maximum: float | None = None


def blank_table(kind: str, category: Category, who) -> bytes:
    """Return an XLSX workbook for rows of `kind` (“assets”, “placements”, “distributions”) of one category.

    Args:
        who: will fill it in: owners, assets and contacts to choose from are theirs.
    """
    book = Workbook()
    sheet, explained = book.active, book.create_sheet(_("Example"))
    sheet.title = str(model_of(kind)._meta.verbose_name_plural).capitalize()
    lists = book.create_sheet(_("Choices"))
    lists.sheet_state = "hidden"
    asked = asked_of(kind, category, who)
    for number, column in enumerate(asked, start=1):
        _add_column(sheet, lists, number, column)
    sheet.freeze_panes = "A2"
    _explain(explained, asked)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def asked_of(kind: str, category: Category, who) -> list[Asked]:
    """The columns of a category's table, in the order of an export's."""
    fields = {field.name: field for field in category.attribute_fields()}
    targets = [target for target in targets_of(kind, [category]) if target.name != "attributes" or not fields]
    columns = columns_of(kind, targets, for_people=True)
    return [
        _asked(kind, category, target, column, fields, who) for target, column in zip(targets, columns, strict=True)
    ]


def _asked(kind: str, category: Category, target: Target, column, fields: dict[str, AttributeField], who) -> Asked:
    attribute = fields[attribute_of(target)] if target.is_attribute else None
    field = None if attribute else model_of(kind)._meta.get_field(target.field)
    choices = list(column.words.values())
    if target.kind == "related":
        choices = codes_to_choose(field, kind, category, who)
    elif target.kind == "boolean":
        choices = [_("yes"), _("no")]
    examples = {**EXAMPLES, "code": CODES[kind]}
    example = choices[0] if choices else examples.get(target.name, EXAMPLES_BY_KIND.get(target.kind, ""))
    minimum, maximum = (attribute.minimum, attribute.maximum) if attribute else BOUNDS.get(target.name, (None, None))
    if attribute and minimum is not None and not choices:
        example = minimum
    return Asked(
        target,
        column.heading,
        # A placement says only what differs from its asset.
        target.required or bool(attribute and attribute.required and kind == "assets"),
        choices,
        str((attribute or field).help_text) or told_of_kind(target.kind),
        example,
        minimum,
        maximum,
    )


def told_of_kind(kind: str) -> str:
    """What such a column says, where nobody has explained it."""
    return {
        "related": _("A code of the list."),
        "choice": _("One of the list."),
        "boolean": _("Yes or no; empty where it is not known."),
        "date": _("A day, such as 31/12/2016."),
        "integer": _("A whole number."),
        "number": _("A number."),
    }.get(kind, _("Text."))


def codes_to_choose(field: models.ForeignKey, kind: str, category: Category, who) -> list[str]:
    """Codes of the related rows that `who` may put into a new row of this category."""
    partners = Partner.objects.whose_assets_are_kept_by(who)
    if field.name == "rights_holder":
        return list(Partner.objects.visible_to(who).order_by("code").values_list("code", flat=True))
    rows = {
        Category: Category.objects.filter(pk=category.pk),
        Partner: partners,
        Referent: Referent.objects.visible_to(who).filter(partner__in=partners),
        Asset: Asset.objects.changeable_by(who).filter(category=category),
    }[field.related_model]
    return list(rows.order_by("code").values_list("code", flat=True))


def kind_of_parts(category: Category) -> str:
    return "placements" if category.kind == Kind.MATERIAL else "distributions"


def _add_column(sheet, lists, number: int, asked: Asked) -> None:
    letter = get_column_letter(number)
    style = REQUIRED if asked.required else OPTIONAL
    heading = sheet.cell(1, number, disarm(asked.heading))
    heading.font, heading.fill, heading.alignment = style["font"], style["fill"], Alignment(wrap_text=True)
    sheet.column_dimensions[letter].width = WIDTH
    sheet.column_dimensions[letter].number_format = FORMATS.get(asked.target.kind, "@")
    if rule := _rule(lists, number, asked):
        rule.add(f"{letter}2:{letter}{LAST_ROW}")
        sheet.add_data_validation(rule)


def _rule(lists, number: int, asked: Asked) -> DataValidation | None:
    """What a spreadsheet program lets be typed into a column; None: anything."""
    if asked.choices:
        letter = get_column_letter(number)
        for row, choice in enumerate(asked.choices, start=1):
            lists.cell(row, number, disarm(choice))
        told = _("Choose one of the list.")
        place = f"'{lists.title}'!${letter}$1:${letter}${len(asked.choices)}"
        return DataValidation("list", place, allow_blank=True, showErrorMessage=True, error=told)
    if None in (asked.minimum, asked.maximum):
        return None
    told = _("A number from %(minimum)s to %(maximum)s.") % {"minimum": asked.minimum, "maximum": asked.maximum}
    kind = "whole" if asked.target.kind == "integer" else "decimal"
    options = {"allow_blank": True, "showErrorMessage": True, "error": told}
    return DataValidation(kind, asked.minimum, asked.maximum, operator="between", **options)


def _explain(sheet, asked: list[Asked]) -> None:
    """One row for each column, as high as what it says."""
    headings = (_("Column"), _("Required"), _("What it says"), _("What may be chosen"), _("Example"))
    for number, (heading, width) in enumerate(zip(headings, EXPLAINED_WIDTHS, strict=True), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
        cell = sheet.cell(1, number, heading)
        cell.font, cell.fill = OPTIONAL["font"], OPTIONAL["fill"]
    for number, column in enumerate(asked, start=2):
        choices = column.choices[:LISTED] + ["…"] * (len(column.choices) > LISTED)
        required = _("yes") if column.required else ""
        for place, value in enumerate((column.heading, required, column.told, "\n".join(choices), column.example), 1):
            cell = sheet.cell(number, place, disarm(value) if isinstance(value, str) else value)
            cell.alignment = Alignment(horizontal="left", vertical="top", wrap_text=True)
        sheet.row_dimensions[number].height = LINE * max(len(choices), 1 + len(column.told) // EXPLAINED_WIDTHS[2])
