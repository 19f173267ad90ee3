"""How long answers of the API hold (RFC 9111), and for whom."""

from django.utils.cache import patch_vary_headers

from firenze_digitale.api.requests import API

#: It may be kept by whoever asked, who asks again with `If-None-Match` before using it.
ASK_AGAIN = "private, no-cache"
NEVER = "no-store"


class CacheControlMiddleware:
    """What is read is asked for again before it is used; answers to writing, and errors, are not kept."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if request.path.startswith(API) and not response.has_header("Cache-Control"):
            read = request.method in ("GET", "HEAD") and response.status_code in (200, 304)
            response.headers["Cache-Control"] = ASK_AGAIN if read else NEVER
            patch_vary_headers(response, ("Authorization",))
        return response
