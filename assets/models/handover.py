"""Assets that pass from one partner to another: the offer, what it holds, the answer."""

import hashlib
from dataclasses import dataclass

import pgtrigger
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assets.choices import HandoverState, ItemState
from assets.exchange_querysets import HandoverItemQuerySet, HandoverQuerySet
from assets.models.asset import Asset
from firenze_digitale.access import access_of
from firenze_digitale.base_models import Named, RegistryModel, one_of
from firenze_digitale.history import recorded
from firenze_digitale.rules import Rule, stays
from partners.models import Partner, User

SIDES_STAY = _("An offer stays between the partners that it was made between: withdraw it, and make another.")
TO_ANOTHER = _("An offer is made to another partner: choose one.")
ANSWERED_ONCE = _("This offer has been answered or withdrawn already.")


@dataclass(frozen=True)
class OfferedAsset:
    """An asset of an offer as it is now: its code and name when it was offered, and what became of it since."""

    code: str
    name: str
    state: ItemState
    asset: Asset | None

    @property
    def would_pass(self) -> bool:
        return self.state not in (ItemState.MOVED, ItemState.DELETED)


@recorded()
class Handover(RegistryModel):
    """An offer of one partner to pass assets on to another, and what came of it."""

    NATURAL_KEY = ("pk",)

    giver = models.ForeignKey(
        Partner, verbose_name=_("giving partner"), on_delete=models.PROTECT, related_name="handovers_made"
    )
    receiver = models.ForeignKey(
        Partner, verbose_name=_("receiving partner"), on_delete=models.PROTECT, related_name="handovers_received"
    )
    everything = models.BooleanField(_("all assets of the partner"), default=False)
    message = models.TextField(_("message"), blank=True, max_length=2_000)
    state = models.CharField(_("state"), max_length=20, choices=HandoverState, default=HandoverState.OFFERED)
    offered_by = models.ForeignKey(
        User, verbose_name=_("offered by"), on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    answered_by = models.ForeignKey(
        User, verbose_name=_("answered by"), on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    objects = HandoverQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("handover")
        verbose_name_plural = _("handovers")
        ordering = ["-id"]
        constraints = [
            one_of("handover", "state", HandoverState),
            models.CheckConstraint(
                name="handover_to_another",
                condition=~models.Q(giver=models.F("receiver")),
                violation_error_message=TO_ANOTHER,
            ),
            models.CheckConstraint(
                name="handover_answered_at_told",
                condition=models.Q(state=HandoverState.OFFERED, answered_at=None)
                | (~models.Q(state=HandoverState.OFFERED) & models.Q(answered_at__isnull=False)),
                violation_error_message=_("An answer has a date, and an open offer has none."),
            ),
        ]
        triggers = [
            *RegistryModel.Meta.triggers,
            stays("handover_giver_stays", "giver_id", SIDES_STAY),
            stays("handover_receiver_stays", "receiver_id", SIDES_STAY),
            Rule(
                name="handover_answered_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.state <> 'offered' AND OLD.state <> NEW.state"),
                refuses="TRUE",
                message=ANSWERED_ONCE,
                field="state",
            ),
        ]

    def __str__(self):
        return f"{self.giver} → {self.receiver}"

    def get_absolute_url(self):
        return reverse("admin:assets_handover_change", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state == HandoverState.OFFERED

    @classmethod
    def may_be_added_by(cls, who) -> bool:
        return Asset.may_be_added_by(who)

    @classmethod
    def may_be_offered_by(cls, who, giver_id: int) -> bool:
        """Whether `who` may offer assets in the name of the given partner."""
        access = access_of(who)
        return access.writes and (access.administrator or giver_id in access.partner_ids)

    @classmethod
    def fields_changeable_by(cls, who) -> frozenset[str]:
        """None: an offer is answered or withdrawn, and otherwise stays as it was made."""
        return frozenset()

    def may_be_stored_by(self, who) -> bool:
        return self.may_be_offered_by(who, self.giver_id)

    def assets_now(self, held: bool = False) -> list[OfferedAsset]:
        """What the offer holds, each as it is now; of an accepted one, what changed hands.

        Args:
            held: the assets stay as they are until the transaction ends.
        """
        items = list(self.items.order_by("name_it", "id"))
        if not self.is_open:
            told = (item for item in items if item.passed or self.state != HandoverState.ACCEPTED)
            return [OfferedAsset(item.code, item.name, ItemState.AS_OFFERED, None) for item in told]
        mine = models.Q(owner_id=self.giver_id) if self.everything else models.Q()
        rows = Asset.objects.filter(mine | models.Q(pk__in=[item.asset_id for item in items]))
        rows = rows.select_for_update().order_by("pk") if held else rows.order_by("name_it", "pk")
        assets = {asset.pk: asset for asset in rows}
        offered = [self._now(item, assets.pop(item.asset_id, None)) for item in items]
        if self.everything:
            offered += [OfferedAsset(a.code, a.name, ItemState.ADDED, a) for a in assets.values()]
        return offered

    def _now(self, item: "HandoverItem", asset: Asset | None) -> OfferedAsset:
        if asset is None:
            state = ItemState.DELETED
        elif asset.owner_id != self.giver_id:
            state = ItemState.MOVED
        else:
            state = ItemState.CHANGED if asset.updated_at > item.seen_at else ItemState.AS_OFFERED
        return OfferedAsset(item.code, item.name, state, asset)

    @staticmethod
    def fingerprint(offered: list[OfferedAsset]) -> str:
        """A word for the state of what is offered, to tell whether it is still what somebody was shown."""
        seen = sorted(f"{row.code} {row.state} {row.asset and row.asset.updated_at}" for row in offered)
        return hashlib.sha256("\n".join(seen).encode()).hexdigest()


@recorded()
class HandoverItem(Named):
    """One asset in an offer, under the code and name that it had then."""

    handover = models.ForeignKey(Handover, on_delete=models.CASCADE, related_name="items", db_index=False)
    asset = models.ForeignKey(Asset, on_delete=models.SET_NULL, null=True, related_name="handover_items")
    code = models.CharField(_("code"), max_length=100)
    seen_at = models.DateTimeField(_("as changed last at"))
    passed = models.BooleanField(_("changed hands"), default=False)

    objects = HandoverItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("asset handed over")
        verbose_name_plural = _("assets handed over")
        ordering = ["name_it", "id"]
        constraints = [models.UniqueConstraint(fields=["handover", "asset"], name="handover_item_once")]

    @classmethod
    def of(cls, handover: Handover, asset: Asset) -> "HandoverItem":
        """The asset as it is now, as a part of the offer."""
        return cls(
            handover=handover,
            asset=asset,
            code=asset.code,
            name_it=asset.name_it,
            name_en=asset.name_en,
            seen_at=asset.updated_at,
        )
