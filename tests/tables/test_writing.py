"""Tables as files: every cell comes back equal, none is a formula, the first bytes do not wait for the last row."""

import csv
import datetime
import io
import json
import random
import zipfile

import pytest
from defusedxml import ElementTree
from openpyxl import load_workbook

from firenze_digitale.cells import rearm
from firenze_digitale.tables import open_table, writing
from firenze_digitale.tables.workbook_writing import ODS_TYPE, write_ods, write_xlsx
from firenze_digitale.tables.writing import Column, Kind, write_csv, write_geojson

TEXT, NUMBER, DATE = Column("text"), Column("number", Kind.NUMBER), Column("date", Kind.DATE)
COLUMNS = [TEXT, NUMBER, DATE, Column("flag", Kind.BOOLEAN), Column("object", Kind.JSON)]
ROWS = [
    ("Piazza della Signoria", 43.797198209454436, datetime.date(2016, 12, 31), True, '{"watt": 35}'),
    ("Perché “no”, così; ecco", -7, datetime.date(1899, 5, 1), False, '{"a\\u0000b": ["x", 1.5]}'),
    (None, None, None, None, None),
    ("  due  spazi \t e un rigo\nnuovo ", 1e-07, None, True, None),
]
WRITERS = {
    "csv": write_csv,
    "csv-it": lambda columns, rows: write_csv(columns, rows, italian=True),
    "xlsx": write_xlsx,
    "ods": write_ods,
}
FORMULAS = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "''+1", "＝1", "－1"]


def written(name: str, columns, rows) -> bytes:
    return b"".join(WRITERS[name](columns, iter(rows)))


def read(name: str, content: bytes) -> tuple[list, list]:
    table = open_table(io.BytesIO(content), f"file.{name.partition('-')[0]}")
    return table.headers, [cells for _number, cells in table.rows()]


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_is_read_again(name):
    headers, rows = read(name, written(name, COLUMNS, ROWS))
    assert headers == ["text", "number", "date", "flag", "object"]
    first, second, *_blank, last = rows
    assert [first[0], second[0]] == [ROWS[0][0], ROWS[1][0]]
    assert [json.loads(first[4]), json.loads(second[4])] == [{"watt": 35}, {"a\x00b": ["x", 1.5]}]
    assert last[0].strip() == ROWS[3][0].strip()
    numbers = [str(row[1]).replace(",", ".") for row in (first, second, last)]
    assert [float(number) for number in numbers] == [43.797198209454436, -7, 1e-07]


def test_plain_csv_is_of_commas_points_and_iso_dates():
    lines = written("csv", COLUMNS, ROWS).decode().split("\r\n")
    assert lines[0] == "text,number,date,flag,object"
    assert lines[1] == 'Piazza della Signoria,43.797198209454436,2016-12-31,true,"{""watt"": 35}"'
    assert lines[3] == ",,,,"


def test_csv_for_italian_excel_is_of_semicolons_commas_and_days_first():
    content = written("csv-it", COLUMNS, ROWS)
    assert content.startswith(b"\xef\xbb\xbf")
    lines = content.decode("utf-8-sig").split("\r\n")
    assert lines[1] == 'Piazza della Signoria;43,797198209454436;31/12/2016;sì;"{""watt"": 35}"'
    assert lines[2].startswith('"Perché “no”, così; ecco";-7;01/05/1899;no;')


@pytest.mark.parametrize("row", [("a,b",), ('"',), ("a\nb",), ("a\rb",), ("",), ("è",)])
def test_csv_is_what_other_programs_take_for_csv(row):
    content = written("csv", [TEXT, TEXT], [(*row, "end")]).decode()
    assert list(csv.reader(io.StringIO(content, newline=""), strict=True))[1] == [*row, "end"]


@pytest.mark.parametrize("name", WRITERS)
def test_no_text_is_a_formula_and_all_of_it_comes_back(name):
    columns = [Column("=heading"), Column("code")]
    headers, rows = read(name, written(name, columns, [(text, "x") for text in FORMULAS]))
    assert headers[0] == "'=heading"
    assert all(cells[0].startswith("'") for cells in rows)
    found = [rearm(cells[0]).replace("\r", "\n") for cells in rows]
    assert [text.strip() for text in found] == [text.replace("\r", "\n").strip() for text in FORMULAS]


