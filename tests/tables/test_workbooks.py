"""Workbooks as Excel, LibreOffice and their like save them."""

import datetime

import pytest
from openpyxl import Workbook
from openpyxl.styles.numbers import FORMAT_DATE_TIMEDELTA
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from firenze_digitale.tables import UnreadableFile, limits
from tests.tables.files import ods, ods_cell, ods_row, package, read, saved, table, xlsx, xlsx_of

MOMENT = datetime.datetime.fromisoformat("2016-12-31T14:30:00")
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c><c r="B1" t="str"><v>value</v></c></row>'


def excel_value(cell: str, **parts):
    """What a cell below a header is read as."""
    [(_number, [value, _other])] = read(xlsx_of(f"{HEADER}<row>{cell}</row>", **parts))[1]
    return value


def test_excels_cells_are_read_as_what_they_are():
    cells = ["à\nb", 7, -7, 43.797198, MOMENT, datetime.date(2016, 12, 31), True, False, "#N/A", "  due "]
    headers, rows = read(xlsx([["Rilievo"], [], [f"c{number}" for number in range(len(cells))], cells]))
    assert headers[:2] == ["c0", "c1"]
    assert rows == [(4, cells)]
    assert [type(value) for value in rows[0][1]] == [type(value) for value in cells]


def test_excels_hours_are_text_and_durations_too():
    book = Workbook()
    book.active.append(["time", "duration"])
    book.active.append([datetime.time(14, 30), datetime.timedelta(hours=30)])
    book.active["B2"].number_format = FORMAT_DATE_TIMEDELTA
    assert read(saved(book))[1] == [(2, ["14:30:00", "1 day, 6:00:00"])]


def test_excels_days_are_the_same_when_counted_from_1904():
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append(["day"])
    book.active.append([datetime.date(2016, 12, 31)])
    assert read(saved(book))[1] == [(2, [datetime.date(2016, 12, 31)])]


@pytest.mark.parametrize("namespace", ["http://schemas.openxmlformats.org/spreadsheetml/2006/main", STRICT])
def test_excels_own_ways_of_writing_are_understood(namespace):
    strings = (
        "<si><t>name</t></si><si><r><t>Via </t></r><r><t>Roma</t></r><rPh><t>no</t></rPh></si><si><t>a_x000D_</t></si>"
    )
    styles = (
        '<numFmts><numFmt numFmtId="170" formatCode="[$-410]dd/mm/yyyy"/></numFmts><cellStyleXfs><xf/></cellStyleXfs>'
    )
    styles += '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/><xf numFmtId="14"/></cellXfs>'
    rows = (
        '<row r="2"><c r="B2" t="s"><v>0</v></c><c r="C2" t="str"><f>A1</f><v>size</v></c><c t="inlineStr">'
        "<is><t>day</t></is></c></row>"
        '<row r="5"><c r="B5" t="s"><v>1</v></c><c r="C5"><f>1+1</f><v>2</v></c><c r="D5" s="1"><v>42735</v></c></row>'
        '<row><c/><c t="s"><v>2</v></c><c t="e"><v>#REF!</v></c><c s="2"><v>42735.5</v></c></row>'
        '<row r="9"><c r="D9" s="1"/></row>'
    )
    opened = table(xlsx_of(rows, strings, styles, namespace))
    assert opened.headers == ["name", "size", "day"]
    assert list(opened.rows()) == [
        (5, ["Via Roma", 2, datetime.date(2016, 12, 31)]),
        (6, ["a\r", "#REF!", MOMENT.replace(hour=12, minute=0)]),
    ]
    assert opened.facts == {"format": "xlsx", "sheet": "Foglio", "header_row": 2}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("<c><v>1.5E3</v></c>", 1500.0),
        ("<c><v>1e999</v></c>", "1e999"),
        ("<c><v>NaN</v></c>", "NaN"),
        ("<c><v>-12</v></c>", -12),
        ("<c><v>12.0</v></c>", 12.0),
        (f"<c><v>{'1' * 5_000}</v></c>", "1" * 5_000),
        ('<c t="b"><v>1</v></c>', True),
        ('<c t="d"><v>2016-12-31</v></c>', datetime.date(2016, 12, 31)),
        ('<c s="0"><v>1e300</v></c>', 1e300),
        ('<c t="str"><v>_x005F_x0041_</v></c>', "_x0041_"),
    ],
)
def test_odd_numbers_are_read_as_far_as_they_are_numbers(cell, value):
    found = excel_value(cell, styles='<cellXfs><xf numFmtId="14"/></cellXfs>')
    assert (found, type(found)) == (value, type(value))


