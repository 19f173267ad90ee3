"""The organisations of the network."""

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from firenze_digitale.base_models import (
    Coded,
    Named,
    RegistryModel,
    Sourced,
    dates_in_order,
    one_of,
    well_formed_code,
)
from firenze_digitale.change_log import logged
from firenze_digitale.history import recorded
from firenze_digitale.rules import Rule
from firenze_digitale.searching import Searched, search_indexes, words_of
from partners.changes import PARTNERS
from partners.choices import PartnerKind, Sector
from partners.querysets import PartnerQuerySet
from partners.validators import (
    IPA_PATTERN,
    VAT_PATTERN,
    validate_ipa_code,
    validate_vat_number,
)

PARTNER_LIKENESS = ("name_it", "name_en", "legal_name")
PARTNER_WORDS = words_of(("name_it", "name_en", "legal_name"), codes=("code",))

CITY_STAYS = _("The city administration stays what it is: add another partner instead.")
SUCCESSION_LOOP = _("A partner cannot succeed itself, directly or through others: choose another successor.")


@recorded()
@logged(PARTNERS)
class Partner(Coded, Named, Sourced, RegistryModel):
    """An organisation of the network: the City, an agency, an association."""

    legal_name = models.CharField(_("legal name"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=30, choices=PartnerKind)
    sector = models.CharField(_("sector"), max_length=30, choices=Sector, blank=True)
    website = models.URLField(_("website"), blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    certified_email = models.EmailField(_("certified e-mail (PEC)"), blank=True)
    ipa_code = models.CharField(_("IPA code"), max_length=20, blank=True, validators=[validate_ipa_code])
    vat_number = models.CharField(_("VAT number"), max_length=11, blank=True, validators=[validate_vat_number])
    joined_on = models.DateField(_("joined on"), null=True, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    successor = models.ForeignKey(
        "self",
        verbose_name=_("successor"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        help_text=_("The partner that carries on: it keeps what this one shared, and its history stays."),
    )

    SEARCHED = Searched(PARTNER_WORDS, PARTNER_LIKENESS)
    objects = PartnerQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        ordering = ["name_it", "id"]
        constraints = [
            well_formed_code("partner"),
            one_of("partner", "kind", PartnerKind),
            dates_in_order(
                "partner", "joined_on", "left_on", _("A partner cannot leave before it has joined: correct the dates.")
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(kind="city"),
                name="partner_one_city",
                violation_error_message=_("There is one city administration, and it is already in the registry."),
            ),
            models.UniqueConstraint(
                fields=["vat_number"],
                condition=~models.Q(vat_number=""),
                name="partner_vat_number_unique",
                violation_error_message=_("Another partner has this VAT number."),
            ),
            models.UniqueConstraint(
                fields=["ipa_code"],
                condition=~models.Q(ipa_code=""),
                name="partner_ipa_code_unique",
                violation_error_message=_("Another partner has this IPA code."),
            ),
            models.CheckConstraint(
                name="partner_vat_number_form",
                condition=models.Q(vat_number="") | models.Q(vat_number__regex=VAT_PATTERN),
                violation_error_message=_("An Italian VAT number has 11 digits."),
            ),
            models.CheckConstraint(
                name="partner_ipa_code_form",
                condition=models.Q(ipa_code="") | models.Q(ipa_code__regex=IPA_PATTERN),
                violation_error_message=validate_ipa_code.message,
            ),
        ]
        indexes = search_indexes("partner", words=PARTNER_WORDS, likeness=PARTNER_LIKENESS)
        triggers = [
            *RegistryModel.Meta.triggers,
            Rule(
                name="partner_succession_without_loop",
                # One succession at a time, or two of them could close a loop together.
                before="PERFORM pg_advisory_xact_lock(hashtext('partner_succession'));",
                refuses="""EXISTS (
                    WITH RECURSIVE heirs(id) AS (
                        SELECT NEW.successor_id
                        UNION SELECT p.successor_id FROM partners_partner p JOIN heirs ON p.id = heirs.id
                    ) SELECT 1 FROM heirs WHERE id = NEW.id)""",
                condition=pgtrigger.Condition("NEW.successor_id IS NOT NULL"),
                message=SUCCESSION_LOOP,
                field="successor",
            ),
            Rule(
                name="partner_city_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.kind = 'city' AND NEW.kind <> 'city'"),
                refuses="TRUE",
                message=CITY_STAYS,
                field="kind",
            ),
        ]

    def clean(self):
        super().clean()
        stored = type(self).objects.filter(pk=self.pk).values_list("kind", flat=True).first()
        if stored == PartnerKind.CITY != self.kind:
            raise ValidationError({"kind": CITY_STAYS})
        seen, heir = {self.pk}, self.successor
        while heir is not None:
            if heir.pk in seen and self.pk is not None:
                raise ValidationError({"successor": SUCCESSION_LOOP})
            seen.add(heir.pk)
            heir = heir.successor

    def get_absolute_url(self):
        return reverse("partner-detail", args=[self.code])
