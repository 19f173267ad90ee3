"""The OpenAPI document: what drf-spectacular cannot read off the views is said here."""

from firenze_digitale.openapi.operations import CredentialScheme, RegistrySchema

__all__ = ["CredentialScheme", "RegistrySchema"]
