"""What changes several rows at once: assets offered to another partner, and the answer to it."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from assets.choices import HandoverState, ItemState
from assets.models import Asset, Handover, HandoverItem
from assets.models.handover import ANSWERED_ONCE
from firenze_digitale.access import access_of
from partners.models import Partner, Referent

NAMED = 3


class SeenOtherwise(ValidationError):
    """What is offered is not any more what the person who accepts was shown."""


def offer(who, giver: Partner, receiver: Partner, assets: Iterable[Asset] | None, message: str = "") -> Handover:
    """Offer assets of `giver` to `receiver`.

    Args:
        who: makes the offer.
        assets: None: all that `giver` has, and what it adds until the answer.

    Raises:
        PermissionDenied: `who` does not answer for the giver.
        ValidationError: there is nothing to offer, an asset is another's, or it lies in an open offer already.
    """
    everything = assets is None
    with transaction.atomic():
        handover = Handover(
            giver=giver, receiver=receiver, everything=everything, message=message, offered_by=_person(who)
        )
        if not handover.may_be_stored_by(who):
            raise PermissionDenied
        handover.full_clean()
        rows = Asset.objects.filter(owner=giver)
        if not everything:
            keys = {asset.pk for asset in assets}
            rows = rows.filter(pk__in=keys)
        # Two offers of the same asset wait for one another here.
        held = list(rows.select_for_update().order_by("pk"))
        if not held or (not everything and len(held) < len(keys)):
            raise ValidationError(_("Offer assets of %(giver)s, at least one.") % {"giver": giver})
        _refuse_offered_twice(held)
        handover.save()
        HandoverItem.objects.bulk_create([HandoverItem.of(handover, asset) for asset in held], batch_size=1_000)
    return handover


def accept(who, handover: Handover, seen: str, contact: Referent | None = None) -> int:
    """Make the receiver the owner of what is offered, all at once, and return how many assets passed.

    Args:
        who: answers for the receiver.
        seen: the fingerprint of what `who` was shown.
        contact: a referent of the receiver, for all of the assets; nobody: they have no contact for now.

    Raises:
        PermissionDenied: the answer is not for `who` to give.
        SeenOtherwise: something has changed since it was shown.
        ValidationError: the offer has been answered meanwhile, nothing of it is left, or the contact is another's.
    """
    with transaction.atomic():
        held = _held(handover, Handover.objects.awaiting(who))
        offered = held.assets_now(held=True)
        if held.fingerprint(offered) != seen:
            raise SeenOtherwise(_("Something in this offer has changed since you opened the page: look at it again."))
        passing = [row for row in offered if row.would_pass]
        if not passing:
            raise ValidationError(_("Nothing is left of this offer to accept: decline it."))
        if contact and contact.partner_id != held.receiver_id:
            raise ValidationError({"contact": _("The contact must be a referent of the new owner.")})
        added = [HandoverItem.of(held, row.asset) for row in passing if row.state == ItemState.ADDED]
        HandoverItem.objects.bulk_create(added, batch_size=1_000)
        # Asset.may_be_stored_by asks the same of one row.
        items = held.items.open_between(held.giver_id, held.receiver_id).filter(asset__owner_id=held.giver_id)
        keys = list(items.values_list("asset_id", flat=True))
        Asset.objects.filter(pk__in=keys).update(owner=held.receiver, contact=contact)
        held.items.filter(asset__in=keys).update(passed=True)
        _answer(who, held, HandoverState.ACCEPTED)
    return len(keys)


def decline(who, handover: Handover) -> None:
    """Leave what is offered with its owner. Raises as `accept` does."""
    with transaction.atomic():
        _answer(who, _held(handover, Handover.objects.awaiting(who)), HandoverState.DECLINED)


def withdraw(who, handover: Handover) -> None:
    """Take back an offer before it is answered. Raises as `accept` does."""
    with transaction.atomic():
        _answer(who, _held(handover, Handover.objects.withdrawable_by(who)), HandoverState.WITHDRAWN)


def _refuse_offered_twice(assets: list[Asset]) -> None:
    offered = HandoverItem.objects.filter(asset__in=assets, handover__state=HandoverState.OFFERED)
    names = sorted(set(offered.values_list("code", flat=True)))
    if names:
        told = ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
        raise ValidationError(
            _("These lie in another offer that awaits its answer: %(codes)s. Withdraw that one first.")
            % {"codes": told}
        )


def _held(handover: Handover, answerable) -> Handover:
    """The open offer, which nobody else answers until the transaction ends."""
    Handover.objects.select_for_update().get(pk=handover.pk)
    found = answerable.select_related("giver", "receiver").filter(pk=handover.pk).first()
    if found is None:
        if Handover.objects.open().filter(pk=handover.pk).exists():
            raise PermissionDenied
        raise ValidationError(ANSWERED_ONCE)
    return found


def _answer(who, handover: Handover, state: HandoverState) -> None:
    handover.state, handover.answered_by, handover.answered_at = state, _person(who), timezone.now()
    handover.full_clean()
    handover.save()


def _person(who):
    """The account behind `who`; None for a partner's system or an operator."""
    return who if getattr(who, "pk", None) and access_of(who).signed_in else None
