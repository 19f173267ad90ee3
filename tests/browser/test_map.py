"""The map in a real browser: moved from the keyboard alone, with the list at its side, shared, and without a script."""

import pytest

from tests import factories
from tests.browser.conftest import PHONE


@pytest.fixture
def lights(publiacqua):
    """Two hundred lights in two quarters of the city, two of them at one place."""
    asset = factories.asset(publiacqua, "luci", name_it="Luci", name_en="Lights", visibility="public")
    for number in range(40):
        at = {"latitude": 43.77 + number % 8 / 2000, "longitude": 11.25 + number // 8 / 2000}
        factories.placement(asset, f"A{number}", address=f"Via Larga {number}", district="1", **at)
    for code in ("B1", "B2"):
        factories.placement(
            asset, code, latitude=43.80, longitude=11.21, address="Via Reginaldo Giuliani 1", district="5"
        )
    return asset


def settled(page):
    """Wait until the map shows what was asked for last."""
    page.wait_for_timeout(350)
    page.wait_for_selector("#map:not([aria-busy])")


def told(page) -> str:
    return page.locator("#map-told").inner_text()


def test_the_map_is_moved_from_the_keyboard_and_the_list_follows(lights, visitor):
    person = visitor()
    page = person.page
    person.open("/map/")
    page.wait_for_selector(".map-mark")
    settled(page)
    person.look((1280, PHONE), ("screen", "print"))
    page.set_viewport_size({"width": 1280, "height": 800})
    settled(page)
    assert told(page).startswith("42 ")

    page.focus(".map-mark >> nth=-1")
    page.keyboard.press("Enter")
    settled(page)
    assert told(page).startswith("40 ")
    assert page.evaluate("document.activeElement.id") == "map"
    assert "B1" not in page.locator("#map-list").inner_text()
    assert "bbox=" in page.url
    kept = page.input_value("form.filters [name=bbox]")
    assert kept in page.url.replace("%2C", ",")

    page.keyboard.press("-")
    settled(page)
    page.keyboard.press("ArrowUp")
    settled(page)
    seen, address = told(page), page.url
    person.open(address)
    page.wait_for_selector(".map-mark")
    settled(page)
    assert told(page) == seen
    page.focus("#map")
    page.keyboard.press("ArrowRight")
    settled(page)
    assert page.url != address


def test_one_unit_says_what_it_is_and_its_link_can_be_sent(lights, visitor):
    person = visitor(language="en-GB")
    page = person.page
    person.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.open("/map/?q=lights&bbox=11.205,43.795,11.215,43.805&zoom=15")
    page.wait_for_selector(".map-mark")
    settled(page)
    assert told(page) == "2 units in view"
    mark = page.locator(".map-mark").first
    assert mark.get_attribute("aria-label") == "2 units at this place"
    mark.focus()
    page.keyboard.press("Enter")
    popup = page.locator(".leaflet-popup")
    assert "Via Reginaldo Giuliani 1" in popup.inner_text()
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/assets/luci/"
    person.look()
    page.keyboard.press("Escape")
    assert not popup.is_visible()
    assert page.evaluate("document.activeElement.classList.contains('map-mark')")

    page.click(".map-units li:first-child .map-show")
    settled(page)
    assert popup.is_visible()
    page.click("#map-copy")
    page.get_by_text("The link has been copied.").wait_for()
    shared = page.evaluate("navigator.clipboard.readText()")
    person.open(shared)
    settled(page)
    assert told(page) == "2 units in view"

    page.route("**/map/clusters/**", lambda route: route.abort())
    page.focus("#map")
    page.keyboard.press("-")
    page.get_by_role("alert").get_by_text("does not answer").wait_for()
    page.unroute("**/map/clusters/**")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector("#map-problem", state="hidden")
    person.faults.clear()  # Chromium tells of the requests that this test itself broke off
    person.open("/map/?asset=luci&place=luci:A7")
    page.wait_for_selector(".leaflet-popup")
    assert "A7" in page.locator(".leaflet-popup").inner_text()
