"""What is exported is what one may see, in columns that say it whole, while it is being read."""

import csv
import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from assets import exports
from assets.exports import EXPORTS, AssetExport, DistributionExport, PlacementExport
from assets.models import Asset, Distribution, Placement
from firenze_digitale.access import ANONYMOUS, OPERATOR
from firenze_digitale.tables import writing
from tests import factories
from tests.admin.world import luminaires

pytestmark = pytest.mark.django_db
FORMATS = [(export, file_format.name) for export in EXPORTS.values() for file_format in export.formats]
ALL = {"watt": 35, "lamp": "LED", "smart": True, "installed_on": "2016-02-29", "height": 3.5}


def content_of(export, name="csv") -> bytes:
    return b"".join(export.written(export.format_named(name)))


def table_of(export, name="csv") -> list[list[str]]:
    text = content_of(export, name).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if name == "csv-it" else ","))


def placements(*assets, who=OPERATOR) -> PlacementExport:
    return PlacementExport(PlacementExport.of_assets(assets), who)


@pytest.fixture
def lamps(publiacqua):
    return factories.asset(publiacqua, "lampioni", category=luminaires(), attributes={"watt": 35})


def test_fields_are_named_and_written_as_they_are_stored(publiacqua):
    asset = factories.asset(publiacqua, "fontanelli")
    factories.placement(asset, "F1", latitude=43.797198209454436, longitude=11.206410523893547, district="1")
    factories.placement(asset, "F2", latitude=None, longitude=None, address="=1+1", attributes={"è": [1]})
    assert table_of(placements(asset)) == [
        ["asset", "code", "address", "district", "latitude", "longitude", "status", "attributes"],
        ["fontanelli", "F1", "Piazza della Signoria", "1", "43.797198209454436", "11.206410523893547", "active", ""],
        ["fontanelli", "F2", "'=1+1", "", "", "", "active", '{"è": [1]}'],
    ]


@pytest.mark.parametrize(("language", "heading", "word"), [("it", "Indirizzo", "attivo"), ("en", "Address", "active")])
def test_files_for_people_are_in_their_language(lamps, language, heading, word):
    factories.placement(lamps, "L1")
    with override(language):
        header, row = table_of(placements(lamps), "csv-it")
    assert header[2] == heading
    assert row[6] == word


def test_each_attribute_of_the_one_category_has_a_column(lamps):
    factories.placement(lamps, "L1", attributes=ALL)
    factories.placement(lamps, "L2")
    header, full, empty = table_of(placements(lamps))
    assert header[7:] == [f"attributes.{name}" for name in ALL]
    assert full[7:] == ["35", "LED", "true", "2016-02-29", "3.5"]
    assert empty[7:] == [""] * 5
    assert table_of(placements(lamps), "csv-it")[1][7:] == ["35", "LED", "sì", "29/02/2016", "3,5"]


@pytest.mark.parametrize(
    "attributes",
    [
        {"unheard": 1},
        {"watt": None},
        {"watt": "35"},
        {"lamp": ""},
        {"lamp": " LED"},
        {"lamp": "a  b"},
        {"lamp": "a\nb"},
        {"smart": "no"},
        {"installed_on": "2015-02-29"},
        {"installed_on": "ieri"},
        {"height": "3,5"},
    ],
)
def test_attributes_that_a_column_would_not_give_back_are_told_whole(lamps, attributes):
    factories.placement(lamps, "L1")
    strange = factories.placement(lamps, "L2")
    Placement.objects.filter(pk=strange.pk).update(attributes=attributes)
    header, _usual, row = table_of(placements(lamps))
    assert header[7:] == ["attributes"]
    assert json.loads(row[7]) == attributes


def test_attributes_of_several_categories_are_told_whole(lamps):
    other = factories.asset(lamps.owner, "altri")
    for asset in (lamps, other):
        factories.placement(asset, "L1", attributes={"watt": 35} if asset == lamps else {})
    header, *rows = table_of(placements(lamps, other))
    assert header[7:] == ["attributes"]
    assert {row[7] for row in rows} == {'{"watt": 35}', ""}


def test_a_heading_that_several_columns_could_claim_is_a_code(publiacqua):
    schema = {"type": "object", "properties": {"place": {"type": "string", "title": "Indirizzo"}}}
    asset = factories.asset(publiacqua, "cabine", category=factories.category(attribute_schema=schema))
    factories.placement(asset, "C1", attributes={"place": "Via Roma"})
    with override("it"):
        header = table_of(placements(asset), "csv-it")[0]
    assert header[2] == "address"
    assert header[-1] == "attributes.place"


