"""Project charts (schede progetto): what partners do together, and how far it has come."""

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from firenze_digitale.access import access_of
from firenze_digitale.base_models import (
    Coded,
    Described,
    RegistryModel,
    Sourced,
    Titled,
    Translated,
    Visibility,
    dates_in_order,
    hidden_by_visibility,
    one_of,
    well_formed_code,
)
from firenze_digitale.change_log import logged, logged_part
from firenze_digitale.history import recorded, recorded_link
from firenze_digitale.rules import Rule
from firenze_digitale.searching import Searched, search_indexes, words_of
from projects.changes import CHARTS, charts_shown
from projects.choices import CHART_TRANSITIONS, STEPS_WITH_REASON, ChartStatus
from projects.models.plan import Action, Objective
from projects.querysets import ProjectChartQuerySet
from projects.signatures import signature_of

CHART_LIKENESS = ("title_it", "title_en")
CHART_WORDS = words_of(
    ("title_it", "title_en"),
    ("summary_it", "summary_en", "description_it", "description_en", "results_it", "results_en"),
    ("code",),
)

LINKS_CITY_AND_PARTNER = _(
    "A chart links an agency to the City: before it leaves draft, add the City and at least one other partner "
    "to its participants."
)
REASON_MISSING = _("Write why: those concerned read the reason of this step on the chart.")
TRANSITION_NOT_ALLOWED = _("A chart's status moves only along the allowed steps.")

# SQL: the chart with the given id has left draft without the City, or without another partner.
UNLINKED_SQL = """EXISTS (
    SELECT 1 FROM projects_projectchart c WHERE c.id = {chart} AND c.status <> 'draft'
    AND (SELECT bool_or(p.kind = 'city') AND bool_or(p.kind <> 'city') FROM projects_participation part
         JOIN partners_partner p ON p.id = part.partner_id WHERE part.chart_id = {chart}) IS NOT TRUE)"""

ALLOWED_SQL = " OR ".join(
    f"(OLD.status = '{before.value}' AND NEW.status IN ({', '.join(repr(after.value) for after in steps)}))"
    for before, steps in CHART_TRANSITIONS.items()
    if steps
)


