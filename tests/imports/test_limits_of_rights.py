"""What an import may not do, whatever its file says and whatever happens meanwhile."""

import io
from datetime import timedelta

import pytest

from assets import services as handovers
from assets.choices import ImportState, RowState
from assets.imports import comparison, jobs, receipts, services, spool
from assets.imports.mapping import Mapping
from assets.imports.staging import Staging
from assets.models import Asset, Import, Placement
from firenze_digitale.history import through_door
from tests import factories

HEADER = "code,address,district,latitude,longitude,status\n"
ROWS = HEADER + "F1,Via Roma 1,1,43.77,11.25,active\nF2,Via Roma 2,2,43.78,11.26,planned\n"


@pytest.fixture
def fountains(publiacqua):
    return factories.asset(publiacqua, "publiacqua-fontanelli")


@pytest.fixture
def bring(publiacqua, referent):
    """Return a function that brings a file for Publiacqua."""

    def bring(text: str | bytes, kind="assets", who=None, **options) -> Import:
        content = text.encode() if isinstance(text, str) else text
        options = {"partner": publiacqua, "file_name": "beni.csv", **options}
        return services.begin(kind=kind, made_by=who or referent, file=io.BytesIO(content), **options)

    return bring


def confirmed(imported, who) -> Import:
    services.confirm(imported, who)
    assert imported.state == ImportState.STORED, imported.refusal
    return imported


def problems_of(imported: Import) -> list[str]:
    return [problem["column"] for row in imported.rows.filter(state=RowState.WRONG) for problem in row.problems]


def test_a_new_asset_is_not_made_in_the_name_of_another_partner(bring, silfi):
    category = factories.category("idrico")
    imported = bring(f"code,name_it,category,owner\nnuovo,Nuovo,{category.code},silfi\n")
    assert (imported.counts["wrong"], problems_of(imported)) == (1, ["owner"])
    assert not Asset.objects.filter(code="nuovo").exists()


def test_an_own_asset_is_not_pushed_onto_another_partner(bring, fountains, silfi, publiacqua):
    imported = bring("code,owner\npubliacqua-fontanelli,silfi\n")
    assert (imported.counts["wrong"], problems_of(imported)) == (1, ["owner"])
    assert Asset.objects.get(pk=fountains.pk).owner == publiacqua


def test_who_answers_for_two_partners_hands_over_by_an_offer_and_not_by_a_file(bring, fountains, publiacqua, referent):
    successor = factories.partner("publiacqua-nuova")
    publiacqua.successor = successor
    publiacqua.save()
    factories.referent(successor, "nuova-ict", user=referent)
    imported = bring("code,owner,name_it\npubliacqua-fontanelli,publiacqua-nuova,Fontane\n", partner=successor)
    assert problems_of(imported) == ["owner"]
    unchanged = bring("code,owner,name_it\npubliacqua-fontanelli,publiacqua,Fontane\n", partner=successor)
    assert unchanged.counts["changed"] == 1, unchanged.refusal


def test_an_administrator_for_all_partners_gives_assets_to_any(bring, fountains, silfi, administrator):
    imported = bring("code,owner\npubliacqua-fontanelli,silfi\n", who=administrator, partner=None)
    confirmed(imported, administrator)
    assert Asset.objects.get(pk=fountains.pk).owner == silfi


@pytest.fixture
def meanwhile(monkeypatch):
    """Return a function that has something happen just before a step of an import's work."""

    def meanwhile(step: str, happen) -> None:
        taken = getattr(Staging, step)

        def after(staging, *args):
            happen()
            return taken(staging, *args)

        monkeypatch.setattr(Staging, step, after)

    return meanwhile


