"""Words of the controlled vocabularies that DCAT-AP_IT asks for, and how people write them.

Sources: authority tables of the EU Publications Office (file-type, frequency, data-theme, access-right), the licences
of https://w3id.org/italia/controlled-vocabulary/licences, the types of licences of ADMS.
"""

import re
from dataclasses import dataclass

EU = "http://publications.europa.eu/resource/authority/"
FILE_TYPE_TABLE = EU + "file-type/"
ITALIAN_LICENCES = "https://w3id.org/italia/controlled-vocabulary/licences/"
LICENCE_TYPES = "http://purl.org/adms/licencetype/"

#: What the EU's tables say of that which nobody has told yet.
PROVISIONAL = "OP_DATPRO"
MARKS = re.compile(r"[\W_]+")

FILE_TYPES = (
    "7Z", "ATOM", "BMP", "CSV", "DBF", "DGN", "DOC", "DOCX", "DWG", "DXF", "ECW", "EPUB", "GDB", "GEOJSON", "GIF",
    "GML", "GPKG", "GRID", "GRID_ASCII", "GZIP", "HTML", "ICS", "JPEG", "JPEG2000", "JSON", "JSON_LD", "KML", "KMZ",
    "LAS", "LAZ", "MAP_SRVC", "MDB", "MPEG4", "NETCDF", "N3", "ODB", "ODF", "ODG", "ODP", "ODS", "ODT", "OWL", "PDF",
    "PNG", "PPT", "PPTX", "PSD", "RAR", "RDF", "RDF_N_QUADS", "RDF_N_TRIPLES", "RDF_TRIG", "RDF_TURTLE", "RDF_XML",
    "REST", "RSS", "RTF", "SDMX", "SHP", "SPARQLQ", "SQL", "SVG", "TAB", "TAR", "TAR_GZ", "TIFF", "TSV", "TXT",
    "WCS_SRVC", "WFS_SRVC", "WMS_SRVC", "XHTML", "XLS", "XLSB", "XLSM", "XLSX", "XML", "XYZ", "ZIP",
)  # fmt: skip
FILE_TYPES_AS_WRITTEN = {
    "ESRISHAPE": "SHP", "ESRISHAPEFILE": "SHP", "SHAPE": "SHP", "SHAPEFILE": "SHP", "WMS": "WMS_SRVC",
    "WFS": "WFS_SRVC", "WCS": "WCS_SRVC", "WMTS": "MAP_SRVC", "GEOPACKAGE": "GPKG", "GEODATABASE": "GDB",
    "GEOTIFF": "TIFF", "TIF": "TIFF", "JPG": "JPEG", "HTM": "HTML", "TURTLE": "RDF_TURTLE", "TTL": "RDF_TURTLE",
    "NTRIPLES": "RDF_N_TRIPLES", "RDFXML": "RDF_XML", "RESTAPI": "REST", "APIREST": "REST", "SPARQL": "SPARQLQ",
    "GZ": "GZIP", "TGZ": "TAR_GZ", "TEXT": "TXT", "TESTO": "TXT", "MP4": "MPEG4", "ICAL": "ICS",
}  # fmt: skip
#: Those that referents are offered, as they write them.
SUGGESTED_FORMATS = (
    "CSV", "XLSX", "ODS", "JSON", "GeoJSON", "GeoPackage", "Shapefile", "KML", "GML", "WMS", "WFS", "XML", "RDF", "PDF",
    "REST",
)  # fmt: skip
FREQUENCIES = {
    "continuous": "CONT",
    "hourly": "HOURLY",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "annual": "ANNUAL",
    "irregular": "IRREG",
    "never": "NEVER",
    "unknown": "UNKNOWN",
}


@dataclass(frozen=True)
class Licence:
    """A licence of the Italian vocabulary: its code there, its name, and the type that ADMS puts it under."""

    code: str
    name: str
    type: str

    @property
    def uri(self) -> str:
        return ITALIAN_LICENCES + self.code

    @property
    def type_uri(self) -> str:
        return LICENCE_TYPES + self.type


