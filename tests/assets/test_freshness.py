"""Still true: how old what is said of an asset is, and who confirms it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.messages import get_messages
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from django.utils import timezone, translation

from assets.freshness import Freshness, age_told, label_of
from assets.models import Asset
from firenze_digitale.env import whole_number
from firenze_digitale.history import history_of
from tests import factories
from tests.admin.world import admin_url

CONFIRM = "/admin/assets/asset/confirm/"


def days_ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


def recorded_at(asset, moment: datetime):
    Asset.objects.filter(pk=asset.pk).update(created_at=moment)
    asset.refresh_from_db()
    return asset


def stale_codes(today=None) -> set[str]:
    return set(Asset.objects.stale(today or timezone.localdate()).values_list("code", flat=True))


@pytest.fixture
def told(publiacqua):
    """Assets of publiacqua, by how many days ago each was confirmed."""
    ages = (0, 91, 92, 182, 183, 365, 366, 4_000)
    return {age: factories.asset(publiacqua, f"age-{age}", last_confirmed_on=days_ago(age)) for age in ages}


def test_what_was_not_confirmed_for_a_year_is_stale(told):
    assert stale_codes() == {"age-366", "age-4000"}
    assert {asset.code for asset in told.values() if asset.is_stale} == stale_codes()
    assert {age: asset.confirmed_age for age, asset in told.items()} == {age: age for age in told}


def test_each_asset_is_of_one_freshness(told):
    found = {
        freshness: {asset.code for asset in Asset.objects.of_freshness(freshness, timezone.localdate())}
        for freshness in Freshness.values
    }
    assert found == {
        "fresh": {"age-0", "age-91"},
        "recent": {"age-92", "age-182"},
        "ageing": {"age-183", "age-365"},
        "stale": {"age-366", "age-4000"},
    }


def test_how_long_a_year_is_can_be_set(told, settings):
    settings.STALE_AFTER_DAYS = 182
    assert stale_codes() == {"age-183", "age-365", "age-366", "age-4000"}
    assert told[183].is_stale
    assert not told[182].is_stale


@pytest.mark.parametrize("text", ["0", "six", "-3", "1e3", "9" * 30, "²", ""])
def test_a_term_that_makes_no_sense_stops_the_registry_at_its_start(text, monkeypatch):
    monkeypatch.setenv("STALE_AFTER_DAYS", text)
    with pytest.raises(ImproperlyConfigured, match="STALE_AFTER_DAYS"):
        whole_number("STALE_AFTER_DAYS", default=365, least=7, most=36_500)


def test_what_was_never_confirmed_counts_from_its_mapping_or_else_from_its_recording(publiacqua):
    mapped = factories.asset(publiacqua, "mapped", mapped_on=days_ago(400))
    recorded = recorded_at(factories.asset(publiacqua, "recorded"), timezone.now() - timedelta(days=500))
    factories.asset(publiacqua, "new")
    assert stale_codes() == {"mapped", "recorded"}
    assert (mapped.confirmed_age, recorded.confirmed_age) == (400, 500)


def test_a_day_is_a_day_in_florence(publiacqua):
    just_before_midnight_in_london = datetime(2024, 6, 30, 22, 30, tzinfo=UTC)
    asset = recorded_at(factories.asset(publiacqua, "night"), just_before_midnight_in_london)
    assert asset.known_on == date(2024, 7, 1)
    assert stale_codes(today=date(2025, 7, 1)) == set()
    assert stale_codes(today=date(2025, 7, 2)) == {"night"}


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "today"),
        (1, "1 day ago"),
        (12, "12 days ago"),
        (91, "3 months ago"),
        (715, "23 months ago"),
        (731, "2 years ago"),
        (4_000, "10 years ago"),
    ],
)
def test_an_age_is_told_as_people_say_it(days, words):
    with translation.override("en"):
        assert age_told(days) == words


def test_the_bounds_are_told(settings):
    with translation.override("en"):
        assert [label_of(freshness) for freshness in Freshness.values] == [
            "up to 3 months",
            "from 3 months to 6 months",
            "from 6 months to 12 months",
            "over 12 months: stale",
        ]


# Confirming


def tick(client, assets, action="confirm"):
    data = {"action": action, "_selected_action": [asset.pk for asset in assets]}
    return client.post(admin_url(Asset, "changelist"), data)


def test_a_referent_confirms_many_at_once_and_history_says_who(told, browse, referent):
    stale = [told[366], told[4_000]]
    assert tick(browse(referent), stale).status_code == 302
    assert stale_codes() == set()
    for asset in stale:
        entry = history_of(Asset.objects.get(pk=asset.pk), referent)[0]
        label = str(Asset._meta.get_field("last_confirmed_on").verbose_name)
        assert (entry.who, [change.label.lower() for change in entry.changes]) == ("publiacqua", [label])
    assert Asset.objects.get(pk=told[365].pk).last_confirmed_on == days_ago(365)


def test_confirming_again_today_changes_nothing_and_writes_no_history(told, browse, referent):
    client = browse(referent)
    tick(client, [told[366]])
    before = Asset.objects.get(pk=told[366].pk).updated_at, len(history_of(told[366], referent))
    tick(client, [told[366]])
    assert (Asset.objects.get(pk=told[366].pk).updated_at, len(history_of(told[366], referent))) == before


def test_ticked_assets_of_another_partner_are_left_and_told_of(told, silfi, browse, referent):
    theirs = factories.asset(silfi, "theirs", last_confirmed_on=days_ago(700))
    response = tick(browse(referent), [told[366], theirs])
    assert stale_codes() == {"theirs", "age-4000"}
    assert [message.level_tag for message in get_messages(response.wsgi_request)] == ["success", "warning"]


def test_an_asset_said_to_be_mapped_tomorrow_is_not_confirmed_and_told_of(publiacqua, browse, referent):
    odd = factories.asset(publiacqua, "odd", name_it="Strano", mapped_on=days_ago(-1))
    response = browse(referent).post(CONFIRM, {"asset": odd.pk})
    odd.refresh_from_db()
    assert odd.last_confirmed_on is None
    assert any("Strano" in str(message) for message in get_messages(response.wsgi_request))


def test_the_button_confirms_one_and_leads_back(told, browse, referent):
    page = admin_url(told[366], "change")
    assert CONFIRM in browse(referent).get(page).content.decode()
    response = browse(referent).post(CONFIRM, {"asset": told[366].pk, "next": page})
    assert (response.status_code, response.url) == (302, page)
    told[366].refresh_from_db()
    assert told[366].last_confirmed_on == timezone.localdate()
    assert stale_codes() == {"age-4000"}


def test_the_button_leads_nowhere_else(told, browse, referent):
    response = browse(referent).post(CONFIRM, {"asset": told[366].pk, "next": "https://example.org/"})
    assert response.url == admin_url(Asset, "changelist")


def test_one_confirms_only_ones_own(told, silfi, browse, referent, city_staff, other_referent, administrator):
    hidden = factories.asset(silfi, "hidden", visibility="restricted", last_confirmed_on=days_ago(700))
    seen = factories.asset(silfi, "seen", last_confirmed_on=days_ago(700))
    answers = {
        (referent, hidden): 404,
        (referent, seen): 403,
        (city_staff, seen): 403,
        (other_referent, seen): 302,
        (administrator, hidden): 302,
    }
    for (who, asset), status in answers.items():
        assert browse(who).post(CONFIRM, {"asset": [asset.pk]}).status_code == status
        asset.refresh_from_db()
        assert (asset.last_confirmed_on == timezone.localdate()) == (status == 302)
    mixed = browse(referent).post(CONFIRM, {"asset": [told[366].pk, seen.pk]})
    assert mixed.status_code == 403
    assert "age-366" in stale_codes()


@pytest.mark.parametrize("key", ["x", "", "9" * 30, "\x00", "-1"])
def test_a_made_up_key_is_not_found(browse, referent, key):
    assert browse(referent).post(CONFIRM, {"asset": key}).status_code == 404


def test_nothing_ticked_is_told_and_only_a_form_confirms(browse, referent):
    assert browse(referent).post(CONFIRM, {}).status_code == 302
    assert browse(referent).get(CONFIRM).status_code == 405
    assert reverse("login") in browse().post(CONFIRM, {"asset": 1}).url


# Where it is shown


def test_the_list_shows_ages_and_is_filtered_by_them(told, browse, city_staff):
    client = browse(city_staff)
    for freshness in Freshness.values:
        response = client.get(f"{admin_url(Asset, 'changelist')}?freshness={freshness}")
        shown = {asset.pk for asset in response.context["cl"].result_list}
        assert shown == {asset.pk for asset in Asset.objects.of_freshness(freshness, timezone.localdate())}
    page = client.get(f"{admin_url(Asset, 'changelist')}?freshness=stale", headers={"accept-language": "en"})
    assert page.content.decode().count('desk-pill-stale">') == 2
    assert "10 years ago" in page.content.decode()


def test_the_page_of_an_asset_tells_its_age_to_whoever_sees_it(told, browse, referent, other_referent):
    Asset.objects.filter(pk=told[4_000].pk).update(visibility="public")
    page = told[4_000].get_absolute_url()
    told_to = {
        name: browse(user).get(page, headers={"accept-language": "en"}).content.decode()
        for name, user in (("nobody", None), ("another", other_referent), ("owner", referent))
    }
    assert all("10 years ago" in text for text in told_to.values())
    assert {name for name, text in told_to.items() if reverse("admin:assets_asset_confirm") in text} == {"owner"}
