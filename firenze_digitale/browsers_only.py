"""What only browsers need: requests of partners' systems, which carry a token, pass it by.

Policies for pages, sessions and accounts take a third of the time in which a list is known to be unchanged.
"""

from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware

from firenze_digitale.api.requests import is_of_system


class PassedBySystems:
    """Mixed into a middleware: only requests of browsers go through it."""

    def __call__(self, request):
        return self.get_response(request) if is_of_system(request) else super().__call__(request)


class ContentPolicy(PassedBySystems, CSPMiddleware):
    """What a page may load."""


class Sessions(PassedBySystems, SessionMiddleware):
    """Who was here before."""


class Messages(PassedBySystems, MessageMiddleware):
    """What the next page says."""


class Accounts(AuthenticationMiddleware):
    """Who is logged in: no system is, whatever cookies come along; the gate of the API says which system it is."""

    def __call__(self, request):
        if not is_of_system(request):
            return super().__call__(request)
        request.user = AnonymousUser()
        return self.get_response(request)
