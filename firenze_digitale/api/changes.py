"""The changes feed: what happened to all that a caller may see, in the order of commits, for systems that follow."""

import base64
import hashlib
import json

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from firenze_digitale.access import access_of
from firenze_digitale.api.authentication import refuse_out_of_reach
from firenze_digitale.api.conditional import scope_of
from firenze_digitale.api.fields import ObjectField
from firenze_digitale.api.filtering import check_names
from firenze_digitale.api.lists import OPTIONS
from firenze_digitale.changes import (
    CREATED,
    DELETED,
    THROUGH,
    UPDATED,
    Page,
    Place,
    StartAnew,
    earliest_place,
    entries_after,
    latest_place,
)
from firenze_digitale.resource_names import RESOURCES

LATEST = "latest"
DEFAULT_LIMIT, MOST = 100, 500
PARAMETERS = {"after", "kind", "limit"}
BAD_CURSOR = _("The cursor is not one that this feed gave out: follow “next”, or start with “latest”.")
BAD_LIMIT = _("Write a number from 1 to %(most)s.")
BAD_KIND = _("There is no “%(kind)s”. Known: %(known)s.")
GONE = _(
    "The feed does not go on from here: start again from an export, with the cursor that “latest” gives you before."
)
ABOUT = """Everything that the caller may see, in the order in which it was stored: what was added, what was changed and
which of its fields, and what was deleted or is no more to be seen. Nothing is skipped, however late it was committed.

**To start**: ask with `after=latest`, and keep `next`; then read the lists, to the end; then follow `next`.
**To follow**: put in place, by `kind` and `key`, the `data` of every entry; where `change` is `deleted`, take away what
is there. `data` is the body as it is when you read it, so an entry may be applied twice, and may come early: applied in
their order, the entries leave you with what the lists show. Go on at once while `more` is true, and later with the same
`next`: it is always an address to ask again. A page may be short, or empty, while `more` is true.

Where `fields` names what changed, what follows from it (`kind`, `last_day`, `progress`, `updated_at`) is not named.
What is told of one transaction comes kind by kind: placements before the asset that they come into sight with.
A row with a new key is told as `deleted` under the old one and as `created` under the new one.

The answer is **410** where the feed does not reach back to the cursor (changes are kept for some months), where the
caller sees more or less than when the cursor was given out, or where keys that other rows are told by have changed:
start again. Without `after`, the feed begins with the oldest change that it still has."""


class Gone(APIException):
    """The log does not go on from the cursor."""

    status_code = status.HTTP_410_GONE
    default_detail = GONE
    default_code = "gone"


class EntrySerializer(serializers.Serializer):
    """What happened to one row, and its body as it is now."""

    kind = serializers.ChoiceField(choices=sorted(RESOURCES), help_text="The resource that the row belongs to.")
    key = serializers.CharField(max_length=250, help_text="The row's key, as its address ends.")
    change = serializers.ChoiceField(choices=[CREATED, UPDATED, DELETED])
    fields_changed = serializers.ListField(
        child=serializers.CharField(max_length=50),
        max_length=100,
        allow_null=True,
        help_text="Which fields changed, where the row was there before and is still there.",
    )
    at = serializers.DateTimeField(help_text="When the change was begun.")
    data = ObjectField(allow_null=True, help_text="The body, as the row's address has it; null where it is `deleted`.")

    def get_fields(self):
        """`fields` is what serializers call their own."""
        fields = super().get_fields()
        return {name.replace("fields_changed", "fields"): field for name, field in fields.items()}


class ChangesSerializer(serializers.Serializer):
    """A page of the feed."""

    next = serializers.URLField(max_length=4000, help_text="Where to go on, now or later.")
    more = serializers.BooleanField(help_text="Whether there is more already.")
    results = EntrySerializer(many=True)


class ChangesView(APIView):
    """What happened to all that the caller may see, in the order in which it was stored."""

    @extend_schema(
        operation_id="changes",
        summary="Follow changes",
        description=ABOUT,
        tags=["changes"],
        parameters=[
            OpenApiParameter(
                "after",
                {"type": "string", "minLength": 1, "maxLength": 500, "pattern": "^[A-Za-z0-9_-]+$"},
                description="The cursor of the last page, as its `next` has it; `latest`: no entries, only `next`.",
            ),
            OpenApiParameter(
                "kind",
                {"type": "array", "items": {"type": "string", "enum": sorted(RESOURCES)}, "maxItems": len(RESOURCES)},
                description="Only changes of these resources, commas between them; else all that the caller reaches.",
                style="form",
                explode=False,
            ),
            OpenApiParameter(
                "limit",
                {"type": "integer", "format": "int32", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT},
                description="Changes a page.",
            ),
        ],
        responses={200: ChangesSerializer, 410: None},
    )
    def get(self, request):
        check_names(request, PARAMETERS)
        limit, kinds, after = _limit(request), _kinds(request), request.GET.get("after")
        scope = scope_told(request.user)
        try:
            page = _page(after, request.user, scope, kinds, limit)
        except StartAnew as error:
            raise Gone from error
        address = replace_query_param(request.build_absolute_uri(), "after", cursor_of(page.place, scope))
        body = {"next": address, "more": page.more, "results": page.entries}
        return HttpResponse(orjson.dumps(body, option=OPTIONS), "application/json")


def scope_told(who) -> str:
    """A name of what `who` sees: whoever sees more or less has another one. Resources out of reach are as `kind` is."""
    scope = repr(scope_of(access_of(who)))
    return hashlib.blake2b(scope.encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=8).hexdigest()


def cursor_of(place: Place, scope: str) -> str:
    """The place as callers are given it."""
    change_id = -1 if place.change_id == THROUGH else place.change_id
    return base64.urlsafe_b64encode(json.dumps([place.position, change_id, scope]).encode()).decode().rstrip("=")


def place_at(cursor: str, scope: str) -> Place:
    """The place that a cursor names.

    Raises:
        ValidationError: it is none.
        StartAnew: it was given to somebody who saw more or less.
    """
    try:
        told = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        position, change_id, told_to = told
        is_place = type(position) is type(change_id) is int and type(told_to) is str
    except (ValueError, TypeError, RecursionError) as error:
        raise ValidationError({"after": [BAD_CURSOR]}) from error
    if not is_place or not 0 <= position < THROUGH or not -1 <= change_id < THROUGH:
        raise ValidationError({"after": [BAD_CURSOR]})
    if told_to != scope:
        raise StartAnew
    return Place(position, THROUGH if change_id == -1 else change_id)


def _page(after: str | None, who, scope: str, kinds: frozenset[str] | None, limit: int) -> Page:
    if after == LATEST:
        return Page([], latest_place(), more=False)
    place = earliest_place() if after is None else place_at(after, scope)
    return entries_after(place, who, kinds, limit)


def _limit(request) -> int:
    told = request.GET.get("limit", str(DEFAULT_LIMIT))
    if not (told.isascii() and told.isdecimal() and len(told) <= 3 and 1 <= int(told) <= MOST):
        raise ValidationError({"limit": [BAD_LIMIT % {"most": MOST}]})
    return int(told)


def _kinds(request) -> frozenset[str] | None:
    """The resources to tell of; None: all that the caller reaches."""
    kinds = request.GET["kind"].split(",") if "kind" in request.GET else []
    for kind in kinds:
        if kind not in RESOURCES:
            raise ValidationError({"kind": [BAD_KIND % {"kind": kind[:100], "known": ", ".join(sorted(RESOURCES))}]})
        refuse_out_of_reach(request.user, kind)
    return frozenset(kinds) or None
