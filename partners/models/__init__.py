"""Organisations of the network, the people and systems that answer for them, and what they signed."""

from partners.models.memorandum import Memorandum, Signature
from partners.models.partner import Partner
from partners.models.people import ApiCredential, PartnerSystem, Referent, User
from partners.models.study import Monograph, Study

__all__ = [
    "ApiCredential",
    "Memorandum",
    "Monograph",
    "Partner",
    "PartnerSystem",
    "Referent",
    "Signature",
    "Study",
    "User",
]
