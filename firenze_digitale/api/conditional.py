"""Conditional requests (RFC 9110, section 13): nothing is sent twice, and nobody's change is lost.

The ETag of a row is made of the versions that the desk compares too (`RegistryModel.version`), its own and those of its
parts, and of the keys that its body names. The ETag of a list is the place of its kind in the order of changes.
"""

import hashlib
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.http import HttpResponse, HttpResponseNotModified
from django.utils import timezone
from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers, status
from rest_framework.exceptions import APIException

from firenze_digitale.access import Access, access_of
from firenze_digitale.api.fields import KeyField

ANY = "*"


class PreconditionRequired(APIException):
    """A change does not say which state of the row it was made from."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_detail = _("Read the row first, and send its ETag in the header If-Match, so that nobody's change is lost.")
    default_code = "precondition_required"


class PreconditionFailed(APIException):
    """Somebody has changed the row since the caller read it."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = _("Somebody has changed it since you read it: read it again, then send your change with its ETag.")
    default_code = "precondition_failed"


def is_known(request, etag: str) -> bool:
    """Whether the caller has the representation that `etag` names (`If-None-Match`, compared weakly)."""
    given = request.META.get("HTTP_IF_NONE_MATCH")
    return given is not None and _names(given, etag)


def with_etag(response: HttpResponse, etag: str) -> HttpResponse:
    """Say of an answer which state it tells of."""
    response.headers["ETag"] = etag
    return response


def unchanged(etag: str) -> HttpResponse:
    """The answer to whoever has the representation already."""
    return with_etag(HttpResponseNotModified(), etag)


def check_match(request, etag: Callable[[], str]) -> None:
    """Let a change pass that was made from the state that `etag()` names.

    A proxy that compresses marks the ETags that it passes on as weak: these are taken too, since a row's ETag tells
    of what is stored and not of how it was sent.

    Raises:
        PreconditionRequired, PreconditionFailed
    """
    given = request.META.get("HTTP_IF_MATCH")
    if not given:
        raise PreconditionRequired
    if given.strip() != ANY and not _names(given, etag()):
        raise PreconditionFailed


def _names(given: str, etag: str) -> bool:
    return given.strip() == ANY or etag in {name.removeprefix("W/") for name in parse_etags(given)}


def etag_of_list(request, kind: str, *, filtered: bool) -> str:
    """The ETag of a list as the caller would get it now.

    Args:
        kind: the resource.
        filtered: something narrows the list down, and that may hang on rows of any kind, and on the day.
    """
    access = access_of(request.user)
    told = (request.build_absolute_uri(), request.META.get("HTTP_ACCEPT"), *scope_of(access))
    return _etag(latest_position(None if filtered else kind), timezone.localdate() if filtered else None, *told)


def latest_position(kind: str | None = None) -> int:
    """The place of the latest change of a kind in the order of changes, of any if None; 0 where there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT registry_latest_change(%s)", [kind])
        return cursor.fetchone()[0] or 0


def etag_of(row, serializer: serializers.ModelSerializer) -> str:
    """The ETag of one row.

    Args:
        row: read with the joins of its body (`for_api`), so that it has what the caller may see.
        serializer: of its body, and with that the caller.
    """
    return _etag(*scope_of(access_of(serializer.context["request"].user)), *_state(row, serializer.fields))


def _state(row, fields) -> list:
    """What tells one state of a row from another: versions of the row and its parts, and the keys of its links."""
    state = [row.version]
    for name, field in fields.items():
        if isinstance(field, serializers.ListSerializer):
            parts = getattr(row, field.source).all()
            state.append((name, [(part.pk, _state(part, field.child.fields)) for part in parts]))
        elif isinstance(field, serializers.ManyRelatedField):
            state.append((name, [linked.key for linked in getattr(row, field.source).all()]))
        elif isinstance(field, KeyField):
            linked = getattr(row, field.source)
            state.append((name, linked and linked.key))
    return state


def scope_of(access: Access) -> tuple:
    """What two callers have in common who see the same."""
    return access.signed_in, access.sees_everything, tuple(sorted(access.partner_ids))


def _etag(*parts) -> str:
    # With another version of the API comes another body of the same rows.
    told = (settings.SPECTACULAR_SETTINGS["VERSION"], *parts)
    digest = hashlib.blake2b(repr(told).encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=12)
    return f'"{digest.hexdigest()}"'
