"""What belongs to a project chart: which partners take part, the assets it puts to use, its milestones."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from assets.changes import ASSETS
from assets.models import Asset
from firenze_digitale.access import access_of
from firenze_digitale.base_models import RegistryModel, Sourced, Titled, Translated, one_of
from firenze_digitale.change_log import logged_part
from firenze_digitale.history import recorded
from firenze_digitale.rules import Rule
from partners.models import Partner
from projects.changes import CHARTS, assets_shown, charts_joined
from projects.choices import ChartStatus, ParticipationRole
from projects.models.chart import LINKS_CITY_AND_PARTNER, UNLINKED_SQL, ProjectChart
from projects.querysets import AssetUseQuerySet, MilestoneQuerySet, ParticipationQuerySet


class ChartPart(RegistryModel):
    """What belongs to a chart and follows it."""

    chart: models.ForeignKey

    class Meta(RegistryModel.Meta):
        abstract = True

    def shown_with(self):
        return self.chart

    @classmethod
    def may_be_added_by(cls, who) -> bool:
        return ProjectChart.may_be_added_by(who)

    def may_be_stored_by(self, who) -> bool:
        return self.chart.may_be_changed_by(who)


@recorded()
@pgtrigger.register(*charts_joined())
@logged_part(CHARTS, "participations", "chart_id")
class Participation(Sourced, ChartPart):
    """A partner's part in a chart: what it gives, and what it gains."""

    NATURAL_KEY = ("chart__code", "partner__code")

    chart = models.ForeignKey(
        ProjectChart, verbose_name=_("chart"), on_delete=models.CASCADE, related_name="participations"
    )
    partner = models.ForeignKey(
        Partner, verbose_name=_("partner"), on_delete=models.PROTECT, related_name="participations"
    )
    role = models.CharField(_("role"), max_length=20, choices=ParticipationRole, default=ParticipationRole.PARTICIPANT)
    gives_it = models.TextField(_("gives (Italian)"), blank=True, max_length=5_000)
    gives_en = models.TextField(_("gives (English)"), blank=True, max_length=5_000)
    gives = Translated("gives")
    gains_it = models.TextField(_("gains (Italian)"), blank=True, max_length=5_000)
    gains_en = models.TextField(_("gains (English)"), blank=True, max_length=5_000)
    gains = Translated("gains")

    #: What a partner writes of its own part in a chart that another leads.
    OWN_PART = frozenset({"gives_it", "gives_en", "gains_it", "gains_en"})

    objects = ParticipationQuerySet.as_manager()

    class Meta(ChartPart.Meta):
        verbose_name = _("participation")
        verbose_name_plural = _("participations")
        ordering = ["chart", "role", "id"]
        constraints = [
            one_of("participation", "role", ParticipationRole),
            models.UniqueConstraint(
                fields=["chart", "partner"],
                name="participation_once_a_chart",
                violation_error_message=_("The partner already takes part in the chart."),
            ),
            models.UniqueConstraint(
                fields=["chart"],
                condition=models.Q(role="lead"),
                name="participation_one_lead",
                violation_error_message=_("The chart already has a lead: one partner leads a chart."),
            ),
        ]
        triggers = [
            *RegistryModel.Meta.triggers,
            Rule(
                name="participation_keeps_chart_linked",
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                operation=pgtrigger.Update | pgtrigger.Delete,
                # Waits for whoever is moving the chart along, who counts on this part.
                before="PERFORM 1 FROM projects_projectchart WHERE id = OLD.chart_id FOR NO KEY UPDATE;",
                refuses=UNLINKED_SQL.format(chart="OLD.chart_id"),
                message=LINKS_CITY_AND_PARTNER,
            ),
        ]

    def __str__(self):
        return f"{self.partner} ({self.get_role_display()})"

    def may_be_stored_by(self, who) -> bool:
        access = access_of(who)
        if super().may_be_stored_by(who):
            return access.steers or self._keeps_lead(access)
        if self._founds_chart(access):
            return True
        stored = type(self).objects.filter(pk=self.pk).first()
        if stored is None or not access.writes or stored.partner_id not in access.partner_ids:
            return False
        kept = [f.attname for f in self._meta.concrete_fields if f.name not in self.OWN_PART and f.editable]
        return all(getattr(self, name) == getattr(stored, name) for name in kept)

    def _keeps_lead(self, access) -> bool:
        """Whether the lead stays with whom it was, or with another partner of the same referent."""
        stored = type(self).objects.filter(pk=self.pk).first()
        if stored is None or stored.role != ParticipationRole.LEAD:
            return True
        is_kept = (self.role, self.partner_id) == (stored.role, stored.partner_id)
        return is_kept or bool(access.partner_ids - {stored.partner_id})

    def _founds_chart(self, access) -> bool:
        """Whether it is the first part in a draft, that of who drafted it and will lead it."""
        own_lead = self.role == ParticipationRole.LEAD and self.partner_id in access.partner_ids
        is_first = own_lead and self.pk is None and not self.chart.participations.exists()
        return access.writes and is_first and self.chart.status == ChartStatus.DRAFT


@recorded()
@logged_part(CHARTS, "asset_uses", "chart_id", names=(ASSETS, "asset_id"))
class AssetUse(Sourced, ChartPart):
    """An asset that a chart puts to use, and what for."""

    NATURAL_KEY = ("chart__code", "asset__code")

    chart = models.ForeignKey(
        ProjectChart, verbose_name=_("chart"), on_delete=models.CASCADE, related_name="asset_uses"
    )
    asset = models.ForeignKey(Asset, verbose_name=_("asset"), on_delete=models.PROTECT, related_name="uses")
    purpose_it = models.TextField(_("purpose (Italian)"), blank=True, max_length=5_000)
    purpose_en = models.TextField(_("purpose (English)"), blank=True, max_length=5_000)
    purpose = Translated("purpose")

    objects = AssetUseQuerySet.as_manager()

    class Meta(ChartPart.Meta):
        verbose_name = _("asset in use")
        verbose_name_plural = _("assets in use")
        ordering = ["chart", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["chart", "asset"],
                name="asset_use_once_a_chart",
                violation_error_message=_("The chart already uses this asset."),
            ),
        ]

    def __str__(self):
        return str(self.asset)

    def told_as_use(self) -> str:
        return str(self.chart)


@recorded()
@logged_part(CHARTS, "milestones", "chart_id")
class Milestone(Titled, Sourced, ChartPart):
    """A step of a chart that is done by a day. Progress is counted from these."""

    NATURAL_KEY = ("chart__code", "title_it")

    chart = models.ForeignKey(
        ProjectChart, verbose_name=_("chart"), on_delete=models.CASCADE, related_name="milestones"
    )
    due_on = models.DateField(_("due on"))
    done_on = models.DateField(_("done on"), null=True, blank=True)

    objects = MilestoneQuerySet.as_manager()

    class Meta(ChartPart.Meta):
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ["chart", "due_on", "id"]
        indexes = [models.Index(fields=["due_on", "id"], name="milestone_by_day")]
        constraints = [
            models.UniqueConstraint(
                fields=["chart", "title_it"],
                name="milestone_title_in_chart",
                violation_error_message=_("The chart already has a milestone with this title."),
            ),
        ]


@pgtrigger.register(*assets_shown())
class AssetInCharts(Asset):
    """An asset as charts and meetings name it: only to whoever sees it."""

    class Meta:
        proxy = True
