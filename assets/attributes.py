"""What a category asks of its assets: JSON Schema (draft 2020-12), checked, applied, and told in words."""

import json
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError
from jsonschema.exceptions import ValidationError as SchemaViolation
from referencing import Registry
from referencing.exceptions import Unresolvable

MAX_JSON_LENGTH = 20_000
MAX_JSON_DEPTH = 12
MAX_WHOLE_NUMBER = 2**63 - 1


@dataclass(frozen=True)
class AttributeField:
    """One attribute that a category asks for, as forms and pages show it."""

    name: str
    label: str
    type: str
    choices: tuple
    required: bool
    help_text: str
    minimum: float | None
    maximum: float | None


def validate_attribute_schema(schema: object) -> None:
    """Check that `schema` is a JSON Schema of an object whose references stay inside it.

    Raises:
        ValidationError: what is wrong with it, and where.
    """
    validate_json(schema)
    if not schema:
        return
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise ValidationError(
            _('The schema must describe an object: start it with {"type": "object", "properties": {…}}.')
        )
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValidationError(
            _("This is not a JSON Schema. At “%(where)s”: %(what)s"),
            params={"where": _path(error) or "/", "what": error.message},
        ) from error
    order = schema.get("x-order", [])
    if not isinstance(order, list) or not all(isinstance(name, str) for name in order):
        raise ValidationError(_("“x-order” is a list of the names of attributes, in the order of the form."))
    for reference in _references(schema):
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise ValidationError(
                _("The schema refers to “%(reference)s”; only references inside the schema (#/…) are followed."),
                params={"reference": reference},
            )
    for field in attribute_fields(schema):
        if len({str(choice) for choice in field.choices}) < len(field.choices):
            raise ValidationError(
                _("Two choices of “%(name)s” are written alike: people could not tell them apart in a form."),
                params={"name": field.name},
            )


def validate_attributes(attributes: object, schema: dict, *, partial: bool = False) -> None:
    """Check `attributes` against a category's `schema`.

    Args:
        partial: required attributes may be missing, as on a placement, whose asset states them.

    Raises:
        ValidationError: one message for each attribute that is wrong.
    """
    if problems := AttributeChecker(schema, partial=partial).problems(attributes):
        raise ValidationError([sentence for _name, sentence in problems])


class AttributeChecker:
    """Checks the attributes of many rows against one category's schema; arguments as of `validate_attributes`."""

    def __init__(self, schema: dict, *, partial: bool = False):
        if partial:
            schema = {key: value for key, value in schema.items() if key != "required"}
        self.validator = Draft202012Validator(schema, format_checker=FormatChecker(), registry=Registry())

    def problems(self, attributes: object) -> list[tuple[str, str]]:
        """Return what is wrong: the name of the attribute (empty: the whole), and a sentence for a person.

        Raises:
            ValidationError: they cannot be stored, or the schema cannot be applied.
        """
        validate_json(attributes)
        if not isinstance(attributes, dict):
            raise ValidationError(_('Attributes are written as an object, for example {"watt": 35}.'))
        try:
            violations = sorted(self.validator.iter_errors(attributes), key=lambda error: list(map(str, error.path)))
        except (Unresolvable, RecursionError, ArithmeticError) as error:
            raise ValidationError(
                _("The category's schema cannot be applied: ask city staff to correct it.")
            ) from error
        return [(_path(violation).partition("/")[0], _in_words(violation)) for violation in violations[:20]]


def attribute_fields(schema: dict) -> list[AttributeField]:
    """Return the attributes that `schema` names, labelled in the reader's language.

    PostgreSQL does not keep the order of an object's keys: a schema states it in `x-order`, a list of names.
    """
    required, order = schema.get("required", []), schema.get("x-order", [])
    properties = schema.get("properties") or {}
    fields = []
    for name in sorted(properties, key=lambda name: (order.index(name) if name in order else len(order), name)):
        rule = properties[name]
        if not isinstance(rule, dict):
            continue
        kind = "date" if rule.get("format") == "date" else rule.get("type", "string")
        fields.append(
            AttributeField(
                name=name,
                label=_localised(rule, "title") or name.replace("_", " ").capitalize(),
                type=kind if isinstance(kind, str) else "any",
                choices=tuple(rule.get("enum", ())),
                required=name in required,
                help_text=_localised(rule, "description"),
                minimum=rule.get("minimum"),
                maximum=rule.get("maximum"),
            )
        )
    return fields


