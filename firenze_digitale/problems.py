"""Errors of the API as problem details (RFC 9457): what went wrong, and in which field."""

import logging
from http import HTTPStatus

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied
from django.core.exceptions import ValidationError as ModelError
from django.db import DatabaseError, OperationalError
from django.db.models import ProtectedError
from django.http import Http404, JsonResponse
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from rest_framework import exceptions, status
from rest_framework.response import Response

from firenze_digitale.access import access_of
from firenze_digitale.rules import refusal_of

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
WHOLE_BODY = ""
#: What a problem holds at most: messages, characters of the name of a field, and of a text.
MOST_ERRORS, LONGEST_FIELD, LONGEST_TEXT = 10_000, 2_000, 20_000

INVALID = _("Something in the request is not right: see “errors”.")
NOT_FOUND = _("There is nothing at this address, or it is not yours to see.")
FORBIDDEN = _("You may not do this: not all that you see is yours to change.")
READ_ONLY = _("This credential reads only. Ask your partner's referent for one that writes.")
FAILED = _("The registry failed, and those who look after it are told. Try again later.")
BUSY = _("The database does not answer, or is busy with another change: try again in a moment.")
IN_USE = _("It is in use and cannot be deleted.")
NO_TOKEN = _("This takes a credential: send its token in the header “Authorization: Bearer …”.")
TOO_LARGE = _("The body is too large: send less at once.")
NO_LENGTH = _("Say how long the body is, in the header Content-Length: it is not read in chunks.")


class Conflict(exceptions.APIException):
    """The request is right in itself, and the state of the registry is in its way."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = IN_USE
    default_code = "conflict"


class Unavailable(exceptions.APIException):
    """The database does not answer, or gave way to another transaction."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = BUSY
    default_code = "unavailable"
    wait = 5


class OutOfReach(exceptions.PermissionDenied):
    """The credential is limited to other resources."""

    default_code = "out_of_reach"


def problem(status_code: int, detail: object, errors: list[dict] = ()) -> dict:
    """Return the body of a problem, no longer than the API's document says, whatever of the request it repeats."""
    told = [
        {"field": _clean(error["field"], LONGEST_FIELD), "message": _clean(error["message"], LONGEST_TEXT)}
        for error in errors[:MOST_ERRORS]
    ]
    return {
        "type": "about:blank",
        "title": HTTPStatus(status_code).phrase,
        "status": status_code,
        "detail": _clean(str(detail), LONGEST_TEXT),
        "errors": told,
    }


def _clean(text: str, longest: int) -> str:
    return text.replace("\x00", "\N{SYMBOL FOR NULL}")[:longest]


def answer(status_code: int, detail: object, headers: dict[str, str] | None = None) -> JsonResponse:
    """Return a problem as the answer of whatever is no view of the API."""
    return JsonResponse(problem(status_code, detail), status=status_code, content_type=MEDIA_TYPE, headers=headers)


def unavailable(error: Exception) -> JsonResponse:
    """Return the answer where the database failed before a view was asked."""
    logger.error("the database did not do its part", exc_info=error)
    return answer(Unavailable.status_code, BUSY, {"Retry-After": str(Unavailable.wait)})


def on_the_api(status_code: int, detail: object, page):
    """Return a handler of errors that no view of the API answered: below `/api/` a problem, elsewhere `page`."""

    def handler(request, *args, **kwargs):
        if not request.path.startswith("/api/"):
            return page(request, *args, **kwargs)
        return answer(status_code, detail)

    return handler


not_found = on_the_api(404, NOT_FOUND, defaults.page_not_found)
server_error = on_the_api(500, FAILED, defaults.server_error)


def exception_handler(error: Exception, context: dict) -> Response | None:
    """Turn whatever a view raised into a problem; None for a failure of the registry itself."""
    error = _known(error)
    if error is None:
        return None
    detail, errors = _told(error)
    forbidden = error.status_code == status.HTTP_403_FORBIDDEN and not isinstance(error, OutOfReach)
    if forbidden and _only_reads(context["request"]):
        detail = READ_ONLY
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(error.wait)
    return Response(
        problem(error.status_code, detail, errors),
        status=error.status_code,
        headers=headers,
        content_type=MEDIA_TYPE,
    )


def _only_reads(request) -> bool:
    access = access_of(request.user)
    return access.signed_in and not access.writes


def _known(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, OperationalError):
        logger.error("the database did not do its part", exc_info=error)
        return Unavailable()
    if isinstance(error, DatabaseError) and not isinstance(error, ProtectedError):
        try:
            error = refusal_of(error)
        except DatabaseError:
            return None
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404):
        return exceptions.NotFound(NOT_FOUND)
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied(FORBIDDEN)
    if isinstance(error, ProtectedError):
        return Conflict()
    if isinstance(error, ModelError):
        return Conflict(error.messages[0]) if _in_use(error) else exceptions.ValidationError(detail_of(error))
    return None


def _in_use(error: ModelError) -> bool:
    return getattr(error, "code", None) == "in_use"


def _told(error: exceptions.APIException) -> tuple[object, list[dict]]:
    """What a problem says of itself, and field by field."""
    if isinstance(error.detail, dict | list):
        detail = INVALID if error.status_code == status.HTTP_400_BAD_REQUEST else error.default_detail
        return detail, list(_flat(error.detail, WHOLE_BODY))
    if isinstance(error, exceptions.NotAuthenticated):
        return NO_TOKEN, []
    return error.detail, []


def detail_of(error: ModelError) -> dict:
    """Messages of a model's error by field, as serializers raise them."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    return {WHOLE_BODY if field == NON_FIELD_ERRORS else field: messages for field, messages in by_field.items()}


def _flat(detail, path: str):
    """Yield `{field, message}` for each message in the tree, fields joined by points: `participations.0.partner`."""
    if isinstance(detail, dict):
        for name, below in detail.items():
            part = "" if name in ("non_field_errors", WHOLE_BODY) else str(name)
            yield from _flat(below, ".".join(filter(None, (path, part))))
    elif isinstance(detail, list):
        for index, below in enumerate(detail):
            nested = isinstance(below, dict | list)
            yield from _flat(below, ".".join(filter(None, (path, str(index)))) if nested else path)
    else:
        yield {"field": path, "message": str(detail)}
