"""Filters of the lists of plans, objectives, actions, project charts and meetings."""

from django.utils.translation import gettext_lazy as _

from assets.models import Asset, Category
from firenze_digitale.facets import FacetRule
from firenze_digitale.filters import KeyFilter, RegistryFilterSet, SearchFilter, ValueFilter, YearFilter, YesNoFilter
from partners.models import Memorandum, Partner, Referent
from projects.choices import ActionStatus, ChartStatus, ParticipationRole
from projects.models import Action, ActionPlan, Meeting, Objective, Plan, ProjectChart

TITLE = ("code", "title_it", "title_en")
DESCRIPTION = ("description_it", "description_en")


def objective_filter(**options) -> KeyFilter:
    """An objective by its key, such as “plan-2016-18:3”; in a list, plan by plan."""
    return KeyFilter(
        model=Objective,
        label=_("Objective"),
        order_by=("plan__start_year", "plan_id", "number"),
        describe=lambda objective: f"{objective.plan} · {objective}",
        **options,
    )


class PlanFilter(RegistryFilterSet):
    q = SearchFilter(*TITLE, *DESCRIPTION)
    memorandum = KeyFilter(model=Memorandum, label=_("Memorandum"))
    year = YearFilter(method="of_year")

    class Meta:
        model = Plan
        fields = ()

    def of_year(self, queryset, name, year):
        return queryset.filter(start_year__lte=year, end_year__gte=year)


class ObjectiveFilter(RegistryFilterSet):
    q = SearchFilter("title_it", "title_en", *DESCRIPTION)
    plan = KeyFilter(model=Plan, label=_("Plan"))
    provisional = YesNoFilter(label=_("Provisional wording"))

    class Meta:
        model = Objective
        fields = ()


class ActionPlanFilter(RegistryFilterSet):
    q = SearchFilter("title_it", "title_en", *DESCRIPTION)
    plan = KeyFilter(model=Plan, label=_("Plan"))
    year = YearFilter()

    class Meta:
        model = ActionPlan
        fields = ()


class ActionFilter(RegistryFilterSet):
    q = SearchFilter(*TITLE, *DESCRIPTION)
    plan = KeyFilter(field_name="action_plan__plan", model=Plan, label=_("Plan"))
    year = YearFilter(field_name="action_plan__year")
    objective = objective_filter(field_name="objectives")
    status = ValueFilter(choices=ActionStatus.choices, label=_("Status"))

    class Meta:
        model = Action
        fields = ()


class ProjectChartFilter(RegistryFilterSet):
    q = SearchFilter(*TITLE, *DESCRIPTION, "summary_it", "summary_en")
    plan = KeyFilter(model=Plan, label=_("Plan"), method="of_plan")
    objective = objective_filter(method="of_objective")
    partner = KeyFilter(model=Partner, label=_("Partner"), method="with_partner")
    role = ValueFilter(choices=ParticipationRole.choices, label=_("Role of the partner"), method="with_role")
    status = ValueFilter(choices=ChartStatus.choices, label=_("Status"))
    year = YearFilter(method="of_year")
    category = KeyFilter(model=Category, label=_("Category of the assets used"), method="using_category")
    asset = KeyFilter(model=Asset, label=_("Asset used"), method="using_asset", typed=True)

    FACETS = (FacetRule("status", "status"),)

    class Meta:
        model = ProjectChart
        fields = ()

    def of_plan(self, queryset, name, plan):
        return queryset.of_plan(plan)

    def of_objective(self, queryset, name, objective):
        return queryset.pursuing(objective)

    def with_partner(self, queryset, name, partner):
        role = self.form.cleaned_data.get("role")
        return queryset.with_part(partner=partner, role=role) if role else queryset.with_part(partner=partner)

    def with_role(self, queryset, name, role):
        """Of any partner: together with a partner, `with_partner` looks for the role."""
        return queryset if self.form.cleaned_data.get("partner") else queryset.with_part(role=role)

    def of_year(self, queryset, name, year):
        return queryset.under_way_in(year)

    def using_category(self, queryset, name, category):
        return queryset.using_assets(Asset.objects.visible_to(self.who).within_category(category))

    def using_asset(self, queryset, name, asset):
        return queryset.using_assets([asset])


class MeetingFilter(RegistryFilterSet):
    q = SearchFilter(*TITLE, "place", "minutes_it", "minutes_en")
    year = YearFilter(field_name="held_on__year")
    partner = KeyFilter(model=Partner, label=_("Partner who took part"), method="with_partner")

    class Meta:
        model = Meeting
        fields = ()

    def with_partner(self, queryset, name, partner):
        return queryset.attended_by(Referent.objects.visible_to(self.who).filter(partner=partner))
