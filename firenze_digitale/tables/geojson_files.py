"""GeoJSON (RFC 7946), also as older programs write it, with a `crs`, or as features one after the other."""

import json
import re
from collections.abc import Iterator
from typing import BinaryIO

import ijson
from django.utils.translation import gettext as _

from firenze_digitale.tables import limits
from firenze_digitale.tables.geo_files import WGS84, Feature, no_place, no_point
from firenze_digitale.tables.limits import UnreadableFile, checked_text, shown, too_large, too_many_rows
from firenze_digitale.tables.raw_files import Buffered, beginning_of
from firenze_digitale.tables.table import Value

#: Values in one feature, or in one member beside the features.
MAX_VALUES = 20_000
UTF8_MARK = b"\xef\xbb\xbf"
CODE = re.compile(r"(?:urn:ogc:def:crs:)?EPSG:(?:[\d.]*:)?(\d{4,6})", re.IGNORECASE)
CRS84 = re.compile(r"urn:ogc:def:crs:OGC:[\d.]*:CRS84", re.IGNORECASE)
ESCAPED_NUL = "\\u0000"
MEMBERS = {"type", "id", "properties", "geometry", "crs"}
OPENING, CLOSING = {"start_map", "start_array"}, {"end_map", "end_array"}

Events = Iterator[tuple[str, object]]


class _TooLarge(Exception):
    """A value has more parts than any point."""

    def __init__(self, begun: object):
        self.begun = begun


class _Source:
    """The bytes of a file, as long as features come out of them."""

    def __init__(self, file: BinaryIO):
        self.buffered, self.since_feature = Buffered(file), 0
        self.buffered.seek(len(UTF8_MARK) if beginning_of(file, len(UTF8_MARK)) == UTF8_MARK else 0)

    def read(self, size: int) -> bytes:
        content = self.buffered.read(size)
        self.since_feature += len(content)
        if self.since_feature > limits.MAX_ROW_LENGTH:
            raise _TooLarge(None)
        return content


class GeoJsonFile:
    """A collection of features."""

    def __init__(self, file: BinaryIO):
        self.file, self.source = file, None
        self.facts, self.crs = {"format": "geojson"}, WGS84

    def bytes_read(self) -> int:
        return self.source.buffered.bytes_read() if self.source else 0

    def features(self) -> Iterator[Feature]:
        """Yield the features.

        Raises:
            UnreadableFile: the file is no GeoJSON, or a feature no point.
        """
        self.source = source = _Source(self.file)
        events = ijson.basic_parse(source, multiple_values=True, use_float=True, buf_size=limits.CHUNK_BYTES)
        number = 0
        try:
            for number, found in enumerate(self._found(_counted(events)), start=1):
                if number > limits.MAX_ROWS:
                    raise too_many_rows()
                source.since_feature = 0
                yield _feature(number, found)
        except ijson.JSONError as error:
            raise UnreadableFile(
                _("The file is no JSON in UTF-8, is damaged, or was cut off on its way: export it anew.")
            ) from error
        except _TooLarge as error:
            raise _refusal(number + 1, error.begun) from error

    def _found(self, events: Events) -> Iterator[object]:
        """Yield the features of each value: of a collection, of a list, or the value itself."""
        for event, _value in events:
            if event == "start_array":
                yield from _items(events)
            elif event == "start_map":
                yield from self._members(events)
            else:
                raise _no_geojson()

    def _members(self, events: Events) -> Iterator[object]:
        """Yield the features of an object, or the object if it has none."""
        members: dict[str, object] = {}
        has_features = False
        for event, key in events:
            if event == "end_map":
                break
            event, value = next(events)
            if key == "features" and event == "start_array":
                has_features = True
                yield from _items(events)
            elif key in MEMBERS:
                members[key] = _built(event, value, events)
                if key == "crs":
                    self._declare(members[key])
            else:
                _skip(event, events)
        if not has_features:
            yield members

    def _declare(self, crs: object) -> None:
        """Take over the coordinates' system that files of before 2016 name."""
        try:
            name = str(crs["properties"]["name"])
        except (TypeError, KeyError):
            return
        code = CODE.fullmatch(name.strip())
        self.crs = f"EPSG:{code[1]}" if code else WGS84 if CRS84.fullmatch(name.strip()) else None
        self.facts = {**self.facts, "crs": shown(name)}


def _counted(events: Events) -> Events:
    for count, event in enumerate(events):
        if count > limits.MAX_EVENTS:
            raise too_large()
        yield event


def _items(events: Events) -> Iterator[object]:
    for event, value in events:
        if event == "end_array":
            return
        yield _built(event, value, events)


def _built(event: str, value: object, events: Events) -> object:
    """Return the value that begins with an event; objects and lists take the events that follow."""
    if event not in OPENING:
        return value
    top = {} if event == "start_map" else []
    stack, key = [top], None
    for count, (event, value) in enumerate(events):
        if event == "map_key":
            key = value
            continue
        if event in CLOSING:
            stack.pop()
            if not stack:
                break
            continue
        if count > MAX_VALUES or len(stack) > limits.MAX_DEPTH:
            raise _TooLarge(top)
        found = value if event not in OPENING else {} if event == "start_map" else []
        into = stack[-1]
        if isinstance(into, dict):
            into[key] = found
        else:
            into.append(found)
        if event in OPENING:
            stack.append(found)
    return top


def _skip(event: str, events: Events) -> None:
    depth = event in OPENING
    while depth:
        event, _value = next(events)
        depth += (event in OPENING) - (event in CLOSING)


def _feature(number: int, found: object) -> Feature:
    if not isinstance(found, dict) or found.get("type") != "Feature":
        raise _no_geojson()
    properties, identity = found.get("properties") or {}, found.get("id")
    if not isinstance(properties, dict):
        raise _no_geojson()
    return Feature(
        number,
        _cell(identity, number) if identity is not None else None,
        {name: _cell(value, number) for name, value in properties.items()},
        _place(found.get("geometry"), number),
    )


def _cell(value: object, number: int) -> Value:
    """Return a property: lists as JSON, the others as they are."""
    if isinstance(value, str):
        return checked_text(value, number) or None
    if isinstance(value, list | dict):
        text = json.dumps(value, ensure_ascii=False)
        checked_text(text.replace(ESCAPED_NUL, "\x00"), number)
        return value if isinstance(value, dict) else text
    return value


def _place(geometry: object, number: int) -> tuple[float, float] | None:
    if geometry is None:
        return None
    kind = geometry.get("type") if isinstance(geometry, dict) else geometry
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if kind == "MultiPoint" and isinstance(coordinates, list) and len(coordinates) == 1:
        [coordinates] = coordinates
    elif kind != "Point":
        raise no_point(number, shown(kind))
    if coordinates == []:
        return None
    if not isinstance(coordinates, list) or len(coordinates) < 2 or not all(map(_is_number, coordinates[:2])):
        raise no_place(number)
    return coordinates[0], coordinates[1]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _no_geojson() -> UnreadableFile:
    return UnreadableFile(
        _("The file is JSON, but no GeoJSON with a FeatureCollection of points: export it as GeoJSON, CSV or XLSX.")
    )


def _refusal(number: int, begun: object) -> UnreadableFile:
    """Why a feature is too large: it is an outline rather than a point."""
    geometry = begun.get("geometry") if isinstance(begun, dict) else None
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if isinstance(kind, str) and kind != "Point":
        return no_point(number, shown(kind))
    return UnreadableFile(
        _("Feature %(number)s is too large for a point: export only the points, with fewer properties.")
        % {"number": number}
    )
