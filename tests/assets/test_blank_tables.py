"""Empty tables: lists of what may be chosen, nothing that is imported by mistake, and filled in they import."""

import io

import pytest
from django.utils.translation import override
from openpyxl import load_workbook

from assets.blank_tables import asked_of, blank_table
from assets.imports import services
from assets.models import Asset, Placement
from firenze_digitale.tables import open_table
from tests import factories
from tests.admin.world import luminaires

pytestmark = pytest.mark.django_db


@pytest.fixture
def category():
    return luminaires()


@pytest.fixture
def lamps(publiacqua, category):
    return factories.asset(publiacqua, "lampioni", category=category, attributes={"watt": 35})


def book_of(kind, category, who):
    with override("it"):
        return load_workbook(io.BytesIO(blank_table(kind, category, who)))


def lists_of(book) -> dict[str, list[str]]:
    """What each column's list offers, by its heading."""
    sheet, lists = book.worksheets[0], book.worksheets[2]
    found = {}
    for rule in sheet.data_validations.dataValidation:
        if rule.type == "list":
            letter = str(rule.sqref).partition(":")[0].rstrip("2")
            (cells,) = zip(*lists[rule.formula1.partition("!")[2].replace("$", "")], strict=True)
            found[sheet[f"{letter}1"].value] = [cell.value for cell in cells]
    return found


def test_columns_have_lists_of_what_may_be_chosen(publiacqua, referent, lamps, category):
    book = book_of("placements", category, referent)
    assert lists_of(book) == {
        "Asset": ["lampioni"],
        "Quartiere": ["1 Centro Storico", "2 Campo di Marte", "3 Gavinana-Galluzzo", "4 Isolotto-Legnaia", "5 Rifredi"],
        "Stato": ["attivo", "in programma", "fuori servizio", "da verificare", "rimosso"],
        "Lampada": ["LED", "sodio"],
        "Telegestito": ["sì", "no"],
    }
    assert [sheet.sheet_state for sheet in book.worksheets] == ["visible", "visible", "hidden"]


def test_only_what_one_may_use_is_offered(publiacqua, silfi, referent, city_staff, administrator, lamps, category):
    factories.asset(silfi, "pubblico", category=category, visibility="public", attributes={"watt": 1})
    own = factories.referent(publiacqua, "altro-ict")
    factories.referent(silfi, "silfi-ict")
    assert lists_of(book_of("placements", category, referent))["Asset"] == ["lampioni"]
    assert "Asset" not in lists_of(book_of("placements", category, city_staff))
    assert lists_of(book_of("placements", category, administrator))["Asset"] == ["lampioni", "pubblico"]
    offered = lists_of(book_of("assets", category, referent))
    assert offered["Proprietario"] == ["publiacqua"]
    assert offered["Categoria"] == ["luminaires"]
    assert offered["Contatto"] == [own.code, "publiacqua-ict"]


def test_required_columns_are_told_by_their_look_and_not_by_their_text(referent, lamps, category):
    sheet = book_of("assets", category, referent).worksheets[0]
    headings = {cell.value: cell.fill.start_color.rgb for cell in sheet[1]}
    required = {heading for heading, colour in headings.items() if colour == "000055A5"}
    assert required == {"Codice", "Proprietario", "Categoria", "Nome (italiano)", "Potenza (W)"}
    with override("it"):
        # A placement says only what differs from its asset.
        parts = {column.heading for column in asked_of("placements", category, referent) if column.required}
    assert parts == {"Asset", "Codice"}


def test_numbers_are_held_within_the_schema_s_bounds(referent, category):
    rules = book_of("placements", category, referent).worksheets[0].data_validations.dataValidation
    bounds = {(rule.type, rule.formula1, rule.formula2) for rule in rules if rule.type != "list"}
    assert bounds == {("whole", "1", "2000"), ("decimal", "-90", "90"), ("decimal", "-180", "180")}


def test_an_empty_table_has_no_rows_and_its_example_is_on_another_sheet(referent, lamps, category):
    content = blank_table("assets", category, referent)
    table = open_table(io.BytesIO(content), "x.xlsx")
    assert list(table.rows()) == []
    book = load_workbook(io.BytesIO(content))
    told = {row[0].value: row[4].value for row in book.worksheets[1].iter_rows(min_row=2)}
    assert set(told) == set(table.headers)
    assert all(value not in (None, "") for heading, value in told.items() if "watt" in heading or heading == "Codice")


def test_a_category_s_words_are_never_formulas(publiacqua, referent):
    schema = {
        "type": "object",
        "properties": {"=x": {"type": "string", "title": "=1+1", "description": "@cmd", "enum": ["=2+2", "+3"]}},
    }
    category = factories.category("strani", attribute_schema=schema)
    for sheet in book_of("assets", category, referent).worksheets:
        assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


FILLED = {
    "assets": {
        "Codice": "publiacqua-nuovi",
        "Proprietario": "publiacqua",
        "Categoria": "luminaires",
        "Nome (italiano)": "Nuovi lampioni",
        "Potenza (W)": 35,
        "Telegestito": "sì",
        "Lampada": "LED",
    },
    "placements": {
        "Asset": "lampioni",
        "Codice": "007",
        "Stato": "da verificare",
        "Latitudine": 43.77,
        "Longitudine": 11.25,
    },
}


@pytest.mark.parametrize("kind", FILLED)
def test_filled_in_it_is_imported(publiacqua, referent, lamps, category, kind):
    book = book_of(kind, category, referent)
    sheet = book.worksheets[0]
    offered = lists_of(book)
    for cell in sheet[1]:
        value = FILLED[kind].get(cell.value)
        sheet.cell(2, cell.column, offered["Visibilità"][-1] if cell.value == "Visibilità" else value)
    stream = io.BytesIO()
    book.save(stream)
    stream.seek(0)
    imported = services.begin(kind=kind, partner=publiacqua, made_by=referent, file=stream, file_name="x.xlsx")
    assert (imported.refusal, imported.questions) == ("", [])
    assert (imported.counts["new"], imported.counts["wrong"]) == (1, 0), imported.rows.first().problems
    services.confirm(imported, referent)
    if kind == "assets":
        made = Asset.objects.get(code="publiacqua-nuovi")
        assert (made.visibility, made.attributes) == ("restricted", {"watt": 35, "smart": True, "lamp": "LED"})
    else:
        made = Placement.objects.get(asset=lamps)
        assert (made.code, made.status, made.latitude) == ("007", "to_be_verified", 43.77)
