"""Files as other programs write them, and files that are none."""

import io
import zipfile

import pytest
import tablib
from openpyxl import Workbook

from firenze_digitale import formats
from firenze_digitale.formats import CSV, FORMATS, ODS, XLSX, UnreadableFile

ODS_HEAD = formats.ODS_CONTENT.split("<table:table ")[0]


def ods(rows: str, head: str = ODS_HEAD, encoding: str = "utf-8") -> bytes:
    """A workbook with `rows` as LibreOffice writes them."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr(
            "content.xml",
            f'{head}<table:table table:name="Foglio1">{rows}</table:table>'
            '<table:table table:name="Foglio2"><table:table-row><table:table-cell office:value-type="string">'
            "<text:p>altro</text:p></table:table-cell></table:table-row></table:table>"
            "</office:spreadsheet></office:body></office:document-content>".encode(encoding),
        )
    return stream.getvalue()


def cell(content: str, attributes: str = 'office:value-type="string"') -> str:
    return f"<table:table-cell {attributes}>{content}</table:table-cell>"


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


HEADER = row(cell("<text:p>code</text:p>"), cell("<text:p>address</text:p>"), cell("<text:p>latitude</text:p>"))


@pytest.mark.parametrize(
    "content",
    [
        "code,address\nP1,Piazza della Libertà\n".encode(),
        "code,address\nP1,Piazza della Libertà\n".encode("utf-8-sig"),
        "code;address\r\nP1;Piazza della Libertà\r\n".encode("utf-8-sig"),
        "code;address\r\nP1;Piazza della Libertà\r\n".encode("cp1252"),
        "code\taddress\r\nP1\tPiazza della Libertà\r\n".encode("utf-16"),
        '"code" ; "address"\nP1;"Piazza della Libertà"\n;;;\n;\n'.replace(" ; ", ";").encode(),
        "code,address\nP1,Piazza della Libertà\n",
    ],
)
def test_csv_is_read_as_excel_and_others_save_it(content):
    dataset = CSV().create_dataset(content)
    assert dataset.headers == ["code", "address"]
    assert list(dataset) == [("P1", "Piazza della Libertà")]


def test_csv_keeps_lines_within_a_cell():
    assert CSV().create_dataset(b'code,address\nP1,"Via Roma,\n""2"""\n')["address"] == ['Via Roma,\n"2"']


def test_rows_that_are_too_long_are_told():
    with pytest.raises(UnreadableFile, match="3"):
        CSV().create_dataset(b"code,address\nP1,Via Roma\nP2,Via Roma,2\n")


def test_short_rows_are_filled_and_empty_rows_between_kept_for_their_number():
    dataset = CSV().create_dataset(b"code,address\nP1\n,\nP2,Via Roma\n,\n")
    assert list(dataset) == [("P1", ""), ("", ""), ("P2", "Via Roma")]


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(formats, "MAX_ROWS", 2)
    assert len(CSV().create_dataset(b"code\n1\n2\n")) == 2
    with pytest.raises(UnreadableFile, match="2"):
        CSV().create_dataset(b"code\n1\n2\n3\n")


@pytest.mark.parametrize("format_class", FORMATS)
@pytest.mark.parametrize("content", [b"", b"\x00\x01\x81", b'"', b"PK\x03\x04 nothing", b"<html>"])
def test_what_is_no_table_is_refused_in_words(format_class, content):
    if format_class is CSV and content == b"<html>":
        assert CSV().create_dataset(content).headers == ["<html>"]
        return
    with pytest.raises(UnreadableFile):
        format_class().create_dataset(content)


@pytest.mark.parametrize("format_class", [XLSX, ODS])
def test_a_package_that_is_no_workbook_or_too_large_is_refused(format_class, monkeypatch):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("content.xml", b" " * 100_000)
    with pytest.raises(UnreadableFile):
        format_class().create_dataset(stream.getvalue())
    monkeypatch.setattr(formats, "MAX_UNPACKED_BYTES", 1_000)
    with pytest.raises(UnreadableFile):
        format_class().create_dataset(stream.getvalue())


def test_ods_reads_equal_neighbours_that_libreoffice_writes_once():
    rows = (
        HEADER
        + row(
            cell("<text:p>7</text:p>", 'office:value-type="float" office:value="7" table:number-columns-repeated="3"')
        )
        + row('<table:table-cell table:number-columns-repeated="2"/>', cell("<text:p>x</text:p>"))
        + row(cell("<text:p>doppia</text:p>"), attributes='table:number-rows-repeated="2"')
        + row(
            '<table:table-cell table:number-columns-repeated="1024"/>',
            attributes='table:number-rows-repeated="1048570"',
        )
    )
    dataset = ODS().create_dataset(ods(rows))
    assert dataset.headers == ["code", "address", "latitude"]
    assert list(dataset) == [(7.0, 7.0, 7.0), ("", "", "x"), ("doppia", "", ""), ("doppia", "", "")]


def test_ods_reads_text_that_is_spread_over_elements():
    line = '<text:p>Via <text:span>Roma</text:span>,<text:s text:c="2"/><text:a>2</text:a></text:p>'
    text = f"{line}<text:p>b<text:tab/>c</text:p>"
    note = "<office:annotation><text:p>commento</text:p></office:annotation>"
    dataset = ODS().create_dataset(ods(HEADER + row(cell("<text:p>P1</text:p>"), cell(note + text))))
    assert dataset["address"] == ["Via Roma,  2\nb\tc"]


