"""CSV as programs save it: whatever encoding, delimiter and line ends, the same cells."""

import csv
import io

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from firenze_digitale.tables import UnreadableFile, limits
from tests.tables.files import read, table

FOUNTAINS = "Nome;Indirizzo;Lat\r\nA;Via Roma, 2;43,77\r\nB;Piazza della Libertà;43,78\r\n"
ENCODINGS = ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]
DELIMITERS = [";", ",", "\t", "|"]


def written(rows, delimiter=";", line_end="\r\n", quoting=csv.QUOTE_MINIMAL) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(rows)
    return stream.getvalue()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_each_encoding_line_end_and_delimiter_gives_the_same_cells(encoding, line_end, delimiter):
    rows = csv.reader(io.StringIO(FOUNTAINS, newline=""), delimiter=";")
    opened = table(written(rows, delimiter, line_end).encode(encoding))
    assert opened.headers == ["Nome", "Indirizzo", "Lat"]
    assert list(opened.rows()) == [(2, ["A", "Via Roma, 2", "43,77"]), (3, ["B", "Piazza della Libertà", "43,78"])]
    assert opened.facts == {"format": "csv", "encoding": encoding, "delimiter": delimiter, "header_row": 1}
    assert opened.crs is None


def test_utf_16_of_the_other_byte_order_is_told_by_its_mark():
    assert read(b"\xfe\xff" + FOUNTAINS.encode("utf-16-be"))[1][1] == (3, ["B", "Piazza della Libertà", "43,78"])


SIGNS = "abcXYZ 0123456789àèéìòùÀÈ€°’“”–,;|\t'\"\n-+=@"
NAMES = st.text(st.sampled_from("abcdefghàèé "), min_size=1, max_size=8).map(lambda name: " ".join(f"n{name}".split()))


@st.composite
def tables(draw) -> list[list[str]]:
    names = draw(st.lists(NAMES, min_size=2, max_size=6, unique=True))
    cells = st.text(st.sampled_from(SIGNS), max_size=20)
    return [names, *draw(st.lists(st.lists(cells, min_size=len(names), max_size=len(names)), min_size=1, max_size=8))]


