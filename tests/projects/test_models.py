"""Rules of plans, charts and what belongs to them."""

import pytest
from django.core.exceptions import ValidationError

from projects.choices import CHART_TRANSITIONS, ChartStatus
from projects.models import ActionPlan, AssetUse, Participation, Plan, ProjectChart
from tests import factories
from tests.refusals import refusal

pytestmark = pytest.mark.django_db


def test_an_objective_has_a_number_of_its_own_in_its_plan():
    objective = factories.objective(number=1)
    factories.objective(number=1)
    with pytest.raises(ValidationError):
        factories.objective(objective.plan, number=1)


def test_an_action_plan_is_of_a_year_of_its_plan():
    plan = factories.plan(start_year=2016, end_year=2018)
    with pytest.raises(ValidationError) as refused:
        factories.action_plan(plan, year=2019)
    assert "year" in refused.value.message_dict
    refusal(lambda: ActionPlan.objects.create(plan=plan, year=2019, title_it="x"))
    factories.action_plan(plan, year=2018)
    with pytest.raises(ValidationError):
        factories.action_plan(plan, year=2018)
    plan.end_year = 2017
    with pytest.raises(ValidationError):
        plan.full_clean()
    refusal(lambda: Plan.objects.filter(pk=plan.pk).update(end_year=2017))


def test_an_action_pursues_objectives_of_its_own_plan():
    action = factories.action()
    other = factories.objective()
    refusal(lambda: action.objectives.add(other))
    own = factories.objective(action.action_plan.plan)
    action.objectives.add(own)
    assert list(action.objectives.all()) == [own]


def test_a_chart_begins_as_a_draft():
    with pytest.raises(ValidationError) as refused:
        factories.made(ProjectChart, code="nuova", title_it="Nuova", status="approved")
    assert "status" in refused.value.message_dict


def test_a_chart_leaves_draft_with_the_city_and_one_more_partner(publiacqua, city):
    chart = factories.chart(lead=publiacqua)
    chart.status = "proposed"
    with pytest.raises(ValidationError) as refused:
        chart.full_clean()
    assert "status" in refused.value.message_dict
    refusal(lambda: ProjectChart.objects.filter(pk=chart.pk).update(status="proposed"))
    factories.made(Participation, chart=chart, partner=city)
    chart.full_clean()
    chart.save()
    assert ProjectChart.objects.get(pk=chart.pk).status == "proposed"


def test_the_city_alone_is_not_enough(city):
    chart = factories.chart(lead=city)
    refusal(lambda: ProjectChart.objects.filter(pk=chart.pk).update(status="proposed"))


def test_a_chart_under_way_keeps_the_city_and_one_more_partner(publiacqua, city):
    chart = factories.chart(lead=publiacqua, status="proposed")
    refusal(lambda: chart.participations.filter(partner=city).delete())
    refusal(lambda: chart.participations.filter(partner=publiacqua).delete())
    assert chart.participations.count() == 2


@pytest.mark.parametrize("before", ChartStatus.values)
@pytest.mark.parametrize("after", ChartStatus.values)
def test_a_chart_moves_only_along_the_allowed_steps(publiacqua, before, after):
    chart = factories.chart(lead=publiacqua, participants=[factories.city()], status=before)
    if after == before or after in CHART_TRANSITIONS[before]:
        chart.status = after
        chart.full_clean()
        ProjectChart.objects.filter(pk=chart.pk).update(status=after)
        assert ProjectChart.objects.get(pk=chart.pk).status == after
    else:
        chart.status = after
        with pytest.raises(ValidationError) as refused:
            chart.full_clean()
        assert "status" in refused.value.message_dict
        refusal(lambda: ProjectChart.objects.filter(pk=chart.pk).update(status=after))
        assert ProjectChart.objects.get(pk=chart.pk).status == before


def test_one_partner_leads_a_chart(publiacqua, silfi):
    chart = factories.chart(lead=publiacqua)
    with pytest.raises(ValidationError):
        factories.made(Participation, chart=chart, partner=silfi, role="lead")
    with pytest.raises(ValidationError):
        factories.made(Participation, chart=chart, partner=publiacqua)


def test_progress_is_counted_from_milestones():
    chart = factories.chart()
    assert chart.progress is None
    factories.milestone(chart, done_on="2017-05-01")
    factories.milestone(chart)
    factories.milestone(chart)
    assert ProjectChart.objects.get(pk=chart.pk).progress == 33
    assert ProjectChart.objects.for_list().get(pk=chart.pk).progress == 33


