"""What every resource of the API shares; the settings name these."""

from firenze_digitale.api.authentication import (
    CredentialAuthentication,
    ReadOnlySessionAuthentication,
    RegistryPermission,
)
from firenze_digitale.api.filtering import RegistryFilterBackend
from firenze_digitale.api.pagination import KeysetPagination
from firenze_digitale.api.parsing import MergePatchParser, StrictJSONParser

__all__ = [
    "CredentialAuthentication",
    "KeysetPagination",
    "MergePatchParser",
    "ReadOnlySessionAuthentication",
    "RegistryFilterBackend",
    "RegistryPermission",
    "StrictJSONParser",
]
