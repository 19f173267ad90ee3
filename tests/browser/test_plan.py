"""Dashboard, plan and network in a real browser: accessible, within the screen and on paper, usable by keyboard."""

from datetime import timedelta

import pytest
from django.utils import timezone

from projects.models import ProjectChart
from tests import factories
from tests.browser.conftest import PHONE
from tests.browser.test_pages import press
from tests.pages.conftest import world

__all__ = ["world"]


@pytest.fixture
def dated(world):
    """The world with a plan of today, whose charts have days, and milestones that are done, due and late."""
    today = timezone.localdate()
    plan = factories.plan("di-oggi", start_year=today.year - 1, end_year=today.year + 1, title_it="Piano di oggi")
    objectives = [factories.objective(plan, number, provisional=number == 2) for number in (1, 2)]
    action = factories.action(factories.action_plan(plan, today.year), "oggi", objectives, status="in_progress")
    for chart in world.charts.values():
        chart.objectives.add(*objectives)
        chart.actions.add(action)
        ProjectChart.objects.filter(pk=chart.pk).update(starts_on=today - timedelta(200))
        for days, done in ((-100, True), (-10, False), (20, False)):
            day = today + timedelta(days)
            factories.milestone(chart, due_on=day, done_on=day if done else None)
    return world


def test_dashboard_plan_and_network_are_accessible_on_screen_and_paper(dated, city_staff, visitor):
    person = visitor()
    person.log_in("staff")
    for address in ("/", "/plan/", "/network/"):
        person.inspect(address, media=("screen", "print"))
    person.inspect("/milestones/?due=overdue")


def test_a_reader_goes_from_a_figure_to_its_list_and_along_the_timeline_with_the_keyboard(dated, visitor):
    person = visitor()
    page = person.page
    person.open("/")
    press(page, "Tab", "a[href='/milestones/?due=overdue']", most=60)
    figure = page.evaluate("parseInt(document.activeElement.textContent)")
    page.keyboard.press("Enter")
    page.wait_for_url("**/milestones/?due=overdue")
    assert page.locator("main tbody tr").count() == figure == 2

    person.open("/plan/")
    press(page, "Tab", ".timeline-box", most=60)
    press(page, "Tab", ".timeline a", most=1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/charts/scheda-public/")


def test_on_a_phone_the_plan_is_cards_by_year_and_the_timeline_scrolls_in_its_box(dated, visitor):
    person = visitor(width=PHONE, language="en-GB")
    page = person.page
    person.open("/plan/")
    assert not page.locator(".roadmap").is_visible()
    assert page.locator(".roadmap-card").count() == 3
    page.locator(".timeline-box").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.timeline-box').scrollLeft > 0")
    person.open("/network/")
    page.locator(".matrix-box").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.matrix a')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/partners/**")
