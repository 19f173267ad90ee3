"""The gate of the API: who calls, how much they may ask in a minute, and headers that tell what is left of it.

A request is counted once, wherever it goes: to the credential that it carries, to the account of who is logged in, or
to the address that it comes from. A wrong token counts to the address, which bounds how many can be tried.
"""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _

from firenze_digitale import problems
from firenze_digitale.api.requests import API, SCHEME, has_token
from firenze_digitale.client_address import client_address
from partners import admission
from partners.models import PartnerSystem
from partners.tokens import Token

#: Asked by those who watch over the registry, as often as they like.
STATUS = f"{API}status"
#: The part of an IPv6 address that one subscriber is given.
SUBSCRIBER_BITS = 64
NO_LIMIT = 10**9

UNWRITTEN = _("Write the header as “Authorization: Bearer” and your token.")
NOT_WHOLE = _("The token is not whole: a character of it is missing or wrong. Copy it again.")
NOT_VALID = _("The token is not valid, has expired or was revoked: ask for a new one.")
TOO_MANY = _("Too many requests in this minute: at most %(limit)s. Go on in %(seconds)s seconds.")


@dataclass(frozen=True, slots=True)
class Passage:
    """One request at the gate: the system that calls if one does, why its token is refused, and the count."""

    limit: int
    count: admission.Count
    system: PartnerSystem | None = None
    refusal: object = None

    @property
    def is_barred(self) -> bool:
        return self.count.requests > self.limit

    def headers(self) -> dict[str, str]:
        """What is left of the minute (draft-ietf-httpapi-ratelimit-headers, as AGID's guidelines have it)."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.count.requests)),
            "RateLimit-Reset": str(self.count.seconds_left),
        }


class GateMiddleware:
    """Lets who keeps to a limit come to the API, and whoever carries a credential to any page."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not (request.path_info.startswith(API) or has_token(request)):
            return self.get_response(request)
        try:
            passage = passage_of(request)
        except (OperationalError, InterfaceError) as error:
            passage = uncounted(settings.API_LIMIT_PER_ADDRESS)
            response = problems.unavailable(error)
        else:
            response = too_many(passage) if passage.is_barred else self.get_response(request)
        for name, value in passage.headers().items():
            response.headers[name] = value
        return response


def passage_of(request) -> Passage:
    """The passage of a request, which counts it the first time it is asked for."""
    passage = getattr(request, "passage", None)
    if passage is None:
        passage = request.passage = _pass(request)
    return passage


def uncounted(limit: int) -> Passage:
    return Passage(limit, admission.Count(0, 60))


def too_many(passage: Passage):
    """The answer to who asks more than they may: 429, and when to go on."""
    seconds = passage.count.seconds_left
    detail = TOO_MANY % {"limit": passage.limit, "seconds": seconds}
    return problems.answer(429, detail, headers={"Retry-After": str(seconds)})


def _pass(request) -> Passage:
    if request.path_info == STATUS:
        return uncounted(NO_LIMIT)
    header = request.META.get("HTTP_AUTHORIZATION", "")
    refusal = None
    if header:
        admitted, refusal = _admitted(header)
        if admitted:
            return Passage(settings.API_LIMIT_PER_CREDENTIAL, admitted[1], system=admitted[0])
    elif settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
        return Passage(settings.API_LIMIT_PER_CREDENTIAL, admission.count(f"account:{request.user.pk}"))
    return Passage(settings.API_LIMIT_PER_ADDRESS, admission.count(subject_of(request)), refusal=refusal)


def _admitted(header: str) -> tuple[tuple[PartnerSystem, admission.Count] | None, object]:
    """The system that a header `Authorization` tells of (RFC 6750), or why there is none."""
    scheme, _space, text = header.partition(" ")
    if scheme.lower() != SCHEME or not text.strip():
        return None, UNWRITTEN
    token = Token.read(text.strip())
    if token is None:
        return None, NOT_VALID
    if not token.is_whole:
        return None, NOT_WHOLE
    return admission.admit(token), NOT_VALID


def subject_of(request) -> str:
    """Whom an anonymous request is counted to: its address, or the network of a subscriber's many."""
    told = client_address(request)
    if told is None:
        return "address:unknown"
    address = ip_address(told)
    if address.version == 6:
        address = address.ipv4_mapped or ip_network((int(address), SUBSCRIBER_BITS), strict=False)
    return f"address:{address}"
