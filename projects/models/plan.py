"""The three-year plan: what it is for, and what is done each year."""

import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from firenze_digitale.base_models import (
    Coded,
    Described,
    RegistryModel,
    Sourced,
    Titled,
    one_of,
    well_formed_code,
)
from firenze_digitale.change_log import logged, logged_part
from firenze_digitale.history import recorded, recorded_link
from firenze_digitale.rules import Rule, stays
from firenze_digitale.searching import Searched, words_of
from partners.models import Memorandum
from projects.changes import ACTION_PLANS, ACTIONS, OBJECTIVES, PLANS
from projects.choices import ActionStatus
from projects.querysets import (
    ActionPlanQuerySet,
    ActionQuerySet,
    ObjectiveQuerySet,
    PlanQuerySet,
)

YEARS = [MinValueValidator(1900), MaxValueValidator(2200)]
TITLES, DESCRIPTIONS = ("title_it", "title_en"), ("description_it", "description_en")
# A plan has some tens of rows: they are searched without an index.
SEARCHED = Searched(words_of(TITLES, DESCRIPTIONS), TITLES)
SEARCHED_BY_CODE = Searched(words_of(TITLES, DESCRIPTIONS, ("code",)), TITLES)
YEAR_OF_PLAN = _("The year of an action plan is one of the years of its plan.")
PLAN_YEARS_IN_USE = _("An action plan of a year outside these years exists: move or delete it first.")
STAYS_IN_PLAN = _("It stays in its plan: add a new one to the other plan.")
OBJECTIVE_OF_SAME_PLAN = _("An action pursues objectives of its own plan: choose objectives of that plan.")


@recorded()
@logged(PLANS)
class Plan(Coded, Titled, Described, Sourced, RegistryModel):
    """A roadmap of some years that a memorandum binds the partners to."""

    memorandum = models.ForeignKey(
        Memorandum,
        verbose_name=_("memorandum"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="plans",
    )
    start_year = models.PositiveSmallIntegerField(_("first year"), validators=YEARS)
    end_year = models.PositiveSmallIntegerField(_("last year"), validators=YEARS)

    SEARCHED = SEARCHED_BY_CODE
    objects = PlanQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["start_year", "id"]
        constraints = [
            well_formed_code("plan"),
            models.CheckConstraint(
                name="plan_years_in_order",
                condition=models.Q(end_year__gte=models.F("start_year")),
                violation_error_message=_("A plan cannot end before it begins: correct the years."),
            ),
        ]
        triggers = [
            *RegistryModel.Meta.triggers,
            Rule(
                name="plan_years_in_use",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.start_year <> NEW.start_year OR OLD.end_year <> NEW.end_year"),
                before="PERFORM 1 FROM projects_plan WHERE id = NEW.id FOR UPDATE;",
                refuses="EXISTS (SELECT 1 FROM projects_actionplan p WHERE p.plan_id = NEW.id"
                " AND p.year NOT BETWEEN NEW.start_year AND NEW.end_year)",
                message=PLAN_YEARS_IN_USE,
            ),
        ]

    def clean(self):
        super().clean()
        outside = models.Q(year__lt=self.start_year or 0) | models.Q(year__gt=self.end_year or 0)
        if self.pk and self.action_plans.filter(outside).exists():
            raise ValidationError(PLAN_YEARS_IN_USE)

    @property
    def years(self) -> range:
        return range(self.start_year, self.end_year + 1)

    def get_absolute_url(self):
        return f"{reverse('plan')}?plan={self.code}"


@recorded()
@logged(OBJECTIVES)
class Objective(Titled, Described, Sourced, RegistryModel):
    """One of the numbered objectives of a plan. Objectives are data, never code."""

    NATURAL_KEY = ("plan__code", "number")

    plan = models.ForeignKey(Plan, verbose_name=_("plan"), on_delete=models.PROTECT, related_name="objectives")
    number = models.PositiveSmallIntegerField(_("number"), validators=[MinValueValidator(1), MaxValueValidator(99)])
    provisional = models.BooleanField(
        _("provisional wording"), default=False, help_text=_("The official wording is still to be typed in.")
    )

    SEARCHED = SEARCHED
    objects = ObjectiveQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("objective")
        verbose_name_plural = _("objectives")
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "number"],
                name="objective_number_in_plan",
                violation_error_message=_("The plan already has an objective with this number."),
            ),
            models.CheckConstraint(
                name="objective_number_from_one",
                condition=models.Q(number__range=(1, 99)),
                violation_error_message=_("Objectives are numbered from 1 to 99."),
            ),
        ]
        triggers = [*RegistryModel.Meta.triggers, stays("objective_stays_in_plan", "plan_id", STAYS_IN_PLAN)]

    def __str__(self):
        return f"{self.number}. {self.title}"


