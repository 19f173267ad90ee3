"""Duplicates: likely twins of a new asset or placement are shown before it is saved, and never forbidden."""

import re
from math import cos, radians

import pytest

from assets.choices import Kind
from assets.models import Asset, Placement
from assets.twins import METRES_A_DEGREE, box_around, distance, twins_of
from tests import factories
from tests.admin.world import admin_url, filled_in

HERE = {"latitude": 43.77, "longitude": 11.25}
ENGLISH = {"accept-language": "en"}


def north_of(metres: float) -> dict:
    return {**HERE, "latitude": HERE["latitude"] + metres / METRES_A_DEGREE}


def east_of(metres: float) -> dict:
    width = METRES_A_DEGREE * cos(radians(HERE["latitude"]))
    return {**HERE, "longitude": HERE["longitude"] + metres / width}


# What is a twin


@pytest.fixture
def fountains(db):
    return factories.category("fountains", name_it="Fontanelli")


def asset_twins(who, category, name_it, name_en="") -> list[str]:
    return [twin.code for twin in twins_of(Asset(category=category, name_it=name_it, name_en=name_en), who)]


@pytest.mark.parametrize(
    "name", ["Fontanelli pubblici", "fontanelli  PUBBLICI", "Fontanelli-pubblici.", "Fontanello pubblico"]
)
def test_assets_of_one_category_with_nearly_one_name_are_twins(fountains, publiacqua, referent, name):
    factories.asset(publiacqua, "there", category=fountains, name_it="Fontanelli pubblici")
    assert asset_twins(referent, fountains, name) == ["there"]


def test_other_names_and_other_categories_are_no_twins(fountains, publiacqua, referent):
    factories.asset(publiacqua, "there", category=fountains, name_it="Fontanelli pubblici")
    assert asset_twins(referent, fountains, "Idranti") == []
    assert asset_twins(referent, factories.category(), "Fontanelli pubblici") == []


def test_an_english_name_tells_of_a_twin_as_well_and_the_likest_comes_first(fountains, publiacqua, referent):
    factories.asset(publiacqua, "english", category=fountains, name_it="Acqua alla spina", name_en="Drinking fountains")
    factories.asset(publiacqua, "like", category=fountains, name_it="Fontanelli storici")
    factories.asset(publiacqua, "same", category=fountains, name_it="Fontanelli storici urbani")
    assert asset_twins(referent, fountains, "Fontane", "Drinking fountain") == ["english"]
    assert asset_twins(referent, fountains, "Fontanelli storici urbani") == ["same", "like"]


def test_twins_that_one_may_not_see_are_not_told_of(fountains, silfi, referent, other_referent, city_staff):
    secret = factories.asset(silfi, "secret", category=fountains, name_it="Fontanelli", visibility="restricted")
    factories.placement(secret, **HERE)
    mine = factories.asset(category=fountains)
    near = Placement(asset=mine, **HERE)
    for who, told in ((referent, []), (other_referent, ["secret"]), (city_staff, ["secret"])):
        assert asset_twins(who, fountains, "Fontanelli") == told
        assert len(twins_of(near, who)) == len(told)


@pytest.mark.parametrize(("metres", "is_twin"), [(0, True), (4.9, True), (5.1, False), (500, False)])
@pytest.mark.parametrize("place", [north_of, east_of])
def test_units_of_one_category_within_five_metres_are_twins(fountains, publiacqua, referent, place, metres, is_twin):
    there, mine = (factories.asset(publiacqua, category=fountains) for _ in range(2))
    factories.placement(there, "F1", **place(metres))
    twins = twins_of(Placement(asset=mine, **HERE), referent)
    assert [twin.code for twin in twins] == (["F1"] if is_twin else [])


def test_corners_of_the_box_are_not_within_five_metres(fountains, publiacqua, referent):
    there = factories.asset(publiacqua, category=fountains)
    corner = {"latitude": north_of(4.5)["latitude"], "longitude": east_of(4.5)["longitude"]}
    factories.placement(there, **corner)
    assert twins_of(Placement(asset=there, **HERE), referent) == []


def test_another_kind_of_thing_a_removed_unit_and_one_without_place_are_no_twins(fountains, publiacqua, referent):
    factories.placement(factories.asset(publiacqua), **HERE)
    own = factories.asset(publiacqua, category=fountains)
    factories.placement(own, status="removed", **HERE)
    factories.placement(own, latitude=None, longitude=None)
    assert twins_of(Placement(asset=own, **HERE), referent) == []
    assert twins_of(Placement(asset=own), referent) == []


def test_the_nearest_comes_first_with_its_distance(fountains, publiacqua, referent):
    own = factories.asset(publiacqua, category=fountains)
    for metres in (3, 1, 2):
        factories.placement(own, f"F{metres}", **north_of(metres))
    twins = twins_of(Placement(asset=own, **HERE), referent)
    told = [(twin.code, *re.findall(r"\d", twin.why)[:1]) for twin in twins]
    assert told == [("F1", "1"), ("F2", "2"), ("F3", "3")]