def test_the_first_sheet_that_has_cells_is_read_and_hidden_ones_last():
    book = Workbook()
    book.active.append(["hidden"])
    book.active.sheet_state = "hidden"
    book.create_sheet("vuoto")
    book.create_chartsheet("grafico")
    book.create_sheet("dati").append(["code", "name"])
    opened = table(saved(book))
    assert (opened.headers, opened.facts["sheet"]) == (["code", "name"], "dati")


def test_merged_titles_stand_above_the_header():
    book = Workbook()
    sheet = book.active
    sheet["A1"] = "Fontanelli al 31/12/2016"
    sheet.merge_cells("A1:D2")
    for number, row in enumerate((["code", "name", "lat", "lon"], ["A", "b", 43.7, 11.2]), start=3):
        for column, value in enumerate(row, start=1):
            sheet.cell(number, column, value)
    opened = table(saved(book))
    assert opened.facts["header_row"] == 3
    assert list(opened.rows()) == [(4, ["A", "b", 43.7, 11.2])]


@pytest.mark.parametrize("make", [xlsx, lambda rows: ods("".join(ods_row(*map(str, row)) for row in rows))])
def test_cells_in_a_column_without_a_name_are_kept_under_its_letter(make):
    headers, rows = read(make([["code", "", "name", "lat"], ["1", "2", "3", "4", "nota"]]))
    assert headers == ["code", "(B)", "name", "lat", "(E)"]
    assert [list(map(str, cells)) for _number, cells in rows] == [["1", "2", "3", "4", "nota"]]


def test_a_late_cell_in_a_column_without_a_name_is_refused(monkeypatch):
    monkeypatch.setattr("firenze_digitale.tables.grid.SAMPLE_ROWS", 2)
    rows = table(xlsx([["a", "b"], [1, 2], [1, 2, 3]])).rows()
    assert next(rows) == (2, [1, 2])
    with pytest.raises(UnreadableFile, match=r"^Row 3 .*column C.* row 1"):
        next(rows)


