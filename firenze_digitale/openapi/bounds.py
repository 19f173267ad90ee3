"""Bounds on every integer, number, string, list and object of the document.

What fields state themselves stays. The rest is bounded by what no body of the registry exceeds: `api/parsing.py`
refuses larger bodies and numbers, NUL characters, and numbers that are not finite.
"""

import sys

from django.conf import settings

from firenze_digitale.api.parsing import LARGEST_INTEGER

#: Longest list of an answer: pages, forms and the API store shorter ones.
MOST_ITEMS = 10_000
MOST_PROPERTIES = 4_000
ANY_TEXT = r"^[^\u0000]*$"
SOME_TEXT = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"
NOT_SCHEMAS = frozenset({"example", "examples", "default", "enum"})


def state_bounds(result, generator, request, public):
    """Bound every schema of the document."""
    _walk(result["paths"])
    _walk(result["components"])
    return result


def _walk(node) -> None:
    if isinstance(node, list):
        for item in node:
            _walk(item)
    elif isinstance(node, dict):
        bound = BOUNDS.get(node["type"]) if isinstance(node.get("type"), str) else None
        if bound:
            bound(node)
        _tell_apart(node.get("oneOf", ()))
        for name, below in node.items():
            if name not in NOT_SCHEMAS:
                _walk(below)


def _tell_apart(kinds) -> None:
    """A text or nothing: only one of them takes the empty text."""
    if any(kind.get("maxLength") == 0 for kind in kinds):
        for kind in kinds:
            if kind.get("format"):
                kind.setdefault("minLength", 1)


def _bound_integer(schema: dict) -> None:
    least = schema.setdefault("minimum", -LARGEST_INTEGER)
    most = schema.setdefault("maximum", LARGEST_INTEGER)
    schema["format"] = "int32" if least >= -(2**31) and most < 2**31 else "int64"


def _bound_number(schema: dict) -> None:
    schema.setdefault("format", "double")
    schema.setdefault("minimum", -sys.float_info.max)
    schema.setdefault("maximum", sys.float_info.max)


def _bound_string(schema: dict) -> None:
    if "enum" in schema or "format" in schema:
        return
    most = schema.setdefault("maxLength", settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    schema.setdefault("pattern", "^$" if most == 0 else SOME_TEXT if schema.get("minLength") else ANY_TEXT)


def _bound_array(schema: dict) -> None:
    schema.setdefault("minItems", 0)
    schema.setdefault("maxItems", MOST_ITEMS)


def _bound_object(schema: dict) -> None:
    if "properties" in schema:
        schema.setdefault("additionalProperties", False)
    elif schema.get("additionalProperties", True) is True:
        schema["additionalProperties"] = {}
    if schema.get("additionalProperties") is not False:
        schema.setdefault("maxProperties", MOST_PROPERTIES)


BOUNDS = {
    "integer": _bound_integer,
    "number": _bound_number,
    "string": _bound_string,
    "array": _bound_array,
    "object": _bound_object,
}