def test_an_asset_that_passes_on_while_its_file_is_read_takes_no_rows(bring, referent, fountains, silfi, meanwhile):
    imported = bring(ROWS, "placements", fixed={"asset": fountains.code})
    meanwhile("merge", lambda: Asset.objects.filter(pk=fountains.pk).update(owner=silfi))
    services.confirm(imported, referent)
    assert imported.state == ImportState.OUTDATED
    assert fountains.code in imported.refusal
    assert not Placement.objects.exists()


def test_a_missing_row_that_somebody_changes_just_then_is_not_marked_removed(bring, referent, fountains, meanwhile):
    factories.placement(fountains, "F9", address="Prima")
    imported = bring(ROWS, "placements", fixed={"asset": fountains.code})
    mapping = Mapping.from_json(imported.mapping)
    mapping.missing = "remove"
    services.ask_preview(imported, mapping, referent)
    assert imported.counts["removed"] == 1
    meanwhile("hold_missing", lambda: Placement.objects.filter(code="F9").update(address="Dopo"))
    services.confirm(imported, referent)
    assert imported.state == ImportState.OUTDATED
    assert "F9" in imported.refusal
    assert list(Placement.objects.values_list("code", "status")) == [("F9", "active")]


def test_rows_get_the_numbers_that_the_preview_has_shown_or_none(bring, referent, fountains):
    imported = bring("indirizzo\nVia Roma 1\n", "placements", fixed={"asset": fountains.code})
    mapping = Mapping.from_json(imported.mapping)
    mapping.numbered = "F"
    services.ask_preview(imported, mapping, referent)
    assert imported.rows.get().after["code"] == "F001"
    factories.placement(fountains, "F001", address="Altrove")
    services.confirm(imported, referent)
    assert imported.state == ImportState.OUTDATED
    assert list(Placement.objects.values_list("code", "address")) == [("F001", "Altrove")]
    services.ask_preview(imported, mapping, referent)
    confirmed(imported, referent)
    assert Placement.objects.get(code="F002").address == "Via Roma 1"


def test_who_undoes_is_not_told_what_became_of_rows_that_moved_out_of_sight(
    bring, referent, silfi, other_referent, fountains
):
    imported = confirmed(bring(ROWS, "placements", fixed={"asset": fountains.code}), referent)
    Asset.objects.filter(pk=fountains.pk).update(owner=silfi, visibility="restricted")
    with through_door("admin", user=other_referent.pk):
        Placement.objects.filter(code="F1").update(code="segreto", address="Altrove")
    kept = receipts.changed_since(imported, referent)
    assert [(row.row, row.key, row.when, row.who) for row in kept] == [(None, "F1", None, ""), (None, "F2", None, "")]
    services.undo(imported, referent, rest=True)
    assert set(Placement.objects.values_list("code", flat=True)) == {"segreto", "F2"}


def test_what_one_has_deleted_oneself_is_told_with_its_author(bring, referent, fountains):
    imported = confirmed(bring(ROWS, "placements", fixed={"asset": fountains.code}), referent)
    with through_door("admin", user=referent.pk):
        Placement.objects.filter(code="F1").delete()
    [row] = receipts.changed_since(imported, referent)
    assert (row.key, row.who) == ("F1", "publiacqua")
    services.undo(imported, referent, rest=True)
    assert (imported.state, imported.counts["deleted"]) == (ImportState.UNDONE, 1)


def test_an_asset_that_was_offered_once_is_taken_back_like_any_other(bring, referent, publiacqua, silfi):
    category = factories.category("idrico")
    imported = confirmed(bring(f"code,name_it,category\nnuovo,Nuovo,{category.code}\n"), referent)
    offer = handovers.offer(referent, publiacqua, silfi, Asset.objects.filter(code="nuovo"))
    handovers.withdraw(referent, offer)
    services.undo(imported, referent)
    assert imported.state == ImportState.UNDONE, imported.refusal
    assert not Asset.objects.filter(code="nuovo").exists()
    assert offer.items.get().asset is None