def test_ods_reads_dates_and_truth():
    cells = (
        cell("<text:p>31/12/15</text:p>", 'office:value-type="date" office:date-value="2015-12-31"'),
        cell("<text:p>VERO</text:p>", 'office:value-type="boolean" office:boolean-value="true"'),
        cell("<text:p>50%</text:p>", 'office:value-type="percentage" office:value="0.5"'),
    )
    [values] = ODS().create_dataset(ods(HEADER + row(*cells)))
    assert (values[0].date().isoformat(), *values[1:]) == ("2015-12-31", "true", 0.5)


DOCTYPE = '<!DOCTYPE x [<!ENTITY a "boom">]>'


@pytest.mark.parametrize(
    ("before", "doctype", "encoding"),
    [
        ("", DOCTYPE, "utf-8"),
        ("", "<!DOCTYPE x>", "utf-8"),
        (f"<!--{' ' * 70_000}-->", DOCTYPE, "utf-8"),
        ("", DOCTYPE, "utf-16"),
    ],
)
def test_ods_refuses_entities_wherever_and_however_they_are_declared(before, doctype, encoding):
    head = ODS_HEAD.replace("UTF-8", encoding).replace("?>", f"?>{before}{doctype}", 1)
    with pytest.raises(UnreadableFile):
        ODS().create_dataset(ods(HEADER, head, encoding))
    assert ODS().create_dataset(ods(HEADER, head.replace(doctype, ""), encoding)).headers


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml"])
def test_xlsx_refuses_entities(part):
    stream, changed = io.BytesIO(), io.BytesIO()
    book = Workbook()
    book.active.append(["code"])
    book.save(stream)
    with zipfile.ZipFile(stream) as package, zipfile.ZipFile(changed, "w") as copy:
        for name in package.namelist():
            content = package.read(name)
            if name == part:
                declaration, found, rest = content.rpartition(b"?>")
                content = declaration + found + DOCTYPE.encode() + rest
            copy.writestr(name, content)
    assert XLSX().create_dataset(stream.getvalue()).headers == ["code"]
    with pytest.raises(UnreadableFile):
        XLSX().create_dataset(changed.getvalue())


def test_ods_bounds_what_a_small_file_repeats(monkeypatch):
    monkeypatch.setattr(formats, "MAX_ROWS", 10)
    rows = HEADER + row(cell("<text:p>x</text:p>"), attributes='table:number-rows-repeated="999999999"')
    with pytest.raises(UnreadableFile, match="10"):
        ODS().create_dataset(ods(rows))


def test_cells_are_bounded_before_they_are_made(monkeypatch):
    monkeypatch.setattr(formats, "MAX_CELLS", 1_000)
    wide = cell("<text:p>x</text:p>", 'office:value-type="string" table:number-columns-repeated="500"')
    assert len(ODS().create_dataset(ods(row(wide, attributes='table:number-rows-repeated="2"')))) == 1
    for file_format, content in (
        (ODS(), ods(row(wide, attributes='table:number-rows-repeated="1000000"'))),
        (CSV(), b"a,b\n" + b"1,2\n" * 500),
    ):
        with pytest.raises(UnreadableFile, match="1000"):
            file_format.create_dataset(content)


def test_columns_are_bounded_however_many_cells_repeat():
    wide = cell("<text:p>x</text:p>", 'office:value-type="string" table:number-columns-repeated="400"')
    assert len(ODS().create_dataset(ods(row(wide, wide, wide))).headers) == formats.MAX_COLUMNS


@pytest.mark.parametrize("content", ["a" * 50, "a" + '<text:s text:c="30"/>' * 3])
def test_a_cell_that_is_too_long_is_told_by_its_row(monkeypatch, content):
    monkeypatch.setattr(formats, "MAX_CELL_LENGTH", 40)
    short = row(cell("<text:p>b</text:p>"))
    with pytest.raises(UnreadableFile, match=r"3.*40"):
        ODS().create_dataset(ods(HEADER + short + row(cell(f"<text:p>{content}</text:p>"))))
    with pytest.raises(UnreadableFile, match=r"3.*40"):
        CSV().create_dataset(f"code\nb\n{'a' * 50}\n")
    with pytest.raises(UnreadableFile, match=r"1.*40"):
        CSV().create_dataset("a" * 50)


def test_text_is_bounded_in_all(monkeypatch):
    monkeypatch.setattr(formats, "MAX_CHARACTERS", 100)
    assert len(CSV().create_dataset("code\n" + "1234567890\n" * 9)) == 9
    with pytest.raises(UnreadableFile):
        CSV().create_dataset("code\n" + "1234567890\n" * 10)


def test_xlsx_reads_the_first_sheet_without_its_empty_rim():
    book = Workbook()
    book.active.append(["code ", "address", None])
    book.active.append(["P1", None, None])
    book.active.append([None, None, None])
    book.create_sheet("altro").append(["x"])
    book.active = 1
    stream = io.BytesIO()
    book.save(stream)
    dataset = XLSX().create_dataset(stream.getvalue())
    assert (dataset.headers, list(dataset)) == (["code", "address"], [("P1", "")])


@pytest.mark.parametrize("format_class", FORMATS)
def test_numbers_and_text_stay_what_they_are(format_class):
    dataset = tablib.Dataset([1.5, "a  b\nc", "à"], headers=["n", "t", "u"])
    [values] = format_class().create_dataset(format_class().export_data(dataset))
    assert values == (("1.5" if format_class is CSV else 1.5), "a  b\nc", "à")
