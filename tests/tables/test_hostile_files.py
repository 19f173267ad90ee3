"""Files that are truncated, random, or made to do harm: refused in words, soon, and in little memory."""

import json
import random
import subprocess
import sys
import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firenze_digitale.tables import UnreadableFile, limits
from tests.tables.files import (
    KML_HEAD,
    ODS_FOOT,
    ODS_HEAD,
    feature,
    kml,
    ods,
    ods_row,
    package,
    point,
    repacked,
    table,
    xlsx,
    xlsx_of,
)
from tests.tables.test_geo_files import geojson, placemark

DOCTYPE = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
LAUGHS = "<!DOCTYPE x [<!ENTITY e0 'ha'>{}]>".format(
    "".join(f"<!ENTITY e{level} '{f'&e{level - 1};' * 10}'>" for level in range(1, 12))
)
MEGABYTE = 2**20
ROOT = Path(__file__).parents[2]


def read_or_refuse(content: bytes) -> str | None:
    """The refusal of a file, or None when it can be read. Anything else that is raised fails the test."""
    try:
        for _row in table(content).rows():
            pass
    except UnreadableFile as refusal:
        return str(refusal)
    return None


@cache
def samples() -> dict[str, bytes]:
    cells = [["code", "name", "lat"], *([f"P{number}", f"Città {number}", number / 7] for number in range(30))]
    return {
        "csv": "".join(f'{a};"{b}";{c}\r\n' for a, b, c in cells).encode(),
        "utf-16": "".join(f"{a}\t{b}\t{c}\r\n" for a, b, c in cells).encode("utf-16"),
        "xlsx": xlsx(cells),
        "shared": xlsx_of('<row><c t="s"><v>0</v></c></row>', "<si><t>a</t></si>"),
        "ods": ods("".join(ods_row(*map(str, row)) for row in cells)),
        "geojson": geojson(*[feature({"code": row[0], "more": {"a": [1]}}, point(11, 43)) for row in cells]),
        "kml": kml("".join(placemark(f"<name>{row[1]}</name>") for row in cells)),
        "kmz": package({"doc.kml": kml(placemark("<name>A</name>"))}),
    }


@pytest.mark.parametrize("kind", samples())
def test_each_sample_can_be_read(kind):
    assert read_or_refuse(samples()[kind]) is None


@settings(deadline=None, max_examples=250)
@given(kind=st.sampled_from(sorted(samples())), share=st.floats(0, 1))
def test_a_file_cut_off_anywhere_is_read_or_refused(kind, share):
    content = samples()[kind]
    read_or_refuse(content[: int(share * len(content))])


@pytest.mark.parametrize("kind", ["xlsx", "ods", "geojson", "kml", "kmz"])
def test_a_file_cut_off_within_its_rows_is_refused(kind):
    content = samples()[kind]
    for share in (0.3, 0.6, 0.95):
        assert read_or_refuse(content[: int(share * len(content))])


@settings(deadline=None, max_examples=300)
@given(kind=st.sampled_from(sorted(samples())), seed=st.integers(0, 2**32), many=st.integers(1, 20))
def test_a_file_with_bytes_changed_anywhere_is_read_or_refused(kind, seed, many):
    chance, content = random.Random(seed), bytearray(samples()[kind])
    for _change in range(many):
        content[chance.randrange(len(content))] = chance.randrange(256)
    read_or_refuse(bytes(content))


@settings(deadline=None, max_examples=200)
@given(part=st.sampled_from(["xlsx", "shared", "ods", "kmz"]), seed=st.integers(0, 2**32), many=st.integers(1, 10))
def test_a_package_with_parts_changed_within_is_read_or_refused(part, seed, many):
    chance, content = random.Random(seed), samples()[part]
    with zipfile.ZipFile(BytesIO(content)) as archive:
        name = chance.choice(archive.namelist())
        changed = bytearray(archive.read(name))
    for _change in range(many):
        changed[chance.randrange(len(changed))] = chance.choice(b"\x00\x20<>&\"'/=0179az\xff")
    read_or_refuse(repacked(content, {name: bytes(changed)}))


