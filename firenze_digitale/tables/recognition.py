"""What a file is, by what it holds: names lie, and mail programs make up types."""

import codecs
import re
from typing import BinaryIO

from django.utils.translation import gettext as _

from firenze_digitale.tables import limits
from firenze_digitale.tables.csv_files import CsvFile
from firenze_digitale.tables.excel_files import ExcelFile
from firenze_digitale.tables.geo_files import FeatureTable
from firenze_digitale.tables.geojson_files import GeoJsonFile
from firenze_digitale.tables.grid import Grid
from firenze_digitale.tables.kml_files import KmlFile
from firenze_digitale.tables.limits import BROKEN, UnreadableFile, damaged, shown, too_large
from firenze_digitale.tables.opendocument_files import OpenDocumentFile
from firenze_digitale.tables.packages import Package, protected
from firenze_digitale.tables.raw_files import Buffered, beginning_of, size_of
from firenze_digitale.tables.table import Reader, Table
from firenze_digitale.tables.xml_parts import Budget, Handler, local, parse

SIGNATURE_BYTES = 16
SAMPLE_BYTES = 4_096
PACKAGES = (b"PK\x03\x04", b"PK\x05\x06")
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
NEW_OFFICE = (".xlsx", ".xlsm", ".ods")
OPEN_DOCUMENT = b"application/vnd.oasis.opendocument"
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*")
ARCHIVES = (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!\x1a", b"\xfd7zXZ")
PAGE = re.compile(r"<(!doctype\s+html|html|head|body|table|div|meta)\b", re.IGNORECASE)
XML = re.compile(r"<(\?xml|!--|!doctype|[a-z_][\w:.-]*[\s>/])", re.IGNORECASE)
JSON = re.compile(r'\{\s*["}]|\[\s*[\[{\]"]')


def open_table(file: BinaryIO, name: str = "") -> Table:
    """Open a file as a table: CSV, XLSX, ODS, GeoJSON, KML or KMZ, whichever it is by its content.

    Args:
        file: open for reading bytes, and for seeking; it stays open, and is to stay so as long as the table is used.
        name: what the person calls the file, to say better what is wrong with it.

    Raises:
        UnreadableFile: it is none of them, or cannot be read; the text says what to do, to the person who made it.
    """
    try:
        size = size_of(file)
        if size > limits.MAX_FILE_BYTES:
            raise too_large()
        return Table(_reader_of(file, name), size)
    except UnreadableFile:
        raise
    except BROKEN as error:
        raise damaged() from error


def _reader_of(file: BinaryIO, name: str) -> Reader:
    start = beginning_of(file, SIGNATURE_BYTES)
    if start.startswith(PACKAGES):
        return _packed(file)
    _refuse_by_signature(start, name)
    text = _first_text(file)
    if not text:
        raise UnreadableFile(_("The file is empty: the first row must name the columns."))
    if PAGE.match(text):
        raise _no_table(_("a web page (HTML)"))
    if XML.match(text):
        return _marked_up(file)
    if JSON.match(text):
        return FeatureTable(GeoJsonFile(file))
    if text.startswith("{\\rtf"):
        raise _no_table(_("a text document"))
    return Grid(CsvFile(file))


def _first_text(file: BinaryIO) -> str:
    """Return how the text of a file begins, in whatever encoding; nonsense of what is no text."""
    start = beginning_of(file, SAMPLE_BYTES)
    marked = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if marked else "utf-8-sig"
    return start.decode(encoding, errors="replace").replace("\x00", "").lstrip()


def _refuse_by_signature(start: bytes, name: str) -> None:
    if start.startswith(OLD_OFFICE):
        if name.lower().endswith(NEW_OFFICE):
            raise protected()
        raise _no_table(_("an old Excel workbook (XLS)"))
    if start.startswith(b"%PDF-"):
        raise _no_table(_("a PDF"), _("Ask for the spreadsheet that it was made from."))
    if start.startswith(PICTURES) or (start[:4], start[8:12]) == (b"RIFF", b"WEBP"):
        raise _no_table(_("a picture"), _("Ask for the spreadsheet that it was made from."))
    if start.startswith(ARCHIVES):
        raise _no_table(_("an archive"), _("Unpack it and bring the file that is in it."))


def _packed(file: BinaryIO) -> Reader:
    package = Package(file)
    names = package.names
    if "xl/workbook.bin" in names:
        raise _no_table(_("a binary Excel workbook (XLSB)"))
    if any(name.startswith(("word/", "ppt/")) for name in names) or not _is_spreadsheet(package):
        raise _no_table(_("a text document"))
    if "[Content_Types].xml" in names:
        return Grid(ExcelFile(file))
    if "content.xml" in names:
        return Grid(OpenDocumentFile(file))
    if any(name.lower().endswith(".kml") for name in names):
        return FeatureTable(KmlFile(file, package))
    if any(name.lower().endswith(".shp") for name in names):
        raise _no_table(_("a shapefile"), _("Export the layer as GeoJSON and bring that."))
    raise _no_table(_("an archive"), _("Unpack it and bring the file that is in it."))


def _is_spreadsheet(package: Package) -> bool:
    """Whether an OpenDocument file that says what it is says so."""
    if "mimetype" not in package.names:
        return True
    with package.open("mimetype") as stream:
        kind = stream.read(SAMPLE_BYTES)
    return not kind.startswith(OPEN_DOCUMENT) or b"spreadsheet" in kind


def _marked_up(file: BinaryIO) -> Reader:
    """Return the reader of an XML file, which its first element tells."""
    handler = _Root()
    with Buffered(file) as stream:
        for _piece in parse(stream, handler, Budget(limits.SAMPLE_ELEMENTS), namespaces=False):
            if handler.root:
                break
    if handler.root.lower() == "kml":
        return FeatureTable(KmlFile(file))
    if handler.root == "Workbook":
        raise _no_table(_("an old Excel workbook (XML)"))
    raise _no_table(_("XML of the kind %(kind)s") % {"kind": shown(handler.root)}, _("Export it as GeoJSON or KML."))


class _Root(Handler):
    """The first element of a part."""

    root = ""

    def start(self, name, attributes):
        super().start(name, attributes)
        self.root = self.root or local(name)


def _no_table(found: str, advice: str = "") -> UnreadableFile:
    return UnreadableFile(
        _("The file is %(found)s, whatever its name says. %(advice)s")
        % {"found": found, "advice": advice or _("Save it as XLSX, ODS or CSV UTF-8 and bring that.")}
    )
