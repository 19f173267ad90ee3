"""Pages of errors where Django would show its own."""

from django.http import Http404
from django.urls import Resolver404, resolve

from firenze_digitale.problems import not_found


class NotFoundMiddleware:
    """Answers what does not exist with the registry's own page, also where DEBUG is on and Django lists its routes."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        try:
            resolve(request.path_info)
        except Resolver404 as error:
            return not_found(request, error)
        return self.get_response(request)

    def process_exception(self, request, exception):
        return not_found(request, exception) if isinstance(exception, Http404) else None
