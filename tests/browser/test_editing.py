"""Editing by hand in a real browser: two sessions at one row, a change of many, and bringing back what was deleted."""

import pytest
from django.urls import reverse

from assets.models import Asset
from projects.models import ProjectChart
from tests import factories
from tests.admin.world import LUMINAIRE_SCHEMA, admin_url
from tests.browser.conftest import DESK

SAVE = "[name=_save]"


@pytest.fixture
def colleague(publiacqua):
    login = factories.user("collega")
    factories.referent(publiacqua, "publiacqua-collega", user=login)
    return login


@pytest.fixture
def fountains(publiacqua):
    category = factories.category("luminaires", name_it="Apparecchi", attribute_schema=LUMINAIRE_SCHEMA)
    return factories.asset(
        publiacqua, "fontanelli", name_it="Fontanelli", category=category, attributes={"watt": 35, "lamp": "LED"}
    )


def test_two_sessions_at_one_row_lose_nothing(visitor, referent, colleague, fountains):
    first, second = visitor(), visitor()
    address = admin_url(fountains, "change")
    for person, name in ((first, "collega"), (second, "publiacqua")):
        person.log_in(name)
        person.open(address)
    first.page.fill("[name=name_it]", "Primo")
    first.page.fill("[name=attribute_watt]", "70")
    first.page.click(SAVE)
    first.page.wait_for_url("**/assets/asset/")
    second.page.fill("[name=name_it]", "Secondo")
    second.page.fill("[name=description_it]", "Scritto a lungo")
    second.page.click(SAVE)
    second.page.wait_for_selector(".desk-encounter")
    second.look()
    fountains.refresh_from_db()
    assert (fountains.name_it, fountains.description_it) == ("Primo", "")
    assert second.page.input_value("[name=attribute_watt]") == "70"
    second.page.focus("[name=choose-name_it][value=mine]")
    second.page.keyboard.press("Space")
    second.page.click(SAVE)
    second.page.wait_for_url("**/assets/asset/")
    fountains.refresh_from_db()
    assert (fountains.name_it, fountains.description_it) == ("Secondo", "Scritto a lungo")
    assert fountains.attributes == {"watt": 70, "lamp": "LED"}


def test_two_sessions_at_the_parts_of_a_chart_lose_nothing(visitor, city_staff, referent, publiacqua):
    chart = factories.chart("scheda", lead=publiacqua)
    milestone = factories.milestone(chart, title_it="Tappa")
    first, second = visitor(), visitor()
    for person, name in ((first, "staff"), (second, "publiacqua")):
        person.log_in(name)
        person.open(admin_url(chart, "change"))
    first.page.fill("[name=milestones-0-source]", "Verbale")
    first.page.click(SAVE)
    first.page.wait_for_url("**/projects/projectchart/")
    second.page.fill("[name=milestones-0-title_en]", "Step")
    second.page.fill("[name=milestones-0-source]", "Altro")
    second.page.click(SAVE)
    second.page.wait_for_selector(".desk-encounter")
    second.look()
    second.page.check("[name=choose-milestones-0-source][value=stored]")
    second.page.click(SAVE)
    second.page.wait_for_url("**/projects/projectchart/")
    milestone.refresh_from_db()
    assert (milestone.title_en, milestone.source) == ("Step", "Verbale")


def test_many_rows_are_changed_from_the_list(visitor, referent, publiacqua, fountains):
    factories.asset(publiacqua, name_it="Altro")
    person = visitor()
    person.log_in("publiacqua")
    person.open(reverse("admin:assets_asset_changelist"))
    person.page.check("#action-toggle")
    person.page.select_option("[name=action]", "change_fields")
    person.page.click(".actions button")
    person.page.wait_for_selector(".desk-many")
    person.look()
    person.page.check("[name=to-pick_exchange_status]")
    person.page.select_option("[name=to-exchange_status]", "on_conditions")
    person.page.check("[name=to-pick_conditions_it]")
    person.page.fill("[name=to-conditions_it]", "A pagamento")
    person.page.click("[value=preview]")
    person.page.wait_for_selector("[value=store]")
    person.look()
    person.page.click("[value=store]")
    person.page.wait_for_selector(".messagelist .success")
    assert set(Asset.objects.values_list("exchange_status", "conditions_it")) == {("on_conditions", "A pagamento")}


def test_what_was_deleted_and_what_was_before_come_back(visitor, referent, publiacqua, fountains):
    Asset.objects.filter(pk=fountains.pk).update(name_it="Dopo", attributes={"watt": 70, "lamp": "sodio"})
    chart = factories.chart("scheda", lead=publiacqua)
    factories.milestone(chart, title_it="Tappa")
    person = visitor()
    person.log_in("publiacqua")
    person.inspect(admin_url(fountains, "history"))
    person.page.set_viewport_size({"width": DESK, "height": 800})
    person.page.click(".desk-way-back a")
    person.page.wait_for_selector(".desk-answers button")
    person.look()
    person.page.click(".desk-answers button")
    person.page.wait_for_selector(".messagelist .success")
    fountains.refresh_from_db()
    assert (fountains.name_it, fountains.attributes) == ("Fontanelli", {"watt": 35, "lamp": "LED"})
    person.inspect(admin_url(chart, "delete"))
    person.page.click(".desk-danger")
    person.page.wait_for_url("**/projects/projectchart/")
    person.page.click(".desk-deleted a")
    person.page.wait_for_selector(".desk-history")
    person.look()
    person.page.click(".desk-history a")
    person.page.wait_for_selector(".desk-choice")
    person.look()
    person.page.click(".desk-answers button")
    person.page.wait_for_selector(".messagelist .success")
    assert ProjectChart.objects.get().milestones.get().title_it == "Tappa"


def test_what_is_gone_is_told_with_what_was_typed(visitor, referent, fountains):
    person = visitor()
    person.log_in("publiacqua")
    person.open(admin_url(fountains, "change"))
    person.page.fill("[name=name_it]", "Scritto a lungo")
    fountains.delete()
    person.page.click(SAVE)
    person.page.wait_for_selector(".desk-refusal")
    person.look()
    assert "Scritto a lungo" in person.page.inner_text("#content")
