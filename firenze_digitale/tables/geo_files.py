"""Maps' points as tables: what GeoJSON (RFC 7946) and KML (OGC 12-007r2) have in common."""

from collections.abc import Iterator
from typing import Protocol

from django.utils.translation import gettext as _

from firenze_digitale.tables import limits
from firenze_digitale.tables.limits import UnreadableFile, too_many_columns
from firenze_digitale.tables.table import Value, unique

WGS84 = "EPSG:4326"
PLACE = ["longitude", "latitude"]


class Features(Protocol):
    """A format's features as the file has them."""

    facts: dict
    crs: str | None

    def features(self) -> Iterator["Feature"]: ...

    def bytes_read(self) -> int: ...


class Feature:
    """A point, or nowhere, and what is told of it.

    Attributes:
        number: of the feature in its file, from 1.
        identity: the feature's own, apart from its properties, or None.
        place: longitude and latitude as the file has them, or None.
    """

    __slots__ = ("identity", "number", "place", "properties")

    def __init__(self, number: int, identity: Value, properties: dict[str, Value], place: tuple | None):
        self.number, self.identity, self.properties, self.place = number, identity, properties, place


class FeatureTable:
    """Features as rows; all of them are read once to know the columns.

    Raises:
        UnreadableFile: a feature is no point, or there are too many columns.
    """

    def __init__(self, source: Features):
        self.source = source
        names: dict[str, None] = {}
        has_identity = False
        for feature in source.features():
            names.update(dict.fromkeys(feature.properties))
            has_identity = has_identity or feature.identity is not None
            if len(names) > limits.MAX_COLUMNS:
                raise too_many_columns()
        self.names = list(names)
        self.identity = ["id"] if has_identity and "id" not in names else []
        stripped = unique([" ".join(name.split()) or "(?)" for name in self.names])
        self.headers = [*self.identity, *stripped, *unique(PLACE, stripped)]
        self.facts, self.crs = source.facts, source.crs

    def bytes_read(self) -> int:
        return self.source.bytes_read()

    def rows(self) -> Iterator[tuple[int, list[Value]]]:
        """Yield the features, each with its identity, its properties and its place."""
        for feature in self.source.features():
            cells = [feature.identity] if self.identity else []
            cells.extend(map(feature.properties.get, self.names))
            yield feature.number, [*cells, *(feature.place or (None, None))]


def no_point(number: int, found: object) -> UnreadableFile:
    return UnreadableFile(
        _("Feature %(number)s is of the kind %(found)s: only points are read. Ask the GIS office for their centroids.")
        % {"number": number, "found": found}
    )


def no_place(number: int) -> UnreadableFile:
    return UnreadableFile(
        _("Feature %(number)s has no two numbers as coordinates: expected longitude and latitude.") % {"number": number}
    )
