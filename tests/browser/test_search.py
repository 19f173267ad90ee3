"""The search box in a real browser: from the keyboard alone, read out politely, and useful without scripts."""

import pytest

from tests import factories
from tests.browser.test_pages import press
from tests.pages.conftest import world

__all__ = ["world"]

BOX = "#search-header"
ACTIVE = "document.querySelector('[role=combobox]').getAttribute('aria-activedescendant')"


@pytest.fixture
def things(world):
    """A chart and an asset that both tell of fountains."""
    chart = factories.chart(
        "fontanelli", world.partner, status="approved", visibility="public", title_it="Fontanelli nelle piazze"
    )
    factories.asset(world.partner, "acqua", visibility="public", name_it="Fontanelli", name_en="Fountains")
    return chart


def test_something_is_found_with_the_keyboard_alone_while_it_is_typed(things, visitor):
    person = visitor()
    page = person.page
    person.open("/plan/")
    press(page, "Tab", BOX)
    box = page.locator(BOX)
    assert box.get_attribute("role") == "combobox"
    page.keyboard.type("fontanele")
    page.wait_for_selector("#search-options")
    assert box.get_attribute("aria-expanded") == "true"
    assert box.get_attribute("aria-controls") == "search-options"
    assert page.locator(".search-box-header [role=status]").inner_text().startswith("2 ")
    assert page.locator("#search-options mark").all_inner_texts() == ["Fontanelli", "Fontanelli"]
    assert page.evaluate(ACTIVE) is None
    page.keyboard.press("ArrowDown")
    assert page.evaluate(ACTIVE) == "search-option-charts-1"
    person.look()
    page.keyboard.press("ArrowUp")
    assert page.evaluate(ACTIVE) is None
    page.keyboard.press("ArrowUp")
    assert page.evaluate(ACTIVE) == "search-option-all"
    page.keyboard.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    assert box.input_value() == "fontanele"
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("#search-options")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/charts/fontanelli/")


def test_the_search_page_is_reached_by_enter_and_leads_to_each_list(things, visitor):
    person = visitor(language="en-GB")
    page = person.page
    person.open("/")
    press(page, "Tab", BOX)
    page.keyboard.type("fountain")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=fountain")
    assert page.locator(".search-result-title").all_inner_texts() == ["Fountains"]
    person.look((1280, 360))
    press(page, "Tab", "main [name=q]")
    page.keyboard.press("Control+A")
    page.keyboard.type("xyzzyqw")
    page.wait_for_selector(".search-message")
    assert page.locator("[role=combobox]").get_attribute("aria-expanded") == "false"
    page.keyboard.press("Enter")
    page.wait_for_url("**q=xyzzyqw")
    press(page, "Tab", ".empty a[href='/charts/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/charts/")


def test_pages_of_the_site_itself_are_accessible(db, visitor):
    person = visitor()
    for address in ("/search/", "/search/?q=xyzzyqw", "/accessibility/", "/privacy/", f"/search/?q={'x' * 201}"):
        person.inspect(address)


def test_without_scripts_the_box_is_a_form(things, visitor):
    person = visitor(javascript=False)
    page = person.page
    person.open("/nowhere/")
    page.locator("main [name=q]").fill("fontanelli")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=fontanelli")
    page.locator("#search-page").press("Tab")
    assert page.locator(".search-result-title").count() == 2
