"""What triggers count of placements equals what there is, whatever way a change comes."""

import math
from collections import Counter

import pytest
from django.db import connection
from django.db.models import Sum

from assets.models import AddressWord, Placement, PlacementCell, PlacementTally
from assets.tallies import ANY_CATEGORY, ANY_DISTRICT, DISTRICT_COLUMNS, LEVELS, settle
from tests import factories

pytestmark = pytest.mark.django_db


def tile(latitude: float, longitude: float, level: int) -> tuple[int, int]:
    """The tile of the Web Mercator grid in which a point lies."""
    row = (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2
    return int((longitude + 180) / 360 * 2**level), int(row * 2**level)


def counted_cells() -> Counter:
    """Units by level, tile, owner, category, terms, visibility and district, counted one by one."""
    cells = Counter()
    shown = Placement.objects.exclude(status="removed").exclude(latitude=None).select_related("asset")
    for unit in shown:
        asset = unit.asset
        for level in LEVELS:
            place = (level, *tile(unit.latitude, unit.longitude, level), asset.owner_id)
            for category, district in ((ANY_CATEGORY, ANY_DISTRICT), (asset.category_id, unit.district)):
                cells[(*place, category, asset.exchange_status, asset.visibility, district)] += 1
    return cells


def tallied_cells() -> Counter:
    key = ("level", "x", "y", "owner_id", "category_id", "exchange_status", "visibility", "district")
    rows = PlacementCell.objects.values_list(*key).annotate(units=Sum("count")).order_by()
    return Counter({tuple(place): units for *place, units in rows if units})


def tallied_districts() -> dict:
    names = {column: Sum(column) for column in DISTRICT_COLUMNS.values()}
    summed = PlacementTally.objects.order_by().values("asset_id").annotate(**names)
    return {
        (row["asset_id"], district): row[column]
        for row in summed
        for district, column in DISTRICT_COLUMNS.items()
        if row[column]
    }


def counted_districts() -> dict:
    return dict(Counter(Placement.objects.values_list("asset_id", "district")))


def assert_true():
    assert tallied_cells() == counted_cells()
    assert tallied_districts() == counted_districts()


@pytest.fixture
def lamps():
    asset = factories.asset(visibility="public")
    places = [(43.7731, 11.2558, "1"), (43.7732, 11.2559, "1"), (43.8001, 11.2101, "5"), (43.75, 11.3, "")]
    Placement.objects.bulk_create(
        Placement(asset=asset, code=f"L{number}", latitude=lat, longitude=lon, district=district)
        for number, (lat, lon, district) in enumerate(places)
    )
    return asset


def test_units_are_counted_as_they_come(lamps):
    factories.placement(lamps, latitude=None, longitude=None)
    factories.placement(lamps, status="removed")
    assert sum(tallied_cells().values()) == len(LEVELS) * 4 * 2
    assert sum(tallied_districts().values()) == 6
    assert_true()


def test_units_are_counted_as_they_move_change_and_go(lamps):
    lamps.placements.filter(code="L0").update(latitude=43.80, longitude=11.21, district="5")
    lamps.placements.filter(code="L1").update(status="removed")
    lamps.placements.filter(code="L2").update(latitude=None, longitude=None)
    assert_true()
    other = factories.asset()
    lamps.placements.filter(code="L0").update(asset=other)
    lamps.placements.filter(code="L3").delete()
    assert_true()
    Placement.objects.all().delete()
    assert tallied_cells() == Counter()
    assert tallied_districts() == {}


@pytest.mark.parametrize(
    "change",
    [
        lambda asset: {"visibility": "restricted"},
        lambda asset: {"owner": factories.partner(), "contact": None},
        lambda asset: {"category": factories.category()},
        lambda asset: {"exchange_status": "not_exchangeable"},
    ],
    ids=["visibility", "owner", "category", "terms"],
)
def test_units_go_with_their_asset(lamps, change):
    before = tallied_cells()
    type(lamps).objects.filter(pk=lamps.pk).update(**change(lamps))
    assert tallied_cells() != before
    assert_true()


def test_what_does_not_matter_to_a_map_writes_nothing(lamps):
    before = PlacementCell.objects.count(), PlacementTally.objects.count()
    lamps.placements.update(attributes={"watt": 35})
    type(lamps).objects.filter(pk=lamps.pk).update(description_it="Nuova")
    assert (PlacementCell.objects.count(), PlacementTally.objects.count()) == before


def test_adding_up_what_was_written_changes_no_sum_and_leaves_one_row_for_each_key(lamps):
    lamps.placements.filter(code="L0").update(latitude=43.7732)
    settle()
    rows = PlacementCell.objects.count()
    assert_true()
    assert not PlacementCell.objects.filter(settled=False).exists()
    assert PlacementTally.objects.count() == 1
    lamps.placements.filter(code="L0").update(latitude=43.7731)
    assert PlacementCell.objects.filter(settled=False).exists()
    settle()
    assert_true()
    assert PlacementCell.objects.count() == rows


def test_what_many_single_changes_leave_is_added_up_by_one_of_them(lamps):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO assets_placementcell (level, x, y, owner_id, category_id, exchange_status, visibility,"
            " district, count, latitude_sum, longitude_sum, settled)"
            " SELECT 12, 0, 0, 0, 0, '', '', '', sign, sign, sign, FALSE"
            " FROM generate_series(1, 5000), unnest(ARRAY[1, -1]) sign"
        )
    factories.placement(lamps)
    assert not PlacementCell.objects.filter(settled=False).exists()
    assert_true()


def test_nothing_is_counted_where_everything_was_cut_off(lamps):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE assets_placement CASCADE")
    assert_true()
    assert not AddressWord.objects.exists()
    factories.placement(lamps)
    assert_true()


def test_the_mean_of_a_cell_is_where_its_units_are(lamps):
    lamps.placements.filter(code="L0").update(latitude=43.7734)
    x, y = tile(43.7734, 11.2558, 15)
    cell = PlacementCell.objects.filter(level=15, x=x, y=y, category_id=0, district="*")
    summed = cell.aggregate(units=Sum("count"), latitude=Sum("latitude_sum"), longitude=Sum("longitude_sum"))
    inside = [unit for unit in lamps.placements.all() if tile(unit.latitude, unit.longitude, 15) == (x, y)]
    assert summed["units"] == len(inside)
    assert summed["latitude"] == pytest.approx(sum(unit.latitude for unit in inside))
    assert summed["longitude"] == pytest.approx(sum(unit.longitude for unit in inside))


def test_words_of_addresses_are_known_once_and_without_what_streets_are_called(lamps):
    for number in range(2):
        factories.placement(lamps, f"W{number}", address="Via dell'Agnolo Ciàno 12")
    words = list(AddressWord.objects.values_list("word", flat=True))
    assert sorted(words) == sorted(set(words))
    assert {"agnolo", "ciano"} <= set(words)
    assert "via" not in words