STARTS = [b"", b"PK\x03\x04", b"\xff\xfe", b"\xef\xbb\xbf", b"<?xml ", b'{"', b"[{", b"sep=;\n", b"<kml>"]


@settings(deadline=None, max_examples=400)
@given(start=st.sampled_from(STARTS), content=st.binary(max_size=400))
@example(start=b"", content=b"[" * 400)
def test_random_bytes_are_read_or_refused(start, content):
    read_or_refuse(start + content)


@settings(deadline=None, max_examples=200)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["type", "features", "properties", "geometry", "coordinates", "crs", "id", "name"]),
                inner | st.sampled_from(["Feature", "FeatureCollection", "Point", "MultiPoint", "name"]),
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
def test_json_of_any_shape_is_read_or_refused(value):
    read_or_refuse(json.dumps(value).encode())


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"%PDF-1.7\n%", "a.csv", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "a.csv", "picture"),
        (b"\xff\xd8\xff\xe0JFIF", "a.xlsx", "picture"),
        (b"RIFF1234WEBPVP8 ", "a.csv", "picture"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "a.xls", "old Excel.*XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "a.XLSX", "password"),
        (b"\x1f\x8b\x08\x00", "a.csv.gz", "archive"),
        (b"{\\rtf1 a,b}", "a.csv", "text document"),
        (bytes(5_000), "a.csv", "empty"),
        (b"a,b\n" + bytes(5_000), "a.csv", "unknown encoding"),
    ],
)
def test_files_of_other_kinds_are_called_by_their_kind(content, name, message):
    with pytest.raises(UnreadableFile, match=message):
        table(content, name)


@pytest.mark.parametrize("doctype", [DOCTYPE, LAUGHS, "<!DOCTYPE x>", '<!DOCTYPE x SYSTEM "file:///etc/passwd">'])
@pytest.mark.parametrize("filler", ["", f"<!--{' ' * 70_000}-->"])
def test_no_part_may_declare_entities(doctype, filler):
    declared = f"?>{filler}{doctype}"
    book = xlsx([["a"]])
    for part in ("xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "_rels/.rels"):
        with zipfile.ZipFile(BytesIO(book)) as archive:
            root = archive.read(part).rpartition(b"?>")[2].decode()
        assert read_or_refuse(repacked(book, {part: f'<?xml version="1.0"?>{root}'.encode()})) is None
        content = f'<?xml version="1.0"{declared}{root}'.encode()
        assert "damaged" in read_or_refuse(repacked(book, {part: content}))
    for encoding in ("utf-8", "utf-16"):
        head = ODS_HEAD.replace("UTF-8", encoding).replace("?>", declared, 1)
        assert "damaged" in read_or_refuse(ods(ods_row("a"), head=head, encoding=encoding))
    assert "damaged" in read_or_refuse(kml(placemark(""), KML_HEAD.replace("?>", declared, 1)))


def test_what_packages_unpack_to_is_bounded_before_and_while_it_is_unpacked(monkeypatch):
    content = ods(ods_row("a") + "<!-- -->" * 100_000)
    assert read_or_refuse(content) is None
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 500_000)
    assert "too large" in read_or_refuse(content)


def test_a_part_that_is_larger_than_it_says_is_refused():
    content = ods(ods_row("a") + ods_row("x") * 5_000)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        [part] = archive.infolist()
    lied = content.replace(part.file_size.to_bytes(4, "little"), (1_000).to_bytes(4, "little"))
    assert read_or_refuse(content) is None
    assert "damaged" in read_or_refuse(lied)


def test_parts_packed_or_encrypted_as_no_workbook_is_are_refused():
    for compression in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        stream = BytesIO()
        with zipfile.ZipFile(stream, "w", compression) as archive:
            archive.writestr("content.xml", ODS_HEAD + ODS_FOOT)
        assert "damaged" in read_or_refuse(stream.getvalue())
    content = bytearray(ods(ods_row("a")))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "password" in read_or_refuse(bytes(content))


