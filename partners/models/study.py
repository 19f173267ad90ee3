"""The research that the network started from."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from firenze_digitale.access import access_of
from firenze_digitale.base_models import (
    Coded,
    Described,
    RegistryModel,
    Sourced,
    Titled,
    Translated,
    well_formed_code,
)
from firenze_digitale.change_log import logged
from firenze_digitale.history import recorded
from partners.changes import MONOGRAPHS, STUDIES
from partners.models.partner import Partner
from partners.querysets import MonographQuerySet, StudyQuerySet


def plausible_year(model: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=f"{model}_year_plausible",
        condition=models.Q(year__range=(1900, 2200)),
        violation_error_message=_("Give the year with four digits, for example 2013."),
    )


@recorded()
@logged(STUDIES)
class Study(Coded, Titled, Described, Sourced, RegistryModel):
    """A piece of research on what the agencies have, with one monograph for each."""

    year = models.PositiveSmallIntegerField(_("year"))
    promoter = models.ForeignKey(
        Partner, verbose_name=_("promoter"), on_delete=models.PROTECT, related_name="promoted_studies"
    )
    video_title = models.CharField(_("title of the video"), max_length=200, blank=True)
    video_url = models.URLField(_("video"), blank=True)

    objects = StudyQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("study")
        verbose_name_plural = _("studies")
        ordering = ["year", "id"]
        constraints = [well_formed_code("study"), plausible_year("study")]


@recorded()
@logged(MONOGRAPHS)
class Monograph(Coded, Titled, Sourced, RegistryModel):
    """The part of a study that tells of one partner."""

    study = models.ForeignKey(Study, verbose_name=_("study"), on_delete=models.PROTECT, related_name="monographs")
    partner = models.ForeignKey(Partner, verbose_name=_("partner"), on_delete=models.PROTECT, related_name="monographs")
    year = models.PositiveSmallIntegerField(_("year"))
    summary_it = models.TextField(_("summary (Italian)"), blank=True, max_length=20_000)
    summary_en = models.TextField(_("summary (English)"), blank=True, max_length=20_000)
    summary = Translated("summary")
    url = models.URLField(_("text"), blank=True, max_length=500, help_text=_("Where the text can be read."))

    objects = MonographQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("monograph")
        verbose_name_plural = _("monographs")
        ordering = ["study", "partner", "id"]
        constraints = [
            well_formed_code("monograph"),
            plausible_year("monograph"),
            models.UniqueConstraint(
                fields=["study", "partner"],
                name="monograph_one_a_partner",
                violation_error_message=_("The study already has a monograph of this partner."),
            ),
        ]

    @classmethod
    def may_be_added_by(cls, who) -> bool:
        access = access_of(who)
        return access.steers or (access.writes and bool(access.partner_ids))

    def may_be_stored_by(self, who) -> bool:
        access = access_of(who)
        if access.steers:
            return True
        if not access.writes or self.partner_id not in access.partner_ids:
            return False
        stored = type(self).objects.filter(pk=self.pk).values_list("partner_id", flat=True).first()
        return self.pk is None or stored == self.partner_id
