"""Bodies larger than the largest file that may be sent are refused before anything reads them."""

from django.conf import settings
from django.shortcuts import render

from firenze_digitale.problems import TOO_LARGE, on_the_api

# What a form adds around its file.
ENVELOPE = 2**20


def too_large_page(request):
    return render(request, "413.html", {"limit": settings.MAX_UPLOAD_SIZE}, status=413)


too_large = on_the_api(413, TOO_LARGE, too_large_page)


class BodySizeMiddleware:
    """Answers 413 by the length that the request declares; without one Django reads no body at all."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        declared = request.META.get("CONTENT_LENGTH") or "0"
        if declared.isdecimal() and int(declared[:20]) > settings.MAX_UPLOAD_SIZE + ENVELOPE:
            return too_large(request)
        return self.get_response(request)