@pytest.mark.parametrize("name", WRITERS)
def test_numbers_below_zero_stay_numbers(name):
    _headers, rows = read(name, written(name, [NUMBER, TEXT], [(-1.5, "x")]))
    assert str(rows[0][0]).replace(",", ".") == "-1.5"


@pytest.mark.parametrize("name", WRITERS)
def test_characters_that_no_file_holds_are_left_out(name):
    content = written(name, [TEXT, Column("object", Kind.JSON)], [("a\x0bb\uffff", '{"a": "\uffff"}')])
    _headers, rows = read(name, content)
    assert rows[0][0] == "ab"
    assert json.loads(rows[0][1]) == {"a": "\uffff"}


@pytest.mark.parametrize("name", WRITERS)
def test_stored_values_are_shown_in_the_words_given(name):
    column = Column("Stato", words={"active": "attivo"})
    _headers, rows = read(name, written(name, [column, TEXT], [("active", "x"), ("unheard", "x")]))
    assert [cells[0] for cells in rows] == ["attivo", "unheard"]


@pytest.mark.parametrize("name", WRITERS)
def test_a_table_without_rows_has_its_header(name):
    assert read(name, written(name, COLUMNS, [])) == (["text", "number", "date", "flag", "object"], [])


@pytest.mark.parametrize("name", [*WRITERS, "geojson"])
def test_the_first_bytes_do_not_wait_for_the_last_row(name, monkeypatch):
    monkeypatch.setattr(writing, "BATCH", 100)
    drawn, chance = 0, random.Random(1)

    def rows():
        nonlocal drawn
        for number in range(1_000):
            drawn += 1
            yield number * 1.1, number * 1.3, chance.randbytes(60).hex()

    pieces = write_geojson(["text"], rows()) if name == "geojson" else WRITERS[name]([NUMBER, NUMBER, TEXT], rows())
    sent_after = [drawn for _piece in pieces]
    assert sent_after[0] <= 100
    assert len(set(sent_after)) > 3


def test_a_workbook_holds_numbers_days_and_yes_or_no_as_such():
    book = load_workbook(io.BytesIO(written("xlsx", COLUMNS, ROWS)))
    first, second = list(book.active.iter_rows(min_row=2, max_row=3))
    assert [cell.value for cell in first[:4]] == [ROWS[0][0], ROWS[0][1], datetime.datetime(2016, 12, 31), True]  # noqa: DTZ001
    assert first[2].number_format == "yyyy\\-mm\\-dd"
    # Excel's own days begin in 1900.
    assert second[2].value == "1899-05-01"
    assert book.active.freeze_panes == "A2"


@pytest.mark.parametrize("name", ["xlsx", "ods"])
def test_a_workbook_is_a_sound_package_of_well_formed_parts(name):
    with zipfile.ZipFile(io.BytesIO(written(name, COLUMNS, ROWS * 3_000))) as package:
        assert package.testzip() is None
        for part in package.namelist():
            if part != "mimetype":
                ElementTree.fromstring(package.read(part))


def test_an_opendocument_file_says_first_what_it_is():
    content = written("ods", COLUMNS, ROWS)
    assert content[30 : 38 + len(ODS_TYPE)] == b"mimetype" + ODS_TYPE.encode()
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        first = package.infolist()[0]
    assert (first.filename, first.compress_type, first.flag_bits & 8) == ("mimetype", zipfile.ZIP_STORED, 0)


def test_geojson_has_longitude_first_and_no_place_where_there_is_none():
    rows = [(11.25, 43.797198209454436, "=1", {"watt": 35}), (None, None, "'=1", {})]
    found = json.loads(b"".join(write_geojson(["address", "attributes"], rows)))
    assert found["type"] == "FeatureCollection"
    placed, nowhere = found["features"]
    assert placed == {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [11.25, 43.797198209454436]},
        "properties": {"address": "=1", "attributes": {"watt": 35}},
    }
    assert nowhere["geometry"] is None
    # What a reader of tables would take for a mark of ours is marked.
    assert rearm(nowhere["properties"]["address"]) == "'=1"


def test_geojson_of_no_rows_is_a_collection_of_none():
    assert json.loads(b"".join(write_geojson(["code"], []))) == {"type": "FeatureCollection", "features": []}