def is_utf8_at_first(content: bytes) -> bool:
    """Whether signs of Windows are by chance UTF-8 as well: “é’“" is, and nothing that people write."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return not content[: error.start].isascii()
    return not content.isascii()


@settings(deadline=None, max_examples=150)
@given(
    rows=tables(),
    delimiter=st.sampled_from(DELIMITERS),
    encoding=st.sampled_from(ENCODINGS),
    line_end=st.sampled_from(["\r\n", "\n", "\r"]),
    quotes_all=st.booleans(),
    is_declared=st.booleans(),
)
def test_what_was_written_is_read_back_equal(rows, delimiter, encoding, line_end, quotes_all, is_declared):
    if not is_declared:
        # Rows tell their delimiter, unless their texts are full of the others, more evenly than people write.
        others = str.maketrans("", "", "".join(mark for mark in ",;|\t\n" if mark != delimiter))
        rows = [[cell.translate(others) for cell in row] for row in rows]
    text = written(rows, delimiter, line_end, csv.QUOTE_ALL if quotes_all or line_end == "\r" else csv.QUOTE_MINIMAL)
    content = ((f"sep={delimiter}{line_end}" if is_declared else "") + text).encode(encoding)
    assume(encoding != "cp1252" or not is_utf8_at_first(content))
    headers, found = read(content)
    assert headers == rows[0]
    expected = [(number, [cell or None for cell in row]) for number, row in enumerate(rows[1:], start=2)]
    assert found == [(number, row) for number, row in expected if any(cell and cell.strip() for cell in row)]


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("title", [[], [["Elenco fontanelli, al 31/12/2016; Firenze"], []]])
def test_the_delimiter_is_told_by_the_rows_and_not_by_their_texts(delimiter, quoting, title):
    rows = [
        ["Indirizzo, civico", "Lat", "Nota"],
        ["Via Roma, 2", "43,77", "guasto; da rifare"],
        ["Via Verdi, 3", "43,78", "a | b"],
        ["Via dei Neri, 4", "43,79", "due\nrighe, ecco"],
    ]
    headers, found = read(written([*title, *rows], delimiter, quoting=quoting).encode())
    assert headers == rows[0]
    assert [cells for _number, cells in found] == rows[1:]


@pytest.mark.parametrize("content", ["Indirizzo\nVia Roma, 2\nVia Verdi, 3\n", "Indirizzo\nVia Roma, 2\nPonte\n"])
def test_a_single_column_is_not_torn_by_its_commas(content):
    headers, found = read(content.encode())
    assert headers == ["Indirizzo"]
    assert found[0] == (2, ["Via Roma, 2"])


def test_the_declaration_of_excel_counts_as_no_row():
    opened = table(b'"sep=;"\r\na,b;c\r\n1,5;2\r\n')
    assert (opened.headers, list(opened.rows())) == (["a,b", "c"], [(2, ["1,5", "2"])])
    assert opened.facts["header_row"] == 1


def test_rows_are_numbered_as_spreadsheets_show_them():
    content = b'Fontanelli al 31/12/2016;;\n\n"Nome";"Via";"Nota"\nA;b;"due\nrighe"\n;;\n \nB;c;d\n'
    opened = table(content)
    assert opened.facts["header_row"] == 3
    assert list(opened.rows()) == [(4, ["A", "b", "due\nrighe"]), (7, ["B", "c", "d"])]


def test_short_rows_are_filled_and_empty_cells_beyond_the_header_left_out():
    assert read(b"a,b,c\n1\n1,2,3,,\n") == (["a", "b", "c"], [(2, ["1", None, None]), (3, ["1", "2", "3"])])


def test_a_row_longer_than_the_header_is_refused_by_its_number():
    rows = table(b"a,b\n1,2\n1,2,,4\n").rows()
    assert next(rows) == (2, ["1", "2"])
    with pytest.raises(UnreadableFile, match=r"^Row 3 has 4 cells.* 2 columns"):
        next(rows)


def test_columns_are_named_once_and_by_their_letter_where_they_have_no_name():
    headers, rows = read(b" a  b ,,,a b,a b\n1,,3,4,5\n")
    assert headers == ["a b", "(C)", "a b (2)", "a b (3)"]
    assert rows == [(2, ["1", "3", "4", "5"])]


def test_a_late_cell_in_a_column_without_a_name_is_refused(monkeypatch):
    monkeypatch.setattr("firenze_digitale.tables.grid.SAMPLE_ROWS", 3)
    opened = table(b"a,,c\n1,,3\n1,,3\n1,2,3\n")
    assert opened.headers == ["a", "c"]
    with pytest.raises(UnreadableFile, match=r"^Row 4 .*column B.* row 1"):
        list(opened.rows())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"3 GAVINANA,Via Roma,11.28\n2 CAMPO,Via Verdi,11.29\n", "Row 1 .*“11.28”"),
        (b'a,b\n1,"Via "Roma"\n', "Row 2: a quotation mark"),
        (b'a,b\n1,2\n3,"x\ny', "Row 3: a quotation mark"),
        (b"a,b\n1," + b"x" * 40_000 + b"\n", "Row 2: .* 32767"),
        ("perché;b\n".encode() + "città;1\n".encode("cp1252"), "partly in UTF-8"),
        (b"a;b\n\x81;\x8d\n", "unknown encoding"),
        (b"a;b\n1\x00;2\n", "unknown encoding"),
        (FOUNTAINS.encode("utf-16")[:-1], "unknown encoding"),
        (b"\xff\xfe\x00\xd8a\x00", "unknown encoding"),
        (b"", "empty"),
        (b" \r\n\r\n;;\n", "name the columns"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(content, message):
    with pytest.raises(UnreadableFile, match=message):
        list(table(content).rows())


def test_rows_can_be_read_again_and_by_two_at_once():
    opened = table(b"a,b\n" + b"1,2\n" * 50_000)
    first, second = opened.rows(), opened.rows()
    assert next(first) == next(second) == (2, ["1", "2"])
    assert sum(1 for _row in first) == sum(1 for _row in second) == 49_999
    assert opened.bytes_read() == opened.size


def test_the_way_through_the_file_is_told():
    opened = table(b"a,b\n" + b"1,2\n" * 200_000)
    shares = [opened.bytes_read() / opened.size for number, _cells in opened.rows() if number % 10_000 == 0]
    assert shares == sorted(shares)
    assert shares[0] < 0.3 < 0.9 < shares[-1]


def test_rows_and_columns_have_their_limits(monkeypatch):
    monkeypatch.setattr(limits, "MAX_ROWS", 3)
    monkeypatch.setattr(limits, "MAX_COLUMNS", 4)
    assert len(list(table(b"a,b\n" + b"1,2\n" * 3).rows())) == 3
    with pytest.raises(UnreadableFile, match="3 rows"):
        list(table(b"a,b\n" + b"1,2\n" * 4).rows())
    assert table(b"a,b,c,d\n").headers == ["a", "b", "c", "d"]
    with pytest.raises(UnreadableFile, match="4 columns"):
        table(b"a,b,c,d,e\n")


@pytest.mark.parametrize(("name", "rows", "columns"), [("fontanelli", 241, 5), ("rastrelliere", 1_207, 7)])
def test_the_citys_own_files_are_read(name, rows, columns):
    with open(f"fixtures/placements/{name}.csv", "rb") as file:
        headers, found = read(file.read())
    assert (len(found), len(headers)) == (rows, columns)
    assert [number for number, _cells in found] == list(range(2, rows + 2))
    assert all(cells[headers.index("LON")].startswith("11.") for _number, cells in found)
