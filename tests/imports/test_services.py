"""From a file to a preview, to stored rows, and back: on the rights of whoever imports, against what was previewed."""

import io

import pytest
from django.core.exceptions import ValidationError

from assets.choices import ImportState, RowState
from assets.imports import receipts, services
from assets.imports.mapping import Mapping
from assets.models import Asset, Import, Placement
from firenze_digitale.history import history_of, through_door
from tests import factories

HEADER = "code,address,district,latitude,longitude,status\n"
ROWS = HEADER + "F1,Via Roma 1,1,43.77,11.25,active\nF2,Via Roma 2,2,43.78,11.26,planned\n"


@pytest.fixture
def fountains(publiacqua):
    return factories.asset(publiacqua, "publiacqua-fontanelli")


@pytest.fixture
def bring(publiacqua, referent, fountains):
    """Return a function that brings a file of the fountains."""

    def bring(text: str | bytes, who=None, **options) -> Import:
        content = text.encode() if isinstance(text, str) else text
        options = {"kind": "placements", "fixed": {"asset": fountains.code}, "partner": publiacqua, **options}
        return services.begin(made_by=who or referent, file=io.BytesIO(content), file_name="fontanelli.csv", **options)

    return bring


@pytest.fixture
def stored(bring, referent):
    """Return a function that brings a file and stores it."""

    def stored(text: str, **options) -> Import:
        imported = bring(text, **options)
        services.confirm(imported, referent)
        return imported

    return stored


def codes() -> set[str]:
    return set(Placement.objects.values_list("code", flat=True))


def test_a_file_whose_columns_are_known_is_previewed_at_once_and_stores_nothing(bring):
    imported = bring(ROWS)
    assert imported.state == ImportState.PREVIEWED, imported.refusal
    assert imported.counts == {
        "rows": 2,
        "new": 2,
        "changed": 0,
        "unchanged": 0,
        "wrong": 0,
        "missing": 0,
        "removed": 0,
        "warnings": 0,
    }
    assert codes() == set()
    first = imported.rows.order_by("pk").first()
    assert (first.number, first.state, first.key) == (2, RowState.NEW, "publiacqua-fontanelli:F1")
    assert first.after["address"] == "Via Roma 1"


def test_a_column_of_assets_says_it_instead_of_the_page_that_the_file_was_brought_from(bring):
    imported = bring("Asset,code,address\npubliacqua-fontanelli,F1,Via Roma 1\n")
    assert (imported.state, imported.counts["new"]) == (ImportState.PREVIEWED, 1), imported.refusal
    assert imported.mapping["fixed"] == {}


def test_what_was_previewed_is_stored_as_an_import_in_history(bring, referent, fountains):
    imported = bring(ROWS)
    services.confirm(imported, referent)
    assert imported.state == ImportState.STORED, imported.refusal
    placement = Placement.objects.get(code="F2")
    assert (placement.asset, placement.district, placement.latitude, placement.status) == (
        fountains,
        "2",
        43.78,
        "planned",
    )
    [entry] = history_of(placement, referent)
    assert (entry.door, entry.who) == ("importazione", "publiacqua")
    assert imported.stored_at is not None
    assert not imported.chunks.exists()
    assert len(imported.sha256) == 64


def test_the_same_file_again_changes_nothing_and_writes_no_history(stored, bring, referent):
    stored(ROWS)
    events = receipts.events_of(Import(kind="placements")).objects.count()
    again = bring(ROWS)
    assert again.counts["unchanged"] == 2
    assert not again.changes_something
    with pytest.raises(ValidationError):
        services.confirm(again, referent)
    assert receipts.events_of(again).objects.count() == events


def test_a_changed_row_is_told_field_by_field(stored, bring):
    stored(ROWS)
    imported = bring(ROWS.replace("Via Roma 2", "Via Pisana 9"))
    assert imported.counts["changed"] == 1
    row = imported.rows.get(state=RowState.CHANGED)
    assert (row.before, row.after) == ({"address": "Via Roma 2"}, {"address": "Via Pisana 9"})


def test_every_wrong_row_is_told_with_all_its_errors_and_nothing_can_be_stored(bring, referent):
    imported = bring(HEADER + "F1,ok,1,43.77,11.25,active\nF 2,x,9,abc,11.25,broken\nF1,y,,,,\n")
    assert imported.counts["wrong"] == 2
    wrong = {row.number: row for row in imported.rows.filter(state=RowState.WRONG)}
    assert {problem["column"] for problem in wrong[3].problems} >= {"code", "district", "latitude", "status"}
    assert wrong[3].cells["latitude"] == "abc"
    assert [problem["column"] for problem in wrong[4].problems] == ["code"]
    assert "2" in wrong[4].problems[0]["expected"]
    with pytest.raises(ValidationError):
        services.confirm(imported, referent)
    assert codes() == set()


def test_rules_of_the_database_are_told_by_row_and_column(bring):
    imported = bring(HEADER + "F1,x,1,43.77,,active\n")
    [row] = imported.rows.filter(state=RowState.WRONG)
    assert {problem["field"] for problem in row.problems} & {"latitude", "longitude"}


def test_attributes_that_the_category_refuses_are_told_by_their_column(bring, fountains):
    category = fountains.category
    category.attribute_schema = {"type": "object", "properties": {"watt": {"type": "integer", "maximum": 500}}}
    category.save()
    imported = bring("code,watt\nF1,35\nF2,9000\n")
    [row] = imported.rows.filter(state=RowState.WRONG)
    assert (row.number, row.problems[0]["column"]) == (3, "watt")