LICENCES = (
    Licence("A11_CCO10", "CC0 1.0", "PublicDomain"),
    Licence("A12_PDDL", "PDDL", "PublicDomain"),
    Licence("A21_CCBY40", "CC BY 4.0", "Attribution"),
    Licence("A22_CCBY30", "CC BY 3.0", "Attribution"),
    Licence("A23_CCBY30IT", "CC BY 3.0 IT", "Attribution"),
    Licence("A24_CCBY25", "CC BY 2.5", "Attribution"),
    Licence("A29_IODL20", "IODL 2.0", "Attribution"),
    Licence("A210_ODCBY", "ODC-BY", "Attribution"),
    Licence("A31_CCBYSA40", "CC BY-SA 4.0", "ViralEffect-ShareAlike"),
    Licence("A32_CCBYSA30", "CC BY-SA 3.0", "ViralEffect-ShareAlike"),
    Licence("A33_CCBYSA30IT", "CC BY-SA 3.0 IT", "ViralEffect-ShareAlike"),
    Licence("A39_IODL10", "IODL 1.0", "ViralEffect-ShareAlike"),
    Licence("A310_ODBL", "ODbL 1.0", "ViralEffect-ShareAlike"),
    Licence("B11_CCBYNC40", "CC BY-NC 4.0", "NonCommercialUseOnly"),
    Licence("B12_CCBYNC30", "CC BY-NC 3.0", "NonCommercialUseOnly"),
    Licence("B19_CCBYNCSA40", "CC BY-NC-SA 4.0", "NonCommercialUseOnly"),
    Licence("B21_CCBYND40", "CC BY-ND 4.0", "NoDerivativeWork"),
)
UNKNOWN_LICENCE = Licence("C1_Unknown", "Licenza sconosciuta", "UnknownIPR")
LICENCES_AS_WRITTEN = {
    "CC0": "A11_CCO10", "CCZERO": "A11_CCO10", "ODCPDDL": "A12_PDDL", "IODL2": "A29_IODL20", "IODLV20": "A29_IODL20",
    "IODLV2": "A29_IODL20", "ODCATTRIBUTION": "A210_ODCBY", "ODBL": "A310_ODBL", "ODCODBL": "A310_ODBL",
    "CREATIVECOMMONSCC010UNIVERSAL": "A11_CCO10",
    "CREATIVECOMMONSATTRIBUTION40INTERNATIONAL": "A21_CCBY40",
    "CREATIVECOMMONSATTRIBUZIONE40INTERNAZIONALE": "A21_CCBY40",
    "CREATIVECOMMONSATTRIBUZIONECONDIVIDIALLOSTESSOMODO40INTERNAZIONALE": "A31_CCBYSA40",
    "ITALIANOPENDATALICENSE20": "A29_IODL20", "ITALIANOPENDATALICENSEV20": "A29_IODL20",
    "ITALIANOPENDATALICENSE10": "A39_IODL10", "OPENDATABASELICENSE10": "A310_ODBL",
}  # fmt: skip


def _folded(text: str) -> str:
    """A word as it is compared: its letters and digits alone."""
    return MARKS.sub("", text).upper()


TYPES_BY_WORD = {_folded(code): code for code in FILE_TYPES} | FILE_TYPES_AS_WRITTEN
LICENCES_BY_CODE = {licence.code: licence for licence in LICENCES}
LICENCES_BY_WORD = {
    **{_folded(licence.name): licence for licence in LICENCES},
    **{_folded(licence.code): licence for licence in LICENCES},
    **{word: LICENCES_BY_CODE[code] for word, code in LICENCES_AS_WRITTEN.items()},
}


def file_type_of(text: str) -> str | None:
    """Return the EU's code of a format as people write it (“Shapefile”, “.csv”); None where it is not known."""
    return TYPES_BY_WORD.get(_folded(text.removeprefix(FILE_TYPE_TABLE)))


def licence_of(text: str) -> Licence | None:
    """Return the licence that a text names (“CC BY 4.0”, its address in the vocabulary); None where it is not known."""
    return LICENCES_BY_WORD.get(_folded(text.removeprefix(ITALIAN_LICENCES)))
