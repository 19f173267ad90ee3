"""Who calls: a partner's system by its credential, or a person who is logged in and only reads."""

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission

from firenze_digitale import history
from partners.models import ApiCredential, PartnerSystem

SCHEME = "Bearer"


class CredentialAuthentication(BaseAuthentication):
    """A partner's system, by `Authorization: Bearer <token>` (RFC 6750)."""

    def authenticate(self, request):
        header = get_authorization_header(request)
        if not header:
            return None
        scheme, _space, token = header.decode("latin-1").partition(" ")
        if scheme.lower() != SCHEME.lower() or not token.strip():
            raise AuthenticationFailed(_("Write the header as “Authorization: Bearer” and your token."))
        credential = ApiCredential.for_token(token.strip())
        if credential is None:
            raise AuthenticationFailed(_("The token is not valid, has expired or was revoked: ask for a new one."))
        credential.note_use()
        # A browser's session may come along; the credential is who acts.
        history.note(user=None, credential=credential.prefix)
        return PartnerSystem(credential), credential

    def authenticate_header(self, request):
        return f'{SCHEME} realm="firenze-digitale"'


class ReadOnlySessionAuthentication(BaseAuthentication):
    """A person logged in to the pages. Only for reading, so that no other site can write in their name."""

    def authenticate(self, request):
        if request.method not in SAFE_METHODS:
            return None
        user = request._request.user
        return (user, None) if user.is_authenticated and user.is_active else None


def caller_of(request):
    """Whoever asks for a file that pages and the API both lead to: a partner's system, or the person logged in."""
    try:
        found = CredentialAuthentication().authenticate(request)
    except AuthenticationFailed:
        return AnonymousUser()
    return found[0] if found else request.user


class RegistryPermission(BasePermission):
    """Anybody reads what the querysets show them; who writes must say who they are."""

    def has_permission(self, request, view):
        return request.method in SAFE_METHODS or request.user.is_authenticated
