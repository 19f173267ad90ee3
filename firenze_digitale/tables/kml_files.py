"""KML (OGC 12-007r2) and KMZ, as geographic portals and Google Earth hand them out: each placemark is a row."""

import math
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext as _

from firenze_digitale.tables import limits
from firenze_digitale.tables.geo_files import WGS84, Feature, no_place, no_point
from firenze_digitale.tables.limits import UnreadableFile, checked_text, too_many_rows
from firenze_digitale.tables.packages import Package
from firenze_digitale.tables.raw_files import Buffered, size_of
from firenze_digitale.tables.xml_parts import Budget, Handler, local, parse

#: What a placemark says of itself, beside its own data.
TOLD = {"name", "description", "address", "phoneNumber"}
#: A placemark's own data: the names that its values go by, as an attribute.
NAMED = {"Data", "SimpleData"}
SHAPES = {"LineString", "LinearRing", "Polygon", "Model", "Track", "MultiTrack"}


class KmlFile:
    """The placemarks of a document, however deep in folders."""

    def __init__(self, file: BinaryIO, package: Package | None = None):
        self.file, self.package, self.size, self.share_read = file, package, size_of(file), 0.0
        self.facts, self.crs = {"format": "kmz" if package else "kml"}, WGS84

    def bytes_read(self) -> int:
        return int(self.share_read * self.size)

    def features(self) -> Iterator[Feature]:
        """Yield the placemarks.

        Raises:
            UnreadableFile: there is none, or one of them is no point.
        """
        handler = _Placemarks()
        stream, size = self._opened()
        with stream:
            for _piece in parse(stream, handler, Budget(limits.MAX_ELEMENTS // 2), namespaces=False):
                self.share_read = stream.tell() / size
                found, handler.found = handler.found, []
                yield from found
        if not handler.number:
            raise UnreadableFile(_("The file has no placemarks: export the layer with its points."))

    def _opened(self) -> tuple[BinaryIO, int]:
        if self.package is None:
            return Buffered(self.file), max(self.size, 1)
        documents = sorted(name for name in self.package.names if name.lower().endswith(".kml"))
        # Others are pieces that the first one may refer to.
        document = "doc.kml" if "doc.kml" in documents else documents[0]
        return self.package.open(document), max(self.package.size_of(document), 1)


class _Names(dict):
    """Names of elements as they are written, without their prefixes: versions differ in their namespaces."""

    def __missing__(self, name: str) -> str:
        self[name] = local(name)
        return self[name]


class _Placemarks(Handler):
    """Placemarks, one at a time."""

    def __init__(self):
        super().__init__()
        self.found: list[Feature] = []
        self.names = _Names()
        self.number = 0
        self.is_within = False
        #: The elements that are open in the placemark.
        self.path: list[str] = []
        self.properties: dict[str, str | None] = {}
        self.identity: str | None = None
        self.places: list[tuple[float, float] | None] = []
        self.data_name = ""

    def start(self, name, attributes):
        self.opened += 1
        kind = self.names[name]
        if not self.is_within:
            if kind == "Placemark":
                self._begin(attributes)
            return
        self.path.append(kind)
        self.pieces.clear()
        if kind in NAMED:
            self.data_name = attributes.get("name", "")
        elif kind in SHAPES:
            raise no_point(self.number, kind)

    def end(self, name):
        self.closed += 1
        if self.is_within:
            if self.path:
                self._take(self.path.pop())
                self.pieces.clear()
            else:
                self._finish()

    def _begin(self, attributes: dict[str, str]) -> None:
        self.is_within = self.wants_text = True
        self.path, self.properties, self.places = [], {}, []
        self.number += 1
        if self.number > limits.MAX_ROWS:
            raise too_many_rows()
        identity = attributes.get("id")
        self.identity = checked_text(identity, self.number) if identity else None

    def _finish(self) -> None:
        self.is_within = self.wants_text = False
        if len(self.places) > 1:
            raise no_point(self.number, "MultiGeometry")
        self.found.append(Feature(self.number, self.identity, self.properties, next(iter(self.places), None)))

    def _take(self, kind: str) -> None:
        """Keep the text of an element that has just ended."""
        path = self.path
        if kind == "SimpleData" or (kind == "value" and path[-1:] == ["Data"]):
            self._tell(self.data_name)
        elif kind == "coordinates" and path[-1:] == ["Point"]:
            self.places.append(_place("".join(self.pieces), self.number))
        elif not path and kind in TOLD:
            self._tell(kind)

    def _tell(self, name: str) -> None:
        self.properties[name] = checked_text("".join(self.pieces), self.number).strip() or None


def _place(text: str, number: int) -> tuple[float, float] | None:
    """Return longitude and latitude of “longitude,latitude[,altitude]”, or None of nothing."""
    if not text.strip():
        return None
    try:
        longitude, latitude = (float(part) for part in text.strip().split(",")[:2])
    except ValueError:
        raise no_place(number) from None
    if not (math.isfinite(longitude) and math.isfinite(latitude)):
        raise no_place(number)
    return longitude, latitude