HOSTILE = {
    "zeros.ods": lambda: package({"content.xml": ODS_HEAD + " " * (40 * MEGABYTE)}),
    "blanks.ods": lambda: ods(ods_row("<table:table-cell><text:p>" + '<text:s text:c="1000"/>' * 200_000)),
    "repeated.ods": lambda: ods(
        ods_row("a", "b")
        + ods_row(
            '<table:table-cell table:number-columns-repeated="499"><text:p>x</text:p></table:table-cell>',
            attributes='table:number-rows-repeated="2000000000"',
        )
    ),
    "texts.xlsx": lambda: xlsx_of("", f"<si><t>{'😀' * (8 * MEGABYTE)}</t></si>"),
    "runs.xlsx": lambda: xlsx_of("", f"<si>{'<r><t>aaaaaaaaaa</t></r>' * 100_000}</si>"),
    "styles.xlsx": lambda: xlsx_of("", "", f"<cellXfs>{'<xf/>' * 150_000}</cellXfs>"),
    "formats.xlsx": lambda: xlsx_of("", "", f'<numFmt numFmtId="200" formatCode="{"[" * 900_000}"/>'),
    "parts.xlsx": lambda: package({"[Content_Types].xml": "<Types/>"} | {f"part{n}": "" for n in range(32_000)}),
    "sheets.xlsx": lambda: repacked(
        xlsx_of(f"<row>{'<c/>' * 100_000}</row>"),
        {
            "odd/book.xml": b"<workbook xmlns:r='urn:r'><sheets>"
            + b"<sheet r:id='a'/>" * 90_000
            + b"</sheets></workbook>"
        },
    ),
    "columns.csv": lambda: b",".join([b"name"] * 1_000_000) + b"\n",
    "header.csv": lambda: b"a" + b"," * 1_900_000 + b"\n" + b"1\n" * 2_000 + b'"',
    "line.csv": lambda: b"a,b\n" + b"x" * (80 * MEGABYTE),
    "quote.csv": lambda: b'a,b\n"' + b"x\n" * (20 * MEGABYTE),
    "quotes.csv": lambda: b"a,b\n" + b'"x\n",' * (10 * MEGABYTE),
    "commas.csv": lambda: b"a,b,c\n" + (b"," * 700 + b"\n") * 30_000,
    "deep.geojson": lambda: b'{"type":"FeatureCollection","features":' + b"[" * (4 * MEGABYTE),
    "aside.geojson": lambda: b'{"x":' + b'{"a":' * (4 * MEGABYTE),
    "text.geojson": lambda: b'{"type":"' + b"x" * (80 * MEGABYTE),
    "numbers.geojson": lambda: b'[{"type":"Feature","properties":{"a":[' + b"1," * (20 * MEGABYTE),
    "names.geojson": lambda: (
        b"[" + b",".join(b'{"type":"Feature","properties":{"%d":1}}' % number for number in range(10_000))
    ),
    "deep.kml": lambda: KML_HEAD.encode() + b"<Folder>" * (4 * MEGABYTE),
    "names.kml": lambda: KML_HEAD.encode() + b"".join(b"<a%d/>" % number for number in range(200_000)),
    "attribute.kml": lambda: KML_HEAD.encode() + b'<a b="' + b"x" * (80 * MEGABYTE),
    "attributes.kml": lambda: KML_HEAD.encode() + b"<a " + b"".join(b"a%d='' " % number for number in range(500_000)),
    "comment.kml": lambda: b"<!--" + b"x" * (80 * MEGABYTE),
    "name.kml": lambda: f"{KML_HEAD}<Placemark><name>".encode() + b"x" * (80 * MEGABYTE),
}
READER = """
import sys, time
from django.conf import settings
settings.configure(USE_I18N=False)
from firenze_digitale.tables import UnreadableFile, open_table
for name in sys.argv[1:]:
    before = time.process_time()
    try:
        with open(name, "rb") as file:
            for _row in open_table(file, name).rows():
                pass
        print(name, "was read")
    except UnreadableFile:
        pass
    if time.process_time() - before > 10:
        print(name, "took", time.process_time() - before, "seconds")
[peak] = [int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")]
if peak > 300_000:
    print(peak, "KB")
"""


def test_nothing_made_to_do_harm_takes_long_or_much_memory(tmp_path):
    for name, make in HOSTILE.items():
        (tmp_path / name).write_bytes(make())
    command = [sys.executable, "-c", READER, *(str(tmp_path / name) for name in HOSTILE)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
