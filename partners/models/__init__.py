"""Organisations of the network, the people and systems that answer for them, and what they signed."""

from partners.models.changes import Change, ChangeBatch
from partners.models.memorandum import Memorandum, Signature
from partners.models.partner import Partner
from partners.models.people import ApiCredential, PartnerSystem, Referent, User
from partners.models.study import Monograph, Study
from partners.models.traffic import CredentialDay, KeptAnswer, RequestWindow, requests_by_day
from partners.models.webhook import Webhook, WebhookDelivery

__all__ = [
    "ApiCredential",
    "Change",
    "ChangeBatch",
    "CredentialDay",
    "KeptAnswer",
    "Memorandum",
    "Monograph",
    "Partner",
    "PartnerSystem",
    "Referent",
    "RequestWindow",
    "Signature",
    "Study",
    "User",
    "Webhook",
    "WebhookDelivery",
    "requests_by_day",
]
