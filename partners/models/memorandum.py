"""What the partners signed together."""

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from firenze_digitale.base_models import (
    Coded,
    Described,
    RegistryModel,
    Sourced,
    Titled,
    dates_in_order,
    one_of,
    well_formed_code,
)
from firenze_digitale.change_log import logged, logged_part
from firenze_digitale.history import recorded
from firenze_digitale.rules import Rule
from partners.changes import MEMORANDA
from partners.choices import SignatureRole
from partners.models.partner import Partner
from partners.querysets import MemorandumQuerySet, SignatureQuerySet

RENEWAL_IN_ORDER = _("A memorandum renews one that began before it.")


@recorded()
@logged(MEMORANDA)
class Memorandum(Coded, Titled, Described, Sourced, RegistryModel):
    """The memorandum of understanding under which a plan is carried out."""

    url = models.URLField(_("text"), blank=True, max_length=500, help_text=_("Where the text can be read."))
    signed_on = models.DateField(_("signed on"), null=True, blank=True)
    starts_on = models.DateField(_("valid from"))
    ends_on = models.DateField(_("valid to"))
    extended_to = models.DateField(_("extended to"), null=True, blank=True)
    renews = models.OneToOneField(
        "self",
        verbose_name=_("renews"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="renewed_by",
    )

    objects = MemorandumQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("memorandum")
        verbose_name_plural = _("memoranda")
        ordering = ["starts_on", "id"]
        constraints = [
            well_formed_code("memorandum"),
            dates_in_order(
                "memorandum", "starts_on", "ends_on", _("A memorandum cannot end before it begins: correct the dates.")
            ),
            dates_in_order(
                "memorandum",
                "ends_on",
                "extended_to",
                _("An extension cannot end before the memorandum: correct the dates."),
            ),
        ]
        triggers = [
            *RegistryModel.Meta.triggers,
            Rule(
                name="memorandum_renewal_in_order",
                before="PERFORM pg_advisory_xact_lock(hashtext('memorandum_renewal'));",
                refuses="""EXISTS (SELECT 1 FROM partners_memorandum earlier
                    WHERE earlier.id = NEW.renews_id AND earlier.starts_on >= NEW.starts_on)
                    OR EXISTS (SELECT 1 FROM partners_memorandum later
                    WHERE later.renews_id = NEW.id AND later.starts_on <= NEW.starts_on)""",
                condition=pgtrigger.Condition("TRUE"),
                message=RENEWAL_IN_ORDER,
                field="renews",
            ),
        ]

    def clean(self):
        super().clean()
        if self.renews_id and self.starts_on and self.renews.starts_on >= self.starts_on:
            raise ValidationError({"renews": RENEWAL_IN_ORDER})

    @property
    def last_day(self):
        """The day until which it holds, extension included."""
        return self.extended_to or self.ends_on


@recorded()
@logged_part(MEMORANDA, "signatures", "memorandum_id")
class Signature(Sourced, RegistryModel):
    """A partner's part in a memorandum."""

    NATURAL_KEY = ("memorandum__code", "partner__code", "role")

    memorandum = models.ForeignKey(
        Memorandum, verbose_name=_("memorandum"), on_delete=models.CASCADE, related_name="signatures"
    )
    partner = models.ForeignKey(Partner, verbose_name=_("partner"), on_delete=models.PROTECT, related_name="signatures")
    role = models.CharField(_("role"), max_length=20, choices=SignatureRole, default=SignatureRole.SIGNATORY)
    signed_on = models.DateField(_("signed on"), null=True, blank=True)

    objects = SignatureQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ["memorandum", "partner", "id"]
        constraints = [
            one_of("signature", "role", SignatureRole),
            models.UniqueConstraint(
                fields=["memorandum", "partner", "role"],
                name="signature_once_a_role",
                violation_error_message=_("The partner has already signed in this role."),
            ),
        ]

    def __str__(self):
        return f"{self.partner} ({self.get_role_display()})"