def test_progress_is_not_multiplied_by_other_relations(publiacqua, silfi):
    chart = factories.chart(lead=publiacqua, participants=[silfi])
    chart.objectives.set([factories.objective(), factories.objective()])
    factories.milestone(chart, done_on="2017-05-01")
    factories.milestone(chart)
    listed = ProjectChart.objects.for_list().get(pk=chart.pk)
    assert (listed.milestones_done, listed.milestone_count) == (1, 2)


def test_a_chart_uses_an_asset_once():
    use = factories.asset_use(factories.asset(), factories.chart())
    with pytest.raises(ValidationError):
        factories.asset_use(use.asset, use.chart)
    assert AssetUse.objects.count() == 1


def test_a_project_ends_after_it_begins():
    with pytest.raises(ValidationError):
        factories.chart(starts_on="2018-01-01", ends_on="2017-01-01")


def test_the_leading_partner_may_propose_but_not_approve(publiacqua, referent, city_staff):
    chart = factories.chart(lead=publiacqua, participants=[factories.city()])
    assert chart.states_open_to(referent) == ["proposed"]
    chart.status = "proposed"
    chart.save()
    assert chart.states_open_to(referent) == ["draft"]
    assert set(chart.states_open_to(city_staff)) == {"approved", "draft"}
    chart.status = "approved"
    assert not chart.may_be_stored_by(referent)
    chart.save()
    assert chart.states_open_to(referent) == []


def test_a_participant_writes_its_own_part_and_no_more(silfi, publiacqua, referent):
    chart = factories.chart(lead=silfi, participants=[publiacqua], status="approved")
    own = chart.participations.get(partner=publiacqua)
    own.gains_it = "Dati allineati"
    assert own.may_be_stored_by(referent)
    own.role = "beneficiary"
    assert not own.may_be_stored_by(referent)
    others = chart.participations.get(partner=silfi)
    assert not others.may_be_stored_by(referent)
    assert not chart.may_be_changed_by(referent)


def test_whoever_leads_a_chart_keeps_the_lead(publiacqua, silfi, referent, city_staff):
    chart = factories.chart(lead=publiacqua, participants=[silfi, factories.city()])
    own = chart.participations.get(partner=publiacqua)
    for values in ({"role": "participant"}, {"partner": factories.partner()}):
        changed = chart.participations.get(partner=publiacqua)
        for name, value in values.items():
            setattr(changed, name, value)
        assert not changed.may_be_stored_by(referent)
        assert changed.may_be_stored_by(city_staff)
    assert own not in Participation.objects.deletable_by(referent)
    assert chart.participations.get(partner=silfi) in Participation.objects.deletable_by(referent)
    assert own in Participation.objects.deletable_by(city_staff)


@pytest.mark.parametrize("factory", [factories.objective, factories.action_plan])
def test_objectives_and_action_plans_stay_in_their_plan(factory):
    row = factory()
    refusal(lambda: type(row).objects.filter(pk=row.pk).update(plan=factories.plan()))


def test_an_action_does_not_leave_its_objectives_behind():
    action_plan = factories.action_plan()
    action = factories.action(action_plan, objectives=[factories.objective(action_plan.plan)])
    refusal(lambda: type(action).objects.filter(pk=action.pk).update(action_plan=factories.action_plan()))


def test_of_two_plans_that_begin_together_the_first_one_is_shown_always(db):
    first = factories.plan(start_year=2016, end_year=2018)
    factories.plan(start_year=2016, end_year=2018)
    factories.plan(start_year=2010, end_year=2012)
    first.save()
    assert Plan.objects.current(2026, None) == first
    assert Plan.objects.current(2017, None) == first


def test_where_no_plan_is_of_this_year_the_latest_with_charts_that_one_sees_is_shown(publiacqua, city_staff):
    earlier, later = factories.plan(start_year=2016, end_year=2018), factories.plan(start_year=2021, end_year=2023)
    chart = factories.chart(lead=publiacqua, status="approved", visibility="restricted")
    chart.objectives.add(factories.objective(earlier))
    assert Plan.objects.current(2026, city_staff) == earlier
    assert Plan.objects.current(2026, None) == later
    assert Plan.objects.current(2022, city_staff) == later
