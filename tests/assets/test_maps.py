"""The map shows every unit that one may see, and counts it once: for whom, by which filter, from whatever distance."""

import itertools
import math
import random

import pytest
from django.db import connection, transaction

from assets import maps
from assets.maps import MOST_ZOOM, Selection, view_of, whole_of
from assets.marks import Mark, abbreviated, apart
from assets.models import Asset, Placement
from assets.tallies import settle
from assets.tiles import WORLD, Box, Tiles, box_around, pixels, zoom_for
from firenze_digitale.access import ANONYMOUS, OPERATOR
from tests import factories

pytestmark = pytest.mark.django_db

PEOPLE = ("anonymous", "outsider", "referent", "other_referent", "city_staff")
#: Corners and edges of tiles among them, another town, and the end of the world.
PLACES = [
    (43.77, 11.25),
    (43.7712, 11.2541),
    (43.7712, 11.25411),
    (43.80, 11.20),
    (43.73, 11.3),
    (45.46, 9.19),
    (-90, 180),
]


class Registry:
    """Two partners with assets of each visibility in two categories, one within the other, units all over."""

    def __init__(self):
        self.partners = {code: factories.partner(code) for code in ("publiacqua", "silfi")}
        self.lights = factories.category("luci")
        self.lamps = factories.category("lampade", parent=self.lights)
        self.people = {"anonymous": ANONYMOUS, "outsider": factories.user("outsider")}
        self.people["city_staff"] = factories.user("staff", is_city_staff=True)
        for person, code in (("referent", "publiacqua"), ("other_referent", "silfi")):
            self.people[person] = factories.user(code)
            factories.referent(self.partners[code], user=self.people[person])
        chance, number = random.Random(4), itertools.count()
        kinds = itertools.product(
            self.partners.values(), ("public", "network", "restricted"), (self.lights, self.lamps)
        )
        for owner, visibility, category in kinds:
            for size in (1, 6):
                self.add(owner, visibility, category, size, chance, next(number))
        factories.asset_use(
            Asset.objects.get(code="bene-1"),
            factories.chart(None, self.partners["silfi"], status="approved", visibility="public"),
        )

    def add(self, owner, visibility, category, size, chance, number):
        terms = ("exchangeable", "not_exchangeable")[number // 2 % 2]
        values = {"visibility": visibility, "category": category, "exchange_status": terms}
        asset = factories.asset(owner, f"bene-{number}", name_it=f"Bene {'uno' if number % 3 else 'tre'}", **values)
        for index in range(size):
            latitude, longitude = PLACES[(number + index) % len(PLACES)]
            shown = {"latitude": latitude, "longitude": longitude, "district": chance.choice(["", "1", "2"])}
            factories.placement(asset, f"U{index}", **shown)
        factories.placement(asset, "gone", status="removed")
        factories.placement(asset, "nowhere", latitude=None, longitude=None)


@pytest.fixture(scope="module")
def registry(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        yield Registry()
        transaction.set_rollback(True)


@pytest.fixture
def from_afar(monkeypatch):
    """Units are never read where the tallies know of many."""
    monkeypatch.setattr(maps, "MOST_UNITS_READ", -1)
    monkeypatch.setattr(maps, "FEW_UNITS", 0)


def selections(registry, who) -> dict[str, tuple]:
    """Selections by what they narrow by, each with its rule written a second time."""
    seen, silfi = Asset.objects.visible_to(who), registry.partners["silfi"]
    some = ["bene-1", "bene-2", "bene-5"]
    return {
        "nothing": (Selection(who), lambda u: True),
        "owner": (Selection(who, owner=silfi), lambda u: u.asset.owner == silfi),
        "category": (Selection(who, category=registry.lights), lambda u: True),
        "inner category": (Selection(who, category=registry.lamps), lambda u: u.asset.category == registry.lamps),
        "terms": (
            Selection(who, exchange_status="not_exchangeable"),
            lambda u: u.asset.exchange_status == "not_exchangeable",
        ),
        "district": (Selection(who, district="1"), lambda u: u.district == "1"),
        "district and owner": (
            Selection(who, district="2", owner=silfi, category=registry.lights),
            lambda u: u.district == "2" and u.asset.owner == silfi,
        ),
        "one asset": (Selection(who, assets=seen.filter(code="bene-3")), lambda u: u.asset.code == "bene-3"),
        "some assets": (Selection(who, assets=seen.filter(code__in=some)), lambda u: u.asset.code in some),
        "all but some": (Selection(who, assets=seen.exclude(code__in=some)), lambda u: u.asset.code not in some),
        "in use": (Selection(who, assets=seen.in_use(who)), lambda u: u.asset.code == "bene-1"),
        "idle in a district": (
            Selection(who, district="1", assets=seen.idle(who)),
            lambda u: u.district == "1" and u.asset.code != "bene-1",
        ),
        "words": (
            Selection(who, owner=silfi, assets=seen.filter(name_it="Bene tre")),
            lambda u: u.asset.owner == silfi and u.asset.name_it == "Bene tre",
        ),
        "no asset": (Selection(who, assets=seen.none()), lambda u: False),
    }


def shown_to(who) -> list:
    """The units that a map shows to somebody, found one by one."""
    units = Placement.objects.visible_to(who).select_related("asset__owner", "asset__category")
    return [unit for unit in units if unit.latitude is not None and unit.status != "removed"]


def miscounted(registry, person, zooms) -> dict:
    """Selections of which a map of the whole world counts other units than somebody may see."""
    who, wrong = registry.people[person], {}
    units = shown_to(who)
    assert units
    for name, (selection, rule) in selections(registry, who).items():
        expected = sum(1 for unit in units if rule(unit))
        for zoom in zooms:
            view = view_of(selection, WORLD, zoom)
            if (view.total, sum(mark.count for mark in view.marks)) != (expected, expected):
                wrong[name, zoom] = (view.total, expected)
    return wrong


@pytest.mark.parametrize("person", PEOPLE)
def test_from_afar_each_unit_that_one_may_see_is_counted_once(registry, person, from_afar):
    assert miscounted(registry, person, (9, 13, 16)) == {}


@pytest.mark.parametrize("person", PEOPLE)
def test_near_by_each_unit_that_one_may_see_is_counted_once(registry, person, monkeypatch):
    monkeypatch.setattr(maps, "FEW_UNITS", 10)
    assert miscounted(registry, person, (14,)) == {}


@pytest.mark.parametrize("most_units_read", [-1, 10**9])
def test_the_list_of_a_view_holds_what_its_marks_count(registry, most_units_read, monkeypatch):
    monkeypatch.setattr(maps, "MOST_UNITS_READ", most_units_read)
    who, wrong = registry.people["referent"], {}
    for name, (selection, _rule) in selections(registry, who).items():
        for zoom, (latitude, longitude) in ((12, PLACES[0]), (15, PLACES[0]), (15, PLACES[1]), (9, PLACES[-1])):
            view = view_of(selection, box_around(latitude, longitude, zoom, 300, 200), zoom)
            listed = selection.units_in(view.box, near=view.near, total=view.total).count()
            if listed != view.total:
                wrong[name, zoom, latitude] = (listed, view.total)
    assert wrong == {}


def test_a_view_holds_what_lies_in_it_and_nothing_from_elsewhere(registry):
    who = registry.people["city_staff"]
    box = Box(11.24, 43.765, 11.26, 43.78)
    expected = {
        u.key for u in shown_to(who) if box.south <= u.latitude <= box.north and box.west <= u.longitude <= box.east
    }
    view = view_of(Selection(who), box, 14)
    assert {unit.key for mark in view.marks for unit in mark.units} == expected
    assert (view.near, view.box) == (True, box)
    assert 0 < len(expected) < len(shown_to(who))


CHANGES = {
    "moved": lambda: Placement.objects.filter(asset__code="bene-5", code="U0").update(latitude=43.79, longitude=11.21),
    "deleted": lambda: Placement.objects.filter(asset__code__in=["bene-5", "bene-9"]).delete(),
    "removed": lambda: Placement.objects.filter(code="U1").update(status="removed"),
    "other district": lambda: Placement.objects.filter(code="U2").update(district="1"),
    "hidden": lambda: Asset.objects.filter(visibility="public").update(visibility="restricted"),
    "shown": lambda: Asset.objects.filter(visibility="restricted").update(visibility="public"),
    "other owner": lambda: Asset.objects.filter(code="bene-3").update(owner=factories.partner("altra")),
    "other terms": lambda: Asset.objects.filter(code="bene-3").update(exchange_status="exchangeable"),
    "other category": lambda: Asset.objects.filter(code__in=["bene-1", "bene-3"]).update(category=factories.category()),
    "settled": settle,
}


@pytest.mark.parametrize("change", CHANGES)
def test_marks_stay_true_after_a_change(registry, change, from_afar):
    CHANGES[change]()
    for person in ("anonymous", "referent", "city_staff"):
        who = registry.people[person]
        units, known = shown_to(who), selections(registry, who)
        for name in ("nothing", "owner", "inner category", "district and owner", "all but some"):
            selection, rule = known[name]
            expected = sum(
                1
                for unit in units
                if rule(unit) and (not selection.category or unit.asset.category.code in ("luci", "lampade"))
            )
            assert view_of(selection, WORLD, 13).total == expected, (person, name)


def test_of_assets_that_are_tallied_together_the_side_with_fewer_units_is_read(registry):
    who = registry.people["city_staff"]
    small, large = Asset.objects.get(code="bene-0"), Asset.objects.get(code="bene-1")
    both = Selection(who, assets=Asset.objects.filter(pk__in=[small.pk, large.pk]))
    parts = [Selection(who, assets=Asset.objects.filter(pk=asset.pk))._parts for asset in (small, large)]
    assert [(part.added, part.taken) for part in parts] == [([small.pk], []), ([], [small.pk])]
    assert (both._parts.added, both._parts.taken) == ([], [])
    assert (parts[1].keys, both._parts.keys) == (
        [(large.owner_id, large.category_id, large.exchange_status, "public")],
    ) * 2


def test_a_box_of_everything_is_found_wherever_it_is(registry):
    who = registry.people["city_staff"]
    box = whole_of(Selection(who))
    assert all(box.south <= u.latitude <= box.north and box.west <= u.longitude <= box.east for u in shown_to(who))
    assert whole_of(Selection(who, district="5")) is None


def test_a_million_units_are_never_read_from_afar(registry, from_afar, django_assert_max_num_queries):
    with django_assert_max_num_queries(2) as queries:
        assert view_of(Selection(OPERATOR), WORLD, 12).total
    assert not [query["sql"] for query in queries.captured_queries if '"assets_placement"' in query["sql"]]


def test_marks_do_not_lie_on_each_other():
    chance = random.Random(1)
    marks = [
        Mark(43.7 + chance.random() / 9, 11.2 + chance.random() / 9, chance.choice([1, 7, 3000])) for _ in range(500)
    ]
    count = sum(mark.count for mark in marks)
    for zoom in (9, 13, 17):
        kept = apart([Mark(mark.latitude, mark.longitude, mark.count) for mark in marks], zoom)
        assert sum(mark.count for mark in kept) == count
        for one, other in itertools.combinations(kept, 2):
            apart_by = math.dist(*(pixels(mark.latitude, mark.longitude, zoom) for mark in (one, other)))
            assert apart_by >= (one.diameter + other.diameter) / 2


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "1"),
        (999, "999"),
        (1000, "1,0k"),
        (1949, "1,9k"),
        (9949, "9,9k"),
        (9950, "10k"),
        (220_000, "220k"),
        (999_600, "1,0M"),
    ],
)
def test_numbers_fit_into_a_mark(count, told):
    assert abbreviated(count) == told


@pytest.mark.parametrize("level", [0, 12, 16, MOST_ZOOM])
def test_tiles_are_numbered_as_the_database_numbers_them(level):
    places = [place for place in PLACES if abs(place[0]) < 90]
    with connection.cursor() as cursor:
        for latitude, longitude in places:
            cursor.execute(
                "SELECT registry_cell_x(%s, %s), registry_cell_y(%s, %s)", [longitude, level, latitude, level]
            )
            tiles = Tiles.touched_by(Box(longitude, latitude, longitude, latitude), level)
            assert cursor.fetchone() == (tiles.west, tiles.north)
            box = tiles.box
            assert box.south <= latitude <= box.north
            assert box.west <= longitude <= box.east


def test_a_zoom_is_found_at_which_a_box_fits():
    box = box_around(43.77, 11.25, 14, 800, 600)
    assert zoom_for(box, 801, 601, MOST_ZOOM) == 14
    assert zoom_for(box, 799, 601, MOST_ZOOM) == 13
    assert zoom_for(Box(11, 43, 11, 43), 800, 600, MOST_ZOOM) == MOST_ZOOM
