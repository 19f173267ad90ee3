"""Files as programs save them, made in memory."""

import io
import zipfile
from xml.sax.saxutils import escape

from openpyxl import Workbook

from firenze_digitale.tables import Table, open_table

OASIS = "urn:oasis:names:tc:opendocument:xmlns"
ODS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    f'<office:document-content xmlns:office="{OASIS}:office:1.0" xmlns:table="{OASIS}:table:1.0" '
    f'xmlns:text="{OASIS}:text:1.0" xmlns:draw="{OASIS}:drawing:1.0"><office:body><office:spreadsheet>'
)
ODS_FOOT = "</office:spreadsheet></office:body></office:document-content>"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
KML_HEAD = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
KML_FOOT = "</Document></kml>"


def table(content: bytes, name: str = "") -> Table:
    return open_table(io.BytesIO(content), name)


def read(content: bytes) -> tuple[list[str], list[tuple[int, list]]]:
    """Columns and numbered rows of a file."""
    opened = table(content)
    return opened.headers, list(opened.rows())


def package(parts: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def repacked(content: bytes, changes: dict[str, bytes]) -> bytes:
    """A package with some of its parts replaced."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return package({name: archive.read(name) for name in archive.namelist()} | changes)


def xlsx(*sheets: list[list]) -> bytes:
    """A workbook of sheets, as openpyxl writes it."""
    book = Workbook()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    return saved(book)


def saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def xlsx_of(rows: str, strings: str = "", styles: str = "", namespace: str = MAIN) -> bytes:
    """A workbook whose sheet holds the XML `rows`, with its parts where no convention puts them."""
    relation = '<Relationship Id="{}" Type="' + RELATIONS + '/{}" Target="{}"/>'
    related = (("a", "worksheet", "/odd/first.xml"), ("b", "sharedStrings", "texts.xml"), ("c", "styles", "looks.xml"))
    return package(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": f"<Relationships>{relation.format('x', 'officeDocument', 'odd/book.xml')}</Relationships>",
            "odd/book.xml": f'<workbook xmlns="{namespace}" xmlns:r="{RELATIONS}"><sheets>'
            '<sheet name="Foglio" sheetId="1" r:id="a"/></sheets></workbook>',
            "odd/_rels/book.xml.rels": f"<Relationships>{''.join(relation.format(*one) for one in related)}"
            "</Relationships>",
            "odd/first.xml": f'<worksheet xmlns="{namespace}"><sheetData>{rows}</sheetData></worksheet>',
            "odd/texts.xml": f'<sst xmlns="{namespace}">{strings}</sst>',
            "odd/looks.xml": f'<styleSheet xmlns="{namespace}">{styles}</styleSheet>',
        }
    )


def ods(*sheets: str, head: str = ODS_HEAD, encoding: str = "utf-8") -> bytes:
    """A workbook of sheets of rows, as LibreOffice writes them."""
    tables = "".join(
        f'<table:table table:name="Foglio{number}">{rows}</table:table>' for number, rows in enumerate(sheets, start=1)
    )
    return package({"content.xml": f"{head}{tables}{ODS_FOOT}".encode(encoding)})


def ods_cell(content: str, attributes: str = 'office:value-type="string"') -> str:
    return f"<table:table-cell {attributes}>{content}</table:table-cell>"


def ods_row(*cells: str, attributes: str = "") -> str:
    """A row of text cells, or of cells as they are."""
    made = [cell if cell.startswith("<") else ods_cell(f"<text:p>{escape(cell)}</text:p>") for cell in cells]
    return f"<table:table-row {attributes}>{''.join(made)}</table:table-row>"


def kml(placemarks: str, head: str = KML_HEAD) -> bytes:
    return f"{head}{placemarks}{KML_FOOT}".encode()


def point(longitude: float, latitude: float) -> dict:
    return {"type": "Point", "coordinates": [longitude, latitude]}


def feature(properties: dict | None, geometry: dict | None, **members) -> dict:
    return {"type": "Feature", "properties": properties, "geometry": geometry, **members}
