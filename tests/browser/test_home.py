"""The home of the desk and what begins there, in a real browser: as a referent and as city staff."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from assets import services
from assets.choices import Kind
from assets.models import Asset
from tests import factories
from tests.admin.world import admin_url

HOME = "/admin/"


@pytest.fixture
def desk(publiacqua, silfi, referent, other_referent, city_staff):
    """Something in every part of the home."""
    long_ago = timezone.localdate() - timedelta(days=500)
    fountains = factories.category("fountains", name_it="Fontanelli")
    for number, status in enumerate(("exchangeable", "not_exchangeable")):
        values = {"category": fountains, "exchange_status": status, "last_confirmed_on": long_ago}
        factories.asset(publiacqua, f"vecchio-{number}", name_it=f"Fontanelli vecchi {number}", **values)
    fresh = factories.asset(publiacqua, "nuovo", name_it="Idranti", category=fountains, visibility="public")
    factories.placement(fresh, "I1")
    factories.placement(fresh, "I2", latitude=None, longitude=None)
    factories.distribution(factories.asset(publiacqua, category=factories.category(kind=Kind.IMMATERIAL)))
    factories.chart(lead=publiacqua, status="in_progress")
    factories.asset(silfi, "luci", name_it="Luci", visibility="restricted")
    return services.offer(other_referent, silfi, publiacqua, None, "Passano a voi dal primo gennaio.")


@pytest.mark.parametrize("who", ["publiacqua", "staff"])
def test_the_home_and_its_pages_are_accessible_and_fit(desk, visitor, who):
    person = visitor()
    person.log_in(who)
    addresses = [HOME, f"{admin_url(Asset, 'changelist')}?freshness=stale"]
    if who == "publiacqua":
        asset = Asset.objects.get(code="vecchio-0")
        addresses[1:] = [
            admin_url(asset, "change"),
            f"{reverse('admin:assets_handover_offer')}?asset={asset.pk}",
            reverse("admin:assets_handover_answer", args=[desk.pk, "accept"]),
        ]
    for address in addresses:
        person.inspect(address)


def test_an_empty_home_is_accessible_too(referent, visitor):
    person = visitor(language="en-GB")
    person.log_in("publiacqua")
    person.inspect(HOME)


def test_a_referent_lands_on_the_desk_and_confirms_what_is_still_true(desk, visitor):
    person = visitor()
    person.log_in("publiacqua")
    page = person.page
    page.wait_for_url(f"**{HOME}")
    page.uncheck("[name=asset] >> nth=1")
    page.click(".home-answers button")
    page.wait_for_selector(".messagelist .success")
    assert [asset.code for asset in Asset.objects.stale(timezone.localdate())] == ["vecchio-1"]
    page.click(".home-figure-open >> nth=0")
    page.wait_for_url("**freshness=stale**")
    assert page.locator("#result_list tbody tr").count() == 1


def test_a_twin_is_shown_and_the_asset_saved_all_the_same(desk, visitor, publiacqua):
    person = visitor()
    person.log_in("publiacqua")
    page, category = person.page, Asset.objects.get(code="nuovo").category
    person.open(f"{admin_url(Asset, 'add')}?category={category.pk}")
    page.fill("[name=name_it]", "Idranti")
    page.click("[name=_save]")
    page.wait_for_selector(".desk-notice")
    assert page.locator(".desk-notice li").inner_text().startswith("Idranti")
    person.look()
    assert Asset.objects.filter(name_it="Idranti").count() == 1
    page.click("[name=_twins_seen]")
    page.wait_for_selector(".messagelist .success")
    assert Asset.objects.filter(name_it="Idranti", owner=publiacqua).count() == 2


def test_an_offer_is_accepted_from_the_home(desk, visitor, publiacqua):
    person = visitor(width=390)
    person.log_in("publiacqua")
    page = person.page
    page.click(".home-part-first a")
    page.click(f"a[href='{reverse('admin:assets_handover_answer', args=[desk.pk, 'accept'])}']")
    page.click("#content-main form .desk-answers button")
    page.wait_for_selector(".messagelist .success")
    luci = Asset.objects.get(code="luci")
    assert (luci.owner, luci.contact.code) == (publiacqua, "publiacqua-ict")
    assert page.locator(".desk-answers").count() == 0