@recorded()
@logged(CHARTS, *charts_shown())
class ProjectChart(Coded, Titled, Described, Sourced, RegistryModel):
    """A sheet that binds agencies and the City to a project: who gives what, and what each gains."""

    summary_it = models.TextField(_("summary (Italian)"), blank=True, max_length=2_000)
    summary_en = models.TextField(_("summary (English)"), blank=True, max_length=2_000)
    summary = Translated("summary")
    status = models.CharField(_("status"), max_length=20, choices=ChartStatus, default=ChartStatus.DRAFT)
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    department_it = models.CharField(_("department of the City (Italian)"), max_length=200, blank=True)
    department_en = models.CharField(_("department of the City (English)"), max_length=200, blank=True)
    department = Translated("department")
    objectives = models.ManyToManyField(Objective, verbose_name=_("objectives"), blank=True, related_name="charts")
    actions = models.ManyToManyField(Action, verbose_name=_("actions"), blank=True, related_name="charts")
    results_it = models.TextField(_("results (Italian)"), blank=True, max_length=20_000)
    results_en = models.TextField(_("results (English)"), blank=True, max_length=20_000)
    results = Translated("results")
    visibility = models.CharField(_("visibility"), max_length=20, choices=Visibility, default=Visibility.NETWORK)

    #: Codes that would be the address of another page.
    RESERVED_CODES = frozenset({"new", "export"})

    #: Of the step that the next save stores, if the status moves: why it is taken, and by whom.
    step_reason = ""
    step_by = None
    #: The comment that the last save has left of a step.
    step_taken = None

    SEARCHED = Searched(CHART_WORDS, CHART_LIKENESS)
    objects = ProjectChartQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("project chart")
        verbose_name_plural = _("project charts")
        ordering = ["title_it", "id"]
        constraints = [
            well_formed_code("projectchart"),
            one_of("projectchart", "status", ChartStatus),
            one_of("projectchart", "visibility", Visibility),
            dates_in_order(
                "projectchart", "starts_on", "ends_on", _("A project cannot end before it begins: correct the dates.")
            ),
        ]
        indexes = [
            models.Index(fields=["title_it", "id"], name="chart_by_title"),
            models.Index(fields=["updated_at", "id"], name="chart_by_change"),
            *search_indexes("chart", words=CHART_WORDS, likeness=CHART_LIKENESS),
        ]
        triggers = [
            *RegistryModel.Meta.triggers,
            Rule(
                name="chart_transition",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.status <> NEW.status"),
                refuses=f"NOT ({ALLOWED_SQL})",
                message=TRANSITION_NOT_ALLOWED,
                field="status",
            ),
            Rule(
                name="chart_links_city_and_partner",
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Condition("NEW.status <> 'draft'"),
                refuses=UNLINKED_SQL.format(chart="NEW.id"),
                message=LINKS_CITY_AND_PARTNER,
                field="status",
            ),
        ]

    def get_absolute_url(self):
        return reverse("chart-detail", args=[self.code])

    def clean(self):
        super().clean()
        stored = self._stored_status()
        if stored is None and self.status != ChartStatus.DRAFT:
            raise ValidationError({"status": _("A chart begins as a draft.")})
        if stored is None and self.code in self.RESERVED_CODES:
            raise ValidationError({"code": _("This code is the address of another page: choose another one.")})
        if stored and stored != self.status:
            self.check_move(stored, self.status)

    def save(self, *args, **kwargs):
        """Store the chart, and the step that it takes, if it takes one, for those concerned to read."""
        before = self._stored_status()
        with transaction.atomic():
            super().save(*args, **kwargs)
            self.step_taken = self._record_step(before)

    def _stored_status(self) -> str | None:
        return type(self).objects.filter(pk=self.pk).values_list("status", flat=True).first()

    def _record_step(self, before: str | None):
        after = self._stored_status()
        if before in (None, after):
            return None
        step = {"status_before": before, "status_after": after, "text": self.step_reason.strip()}
        return self.comments.create(**step, **signature_of(self.step_by))

    def check_move(self, before: str, after: str) -> None:
        """Check a change of status, of which `step_reason` says why.

        Raises:
            ValidationError: why the chart cannot move, and where it can.
        """
        if after not in CHART_TRANSITIONS.get(before, ()):
            allowed = ", ".join(str(ChartStatus(step).label) for step in CHART_TRANSITIONS.get(before, ()))
            raise ValidationError(
                {
                    "status": ValidationError(
                        _("A chart does not go from “%(before)s” to “%(after)s”. Allowed from here: %(allowed)s."),
                        params={
                            "before": ChartStatus(before).label,
                            "after": ChartStatus(after).label,
                            "allowed": allowed or _("nothing, it is closed"),
                        },
                    )
                }
            )
        if before == ChartStatus.DRAFT and not self.links_city_and_partner():
            raise ValidationError({"status": LINKS_CITY_AND_PARTNER})
        if after in STEPS_WITH_REASON and not self.step_reason.strip():
            raise ValidationError({"reason": REASON_MISSING})

    def links_city_and_partner(self) -> bool:
        kinds = list(self.participations.values_list("partner__kind", flat=True))
        return "city" in kinds and len(kinds) > 1

    def states_hidden_from(self, who):
        access = access_of(who)
        if access.sees_everything or self.participations.filter(partner_id__in=access.partner_ids).exists():
            return None
        return hidden_by_visibility(who) | models.Q(status=ChartStatus.DRAFT)

    def next_states(self) -> tuple[str, ...]:
        return CHART_TRANSITIONS[self.status]

    def states_open_to(self, who) -> list[str]:
        """States that `who` may move the chart to from here."""
        access = access_of(who)
        if access.steers:
            return list(self.next_states())
        if not self.pk or not self.may_be_changed_by(who):
            return []
        return [s for s in self.next_states() if s in (ChartStatus.PROPOSED, ChartStatus.DRAFT)]

    @property
    def progress(self) -> int | None:
        """Milestones done, in per cent; None where no milestone says anything."""
        done, total = self.milestones_progress()
        return round(100 * done / total) if total else None

    def milestones_progress(self) -> tuple[int, int]:
        """Milestones done, and milestones in all; from the annotation where the queryset has it."""
        if hasattr(self, "milestone_count"):
            return self.milestones_done, self.milestone_count
        done = [milestone.done_on is not None for milestone in self.milestones.all()]
        return sum(done), len(done)

    @classmethod
    def may_be_added_by(cls, who) -> bool:
        access = access_of(who)
        return access.steers or (access.writes and bool(access.partner_ids))

    def may_be_stored_by(self, who) -> bool:
        """A referent stores a chart that its partner leads; a new one is drafted before it has a lead."""
        access = access_of(who)
        if access.steers:
            return True
        if self.pk is None:
            return self.may_be_added_by(who) and self.status == ChartStatus.DRAFT
        stored = type(self).objects.values_list("status", flat=True).get(pk=self.pk)
        return self.may_be_changed_by(who) and self.status in (stored, ChartStatus.PROPOSED, ChartStatus.DRAFT)


@recorded_link()
@logged_part(CHARTS, "objectives", "projectchart_id")
class ChartObjective(ProjectChart.objectives.through):
    """The link between a chart and an objective, with its history."""

    class Meta:
        proxy = True


@recorded_link()
@logged_part(CHARTS, "actions", "projectchart_id")
class ChartAction(ProjectChart.actions.through):
    """The link between a chart and an action, with its history."""

    class Meta:
        proxy = True