@recorded()
@logged(ACTION_PLANS)
class ActionPlan(Titled, Described, Sourced, RegistryModel):
    """The plan of action of one year."""

    NATURAL_KEY = ("plan__code", "year")

    plan = models.ForeignKey(Plan, verbose_name=_("plan"), on_delete=models.PROTECT, related_name="action_plans")
    year = models.PositiveSmallIntegerField(_("year"), validators=YEARS)

    SEARCHED = SEARCHED
    objects = ActionPlanQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("annual action plan")
        verbose_name_plural = _("annual action plans")
        ordering = ["plan", "year"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "year"],
                name="action_plan_one_a_year",
                violation_error_message=_("The plan already has an action plan for this year."),
            ),
        ]
        triggers = [
            *RegistryModel.Meta.triggers,
            Rule(
                name="action_plan_year_of_plan",
                before="PERFORM 1 FROM projects_plan WHERE id = NEW.plan_id FOR SHARE;",
                refuses="EXISTS (SELECT 1 FROM projects_plan p WHERE p.id = NEW.plan_id"
                " AND NEW.year NOT BETWEEN p.start_year AND p.end_year)",
                message=YEAR_OF_PLAN,
                field="year",
            ),
            stays("action_plan_stays_in_plan", "plan_id", STAYS_IN_PLAN),
        ]

    def __str__(self):
        return f"{self.plan.title}: {self.year}"

    def clean(self):
        super().clean()
        if self.plan_id and self.year is not None and self.year not in self.plan.years:
            raise ValidationError({"year": YEAR_OF_PLAN})


@recorded()
@logged(ACTIONS)
class Action(Coded, Titled, Described, Sourced, RegistryModel):
    """Something that an annual plan says will be done, for one or more objectives."""

    action_plan = models.ForeignKey(
        ActionPlan, verbose_name=_("annual action plan"), on_delete=models.PROTECT, related_name="actions"
    )
    status = models.CharField(_("status"), max_length=20, choices=ActionStatus, default=ActionStatus.PLANNED)
    objectives = models.ManyToManyField(Objective, verbose_name=_("objectives"), blank=True, related_name="actions")

    SEARCHED = SEARCHED_BY_CODE
    objects = ActionQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("action")
        verbose_name_plural = _("actions")
        ordering = ["action_plan", "code"]
        constraints = [well_formed_code("action"), one_of("action", "status", ActionStatus)]
        triggers = [
            *RegistryModel.Meta.triggers,
            Rule(
                name="action_stays_with_its_objectives",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.action_plan_id <> NEW.action_plan_id"),
                refuses="""EXISTS (SELECT 1 FROM projects_action_objectives link
                    JOIN projects_objective o ON o.id = link.objective_id
                    JOIN projects_actionplan ap ON ap.id = NEW.action_plan_id
                    WHERE link.action_id = NEW.id AND o.plan_id <> ap.plan_id)""",
                message=OBJECTIVE_OF_SAME_PLAN,
                field="action_plan",
            ),
        ]


@recorded_link()
@logged_part(ACTIONS, "objectives", "action_id")
class ActionObjective(Action.objectives.through):
    """The link between an action and an objective, with its history and its rule."""

    class Meta:
        proxy = True
        triggers = [
            Rule(
                name="action_objective_of_plan",
                refuses="""EXISTS (SELECT 1 FROM projects_action a
                    JOIN projects_actionplan ap ON ap.id = a.action_plan_id
                    JOIN projects_objective o ON o.id = NEW.objective_id
                    WHERE a.id = NEW.action_id AND o.plan_id <> ap.plan_id)""",
                message=OBJECTIVE_OF_SAME_PLAN,
                field="objectives",
            )
        ]