def test_only_what_one_may_see_is_written(publiacqua, referent, other_referent):
    seen = {}
    for visibility in ("public", "network", "restricted"):
        asset = factories.asset(publiacqua, f"bene-{visibility}", visibility=visibility)
        factories.placement(asset, "P1")
    for name, who in (("nobody", ANONYMOUS), ("other", other_referent), ("owner", referent)):
        assets = {row[0] for row in table_of(AssetExport(Asset.objects.order_by("code"), who))[1:]}
        parts = {row[0] for row in table_of(PlacementExport(Placement.objects.order_by("asset_id"), who))[1:]}
        assert assets == parts
        seen[name] = len(assets)
    assert seen == {"nobody": 1, "other": 2, "owner": 3}


def test_a_related_row_that_is_not_to_be_seen_is_left_empty(publiacqua, referent):
    contact = factories.referent(publiacqua, "referente")
    factories.asset(publiacqua, "fontanelli", visibility="public", contact=contact)
    for who, expected in ((ANONYMOUS, ""), (referent, "referente")):
        header, row = table_of(AssetExport(Asset.objects.all(), who))
        assert dict(zip(header, row, strict=True))["contact"] == expected
        assert row[:2] == ["fontanelli", "publiacqua"]


@pytest.mark.parametrize("name", ["csv", "geojson"])
def test_rows_are_read_while_the_file_is_taken(lamps, name, monkeypatch):
    monkeypatch.setattr(writing, "BATCH", 2)
    monkeypatch.setattr(exports, "BATCH", 2)
    for number in range(9):
        factories.placement(lamps, f"L{number}")
    drawn = 0

    def watched(rows):
        nonlocal drawn
        for row in rows:
            drawn += 1
            yield row

    export = placements(lamps)
    pieces = export.written(export.format_named(name), watched)
    next(pieces)
    next(pieces)
    assert drawn < 9
    assert open_cursors() == 1
    list(pieces)
    assert drawn == export.count == 9
    assert open_cursors() == 0


def test_who_stops_taking_the_file_leaves_no_cursor_behind(lamps, monkeypatch):
    monkeypatch.setattr(exports, "BATCH", 2)
    monkeypatch.setattr(writing, "BATCH", 2)
    for number in range(9):
        factories.placement(lamps, f"L{number}")
    export = placements(lamps)
    pieces = export.written(export.format_named("csv"))
    next(pieces)
    next(pieces)
    assert open_cursors() == 1
    pieces.close()
    assert open_cursors() == 0


def open_cursors() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE name LIKE '_django_curs%'")
        return cursor.fetchone()[0]


@pytest.mark.parametrize(("export_class", "name"), FORMATS)
def test_an_export_costs_the_same_number_of_queries_however_long(export_class, name, publiacqua):
    asset = factories.asset(publiacqua, category=luminaires(), attributes={"watt": 35})
    counts = []
    for _round in range(2):
        more(export_class.kind, asset, 10)
        export = export_class(export_class.of_assets(Asset.objects.all()), OPERATOR)
        with CaptureQueriesContext(connection) as captured:
            assert content_of(export, name)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 6


def more(kind: str, asset, count: int):
    """Store more rows of a kind, in one go."""
    codes = [f"{kind[:-1]}-{next(factories.numbers)}" for _number in range(count)]
    if kind == "assets":
        Asset.objects.bulk_create(Asset(code=code, owner=asset.owner, category=asset.category) for code in codes)
    elif kind == "placements":
        Placement.objects.bulk_create(Placement(code=code, asset=asset) for code in codes)
    else:
        data = factories.asset(asset.owner, category=factories.category(kind="immaterial"))
        Distribution.objects.bulk_create(Distribution(code=code, asset=data) for code in codes)


def test_files_are_named_after_what_they_hold(lamps, publiacqua):
    factories.placement(lamps, "L1")
    factories.distribution()
    export = placements(lamps)
    assert export.file_name(exports.XLSX).startswith("lampioni-2")
    everything = DistributionExport(Distribution.objects.all(), OPERATOR)
    assert everything.file_name(exports.EXCEL_CSV).endswith(".csv")
    factories.distribution()
    assert DistributionExport(Distribution.objects.all(), OPERATOR).asset_id is None
