"""The way from a partner's page to the offer of its assets: partners know nothing of assets."""

from django import template

from assets.desk.handover import offer_url
from assets.models import Handover

register = template.Library()


@register.simple_tag
def offer_all_url(partner, who) -> str:
    """Address of the page where all assets of `partner` are offered; empty where that is not for `who` to do."""
    return offer_url([("partner", partner.pk)]) if Handover.may_be_offered_by(who, partner.pk) else ""