def test_what_cannot_be_put_back_is_said_and_all_stays_stored(bring, referent, publiacqua, fountains):
    first = factories.referent(publiacqua, "prima-persona")
    second = factories.referent(publiacqua, "altra-persona")
    Asset.objects.filter(pk=fountains.pk).update(contact=first)
    imported = confirmed(bring(f"code,contact\n{fountains.code},{second.code}\n"), referent)
    first.delete()
    services.undo(imported, referent)
    assert imported.state == ImportState.STORED
    assert imported.refusal
    assert "amministra" not in imported.refusal
    assert Asset.objects.get(pk=fountains.pk).contact == second


@pytest.mark.parametrize(
    ("state", "after"),
    [(ImportState.READING, ImportState.INTERRUPTED), (ImportState.UNDOING, ImportState.STORED)],
)
def test_an_import_that_nobody_takes_up_can_be_started_again(bring, fountains, monkeypatch, state, after):
    imported = bring(ROWS, "placements", fixed={"asset": fountains.code})
    Import.objects.filter(pk=imported.pk).update(state=state, total=0)
    imported.refresh_from_db()
    assert services.settle(imported).state == state
    monkeypatch.setattr(services, "LONGEST_WAIT", timedelta(0))
    assert services.settle(imported).state == after
    assert imported.refusal


def test_work_for_an_account_that_is_gone_is_told_as_ended(bring, fountains):
    imported = bring(ROWS, "placements", fixed={"asset": fountains.code})
    Import.objects.filter(pk=imported.pk).update(state=ImportState.STORING)
    jobs.store_import.func(imported.pk, 10**9, "it")
    imported.refresh_from_db()
    assert imported.state == ImportState.INTERRUPTED
    assert not Placement.objects.exists()


def geojson(properties: str = '"code": "F1"', crs: str = "", kind: str = "Point") -> str:
    geometry = f'{{"type": "{kind}", "coordinates": [11.25, 43.77]}}'
    feature = f'{{"type": "Feature", "properties": {{{properties}}}, "geometry": {geometry}}}'
    declared = f'"crs": {{"type": "name", "properties": {{"name": "{crs}"}}}},' if crs else ""
    return f'{{"type": "FeatureCollection", {declared} "features": [{feature}]}}'


@pytest.mark.parametrize(
    "content",
    [
        geojson(r'"code": "F1", "addr\u0000ess": "a"'),
        geojson(kind=r"a\u0000"),
        "code" + "_" * 6_000 + ",address\nF1,Via Roma\n",
    ],
)
def test_names_that_no_database_stores_are_refused_in_words(bring, fountains, content):
    imported = bring(content, "placements", fixed={"asset": fountains.code})
    assert imported.state == ImportState.REFUSED
    assert "\x00" not in imported.refusal


def test_a_reference_system_that_is_no_name_is_left_to_the_values(bring, fountains):
    imported = bring(geojson(crs=r"a\u0000"), "placements", fixed={"asset": fountains.code})
    assert (imported.state, imported.mapping["crs"]) == (ImportState.PREVIEWED, "EPSG:4326")
    assert "\x00" not in imported.facts["crs"]


def test_a_text_is_as_long_as_forms_take_it_at_most(bring, fountains):
    imported = bring(f"code,description_it\n{fountains.code},{'x' * 20_001}\n")
    assert problems_of(imported) == ["description_it"]


def test_what_the_first_rows_leave_open_of_an_attribute_the_whole_column_decides(bring, fountains, monkeypatch):
    for module in (spool, comparison):
        monkeypatch.setattr(module, "BATCH", 2)
    category = fountains.category
    category.attribute_schema = {"type": "object", "properties": {"watt": {"type": "number"}}}
    category.save()
    imported = bring("code;watt\nF1;35\nF2;36\nF3;1.234\nF4;12.5\n", "placements", fixed={"asset": fountains.code})
    assert imported.counts["new"] == 4, problems_of(imported)
    assert imported.rows.get(number=4).after["attributes"] == {"watt": 1.234}
