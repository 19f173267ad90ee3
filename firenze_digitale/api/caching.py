"""How long answers of the API hold (RFC 9111), and for whom."""

from django.utils.cache import patch_vary_headers, set_response_etag

from firenze_digitale.api.conditional import is_known
from firenze_digitale.api.requests import API

#: It may be kept by whoever asked, who asks again with `If-None-Match` before using it.
ASK_AGAIN = "private, no-cache"
NEVER = "no-store"
HEADERS_OF_BODIES = ("Content-Type", "Content-Length")


class CacheControlMiddleware:
    """What is read is asked for again before it is used; answers to writing, and errors, are not kept."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not request.path.startswith(API):
            return response
        is_read = request.method in ("GET", "HEAD") and response.status_code in (200, 304)
        if is_read and not response.streaming and not response.has_header("ETag"):
            tell_by_content(request, response)
        if not response.has_header("Cache-Control"):
            response.headers["Cache-Control"] = ASK_AGAIN if is_read else NEVER
            patch_vary_headers(response, ("Authorization",))
        return response


def tell_by_content(request, response) -> None:
    """Give an answer whose view knows no better an ETag made of its content, which whoever has it is not sent again."""
    set_response_etag(response)
    if is_known(request, response.headers["ETag"]):
        response.status_code, response.content = 304, b""
        for name in HEADERS_OF_BODIES:
            del response.headers[name]