def test_a_formula_that_nobody_calculated_is_refused_rather_than_read_as_empty():
    with pytest.raises(UnreadableFile, match="Row 2, column B: a formula"):
        list(table(xlsx([["a", "b"], [1, "=A2+1"]])).rows())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (xlsx_of(f'{HEADER}<row><c t="str"><v>{"x" * 32_768}</v></c></row>'), "Row 2: .*32767"),
        (xlsx_of(f'{HEADER}<row><c t="str"><v>a_x0000_</v></c></row>'), "Row 2: .*cannot be read"),
        (xlsx_of(f'{HEADER}<row><c t="str"><v>a_xD800_</v></c></row>'), "Row 2: .*cannot be read"),
        (xlsx_of(f'{HEADER}<row><c t="s"><v>7</v></c></row>'), "damaged"),
        (xlsx_of(f'{HEADER}<row><c r="7"><v>7</v></c></row>'), "damaged"),
        (xlsx_of(f'{HEADER}<row><c r="ABC1"><v>7</v></c></row>'), "500 columns"),
        (xlsx([[]], [[None]]), "empty"),
        (ods(""), "empty"),
        (package({"xl/workbook.bin": b""}), "XLSB"),
        (package({"word/document.xml": b"", "[Content_Types].xml": b""}), "text document"),
        (package({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": b""}), "text document"),
        (package({"content.xml": "x", "META-INF/manifest.xml": "<encryption-data/>"}), "password"),
        (package({"a/points.shp": "x"}), "shapefile.*GeoJSON"),
        (package({"a.csv": "a,b"}), "archive.*Unpack"),
        (package({}), "archive"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(content, message):
    with pytest.raises(UnreadableFile, match=message):
        list(table(content).rows())


def test_opendocument_cells_are_read_as_what_they_are():
    cells = (
        ods_cell("<text:p>31/12/16</text:p>", 'office:value-type="date" office:date-value="2016-12-31"'),
        ods_cell("<text:p>x</text:p>", 'office:value-type="date" office:date-value="2016-12-31T14:30:00"'),
        ods_cell("<text:p>VERO</text:p>", 'office:value-type="boolean" office:boolean-value="true"'),
        ods_cell("<text:p>50%</text:p>", 'office:value-type="percentage" office:value="0.5"'),
        ods_cell("<text:p>7</text:p>", 'office:value-type="float" office:value="7"'),
        ods_cell("<text:p>14:30</text:p>", 'office:value-type="time" office:time-value="PT14H30M00S"'),
        ods_cell("<text:p>ieri</text:p>", 'office:value-type="date" office:date-value="ieri"'),
        ods_cell("", 'office:value-type="string" office:string-value="formula"'),
    )
    opened = table(ods("", ods_row(*"abcdefgh") + ods_row(*cells), ods_row("other")))
    expected = [datetime.date(2016, 12, 31), MOMENT, True, 0.5, 7, "14:30", "ieri", "formula"]
    assert list(opened.rows()) == [(2, expected)]
    assert opened.facts == {"format": "ods", "sheet": "Foglio2", "header_row": 1}


def test_opendocument_texts_are_those_of_the_cell_and_not_of_its_comments():
    note = "<office:annotation><text:p>commento</text:p></office:annotation>"
    drawing = "<draw:frame><draw:text-box><text:p>disegno</text:p></draw:text-box></draw:frame>"
    inner = f"<table:table>{ods_row('dentro')}</table:table>"
    line = '<text:p>Via <text:span>Roma</text:span>,<text:s text:c="2"/><text:a>2</text:a></text:p>'
    cell = ods_cell(f"{note}{line}{drawing}<text:p>b<text:tab/>c<text:line-break/>d</text:p>{inner}")
    assert read(ods(ods_row("a", "b") + ods_row("x", cell)))[1] == [(2, ["x", "Via Roma,  2\nb\tc\nd"])]


def test_opendocument_rows_and_cells_that_are_written_once_count_as_often_as_they_are():
    rows = (
        ods_row("a", "b", "c")
        + '<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>'
        + ods_row(ods_cell("<text:p>7</text:p>", 'table:number-columns-repeated="3"'))
        + ods_row('<table:table-cell table:number-columns-repeated="2"/>', "x")
        + ods_row("doppia", attributes='table:number-rows-repeated="2"')
        + ods_row(
            '<table:table-cell table:number-columns-repeated="16384"/>',
            attributes='table:number-rows-repeated="1048570"',
        )
    )
    assert read(ods(rows)) == (
        ["a", "b", "c"],
        [(5, ["7", "7", "7"]), (6, [None, None, "x"]), (7, ["doppia", None, None]), (8, ["doppia", None, None])],
    )


def test_what_is_repeated_has_its_limits(monkeypatch):
    monkeypatch.setattr(limits, "MAX_ROWS", 10)
    with pytest.raises(UnreadableFile, match="10 rows"):
        list(table(ods(ods_row("a") + ods_row("x", attributes='table:number-rows-repeated="999999999"'))).rows())
    wide = ods_cell("<text:p>x</text:p>", 'table:number-columns-repeated="999999999"')
    with pytest.raises(UnreadableFile, match="500 columns"):
        table(ods(ods_row("a") + ods_row(wide)))


@pytest.mark.parametrize("content", [xlsx([["a"], *[["x" * 50]] * 5_000]), ods(ods_row("a") + ods_row("x") * 20_000)])
def test_the_way_through_the_file_is_told_and_rows_can_be_read_again(content):
    opened = table(content)
    shares = [opened.bytes_read() / opened.size for _row in opened.rows()]
    assert shares == sorted(shares)
    assert shares[0] < 0.5 < 0.9 < shares[-1] <= 1
    assert len(list(opened.rows())) == len(shares)


def test_excels_shared_texts_have_their_limit(monkeypatch):
    strings = "".join(f"<si><t>testo {number}</t></si>" for number in range(1_000))
    content = xlsx_of(f'{HEADER}<row><c t="s"><v>999</v></c></row>', strings)
    assert read(content)[1] == [(2, ["testo 999", None])]
    monkeypatch.setattr(limits, "MAX_SHARED_BYTES", 10_000)
    with pytest.raises(UnreadableFile, match="too large"):
        table(content)
