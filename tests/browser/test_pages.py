"""Every kind of page in a real browser: accessible, within the screen, silent, and usable from the keyboard."""

import pytest

from tests import factories
from tests.browser.conftest import PHONE
from tests.pages.conftest import world

__all__ = ["world"]

EMPTY = ["/charts/?q=nothing", "/assets/?owner=silfi", "/plan/?plan=vuoto"]
ERRORS = ["/charts/?status=nonsense", "/nowhere/", "/assets/bene-public/placements/?cursor=nonsense"]


@pytest.fixture
def pages(world):
    """Addresses of pages that are full, empty and in error."""
    factories.plan("vuoto", start_year=1990, end_year=1992)
    chart, asset = world.charts["public"].get_absolute_url(), world.assets["public"].get_absolute_url()
    lists = ["/", "/plan/?plan=piano-2016-18", "/charts/?status=approved", "/assets/", "/partners/"]
    return [*lists, chart, asset, f"{asset}placements/", world.partner.get_absolute_url(), *EMPTY, *ERRORS]


def test_pages_are_accessible_and_fit_for_anybody(pages, visitor):
    person = visitor()
    for address in [*pages, "/account/login/"]:
        person.inspect(address)


def test_pages_are_accessible_and_fit_for_those_who_logged_in(pages, visitor, referent):
    person = visitor(language="en-GB")
    person.log_in("publiacqua")
    for address in ["/", "/charts/", pages[5], pages[6], "/account/password/"]:
        person.inspect(address)


def press(page, key: str, until: str, most: int = 40):
    """Press `key` until the element with focus matches the selector `until`."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("selector => document.activeElement.matches(selector)", until):
            return
    pytest.fail(f"{until} is not reached with {key}")


def test_a_referent_logs_in_and_finds_a_chart_with_the_keyboard_alone(world, visitor, referent):
    person = visitor()
    page = person.page
    person.open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#content"
    assert page.locator(".skiplinks a").first.is_visible()
    page.keyboard.press("Enter")
    press(page, "Tab", "main a", most=1)
    person.open("/partners/")
    press(page, "Tab", ".site-login")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/login/**")
    press(page, "Tab", "[name=username]")
    page.keyboard.type("publiacqua")
    page.keyboard.press("Tab")
    page.keyboard.type(factories.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".site-account")
    press(page, "Tab", ".site-nav a[href='/charts/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/charts/")
    press(page, "Tab", "main [name=q]")
    page.keyboard.type("restricted")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=restricted**")
    press(page, "Tab", "main a[href='/charts/scheda-restricted/']", most=80)
    page.keyboard.press("Enter")
    page.wait_for_url("**/charts/scheda-restricted/")
    press(page, "Tab", ".site-account summary")
    page.keyboard.press("Enter")
    press(page, "Tab", ".site-account form button", most=3)
    page.keyboard.press("Enter")
    page.wait_for_selector(".site-login")


def test_on_a_phone_the_menu_opens_from_the_keyboard_and_closes_again(world, visitor):
    person = visitor(width=PHONE)
    page = person.page
    person.open("/")
    assert not page.locator(".site-nav").is_visible()
    press(page, "Tab", ".site-menu-button")
    page.keyboard.press("Enter")
    assert page.locator(".site-nav").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator(".site-nav").is_visible()
    page.keyboard.press("Enter")
    press(page, "Tab", ".site-nav a[href='/partners/']", most=7)
    page.keyboard.press("Enter")
    page.wait_for_url("**/partners/")


def test_the_switch_of_language_keeps_the_page(world, visitor):
    person = visitor()
    person.open("/charts/?q=scheda")
    assert person.page.locator("html").get_attribute("lang") == "it"
    person.page.click(".site-language [value=en]")
    person.page.wait_for_selector("html[lang=en]")
    assert person.page.url.endswith("/charts/?q=scheda")


def test_pages_work_without_scripts(world, visitor):
    person = visitor(javascript=False)
    for address in ("/", "/charts/", world.charts["public"].get_absolute_url()):
        person.open(address)
        assert person.page.locator("h1").is_visible()
        assert person.page.locator("main a").count() > 3
