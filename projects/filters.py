"""Filters of the lists of plans, objectives, actions, project charts and meetings."""

from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from assets.models import Asset, Category
from firenze_digitale.facets import FacetRule
from firenze_digitale.filters import (
    DayFilter,
    KeyFilter,
    RegistryFilterSet,
    SearchFilter,
    ValueFilter,
    WordsFilter,
    YearFilter,
    YesNoFilter,
    start_of,
)
from partners.models import Memorandum, Partner, Referent
from projects.choices import DUE_WITHIN, ActionStatus, ChartStatus, ParticipationRole
from projects.models import Action, ActionPlan, Meeting, Milestone, Objective, Plan, ProjectChart
from projects.querysets import ProjectChartQuerySet

DUE = [
    ("overdue", _("overdue")),
    *((str(days), format_lazy(_("in the next {days} days"), days=days)) for days in DUE_WITHIN),
    ("done", _("done")),
]


def objective_filter(**options) -> KeyFilter:
    """An objective by its key, such as “plan-2016-18:3”; in a list, plan by plan, with the years of its plan."""
    return KeyFilter(
        model=Objective,
        label=_("Objective"),
        order_by=("plan__start_year", "plan_id", "number"),
        describe=lambda objective: f"{objective} ({objective.plan.start_year}–{objective.plan.end_year})",
        **options,
    )


class PlanFilter(RegistryFilterSet):
    q = WordsFilter()
    memorandum = KeyFilter(model=Memorandum, label=_("Memorandum"))
    year = YearFilter(method="of_year")

    class Meta:
        model = Plan
        fields = ()

    def of_year(self, queryset, name, year):
        return queryset.filter(start_year__lte=year, end_year__gte=year)


class ObjectiveFilter(RegistryFilterSet):
    q = WordsFilter()
    plan = KeyFilter(model=Plan, label=_("Plan"))
    provisional = YesNoFilter(label=_("Provisional wording"))

    class Meta:
        model = Objective
        fields = ()


class ActionPlanFilter(RegistryFilterSet):
    q = WordsFilter()
    plan = KeyFilter(model=Plan, label=_("Plan"))
    year = YearFilter()

    class Meta:
        model = ActionPlan
        fields = ()


class ActionFilter(RegistryFilterSet):
    q = WordsFilter()
    plan = KeyFilter(field_name="action_plan__plan", model=Plan, label=_("Plan"))
    year = YearFilter(field_name="action_plan__year")
    objective = objective_filter(field_name="objectives")
    status = ValueFilter(choices=ActionStatus.choices, label=_("Status"))

    class Meta:
        model = Action
        fields = ()


class ProjectChartFilter(RegistryFilterSet):
    q = WordsFilter()
    plan = KeyFilter(model=Plan, label=_("Plan"), method="of_plan")
    objective = objective_filter(method="of_objective")
    partner = KeyFilter(model=Partner, label=_("Partner"), method="with_partner")
    role = ValueFilter(choices=ParticipationRole.choices, label=_("Role of the partner"), method="with_role")
    status = ValueFilter(choices=ChartStatus.choices, label=_("Status"))
    year = YearFilter(method="of_year")
    category = KeyFilter(model=Category, label=_("Category of the assets used"), method="using_category")
    asset = KeyFilter(model=Asset, label=_("Asset used"), method="using_asset", typed=True)
    together_with = KeyFilter(model=Partner, label=_("Together with"), method="with_another")
    changed_since = DayFilter(label=_("Changed since"), method="changed_from")

    FACETS = (
        FacetRule("status", "status"),
        FacetRule("plan", counted=ProjectChartQuerySet.counted_by_plan),
        FacetRule("objective", counted=ProjectChartQuerySet.counted_by_objective),
        FacetRule("partner", method="counted_by_partner"),
        FacetRule("role", method="counted_by_role"),
        FacetRule("year", method="counted_by_year"),
        FacetRule("category", method="counted_by_category"),
    )

    class Meta:
        model = ProjectChart
        fields = ()

    def counted_by_partner(self, charts):
        return charts.counted_by_partner(role=self.form.cleaned_data.get("role"))

    def counted_by_role(self, charts):
        return charts.counted_by_role(partner=self.form.cleaned_data.get("partner"))

    def counted_by_year(self, charts):
        return charts.counted_by_year(timezone.localdate())

    def counted_by_category(self, charts):
        return charts.counted_by_category(Asset.objects.visible_to(self.who))

    def of_plan(self, queryset, name, plan):
        return queryset.of_plan(plan)

    def of_objective(self, queryset, name, objective):
        return queryset.pursuing(objective)

    def with_partner(self, queryset, name, partner):
        role = self.form.cleaned_data.get("role")
        return queryset.with_part(partner=partner, role=role) if role else queryset.with_part(partner=partner)

    def with_another(self, queryset, name, partner):
        return queryset.with_part(partner=partner)

    def changed_from(self, queryset, name, day):
        return queryset.changed_since(start_of(day), self.who)

    def with_role(self, queryset, name, role):
        """Of any partner: together with a partner, `with_partner` looks for the role."""
        return queryset if self.form.cleaned_data.get("partner") else queryset.with_part(role=role)

    def of_year(self, queryset, name, year):
        return queryset.under_way_in(year)

    def using_category(self, queryset, name, category):
        return queryset.using_assets(Asset.objects.visible_to(self.who).within_category(category))

    def using_asset(self, queryset, name, asset):
        return queryset.using_assets([asset])


class MilestoneFilter(RegistryFilterSet):
    q = SearchFilter("title_it", "title_en", "chart__title_it", "chart__title_en")
    due = ValueFilter(choices=DUE, label=_("To be done"), method="of_term")
    plan = KeyFilter(model=Plan, label=_("Plan"), method="of_plan")
    partner = KeyFilter(model=Partner, label=_("Partner"), method="with_partner")

    class Meta:
        model = Milestone
        fields = ()

    def of_term(self, queryset, name, term):
        today = timezone.localdate()
        if term == "done":
            return queryset.exclude(done_on=None)
        return queryset.overdue(today) if term == "overdue" else queryset.due_within(int(term), today)

    def of_plan(self, queryset, name, plan):
        return queryset.filter(chart__in=ProjectChart.objects.of_plan(plan))

    def with_partner(self, queryset, name, partner):
        return queryset.filter(chart__in=ProjectChart.objects.with_part(partner=partner))


class MeetingFilter(RegistryFilterSet):
    q = WordsFilter()
    year = YearFilter(field_name="held_on__year")
    partner = KeyFilter(model=Partner, label=_("Partner who took part"), method="with_partner")

    FACETS = (FacetRule("year", method="counted_by_year"), FacetRule("partner", method="counted_by_partner"))

    class Meta:
        model = Meeting
        fields = ()

    def counted_by_year(self, meetings):
        return meetings.counted_by_year()

    def counted_by_partner(self, meetings):
        return meetings.counted_by_partner(self.who)

    def with_partner(self, queryset, name, partner):
        return queryset.attended_by(Referent.objects.visible_to(self.who).filter(partner=partner))
