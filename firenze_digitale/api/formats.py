"""In which format a list is answered: a page of JSON, or all of its rows as a file that is sent while it is read.

`format` in the address decides, else the header `Accept` (RFC 9110).
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice

import orjson
from django.db import connection, transaction
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import NotAcceptable, ValidationError

from firenze_digitale.api.fields import KEY_SCHEMA, ObjectField
from firenze_digitale.api.lists import OPTIONS, Statement, columns_of, lookups_of
from firenze_digitale.tables.writing import Column, Kind, write_csv

PARAMETER = "format"
JSON, CSV, GEOJSON = "json", "csv", "geojson"
TURTLE, RDF_XML, JSON_LD = "ttl", "rdf", "jsonld"
MEDIA_TYPES = {
    JSON: "application/json",
    CSV: "text/csv",
    GEOJSON: "application/geo+json",
    TURTLE: "text/turtle",
    RDF_XML: "application/rdf+xml",
    JSON_LD: "application/ld+json",
}
CHARSETS = {CSV: "; charset=utf-8", TURTLE: "; charset=utf-8"}
#: What the files hold (OpenAPI); features are those of placements.
SCHEMAS = {
    CSV: {"type": "string", "description": "The fields of the JSON body in columns, all rows (RFC 4180, UTF-8)."},
    GEOJSON: {
        "type": "object",
        "description": "All rows as features (RFC 7946).",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["type", "id", "geometry", "properties"],
                    "properties": {
                        "type": {"type": "string", "enum": ["Feature"]},
                        "id": KEY_SCHEMA,
                        "geometry": {
                            "type": "object",
                            "nullable": True,
                            "required": ["type", "coordinates"],
                            "properties": {
                                "type": {"type": "string", "enum": ["Point"]},
                                "coordinates": {
                                    "type": "array",
                                    "minItems": 2,
                                    "maxItems": 2,
                                    "items": {"type": "number", "format": "double", "minimum": -180, "maximum": 180},
                                },
                            },
                        },
                        "properties": {"$ref": "#/components/schemas/Placement"},
                    },
                },
            },
        },
    },
}
#: Rows that are read at a time as columns, and as models with all that belongs to them.
MANY, FEW = 2_000, 200
KINDS = (
    (serializers.BooleanField, Kind.BOOLEAN),
    ((serializers.IntegerField, serializers.FloatField), Kind.NUMBER),
    ((ObjectField, serializers.ManyRelatedField, serializers.BaseSerializer), Kind.JSON),
)
NO_SUCH_TYPE = _("The header Accept takes none of what there is here: %(types)s.")
ALL_ROWS = _("Such a file holds all rows of the list: leave it out.")


def asked_format(request, offered: tuple[str, ...]) -> str:
    """Return which of the `offered` formats the request asks for; the first one where it is all the same.

    Args:
        offered: names of `MEDIA_TYPES`.

    Raises:
        ValidationError: `format` names none of them.
        NotAcceptable: nothing that `Accept` names is among them.
    """
    if (name := request.GET.get(PARAMETER)) is not None:
        if name in offered:
            return name
        raise ValidationError({PARAMETER: [_("Write one of: %(formats)s.") % {"formats": ", ".join(offered)}]})
    by_type = {MEDIA_TYPES[name]: name for name in offered}
    return by_type[accepted_one(request, tuple(by_type))]


def accepted_one(request, media_types: tuple[str, ...]) -> str:
    """Return which of `media_types` the header `Accept` likes best, whatever its parameters.

    Raises:
        NotAcceptable: it takes none of them.
    """
    for accepted in request.accepted_types:
        for media_type in media_types:
            main, _slash, sub = media_type.partition("/")
            if accepted.main_type in (main, "*") and accepted.sub_type in (sub, "*"):
                return media_type
    raise NotAcceptable(NO_SUCH_TYPE % {"types": ", ".join(media_types)})


def parameter_of(offered: tuple[str, ...]) -> dict:
    """Return how OpenAPI describes the parameter of an address that chooses among `offered` formats."""
    return {
        "name": PARAMETER,
        "in": "query",
        "description": "The format of the list, where the header `Accept` does not say: a page of JSON, or a file of "
        "all rows.",
        "schema": {"type": "string", "enum": [*offered], "default": offered[0]},
    }


def files_of(offered: tuple[str, ...]) -> dict:
    """Return how OpenAPI describes what a list answers in the `offered` formats but JSON."""
    return {MEDIA_TYPES[name]: {"schema": SCHEMAS[name]} for name in offered if name in SCHEMAS}


def refuse_paging(request, parameters: frozenset[str]) -> None:
    """A file has no pages.

    Raises:
        ValidationError: the request asks for one, by one of `parameters`.
    """
    if asked := parameters & request.GET.keys():
        raise ValidationError({name: [ALL_ROWS] for name in asked})


def sent(request, name: str, pieces: Iterator[bytes], stem: str) -> StreamingHttpResponse:
    """Send a file as it is made. What fails at once raises here; where it fails later, the connection breaks off.

    Args:
        name: of its format.
        pieces: of the file; the first is made before the answer begins.
        stem: what the file is called, without the day and the extension.
    """
    content = () if request.method == "HEAD" else Begun(pieces)
    response = StreamingHttpResponse(content, content_type=MEDIA_TYPES[name] + CHARSETS.get(name, ""))
    file_name = f"{stem}-{timezone.localdate().isoformat()}.{name}"
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response


class Begun:
    """Pieces of a file, of which the first is made at once."""

    def __init__(self, pieces: Iterator[bytes]):
        self.first, self.pieces = next(pieces), pieces

    def __iter__(self):
        yield self.first
        yield from self.pieces

    def close(self):
        """Called when the answer is through, or nobody wants it any more: leaves the database."""
        self.pieces.close()


def csv_of(rows, serializer_of: Callable, who) -> Iterator[bytes]:
    """Yield a list as CSV (RFC 4180, UTF-8): the fields of the JSON body, objects and lists as JSON.

    Args:
        rows: a queryset in the list's order, with the joins that its bodies need.
        serializer_of: makes a serializer of a list of rows.
        who: is to read them.
    """
    fields = serializer_of([]).child.fields
    columns = [Column(name, _kind(fields[name])) for name in names_of(fields)]
    batches = bodies_by_column(rows, serializer_of, who)
    # Rows are read before the header is written: what fails at once can still be told.
    first = list(islice(batches, 1))
    found = (row for batch in chain(first, batches) for row in zip(*map(_cells, batch, columns), strict=True))
    yield from write_csv(columns, found)


def names_of(fields: dict[str, serializers.Field]) -> list[str]:
    """Return the names of the fields that a body has."""
    return [name for name, field in fields.items() if not field.write_only]


def bodies_by_column(rows, serializer_of: Callable, who) -> Iterator[list[Sequence]]:
    """Yield the bodies of some rows at a time, as the values of each of `names_of`; arguments as of `csv_of`."""
    child = serializer_of([]).child
    columns = columns_of(type(child))
    # Outside of a transaction, the database would keep the whole answer aside before it gives the first row.
    with transaction.atomic():
        if columns is None:
            yield from _serialized(rows, serializer_of, names_of(child.fields))
        else:
            yield from _read(rows, columns, rows.links_hidden_from(who))


def _serialized(rows, serializer_of: Callable, names: list[str]) -> Iterator[list[Sequence]]:
    found = rows.iterator(chunk_size=FEW)
    while batch := list(islice(found, FEW)):
        bodies = serializer_of(batch).data
        yield [[body[name] for body in bodies] for name in names]


def _read(rows, columns, hidden: frozenset[str]) -> Iterator[list[Sequence]]:
    lookups = lookups_of(columns, hidden)
    statement = Statement.of(rows, lookups)
    if statement is None:
        return
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement.sql, statement.values)
        while found := cursor.fetchmany(MANY):
            by_lookup = dict(zip(lookups, zip(*found, strict=True), strict=True))
            nothing = [None] * len(found)
            yield [nothing if column.link in hidden else _made(column, by_lookup) for column in columns]


def _made(column, by_lookup: dict[str, Sequence]) -> Sequence:
    values = [by_lookup[lookup] for lookup in column.lookups]
    if column.made is None:
        return values[0]
    return list(map(column.made, values[0] if len(values) == 1 else zip(*values, strict=True)))


def _cells(values: Sequence, column: Column) -> Sequence:
    """What the writer of tables takes: moments and days as the body writes them."""
    if column.kind is Kind.JSON:
        return [None if value is None else orjson.dumps(value, option=OPTIONS).decode() for value in values]
    return [_text(value) for value in values] if column.kind is Kind.TEXT else values


def _text(value) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(value, option=OPTIONS).decode().strip('"')


def _kind(field: serializers.Field) -> Kind:
    return next((kind for classes, kind in KINDS if isinstance(field, classes)), Kind.TEXT)
