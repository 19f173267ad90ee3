"""Workbooks written as streams: Excel's (ISO/IEC 29500) and LibreOffice's (OpenDocument 1.3, ISO/IEC 26300).

Both are packages of XML files whose one large part is the sheet. It is packed row by row as it is sent, so that
the first bytes leave before the last row is read; the libraries that there are keep it whole in memory or on disk.
"""

import datetime
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter

from firenze_digitale.tables.writing import Column, Kind, batches, objects, safe_text, texts

# What Excel holds in a sheet and LibreOffice opens, the header left out.
MAX_ROWS = 2**20 - 1
COMPRESSION = 3
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

OASIS = "urn:oasis:names:tc:opendocument:xmlns"
ODS_MANIFEST = f"""{XML}<manifest:manifest xmlns:manifest="{OASIS}:manifest:1.0" manifest:version="1.3">
<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{ODS_TYPE}"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
</manifest:manifest>"""
ODS_BEFORE = (
    f'{XML}<office:document-content xmlns:office="{OASIS}:office:1.0" xmlns:style="{OASIS}:style:1.0" '
    f'xmlns:table="{OASIS}:table:1.0" xmlns:text="{OASIS}:text:1.0" xmlns:number="{OASIS}:datastyle:1.0" '
    f'xmlns:fo="{OASIS}:xsl-fo-compatible:1.0" office:version="1.3"><office:automatic-styles>'
    '<number:date-style style:name="iso"><number:year number:style="long"/><number:text>-</number:text>'
    '<number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/>'
    '</number:date-style><style:style style:name="day" style:family="table-cell" style:data-style-name="iso"/>'
    '<number:boolean-style style:name="word"><number:boolean/></number:boolean-style>'
    '<style:style style:name="flag" style:family="table-cell" style:data-style-name="word"/>'
    '<style:style style:name="heading" style:family="table-cell"><style:text-properties fo:font-weight="bold"/>'
    '</style:style></office:automatic-styles><office:body><office:spreadsheet><table:table table:name="1">'
)
ODS_AFTER = "</table:table></office:spreadsheet></office:body></office:document-content>"

SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
XLSX_PARTS = {
    "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{SPREADSHEET}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{SPREADSHEET}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{SPREADSHEET}.worksheet+xml"/></Types>',
    "_rels/.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{XML}<workbook xmlns="{SHEETS}" xmlns:r="{DOCUMENT}">'
    '<sheets><sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{DOCUMENT}/styles" Target="styles.xml"/></Relationships>',
    # Cell styles: 0 as it comes, 1 a day, 2 a heading.
    "xl/styles.xml": f'{XML}<styleSheet xmlns="{SHEETS}">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="3"><xf xfId="0"/><xf xfId="0" numFmtId="164" applyNumberFormat="1"/>'
    '<xf xfId="0" fontId="1" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
XLSX_BEFORE = (
    f'{XML}<worksheet xmlns="{SHEETS}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    '<cols><col min="1" max="{columns}" width="22" customWidth="1"/></cols><sheetData>'
)
XLSX_AFTER = "</sheetData></worksheet>"
# Excel's first day, as if 1900 had been a leap year.
XLSX_EPOCH = datetime.date(1899, 12, 30).toordinal()
OLDEST_XLSX_DAY = datetime.date(1900, 3, 1)
BLANKS = re.compile(r"^ +| {2,}| +$", re.MULTILINE)


class _Outbox(io.RawIOBase):
    """What a package is written to; what was written since is taken away. It cannot go back."""

    def __init__(self):
        self.waiting, self.length = [], 0

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        self.waiting.append(bytes(data))
        self.length += len(data)
        return len(data)

    def tell(self) -> int:
        return self.length

    def taken(self) -> bytes:
        data, self.waiting = b"".join(self.waiting), []
        return data


def _packed(parts: dict[str, str], name: str, sheet: Iterable[str], media_type: str = "") -> Iterator[bytes]:
    """Yield a package of small `parts` and of the one called `name`, packed while it is being made."""
    outbox = _Outbox()
    first = [_media_type_part(outbox, media_type)] if media_type else []
    with zipfile.ZipFile(outbox, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION) as package:
        package.infolist().extend(first)
        for part, content in parts.items():
            package.writestr(part, content)
        with package.open(name, "w") as member:
            for piece in sheet:
                member.write(piece.encode())
                if data := outbox.taken():
                    yield data
    yield outbox.taken()


def _media_type_part(outbox: _Outbox, media_type: str) -> zipfile.ZipInfo:
    """Write what the package is as its first part, unpacked and with its length ahead, as OpenDocument wants it."""
    part, content = zipfile.ZipInfo("mimetype"), media_type.encode()
    part.header_offset = outbox.tell()
    part.CRC, part.file_size, part.compress_size = zlib.crc32(content), len(content), len(content)
    outbox.write(part.FileHeader() + content)
    return part


def write_xlsx(columns: Sequence[Column], rows: Iterable[tuple]) -> Iterator[bytes]:
    """Yield an Excel workbook of one sheet, its header frozen; numbers are written in full, dates are dates."""
    return _packed(XLSX_PARTS, "xl/worksheets/sheet1.xml", _xlsx_sheet(columns, rows))


def _xlsx_sheet(columns: Sequence[Column], rows: Iterable[tuple]) -> Iterator[str]:
    letters = [get_column_letter(number) for number in range(1, len(columns) + 1)]
    headings = "".join(
        f'<c r="{letter}1" s="2" t="inlineStr"><is><t>{escape(safe_text(column.heading))}</t></is></c>'
        for letter, column in zip(letters, columns, strict=True)
    )
    yield XLSX_BEFORE.format(columns=len(columns)) + f'<row r="1">{headings}</row>'
    renderers = [XLSX_CELLS[column.kind] for column in columns]
    first = 2
    for batch in batches(columns, rows):
        by_column = [
            render(values, letter, first) for render, values, letter in zip(renderers, batch, letters, strict=True)
        ]
        yield "".join(
            f'<row r="{number}">{"".join(cells)}</row>'
            for number, cells in enumerate(zip(*by_column, strict=True), start=first)
        )
        first += len(batch[0])
    yield XLSX_AFTER


def _xlsx_texts(values: Sequence, letter: str, first: int) -> list[str]:
    return [
        f'<c r="{letter}{number}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
        if value
        else ""
        for number, value in enumerate(values, start=first)
    ]


def _xlsx_numbers(values: Sequence, letter: str, first: int) -> list[str]:
    return [
        "" if value is None else f'<c r="{letter}{number}"><v>{value}</v></c>'
        for number, value in enumerate(values, start=first)
    ]


def _xlsx_booleans(values: Sequence, letter: str, first: int) -> list[str]:
    return [
        "" if value is None else f'<c r="{letter}{number}" t="b"><v>{value:d}</v></c>'
        for number, value in enumerate(values, start=first)
    ]


def _xlsx_dates(values: Sequence, letter: str, first: int) -> list[str]:
    return [_xlsx_date(value, f"{letter}{number}") if value else "" for number, value in enumerate(values, start=first)]


def _xlsx_date(value: datetime.date, place: str) -> str:
    """A day as Excel counts them; as text where it counts wrong."""
    if value < OLDEST_XLSX_DAY:
        return f'<c r="{place}" t="inlineStr"><is><t>{value.isoformat()}</t></is></c>'
    return f'<c r="{place}" s="1"><v>{value.toordinal() - XLSX_EPOCH}</v></c>'


XLSX_CELLS: dict[Kind, Callable[[Sequence, str, int], list[str]]] = {
    Kind.TEXT: lambda values, *where: _xlsx_texts(texts(values), *where),
    Kind.JSON: lambda values, *where: _xlsx_texts(objects(values), *where),
    Kind.NUMBER: _xlsx_numbers,
    Kind.DATE: _xlsx_dates,
    Kind.BOOLEAN: _xlsx_booleans,
}


def write_ods(columns: Sequence[Column], rows: Iterable[tuple]) -> Iterator[bytes]:
    """Yield a LibreOffice workbook of one sheet; numbers are written in full, dates are dates."""
    parts = {"META-INF/manifest.xml": ODS_MANIFEST}
    return _packed(parts, "content.xml", _ods_sheet(columns, rows), ODS_TYPE)


def _ods_sheet(columns: Sequence[Column], rows: Iterable[tuple]) -> Iterator[str]:
    headings = "".join(_ods_text(safe_text(column.heading), ' table:style-name="heading"') for column in columns)
    yield f"{ODS_BEFORE}<table:table-row>{headings}</table:table-row>"
    renderers = [ODS_CELLS[column.kind] for column in columns]
    for batch in batches(columns, rows):
        by_column = [render(values) for render, values in zip(renderers, batch, strict=True)]
        yield "".join(f"<table:table-row>{''.join(cells)}</table:table-row>" for cells in zip(*by_column, strict=True))
    yield ODS_AFTER


ODS_EMPTY = "<table:table-cell/>"


def _ods_texts(values: Sequence) -> list[str]:
    return [_ods_text(value) if value else ODS_EMPTY for value in values]


def _ods_text(text: str, style: str = "") -> str:
    """A cell of text: its lines as paragraphs, and blanks as elements where readers would make one of several."""
    escaped = escape(text)
    if not text.isprintable() or "  " in text or text != text.strip(" "):
        escaped = BLANKS.sub(lambda blanks: f'<text:s text:c="{len(blanks[0])}"/>', escaped.replace("\r\n", "\n"))
        escaped = escaped.replace("\t", "<text:tab/>").replace("\r", "\n").replace("\n", "</text:p><text:p>")
    return f'<table:table-cell{style} office:value-type="string"><text:p>{escaped}</text:p></table:table-cell>'


def _ods_numbers(values: Sequence) -> list[str]:
    return [
        ODS_EMPTY
        if value is None
        else f'<table:table-cell office:value-type="float" office:value="{value}">'
        f"<text:p>{value}</text:p></table:table-cell>"
        for value in values
    ]


def _ods_dates(values: Sequence) -> list[str]:
    return [
        ODS_EMPTY
        if value is None
        else f'<table:table-cell table:style-name="day" office:value-type="date" office:date-value="{value}">'
        f"<text:p>{value}</text:p></table:table-cell>"
        for value in values
    ]


def _ods_booleans(values: Sequence) -> list[str]:
    told = {flag: str(flag).lower() for flag in (False, True)}
    return [
        ODS_EMPTY
        if value is None
        else '<table:table-cell table:style-name="flag" office:value-type="boolean" '
        f'office:boolean-value="{told[value]}"><text:p>{told[value]}</text:p></table:table-cell>'
        for value in values
    ]


ODS_CELLS: dict[Kind, Callable[[Sequence], list[str]]] = {
    Kind.TEXT: lambda values: _ods_texts(texts(values)),
    Kind.JSON: lambda values: _ods_texts(objects(values)),
    Kind.NUMBER: _ods_numbers,
    Kind.DATE: _ods_dates,
    Kind.BOOLEAN: _ods_booleans,
}