def test_what_somebody_changed_since_the_preview_is_named_and_nothing_is_stored(stored, bring, referent):
    stored(ROWS)
    imported = bring(ROWS.replace("Via Roma", "Via Pisana"))
    Placement.objects.filter(code="F2").update(address="Viale Europa")
    services.confirm(imported, referent)
    assert imported.state == ImportState.OUTDATED
    assert "publiacqua-fontanelli:F2" in imported.refusal
    assert set(Placement.objects.values_list("address", flat=True)) == {"Via Roma 1", "Viale Europa"}


def test_a_row_that_somebody_added_since_the_preview_is_named(bring, referent, fountains):
    imported = bring(ROWS)
    factories.placement(fountains, "F1", address="Altrove")
    services.confirm(imported, referent)
    assert imported.state == ImportState.OUTDATED
    assert Placement.objects.get(code="F1").address == "Altrove"
    assert codes() == {"F1"}


def test_an_import_is_undone_in_one_step(stored, referent):
    stored(ROWS)
    imported = stored(ROWS.replace("Via Roma 2", "Via Pisana 2") + "F3,Via Nuova,,,,active\n")
    services.undo(imported, referent)
    assert imported.state == ImportState.UNDONE
    assert dict(Placement.objects.values_list("code", "address")) == {"F1": "Via Roma 1", "F2": "Via Roma 2"}
    assert (imported.counts["restored"], imported.counts["deleted"]) == (1, 1)


def test_what_was_changed_since_keeps_an_import_from_being_undone_unless_the_rest_is_asked_for(stored, referent):
    imported = stored(ROWS)
    with through_door("admin", user=referent.pk):
        Placement.objects.filter(code="F2").update(address="Viale Europa")
    assert [row.key for row in receipts.changed_since(imported, referent)] == ["publiacqua-fontanelli:F2"]
    services.undo(imported, referent)
    assert imported.state == ImportState.STORED
    assert codes() == {"F1", "F2"}
    services.undo(imported, referent, rest=True)
    assert imported.state == ImportState.UNDONE
    assert codes() == {"F2"}


def test_imports_are_undone_one_after_the_other_the_latest_first(stored, referent):
    first = stored(ROWS)
    second = stored(ROWS.replace("Via Roma 2", "Via Pisana 2"))
    services.undo(second, referent)
    assert receipts.changed_since(first, referent) == []
    services.undo(first, referent)
    assert first.state == ImportState.UNDONE
    assert codes() == set()


def test_rows_missing_from_the_file_are_left_alone_unless_they_are_to_be_removed(stored, bring, referent):
    stored(ROWS)
    shorter = HEADER + "F1,Via Roma 1,1,43.77,11.25,active\n"
    imported = bring(shorter)
    assert (imported.counts["missing"], imported.counts["removed"]) == (1, 0)
    mapping = Mapping.from_json(imported.mapping)
    mapping.missing = "remove"
    services.ask_preview(imported, mapping, referent)
    assert imported.counts["removed"] == 1
    services.confirm(imported, referent)
    assert dict(Placement.objects.values_list("code", "status")) == {"F1": "active", "F2": "removed"}


def test_another_agencys_asset_does_not_take_rows(bring, other_referent, silfi, fountains):
    imported = bring(ROWS, who=other_referent, partner=silfi)
    assert imported.counts.get("wrong") == 2
    assert codes() == set()


def test_codes_of_others_assets_are_taken_and_no_more_is_said(referent, publiacqua, silfi):
    factories.asset(silfi, "silfi-segreto", visibility="restricted", name_it="Segreto")
    category = factories.category("idrico")
    imported = services.begin(
        kind="assets",
        partner=publiacqua,
        made_by=referent,
        file=io.BytesIO(f"code,name_it,category,owner\nsilfi-segreto,Mio,{category.code},publiacqua\n".encode()),
        file_name="beni.csv",
    )
    [row] = imported.rows.all()
    assert row.state == RowState.WRONG
    assert [problem["column"] for problem in row.problems] == ["code"]
    assert row.target_id is None
    assert Asset.objects.get(code="silfi-segreto").name_it == "Segreto"


def test_an_unknown_column_is_asked_about_and_never_ignored(bring, referent):
    imported = bring("code,address,colore\nF1,Via Roma,blu\n")
    assert imported.state == ImportState.COLUMNS
    sample = services.sample_of(imported, referent)
    assert "colore" in " ".join(sample.problems)
    sample.mapping.skipped.append("colore")
    services.ask_preview(imported, sample.mapping, referent)
    assert imported.counts["new"] == 1


def test_a_worker_that_died_is_told_and_nothing_was_stored(bring):
    imported = bring(ROWS)
    Import.objects.filter(pk=imported.pk).update(state=ImportState.STORING, total=1000)
    imported.refresh_from_db()
    assert services.settle(imported).state == ImportState.INTERRUPTED
    assert codes() == set()
    assert imported.chunks.exists()


def test_a_preview_is_confirmed_once(bring, referent):
    imported = bring(ROWS)
    services.confirm(imported, referent)
    with pytest.raises(ValidationError):
        services.confirm(imported, referent)
    assert codes() == {"F1", "F2"}


def test_empty_cells_leave_the_default_of_new_rows_and_the_state_of_known_ones(stored, bring):
    stored(ROWS)
    imported = bring(HEADER + "F2,Via Roma 2,2,43.78,11.26,\nF3,Via Roma 3,2,43.78,11.26,\n")
    assert (imported.counts["unchanged"], imported.counts["new"]) == (1, 1)
    assert imported.rows.get(state=RowState.NEW).after["status"] == "active"
