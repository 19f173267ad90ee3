"""Bodies that no door can read are refused before anything tries: too large ones, and those not in UTF-8."""

import codecs

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.shortcuts import render
from django.views import defaults

from firenze_digitale.problems import INVALID, NO_LENGTH, TOO_LARGE, on_the_api

# What a form adds around its file.
ENVELOPE = 2**20


def too_large_page(request):
    return render(request, "413.html", {"limit": settings.MAX_UPLOAD_SIZE}, status=413)


def unreadable_page(request, exception):
    """Tell too long a text apart from a form that nobody can read."""
    if isinstance(exception, RequestDataTooBig):
        return render(request, "413.html", {"pasted_limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE}, status=413)
    return defaults.bad_request(request, exception)


too_large = on_the_api(413, TOO_LARGE, too_large_page)
unreadable = on_the_api(400, INVALID, unreadable_page)
unmeasured = on_the_api(411, NO_LENGTH, unreadable_page)


class ReadableBodyMiddleware:
    """Judges by what the request declares. Django takes a body of no declared length for none at all."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        declared = request.META.get("CONTENT_LENGTH") or "0"
        if declared == "0" and "HTTP_TRANSFER_ENCODING" in request.META:
            return unmeasured(request, None)
        if declared.isdecimal() and int(declared[:20]) > settings.MAX_UPLOAD_SIZE + ENVELOPE:
            return too_large(request)
        if not is_utf_8(request.content_params.get("charset", "utf-8")):
            return unreadable(request, None)
        return self.get_response(request)


def is_utf_8(charset: str) -> bool:
    """Whether `charset` is a name of UTF-8; other encodings can say what the database cannot hold."""
    try:
        return codecs.lookup(charset).name == "utf-8"
    except (LookupError, ValueError):
        return False
