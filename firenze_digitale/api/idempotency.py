"""A POST that is sent again under the same `Idempotency-Key` is not carried out again, and has the first answer.

The header is that of draft-ietf-httpapi-idempotency-key-header. What was done and the answer that tells of it are
stored in one transaction: neither is ever there without the other. Of two at once, the second waits for the first. Only
what was done is kept: a request that was refused has stored nothing, and may be corrected under the same key.
"""

import hashlib
import json
import re
from functools import partial

from django.core.files.uploadedfile import UploadedFile
from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from psycopg2.errors import LockNotAvailable
from rest_framework import exceptions, status

from firenze_digitale import problems
from firenze_digitale.rules import readable_refusals
from partners.models import KeptAnswer, PartnerSystem

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST = 255
WRITTEN = re.compile(rf"[!-~]{{1,{LONGEST}}}")
#: How long the second of two at once waits for the first.
PATIENCE = "5s"

ILL_WRITTEN = _("It is 1 to %(most)s visible ASCII characters, for example a UUID.")
OTHER_REQUEST = _("This key was used for another request: choose a new key for a new request.")
AT_WORK = _("A request with this key is still at work: send it again in a moment.")

#: A row of one's own, or none where an answer is kept that is not a day old yet.
RESERVE = """
    INSERT INTO partners_keptanswer AS kept (credential_id, key, fingerprint, headers, body)
    VALUES (%s, %s, %s, '{}', '')
    ON CONFLICT (credential_id, key)
        DO UPDATE SET fingerprint = excluded.fingerprint, created_at = statement_timestamp()
    WHERE kept.created_at < statement_timestamp() - interval '1 day'
    RETURNING id
"""


class OtherRequest(exceptions.APIException):
    """The key stands for another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = OTHER_REQUEST
    default_code = "other_request"


class AtWork(problems.Conflict):
    """The first request with this key is not done yet."""

    default_detail = AT_WORK
    wait = 5


class OnceByKey:
    """Mixin of API views: a POST with a key is carried out once."""

    #: Actions whose answers hold a secret, which is kept nowhere: their keys are ignored.
    unkept: frozenset[str] = frozenset()

    def initial(self, request, *args, **kwargs):
        """Put the key in front of the handler, inside of what turns errors into problems."""
        super().initial(request, *args, **kwargs)
        if request.method == "POST" and HEADER in request.headers and hasattr(self, "post") and keeps_answers(self):
            self.post = partial(_once, self, self.post)


def keeps_answers(view) -> bool:
    """Whether a POST to the view may be sent again under its key."""
    return isinstance(view, OnceByKey) and getattr(view, "action", None) not in view.unkept


def _once(view, handler, request, *args, **kwargs) -> HttpResponse:
    key = request.headers[HEADER].strip()
    if not WRITTEN.fullmatch(key):
        raise exceptions.ValidationError({HEADER: [ILL_WRITTEN % {"most": LONGEST}]})
    if not isinstance(request.user, PartnerSystem):
        return handler(request, *args, **kwargs)
    credential, fingerprint = request.user.credential.pk, fingerprint_of(request)
    with readable_refusals(), transaction.atomic():
        reserved = _reserve(credential, key, fingerprint)
        if reserved is None:
            return _first_answer(credential, key, fingerprint)
        response = _written(view, request, handler(request, *args, **kwargs))
        if not status.is_success(response.status_code):
            transaction.set_rollback(True)
        else:
            KeptAnswer.objects.filter(pk=reserved).update(
                status=response.status_code, headers=dict(response.items()), body=response.content
            )
    return response


def _reserve(credential: int, key: str, fingerprint: str) -> int | None:
    """Take the key for this transaction; None where it stands for an answer already."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, TRUE)", [PATIENCE])
        try:
            cursor.execute(RESERVE, [credential, key, fingerprint])
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise AtWork from error
            raise
        row = cursor.fetchone()
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    return row and row[0]


def _first_answer(credential: int, key: str, fingerprint: str) -> HttpResponse:
    kept = KeptAnswer.objects.get(credential_id=credential, key=key)
    if kept.fingerprint != fingerprint:
        raise OtherRequest
    return HttpResponse(bytes(kept.body), status=kept.status, headers={**kept.headers, REPLAYED: "true"})


def _written(view, request, response: HttpResponse) -> HttpResponse:
    """The response with its body, which DRF would only write when the transaction is over."""
    if hasattr(response, "render"):
        response.accepted_renderer = request.accepted_renderer
        response.accepted_media_type = request.accepted_media_type
        response.renderer_context = view.get_renderer_context()
        response.render()
    return response


def fingerprint_of(request) -> str:
    """SHA-256 of what makes a request this one: method, address and what its body says."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    _add(digest, request.data)
    return digest.hexdigest()


def _add(digest, data) -> None:
    if isinstance(data, UploadedFile):
        for chunk in data.chunks():
            digest.update(chunk)
        data.seek(0)
    elif hasattr(data, "lists"):
        for name, values in sorted(data.lists()):
            digest.update(json.dumps([name, len(values)]).encode())
            for value in values:
                _add(digest, value)
    else:
        digest.update(json.dumps(data, sort_keys=True).encode())
