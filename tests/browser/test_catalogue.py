"""The catalogue of assets, an asset, a partner and a meeting in a browser: found, read, and left again."""

import pytest

from assets.models import Asset
from tests import factories
from tests.browser.conftest import DESK, PHONE
from tests.browser.test_pages import press
from tests.pages.conftest import world

__all__ = ["world"]

LONG = "Infrastrutturazione tecnologica dell'interoperabilità sovracomunale " * 2


@pytest.fixture
def met(world):
    """A meeting at which everything was mapped; an asset with the longest of names that went stale."""
    Asset.objects.filter(code="bene-network").update(name_it=LONG.strip(), last_confirmed_on="2015-03-01")
    meeting = factories.meeting("incontro", [world.contact], visibility="public", held_on="2015-11-03", place="Firenze")
    meeting.mapped_assets.set(world.assets.values())
    meeting.charts_born.set(world.charts.values())
    return meeting


def test_somebody_narrows_the_catalogue_and_reads_an_asset_its_partner_and_a_meeting(met, visitor):
    person = visitor()
    page = person.page
    person.open("/assets/")
    person.look((DESK, PHONE))
    page.set_viewport_size({"width": DESK, "height": 800})
    press(page, "Tab", ".facet-choice[href*='used=yes']", most=60)
    page.keyboard.press("Enter")
    page.wait_for_url("**used=yes**")
    press(page, "Tab", ".asset-name", most=80)
    page.keyboard.press("Enter")
    page.wait_for_url("**/assets/bene-public/")
    person.look((DESK, PHONE), ("screen", "print"))
    page.set_viewport_size({"width": DESK, "height": 800})
    press(page, "Tab", ".asset-owner a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/partners/publiacqua/")
    person.look((DESK, PHONE))
    person.open("/meetings/?year=2015")
    person.look((DESK, PHONE))
    page.click(".asset-name")
    page.wait_for_url("**/meetings/incontro/")
    person.look((DESK, PHONE))
    assert met.participants.get().name not in page.content()


def test_a_referent_confirms_what_is_stale_where_it_is_read(met, visitor, referent):
    person = visitor(language="en-GB")
    page = person.page
    person.log_in("publiacqua")
    for address in ("/assets/?freshness=stale", "/partners/", "/partners/publiacqua/", "/meetings/incontro/"):
        person.inspect(address)
    person.inspect("/assets/bene-network/")
    press(page, "Tab", ".stale-note button", most=60)
    page.keyboard.press("Enter")
    page.wait_for_selector(".alert")
    assert not page.locator(".stale-note").count()
    assert not Asset.objects.get(code="bene-network").is_stale
    assert Asset.objects.get(code="bene-public").last_confirmed_on is None
