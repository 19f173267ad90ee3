"""Reading bodies: JSON as RFC 8259 has it, and nothing that could not be stored."""

import json
import math

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from firenze_digitale.problems import TOO_LARGE

MAX_DEPTH = 20
LARGEST_INTEGER = 2**63 - 1


class TooLarge(APIException):
    """The body is larger than the registry reads."""

    status_code = 413
    default_detail = TOO_LARGE
    default_code = "too_large"


class StrictJSONParser(BaseParser):
    """JSON in UTF-8 whose every value the database can hold."""

    media_type = "application/json"

    @property
    def most_bytes(self) -> int:
        return settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    def parse(self, stream, media_type=None, parser_context=None):
        body = stream.read(self.most_bytes + 1)
        if len(body) > self.most_bytes:
            raise TooLarge
        try:
            data = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_refuse_twins)
        except json.JSONDecodeError as error:
            where = {"line": error.lineno, "column": error.colno}
            raise ParseError(_("The body is not JSON: see line %(line)s, character %(column)s.") % where) from error
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not JSON: %(error)s.") % {"error": error}) from error
        _check(data, "", 0)
        return data


class MergePatchParser(StrictJSONParser):
    """The body of a PATCH under its own name (RFC 7396); no other method reads it."""

    media_type = "application/merge-patch+json"

    def parse(self, stream, media_type=None, parser_context=None):
        if parser_context["request"].method != "PATCH":
            raise UnsupportedMediaType(self.media_type)
        return super().parse(stream, media_type, parser_context)


#: What PATCH takes, as `Accept-Patch` says in the answer to OPTIONS (RFC 5789).
ACCEPT_PATCH = f"{MergePatchParser.media_type}, {StrictJSONParser.media_type}"


def _refuse_constant(name: str):
    raise ValueError(name)


def _refuse_twins(pairs: list) -> dict:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError(_("an object says a thing twice"))
    return data


def _check(value, path: str, depth: int) -> None:
    """Refuse what no column can hold, and say where it is."""
    if depth > MAX_DEPTH:
        raise ParseError(_("The body is nested too deeply."))
    if isinstance(value, dict):
        for name, item in value.items():
            _check_text(name, path)
            _check(item, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check(item, f"{path}.{index}" if path else str(index), depth + 1)
    elif isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, int | float) and _is_too_large(value):
        raise ParseError({path: [_("This number is too large.")]})


def _is_too_large(value: int | float) -> bool:
    return abs(value) > LARGEST_INTEGER if isinstance(value, int) else not math.isfinite(value)


def _check_text(text: str, path: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ParseError({path: [_("This text holds half a character (a lone surrogate).")]}) from error
    if "\x00" in text:
        raise ParseError({path: [_("This text holds a NUL character.")]})
