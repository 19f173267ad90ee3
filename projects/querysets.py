"""Who sees and who changes plans and charts, and the joins of their lists."""

from datetime import date

from django.db.models import (
    BooleanField,
    Case,
    Count,
    DateField,
    Exists,
    ExpressionWrapper,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from firenze_digitale.access import access_of
from firenze_digitale.base_models import PlanFactQuerySet, RegistryQuerySet, Visibility
from firenze_digitale.states import event_model_of, last_states_of_the_gone, states_of
from projects.chart_counts import ChartCounts
from projects.choices import WRITTEN_BY_LEAD, ChartStatus, ParticipationRole
from projects.plan_counts import MilestoneCounts, PartCounts, PlanCounts


class PlanQuerySet(PlanFactQuerySet):
    def for_list(self):
        return self.select_related("memorandum")

    def with_objectives(self, who):
        """Objectives, each with `charts_count`: how many charts that `who` may see pursue it."""
        objectives = self.model._meta.get_field("objectives").related_model.objects
        return self.for_list().prefetch_related(
            Prefetch("objectives", queryset=objectives.with_count_of("charts", who))
        )

    def for_page(self, who):
        """Joins of a plan's page: what it pursues, what was done, who signed; charts only as far as `who` sees them."""
        actions = self.model._meta.get_field("action_plans").related_model._meta.get_field("actions").related_model
        charts = actions._meta.get_field("charts").related_model.objects.visible_to(who).with_progress()
        return self.with_objectives(who).prefetch_related(
            "action_plans__actions__objectives",
            Prefetch("action_plans__actions__charts", queryset=charts),
            "memorandum__signatures__partner",
        )

    def current(self, year: int, who):
        """The plan of the given year, else the latest one with charts that `who` may see, else the latest one.

        Of several that are alike, the one that was there first.
        """
        charts = self.model._meta.get_field("objectives").related_model._meta.get_field("charts").related_model.objects
        pursued = charts.model.objectives.through.objects.filter(
            objective__plan=OuterRef("pk"), projectchart__in=charts.visible_to(who)
        )
        is_of_year = Q(start_year__lte=year, end_year__gte=year)
        ranked = self.alias(is_of_year=ExpressionWrapper(is_of_year, BooleanField()), is_pursued=Exists(pursued))
        return ranked.order_by("-is_of_year", "-is_pursued", "-start_year", "id").first()


class ObjectiveQuerySet(PlanFactQuerySet):
    def for_list(self):
        return self.select_related("plan")


class ActionPlanQuerySet(PlanFactQuerySet):
    def for_list(self):
        return self.select_related("plan")


class ActionQuerySet(PlanFactQuerySet):
    def for_list(self):
        return self.select_related("action_plan__plan").prefetch_related("objectives__plan")


class ProjectChartQuerySet(ChartCounts, PlanCounts, RegistryQuerySet):
    """Drafts are their participants' and city staff's; the others follow their visibility."""

    def visible_to(self, who):
        access = access_of(who)
        if access.sees_everything:
            return self.all()
        rule = Q(visibility=Visibility.PUBLIC)
        if access.signed_in:
            rule |= Q(visibility=Visibility.NETWORK)
        rule &= ~Q(status=ChartStatus.DRAFT)
        if access.partner_ids:
            rule |= Q(Exists(self._participations().filter(partner_id__in=access.partner_ids)))
        return self.filter(rule)

    def changeable_by(self, who):
        """City staff change every chart; the partner that leads one changes it until it is approved."""
        rows = self.written_by(who)
        return rows if access_of(who).steers else rows.filter(status__in=WRITTEN_BY_LEAD)

    def written_by(self, who):
        """Charts that `who` changes at some time of their life: every chart for city staff, else those led."""
        access = access_of(who)
        if access.steers:
            return self.all()
        if not access.writes or not access.partner_ids:
            return self.none()
        leads = self._participations().filter(partner_id__in=access.partner_ids, role=ParticipationRole.LEAD)
        return self.filter(Exists(leads))

    def deletable_by(self, who):
        return self.changeable_by(who).filter(status=ChartStatus.DRAFT)

    def gone_for(self, who):
        """Its parts went with a chart: who led it is what their own last states say."""
        access = access_of(who)
        gone = last_states_of_the_gone(states_of(self.model))
        if access.steers:
            return gone
        if not access.writes or not access.partner_ids:
            return gone.none()
        participation = self.model._meta.get_field("participations").related_model
        led = event_model_of(participation).objects.filter(
            chart_id=OuterRef("pgh_obj_id"),
            pgh_context_id=OuterRef("pgh_context_id"),
            pgh_label="delete",
            role=ParticipationRole.LEAD,
            partner_id__in=access.partner_ids,
        )
        return gone.filter(Exists(led), status__in=WRITTEN_BY_LEAD)

    def kept_by(self, who):
        """Charts that the partners of `who` take part in; every chart for city staff."""
        access = access_of(who)
        return (
            self.all()
            if access.steers
            else self.filter(Exists(self._participations().filter(partner_id__in=access.partner_ids)))
        )

    def discussed_by(self, who):
        """Charts of which `who` reads and writes comments: every chart for city staff, else those taken part in."""
        access = access_of(who)
        if access.sees_everything:
            return self.all()
        return self.filter(Exists(self._participations().filter(partner_id__in=access.partner_ids)))

    def partly_changeable_by(self, who):
        """Charts of which `who` may change the whole, or its own part."""
        parts = self.model._meta.get_field("participations").related_model.objects.changeable_by(who)
        whole = self.model.objects.changeable_by(who)
        return self.filter(Q(Exists(parts.filter(chart=OuterRef("pk")))) | Q(pk__in=whole.values("pk")))

    def with_progress(self):
        """Add `milestone_count` and `milestones_done`: progress is counted, never typed in."""
        return self.annotate(
            milestone_count=Count("milestones", distinct=True),
            milestones_done=Count("milestones", filter=Q(milestones__done_on__isnull=False), distinct=True),
        )

    def for_list(self):
        return self.with_progress().prefetch_related("participations__partner", "objectives__plan")

    def for_timeline(self):
        """Joins of a plan's picture: milestones, and what is pursued."""
        return self.with_progress().prefetch_related("milestones", "objectives").order_by("title_it", "id")

    def for_detail(self, who=None):
        """Joins of a chart's page or API body; what `who` may not see of other apps is left out."""
        return self.with_progress().prefetch_related(
            "participations__partner",
            "objectives__plan",
            "actions__action_plan__plan",
            "milestones",
            "documents",
            Prefetch("asset_uses", queryset=self._asset_uses().visible_to(who).for_list()),
        )

    def for_page(self, who):
        """Joins of a chart's page: `for_detail`, whom to ask about it, and where it was born, as far as `who` sees."""
        referents = self._related("participations", "partner", "referents").objects.visible_to(who)
        meetings = self.model._meta.get_field("born_in").related_model.objects.visible_to(who)
        return self.for_detail(who).prefetch_related(
            Prefetch("participations__partner__referents", queryset=referents.active().order_by("name", "id")),
            Prefetch("asset_uses__asset__contact", queryset=referents),
            Prefetch("born_in", queryset=meetings.order_by("held_on", "id")),
        )

    def for_export(self, who):
        """Joins of a row in a file."""
        return self.with_progress().prefetch_related(
            "participations__partner",
            "objectives__plan",
            "actions__action_plan",
            Prefetch("asset_uses", queryset=self._asset_uses().visible_to(who).for_list()),
        )

    def for_api(self, who):
        return self.for_detail(who)

    def with_part(self, **part):
        """Charts with a participation like the given one: `partner`, `role`, or both."""
        return self.filter(Exists(self._participations().filter(**part)))

    def of_plan(self, plan):
        """Charts that pursue an objective of a plan, or carry out one of its actions."""
        through, carried_out = self.model.objectives.through.objects, self.model.actions.through.objects
        pursued = through.filter(projectchart=OuterRef("pk"), objective__plan=plan)
        actions = carried_out.filter(projectchart=OuterRef("pk"), action__action_plan__plan=plan)
        return self.filter(Q(Exists(pursued)) | Q(Exists(actions)))

    def pursuing(self, objective):
        """Charts that pursue an objective."""
        links = self.model.objectives.through.objects.filter(projectchart=OuterRef("pk"), objective=objective)
        return self.filter(Exists(links))

    def under_way_in(self, year: int):
        """Charts whose dates touch a year, or that carry out an action planned for it."""
        return self.filter(self.is_under_way_in(year))

    def is_under_way_in(self, year: int) -> Q:
        """The same as a condition on charts."""
        actions = self.model.actions.through.objects.filter(projectchart=OuterRef("pk"), action__action_plan__year=year)
        begun = Q(starts_on__lte=date(year, 12, 31)) & (Q(ends_on=None) | Q(ends_on__gte=date(year, 1, 1)))
        return begun | Q(Exists(actions))

    def using_assets(self, assets):
        """Charts that put to use one of the given assets."""
        return self.filter(Exists(self._asset_uses().filter(chart=OuterRef("pk"), asset__in=assets)))

    def for_sorted_list(self):
        """Joins of a list that can be sorted by what is not a field."""
        return self.for_list().with_sort_keys()

    def with_sort_keys(self):
        """Add `start_key` and `status_key` to sort by: never null; no first day comes last of the latest first."""
        order = [When(status=status, then=Value(place)) for place, status in enumerate(ChartStatus.values)]
        return self.annotate(
            start_key=Coalesce("starts_on", Value(date.min, DateField())),
            status_key=Case(*order, default=Value(len(order)), output_field=IntegerField()),
        )

    def _participations(self):
        return self.model._meta.get_field("participations").related_model.objects.filter(chart=OuterRef("pk"))

    def _asset_uses(self):
        return self._related("asset_uses").objects.all()

    def _related(self, *path: str):
        """The model at the end of a path of relations."""
        model = self.model
        for name in path:
            model = model._meta.get_field(name).related_model
        return model


class ChartPartQuerySet(RegistryQuerySet):
    """Participations, milestones and documents follow their chart."""

    def _charts(self):
        return self.model._meta.get_field("chart").related_model.objects.all()

    def visible_to(self, who):
        if access_of(who).sees_everything:
            return self.all()
        return self.filter(chart__in=self._charts().visible_to(who))

    def changeable_by(self, who):
        return self.filter(chart__in=self._charts().changeable_by(who))

    def for_list(self):
        return self.select_related("chart")

    def replaced_by_a_list(self):
        """Parts that go where a list of parts is given that leaves them out."""
        return self


class ChartDocumentQuerySet(ChartPartQuerySet):
    """Documents of charts."""

    def replaced_by_a_list(self):
        """Links alone: a file cannot be sent in a list, so a list does not take one away."""
        return self.filter(file="")


class ParticipationQuerySet(PartCounts, ChartPartQuerySet):
    """A partner writes its own part in a chart, whoever leads it."""

    def changeable_by(self, who):
        access = access_of(who)
        rule = Q(chart__in=self._charts().changeable_by(who))
        if access.writes and access.partner_ids:
            rule |= Q(partner_id__in=access.partner_ids)
        return self.filter(rule)

    def deletable_by(self, who):
        """Whoever leads a chart keeps the lead: only city staff hand it on."""
        rows = super().changeable_by(who)
        return rows if access_of(who).steers else rows.exclude(role=ParticipationRole.LEAD)

    def for_list(self):
        return self.select_related("chart", "partner")


class MilestoneQuerySet(MilestoneCounts, ChartPartQuerySet):
    """Steps of a chart, by the day until which they are to be done."""


class AssetUseQuerySet(ChartPartQuerySet):
    """Seen by who sees both the chart and the asset."""

    def visible_to(self, who):
        if access_of(who).sees_everything:
            return self.all()
        assets = self.model._meta.get_field("asset").related_model.objects
        return super().visible_to(who).filter(asset__in=assets.visible_to(who))

    def for_list(self):
        return self.select_related("chart", "asset__owner", "asset__category")