def test_distances_are_those_on_the_ground():
    duomo, palazzo_vecchio = (43.77314, 11.25598), (43.76931, 11.25615)
    assert distance(*duomo, *palazzo_vecchio) == pytest.approx(426, abs=3)
    assert distance(*duomo, *duomo) == 0


@pytest.mark.parametrize("latitude", [-90, -43.77, 0, 89.99999, 90])
def test_the_box_holds_the_circle_everywhere(latitude):
    west, south, east, north = box_around(latitude, 11.25, 5)
    assert south < latitude < north
    assert west < 11.25 < east
    assert distance(latitude, 11.25, latitude, east) >= 5 or east - west == 360


# The forms


def new_asset(category, owner, **changed) -> dict:
    values = {"category": category.pk, "owner": owner.pk, "name_it": "Fontanelli", "code": "nuovi"}
    return {**values, "visibility": "network", "exchange_status": "exchangeable", **changed}


def told_twins(response) -> list[str]:
    return [twin.code for twin in response.context["adminform"].form.twins]


def test_a_new_asset_with_a_twin_is_shown_it_first_and_saved_all_the_same(fountains, publiacqua, browse, referent):
    there = factories.asset(publiacqua, "there", category=fountains, name_it="Fontanelli")
    client, add = browse(referent), admin_url(Asset, "add")
    typed = new_asset(fountains, publiacqua, source="Scritto a mano")
    first = client.post(add, typed, headers=ENGLISH)
    page = first.content.decode()
    assert (first.status_code, told_twins(first), Asset.objects.count()) == (200, ["there"], 1)
    assert admin_url(there, "change") in page
    assert 'value="Scritto a mano"' in page
    assert "errornote" not in page
    assert page.index('name="_save"') < page.index('name="_twins_seen"')
    again = client.post(add, typed)
    assert (again.status_code, Asset.objects.count()) == (200, 1)
    saved = client.post(add, {**typed, "_twins_seen": first.context["adminform"].form.twins_seen})
    assert saved.status_code == 302
    assert Asset.objects.get(code="nuovi").source == "Scritto a mano"


def test_a_twin_that_was_not_shown_is_shown_before_saving(fountains, publiacqua, browse, referent):
    there = factories.asset(publiacqua, "there", category=fountains, name_it="Fontanelli")
    factories.asset(publiacqua, "later", category=fountains, name_it="Fontanelli")
    typed = new_asset(fountains, publiacqua, _twins_seen=str(there.pk))
    response = browse(referent).post(admin_url(Asset, "add"), typed)
    assert (response.status_code, set(told_twins(response))) == (200, {"there", "later"})
    assert not Asset.objects.filter(code="nuovi").exists()


def test_what_is_wrong_is_told_before_twins(fountains, publiacqua, browse, referent):
    factories.asset(publiacqua, "there", category=fountains, name_it="Fontanelli")
    response = browse(referent).post(admin_url(Asset, "add"), new_asset(fountains, publiacqua, code="NO!"))
    assert "code" in response.context["adminform"].form.errors
    assert told_twins(response) == []


def test_what_has_no_twin_is_saved_at_once_and_changing_a_row_asks_nothing(fountains, publiacqua, browse, referent):
    client = browse(referent)
    assert client.post(admin_url(Asset, "add"), new_asset(fountains, publiacqua)).status_code == 302
    other = factories.asset(publiacqua, category=fountains, name_it="Idranti")
    typed = {**filled_in(client.get(admin_url(other, "change"))), "name_it": "Fontanelli"}
    assert client.post(admin_url(other, "change"), typed).status_code == 302
    other.refresh_from_db()
    assert other.name_it == "Fontanelli"


def test_a_new_placement_next_to_another_is_shown_it_first(fountains, publiacqua, silfi, browse, referent):
    own = factories.asset(publiacqua, category=fountains)
    theirs = factories.asset(silfi, category=fountains, name_it="Altri fontanelli")
    factories.placement(theirs, "F7", **north_of(2))
    client, add = browse(referent), admin_url(Placement, "add")
    typed = {"asset": own.pk, "code": "F1", "status": "active", "latitude": "43,77", "longitude": "11,25"}
    first = client.post(add, typed, headers=ENGLISH)
    assert (first.status_code, told_twins(first)) == (200, ["F7"])
    assert "2.0 m away" in first.content.decode()
    assert not own.placements.exists()
    client.post(add, {**typed, "_twins_seen": first.context["adminform"].form.twins_seen})
    assert own.placements.get().code == "F1"


def test_a_distribution_is_saved_without_a_question(publiacqua, browse, referent):
    own = factories.asset(publiacqua, category=factories.category(kind=Kind.IMMATERIAL))
    factories.distribution(own, "D1", title_it="Dati")
    typed = {"asset": own.pk, "code": "D2", "title_it": "Dati", "update_frequency": "unknown"}
    assert browse(referent).post("/admin/assets/distribution/add/", typed).status_code == 302
    assert own.distributions.count() == 2
