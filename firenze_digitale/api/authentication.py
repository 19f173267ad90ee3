"""Who calls: a partner's system by its credential, or a person who is logged in and only reads."""

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission

from firenze_digitale import history, problems
from firenze_digitale.access import access_of
from firenze_digitale.api.requests import API, has_token
from firenze_digitale.api.throttling import passage_of
from firenze_digitale.resource_names import RESOURCES

OUT_OF_REACH = _(
    "This credential does not reach “%(resource)s”, only: %(resources)s. Ask your partner's referent for another one."
)
CHALLENGE = 'Bearer realm="firenze-digitale"'


class CredentialAuthentication(BaseAuthentication):
    """A partner's system, by `Authorization: Bearer <token>` (RFC 6750). The gate has looked the token up."""

    def authenticate(self, request):
        passage = passage_of(request._request)
        if passage.refusal:
            raise AuthenticationFailed(passage.refusal)
        if passage.system is None:
            return None
        if request.method not in SAFE_METHODS:
            # A browser's session may come along; the credential is who acts.
            history.note(user=None, credential=passage.system.credential.prefix)
        return passage.system, None

    def authenticate_header(self, request):
        return CHALLENGE


class ReadOnlySessionAuthentication(BaseAuthentication):
    """A person logged in to the pages. Only for reading, so that no other site can write in their name."""

    def authenticate(self, request):
        if request.method not in SAFE_METHODS:
            return None
        user = request._request.user
        return (user, None) if user.is_authenticated and user.is_active else None


def caller_of(request, resource: str):
    """Who asks a page for what belongs to a resource of the API: a partner's system, or the person logged in.

    A token that is wrong, or that does not reach the resource, is nobody's.
    """
    if not has_token(request):
        return request.user
    system = passage_of(request).system
    return system if system and system.access.reaches(resource) else AnonymousUser()


class RegistryPermission(BasePermission):
    """Anybody reads what the querysets show them; who writes must say who they are.

    A credential that is limited to some resources reaches no other.
    """

    def has_permission(self, request, view):
        if request.method not in SAFE_METHODS and not request.user.is_authenticated:
            return False
        refuse_out_of_reach(request.user, request.path_info.removeprefix(API).partition("/")[0])
        return True


def refuse_out_of_reach(who, resource: str) -> None:
    """Refuse a credential that is limited to other resources of the API.

    Raises:
        OutOfReach: `resource` is one, and not among those.
    """
    access = access_of(who)
    if resource in RESOURCES and not access.reaches(resource):
        told = {"resource": resource, "resources": ", ".join(sorted(access.resources))}
        raise problems.OutOfReach(OUT_OF_REACH % told)
