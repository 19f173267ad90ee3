"""Schemas of the OpenAPI document as rows of a table, and a body that keeps to them."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from firenze_digitale.api.parsing import LARGEST_INTEGER
from firenze_digitale.developers.prose import prose
from firenze_digitale.openapi.bounds import ANY_TEXT, MOST_ITEMS, SOME_TEXT

#: Deeper than this no schema of the API goes; it stops those that refer to themselves.
DEEPEST = 5
#: Texts that are bounded by nothing but the size of a body.
LONGEST_WORTH_TELLING = 100_000
SAMPLES = {
    "date": "2026-03-01",
    "date-time": "2026-03-01T09:30:00Z",
    "uri": "https://www.example.org/",
    "email": "ict@example.org",
    "uuid": "6f1c2a1e-0c1d-4a55-9a6b-0d5d3f9c0a11",
}


@dataclass(frozen=True)
class Field:
    """A member of an object, or a parameter: what it is called, what it takes, and within which bounds.

    `depth` is how many objects it lies in; a list's members are named `list[]`.
    """

    name: str
    depth: int
    type: str
    is_required: bool
    told: SafeString
    bounds: tuple[str, ...]
    values: tuple[str, ...]


def resolved(schema: dict, document: dict) -> dict:
    """Return a schema with what it refers to put in place."""
    while "$ref" in schema or len(schema.get("allOf", ())) == 1:
        if "$ref" in schema:
            found = document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
        else:
            found = schema["allOf"][0]
        schema = {**found, **{name: value for name, value in schema.items() if name not in ("$ref", "allOf")}}
    return schema


def fields_of(schema: dict, document: dict, depth: int = 0) -> list[Field]:
    """Return the members of an object, those of the objects in it after each."""
    schema = resolved(schema, document)
    if schema.get("type") == "array":
        return fields_of(schema["items"], document, depth)
    found = []
    for name, below in schema.get("properties", {}).items() if depth < DEEPEST else ():
        found.append(field_of(name, below, document, name in schema.get("required", ()), depth))
        found += fields_of(below, document, depth + 1)
    return found


def field_of(name: str, schema: dict, document: dict, is_required: bool, depth: int = 0) -> Field:
    """Return how a member or parameter is told."""
    schema = _either(resolved(schema, document), document)
    is_list = schema.get("type") == "array"
    item = _either(resolved(schema["items"], document), document) if is_list else schema
    values = tuple("null" if value is None else str(value) or '""' for value in item.get("enum", ()))
    told = schema.get("description") or schema.get("title", "")
    return Field(
        name=f"{name}[]" if is_list else name,
        depth=depth,
        type=_type(item) + (" | null" if schema.get("nullable") else ""),
        is_required=is_required,
        told=prose(told),
        bounds=tuple(_bounds(schema)),
        values=() if "* `" in told else values,
    )


def _either(schema: dict, document: dict) -> dict:
    """One schema of several that a value may keep to: they differ in the values that they list."""
    kinds = [resolved(each, document) for each in schema.get("oneOf", ())]
    if not kinds:
        return schema
    values = [value for kind in kinds for value in kind.get("enum", ())]
    merged = {**kinds[0], **{name: value for name, value in schema.items() if name != "oneOf"}}
    return {**merged, **({"enum": values} if values else {})}


def _type(schema: dict) -> str:
    form = schema.get("format", "")
    return schema.get("type", "string") + (f" ({form})" if form and form != "double" else "")


def _bounds(schema: dict):
    """What a value must keep to, but for what follows from its type."""
    if schema.get("type") in ("integer", "number"):
        least, most = schema.get("minimum"), schema.get("maximum")
        yield from [f"≥ {least}"] if least is not None and abs(least) < LARGEST_INTEGER else []
        yield from [f"≤ {most}"] if most is not None and most < LARGEST_INTEGER else []
    if schema.get("type") == "string":
        most = schema.get("maxLength", LONGEST_WORTH_TELLING)
        yield from [f"minLength {schema['minLength']}"] if schema.get("minLength") else []
        yield from [f"maxLength {most}"] if 0 < most < LONGEST_WORTH_TELLING else []
        yield from [schema["pattern"]] if schema.get("pattern", ANY_TEXT) not in (ANY_TEXT, SOME_TEXT, "^$") else []
    if schema.get("type") == "array":
        yield from [f"minItems {schema['minItems']}"] if schema.get("minItems") else []
        yield from [f"maxItems {schema['maxItems']}"] if schema.get("maxItems", MOST_ITEMS) < MOST_ITEMS else []
    if "default" in schema:
        yield f"default {schema['default']}"


def sample(schema: dict, document: dict, name: str = "example"):
    """Return a value that keeps to a schema; of an object, what it must hold, or else the first of what it may."""
    schema = _either(resolved(schema, document), document)
    kind = schema.get("type", "string")
    if "default" in schema:
        return schema["default"]
    if schema.get("enum"):
        return schema["enum"][0]
    if kind == "object":
        properties = schema.get("properties", {})
        asked = [each for each in properties if each in schema.get("required", ())]
        asked = asked or list(properties)[: schema.get("minProperties", 0)]
        return {each: sample(properties[each], document, each) for each in asked}
    if kind == "array":
        return [sample(schema["items"], document, name)]
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    if kind == "boolean":
        return True
    return SAMPLES.get(schema.get("format"), name.replace("_", "-"))