def validate_json(value: object) -> None:
    """Check that PostgreSQL can store `value` as JSON and that it is not beyond reason.

    Raises:
        ValidationError: it is too long or too deep, or holds a NUL, a lone surrogate, or a number
            that is not finite or too large.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise ValidationError(_("It holds a character or a number that cannot be stored.")) from error
    if "\\u0000" in text:
        raise ValidationError(_("It holds a character or a number that cannot be stored."))
    if len(text) > MAX_JSON_LENGTH or _depth(value) > MAX_JSON_DEPTH:
        raise ValidationError(
            _("It is too large: at most %(length)s characters and %(depth)s levels."),
            params={"length": MAX_JSON_LENGTH, "depth": MAX_JSON_DEPTH},
        )
    if _largest_whole_number(value) > MAX_WHOLE_NUMBER:
        raise ValidationError(
            _("It holds a whole number that is too large: at most ±%(limit)s."), params={"limit": MAX_WHOLE_NUMBER}
        )


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _largest_whole_number(value: object) -> float:
    """What PostgreSQL writes as one: beyond its bound, each number of floating point is whole too."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return max(map(_largest_whole_number, value), default=0)
    return abs(value) if isinstance(value, int | float) else 0


def _localised(rule: dict, word: str) -> str:
    """`title` is Italian, `x-title-en` its English; likewise `description`."""
    if (get_language() or "it").startswith("it"):
        return str(rule.get(word, ""))
    return str(rule.get(f"x-{word}-en", rule.get(word, "")))


def _references(node: object):
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("$ref", "$dynamicRef"):
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _path(error) -> str:
    return "/".join(str(part) for part in error.absolute_path)


def _in_words(violation: SchemaViolation) -> str:
    """Say in the reader's language what was found and what is expected."""
    rule, expected, found = violation.validator, violation.validator_value, violation.instance
    where = _path(violation)
    sentences = {
        "type": _("“%(where)s” is “%(found)s”: expected %(expected)s."),
        "enum": _("“%(where)s” is “%(found)s”: expected one of %(expected)s."),
        "minimum": _("“%(where)s” is “%(found)s”: expected at least %(expected)s."),
        "maximum": _("“%(where)s” is “%(found)s”: expected at most %(expected)s."),
        "format": _("“%(where)s” is “%(found)s”: expected the format %(expected)s."),
        "pattern": _("“%(where)s” is “%(found)s”: expected the form %(expected)s."),
        "minLength": _("“%(where)s” is too short: expected at least %(expected)s characters."),
        "maxLength": _("“%(where)s” is too long: expected at most %(expected)s characters."),
        "required": _("Missing: %(missing)s."),
        "additionalProperties": _("Not known to the category: %(unknown)s."),
    }
    sentence = sentences.get(rule, _("“%(where)s” does not follow the category's schema (%(rule)s)."))
    known = violation.schema.get("properties", {}) if isinstance(violation.schema, dict) else {}
    return sentence % {
        "where": where,
        "found": str(found)[:100],
        "expected": ", ".join(map(_word, expected)) if isinstance(expected, list) else _word(expected),
        "missing": ", ".join(n for n in expected if n not in found) if rule == "required" else "",
        "unknown": ", ".join(n for n in found if n not in known) if rule == "additionalProperties" else "",
        "rule": rule,
    }


def _word(expected: object) -> str:
    names = {
        "string": _("a text"),
        "number": _("a number"),
        "integer": _("a whole number"),
        "boolean": _("true or false"),
        "array": _("a list"),
        "object": _("an object"),
    }
    return names.get(expected, str(expected)) if isinstance(expected, str) else str(expected)
