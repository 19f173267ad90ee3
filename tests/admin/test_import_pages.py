"""Import on the desk: from the file to its columns, its preview, its receipt, and back."""

import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from assets.choices import ImportState
from assets.imports.mapping import REASONS
from assets.models import Asset, Import, ImportMapping, Placement
from firenze_digitale.history import history_of, through_door
from tests import factories
from tests.admin.importing import HEADER, brought, confirm, filled_in, opened, rows, step, upload, upload_url
from tests.admin.test_pages import INLINE
from tests.admin.world import admin_url, luminaires

WRONG = HEADER + "F1,Via Roma,943,11.25,lost\nF2,Via Roma,43.77,11.25,active\n"


@pytest.fixture
def fountains(publiacqua):
    return factories.asset(publiacqua, "publiacqua-fontanelli", name_it="Fontanelli")


@pytest.fixture
def client(browse, referent, fountains):
    """A referent of the agency whose fountains these are."""
    return browse(referent)


@pytest.fixture
def bring(client, fountains):
    """Return a function that brings a file of the fountains' placements."""
    return lambda content, **options: brought(client, content, **{"asset": fountains, **options})


def codes() -> set[str]:
    return set(Placement.objects.values_list("code", flat=True))


def addresses() -> dict[str, str]:
    return dict(Placement.objects.values_list("code", "address"))


# The file


def test_a_file_is_previewed_stored_and_undone(client, bring, referent, fountains):
    factories.placement(fountains, "F1", address="Via Larga")
    imported = bring(rows("F1", "F2"))
    page = opened(client, imported)
    assert page.context["would_be_stored"] in page.content.decode()
    assert addresses() == {"F1": "Via Larga"}

    confirm(client, imported)
    assert imported.state == ImportState.STORED
    assert addresses() == {"F1": "Via Roma", "F2": "Via Roma"}
    entry = history_of(Placement.objects.get(code="F2"), referent)[0]
    assert (entry.who, imported.made_by) == ("publiacqua", referent)

    receipt = opened(client, imported).content.decode()
    assert imported.sha256 in receipt
    assert "publiacqua-fontanelli:F2" in receipt
    assert client.get(step("undo", imported)).status_code == 200
    client.post(step("undo", imported))
    assert addresses() == {"F1": "Via Larga"}
    imported.refresh_from_db()
    assert (imported.state, imported.undone_by) == (ImportState.UNDONE, referent)
    assert step("undo", imported) not in opened(client, imported).content.decode()


def test_cells_are_pasted_instead_of_a_file(client, fountains):
    client.post(upload_url(asset=fountains), {"cells": rows("F1").replace(",", "\t")})
    imported = Import.objects.get()
    assert imported.state == ImportState.PREVIEWED, imported.refusal
    confirm(client, imported)
    assert codes() == {"F1"}


@pytest.mark.parametrize(
    ("given", "message"),
    [({}, "Choose a file"), ({"cells": "a;b\n1;2", "file": True}, "both"), ({"cells": " \n "}, "Choose a file")],
)
def test_one_of_file_and_cells_is_given(browse, referent, fountains, given, message):
    client = browse(referent)
    client.cookies["django_language"] = "en"
    answer = upload(client, rows("F1"), **given) if given.pop("file", False) else client.post(upload_url(), given)
    assert message in str(answer.context["form"].non_field_errors())
    assert not Import.objects.exists()


def test_a_file_that_is_too_large_is_told_the_limit(client, fountains, settings):
    settings.MAX_UPLOAD_SIZE = 50
    assert "file" in upload(client, rows("F1", "F2"), asset=fountains).context["form"].errors
    assert not Import.objects.exists()


def test_a_large_file_lies_on_disk_while_it_is_taken_in(client, bring, settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    confirm(client, bring(rows("F1")))
    assert codes() == {"F1"}


def test_a_text_that_is_too_long_is_refused_readably(client, fountains, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000
    answer = client.post(upload_url(asset=fountains), {"cells": "F1\n" * 1_000})
    assert answer.status_code == 413
    assert "2,0" in answer.content.decode()


def test_a_file_that_nobody_can_read_says_why(client, bring):
    imported = bring(b"\x89PNG\r\n\x1a\n\x00\x00", name="foto.png")
    assert imported.state == ImportState.REFUSED
    page = opened(client, imported).content.decode()
    assert imported.refusal in page
    assert step("columns", imported) not in page


def test_the_partner_is_asked_only_where_there_is_a_choice(browse, referent, silfi, administrator):
    assert "partner" not in browse(referent).get(upload_url("asset")).context["form"].fields
    factories.referent(silfi, "silfi-anche", user=referent)
    field = browse(referent).get(upload_url("asset")).context["form"].fields["partner"]
    assert (field.required, {row.code for row in field.queryset}) == (True, {"publiacqua", "silfi"})
    assert not browse(administrator).get(upload_url("asset")).context["form"].fields["partner"].required


def test_an_administrator_imports_for_every_partner(browse, administrator, fountains):
    client = browse(administrator)
    content = "asset," + rows("F1").replace("\nF1", "\npubliacqua-fontanelli,F1")
    imported = brought(client, content)
    assert imported.partner is None
    confirm(client, imported)
    assert codes() == {"F1"}


def test_the_asset_whose_page_it_was_opened_from_is_not_forgotten(client, bring, fountains):
    assert opened_from(client, fountains)
    imported = bring(rows("F1") + "F2,,,,\n")
    back = f'href="{admin_url(fountains, "change")}"'
    assert back in opened(client, imported).content.decode()
    confirm(client, imported)
    page = opened(client, imported).content.decode()
    assert back in page
    assert f"asset__id__exact={fountains.pk}" in page
    assert Placement.objects.get(code="F1").asset == fountains


def opened_from(client, asset) -> bool:
    """Whether the asset's page and the list of its placements lead to the import of its rows."""
    link = f'href="{upload_url(asset=asset)}"'
    pages = [admin_url(asset, "change"), f"{admin_url(Placement, 'changelist')}?asset__id__exact={asset.pk}"]
    return all(link in client.get(page).content.decode() for page in pages)


def test_an_asset_that_takes_no_such_rows_is_not_there(client, publiacqua, silfi, other_referent, browse, fountains):
    data = factories.asset(publiacqua, category=factories.category(kind="immaterial"))
    hidden = factories.asset(silfi, visibility="restricted")
    for asset in (data, hidden):
        assert client.get(upload_url(asset=asset)).status_code == 404
    assert client.get(upload_url() + "?asset=x").status_code == 404
    assert browse(other_referent).post(upload_url(asset=fountains), {"cells": rows("F1")}).status_code == 403
    assert not Import.objects.exists()


# Columns


UNKNOWN = "Codice;Indirizzo impianto;LAT;Long.;Stato;Note\nF1;Via Roma;43,77;11,25;VERIFICARE;bello\n"


def test_columns_that_are_not_known_are_asked_and_near_misses_marked(client, bring):
    imported = bring(UNKNOWN)
    assert imported.state == ImportState.COLUMNS
    page = opened(client, imported)
    asked = {column.header: column for column in page.context["table"].columns}
    assert asked["Codice"].first.target.name == "code"
    assert (asked["Note"].first.target, asked["Note"].is_undecided) == (None, True)
    near = asked["Indirizzo impianto"].first
    assert (near.target.name, near.is_proposed) == ("address", True)
    assert asked["LAT"].examples == ["43,77"]


def test_columns_are_told_and_a_value_translated(client, bring, referent, publiacqua):
    imported = bring(UNKNOWN)
    data = filled_in(opened(client, imported))
    data |= {"target-5-0": "-", "means-4-0": ["=to_be_verified", ""], "save_as": "Dal GIS"}
    client.post(step("columns", imported), data)
    imported.refresh_from_db()
    assert (imported.state, imported.counts["new"]) == (ImportState.PREVIEWED, 1), imported.refusal
    confirm(client, imported)
    placement = Placement.objects.get()
    assert (placement.status, placement.address) == ("to_be_verified", "Via Roma")
    saved = ImportMapping.objects.get()
    assert (saved.name, saved.partner, saved.kind) == ("Dal GIS", publiacqua, "placements")

    again = bring(UNKNOWN, saved=saved.pk)
    assert (again.state, again.counts["unchanged"]) == (ImportState.PREVIEWED, 1)


def test_what_is_still_to_be_told_is_said_and_nothing_of_the_form_is_lost(client, bring):
    imported = bring(UNKNOWN)
    data = filled_in(opened(client, imported))
    data |= {"means-4-0": ["=planned", "="], "fixed-district": "3", "missing": "remove", "prefix": "!"}
    page = client.post(step("columns", imported), data)
    assert any("Note" in problem for problem in page.context["problems"])
    assert "prefix" in page.context["form"].errors
    assert filled_in(page) == data | {"for-1-0": "address"}
    imported.refresh_from_db()
    assert (imported.state, imported.mapping["fixed"]) == (ImportState.COLUMNS, {"asset": "publiacqua-fontanelli"})


def test_texts_of_a_target_chosen_just_now_are_asked_before_the_preview(client, bring):
    imported = bring("Codice;Condizione\nF1;VERIFICARE\nF2;attivo\n")
    data = filled_in(opened(client, imported)) | {"target-1-0": "status"}
    page = client.post(step("columns", imported), data)
    values = {column.header: column.first.values for column in page.context["table"].columns}
    assert [value.found for value in values["Condizione"]] == ["VERIFICARE", "*"]
    client.post(step("columns", imported), filled_in(page) | {"means-1-0": ["=to_be_verified", ""]})
    imported.refresh_from_db()
    assert imported.counts["new"] == 2


def test_a_column_feeds_two_targets(client, browse, administrator, publiacqua):
    category = factories.category("panchine")
    imported = brought(browse(administrator), "Nome\nPanchina\n", kind="asset", partner=publiacqua.pk)
    data = filled_in(opened(browse(administrator), imported))
    data |= {"target-0-0": "name_it", "target-0-1": "name_en", "fixed-category": category.code}
    page = browse(administrator).post(step("columns", imported), data)
    told = page.context["table"].mapping.assignments
    assert [(one.column, one.target) for one in told] == [("Nome", "name_it"), ("Nome", "name_en")]


def test_columns_that_the_category_knows_are_kept_as_attributes(client, publiacqua):
    lights = factories.asset(publiacqua, "luci", category=luminaires(), attributes={"watt": 20})
    imported = brought(client, "Codice;Bene;Potenza\nL1;luci;35\n")
    data = filled_in(client.get(step("columns", imported))) | {"target-2-0": ""}
    unkept = {name: value for name, value in data.items() if name != "keep_as_attributes"}
    assert client.post(step("columns", imported), unkept).context["problems"]
    assert client.post(step("columns", imported), unkept | {"keep_as_attributes": "on"}).status_code == 302
    imported.refresh_from_db()
    confirm(client, imported)
    placement = Placement.objects.get()
    assert (placement.attributes, placement.asset) == ({"watt": 35}, lights)


def test_a_name_that_is_taken_is_replaced_only_if_that_is_asked(client, bring, publiacqua):
    ImportMapping.objects.create(name="Dal GIS", kind="placements", partner=publiacqua, mapping={"crs": "EPSG:3003"})
    imported = bring(UNKNOWN)
    data = filled_in(opened(client, imported)) | {"target-5-0": "-", "save_as": "Dal GIS"}
    assert "save_as" in client.post(step("columns", imported), data).context["form"].errors
    assert ImportMapping.objects.get().mapping == {"crs": "EPSG:3003"}
    assert client.post(step("columns", imported), data | {"replace": "on"}).status_code == 302
    assert ImportMapping.objects.get().mapping["skipped"] == ["Note"]


def test_what_can_be_read_in_two_ways_is_asked_with_what_it_would_mean(client, publiacqua):
    factories.asset(publiacqua, "luci", category=luminaires(), attributes={"watt": 20})
    imported = brought(client, "codice;bene;altezza\nL1;luci;1.234\n")
    assert imported.state == ImportState.COLUMNS, imported.refusal
    page = opened(client, imported)
    (style,) = page.context["table"].columns[2].first.styles
    assert (style.about, style.found, set(style.choices)) == ("decimal", "1.234", {",", "."})
    client.post(step("columns", imported), filled_in(page) | {"decimal-2-0": "."})
    imported.refresh_from_db()
    assert imported.state == ImportState.PREVIEWED, (imported.refusal, imported.questions)
    assert imported.rows.get().after["attributes"] == {"height": 1.234}


def test_a_file_of_assets_without_owners_is_of_the_partner_that_brings_it(client, publiacqua):
    category = factories.category("alberi")
    imported = brought(client, f"codice,nome,categoria\nalberi,Alberi,{category.code}\n", kind="asset")
    assert imported.state == ImportState.PREVIEWED, imported.refusal
    confirm(client, imported)
    assert Asset.objects.get(code="alberi").owner == publiacqua


@pytest.mark.parametrize(
    "forged",
    [
        {"column-0": "\x00", "target-0-0": "code"},
        {"column-0": "Codice", "target-0-0": "nonsense"},
        {"column-0": "Codice", "target-0-0": "code", "for-0-0": "code", "decimal-0-0": "x"},
        {"column-0": "x" * 6_000, "target-0-0": "-"},
        {"crs": "EPSG:1", "missing": "burn", "prefix": "\x00"},
        {},
    ],
)
def test_a_form_made_by_hand_changes_nothing(client, bring, forged):
    imported = bring(UNKNOWN)
    before = imported.mapping
    answer = client.post(step("columns", imported), forged, follow=True)
    assert answer.status_code == 200
    imported.refresh_from_db()
    assert (imported.state, imported.mapping) == (ImportState.COLUMNS, before)


# Preview


def test_every_wrong_row_is_told_by_row_and_column_of_the_file(client, bring):
    imported = bring(WRONG)
    page = opened(client, imported)
    told = [(row.row.number, [(one.where, one.found) for one in row.problems]) for row in page.context["rows"]]
    assert told == [(2, [("latitude", "943"), ("status", "lost")])]
    assert step("confirm", imported) not in page.content.decode()
    assert client.post(step("confirm", imported), {"seen": page.context["seen"]}, follow=True).status_code == 200
    assert codes() == set()


def test_wrong_rows_are_downloaded_mended_and_brought_back(client, bring):
    imported = bring(WRONG)
    address = step("wrong", imported)
    sheet = load_workbook(io.BytesIO(client.get(f"{address}?format=xlsx").getvalue())).active
    header, row = sheet.iter_rows(values_only=True)
    assert header == (*HEADER.strip().split(","), REASONS)
    assert (row[0], "latitude: " in row[-1], "status: " in row[-1]) == ("F1", True, True)

    text = client.get(f"{address}?format=csv").getvalue().decode("utf-8-sig")
    again = bring(text.replace("943", "43,9").replace(";lost", ";active"))
    assert (again.state, again.mapping["skipped"]) == (ImportState.PREVIEWED, [REASONS])
    confirm(client, again)
    assert Placement.objects.get().latitude == 43.9


def test_there_is_no_file_of_wrong_rows_where_none_is_wrong(client, bring):
    for content, query in ((rows("F1"), ""), (WRONG, "?format=exe")):
        assert client.get(step("wrong", bring(content)) + query).status_code == 404


def test_a_changed_row_is_told_field_by_field(client, bring, fountains):
    factories.placement(fountains, "F1", address="Via Larga", status="planned")
    client.cookies["django_language"] = "en"
    (told,) = opened(client, bring(rows("F1"))).context["rows"]
    changes = [(change.label, change.before, change.after) for change in told.changes]
    assert sorted(changes) == [("Address", "Via Larga", "Via Roma"), ("Status", "planned", "active")]


def test_where_nothing_would_change_there_is_nothing_to_confirm(client, bring, fountains):
    factories.placement(fountains, "F1", address="Via Roma", latitude=43.77, longitude=11.25)
    imported = bring(rows("F1"))
    page = opened(client, imported)
    assert step("confirm", imported) not in page.content.decode()
    client.post(step("confirm", imported), {"seen": page.context["seen"]})
    imported.refresh_from_db()
    assert imported.state == ImportState.PREVIEWED


def test_rows_missing_from_the_file_are_marked_removed_only_if_that_is_asked(client, bring, fountains):
    missing = factories.placement(fountains, "F9")
    imported = bring(rows("F1"))
    assert opened(client, imported).context["sections"][4]["count"] == "1"
    client.post(step("preview", imported), {"missing": "remove"})
    assert "F9" in client.get(f"{step('change', imported)}?rows=missing").content.decode()
    confirm(client, imported)
    missing.refresh_from_db()
    assert (missing.status, imported.counts["removed"]) == ("removed", 1)


def test_swapped_coordinates_are_noticed_and_swapped_with_one_click_where_they_are_not(client, bring):
    for content, latitude in ((HEADER + "F1,Via Roma,11.25,43.77,active\n", 43.77), (rows("F2"), 43.77)):
        imported = bring(content)
        assert imported.mapping["swapped"] == bool(opened(client, imported).context["notes"])
        assert imported.rows.get().after["latitude"] == latitude
    imported = bring(HEADER + "F1,Via Roma,44.9,11.25,active\n")
    page = client.get(f"{step('change', imported)}?rows=warnings")
    assert page.context["rows"][0].problems
    client.post(step("preview", imported), {"swap": "yes"})
    imported.refresh_from_db()
    assert imported.mapping["swapped"] is True
    client.post(step("preview", imported), {"swap": "yes"})
    imported.refresh_from_db()
    assert imported.mapping["swapped"] is False


def test_an_unknown_page_or_section_of_the_rows_is_no_error(client, bring):
    imported = bring(rows("F1"))
    for query in ("?rows=nonsense", "?rows=new&cursor=nonsense", "?rows=unchanged", "?cursor=%00"):
        assert client.get(step("change", imported) + query).status_code == 200


@pytest.mark.parametrize("section", ["wrong", "new", "changed"])
def test_a_preview_costs_the_same_for_one_row_and_for_many(client, bring, fountains, section):
    counts = []
    for many in (["F1"], [f"F{number}" for number in range(20)]):
        if section == "changed":
            for code in many:
                Placement.objects.get_or_create(asset=fountains, code=code)
        wrong = HEADER + "".join(f"{code},,43.7,11.2,lost\n" for code in many)
        imported = bring(wrong if section == "wrong" else rows(*many, address=f"Via {len(many)}"))
        address = f"{step('change', imported)}?rows={section}"
        client.get(address)
        counts.append(queries(client, address))
        assert len(client.get(address).context["rows"]) == len(many)
    assert counts[0] == counts[1]


def queries(client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


# Receipt


def test_a_receipt_and_the_list_cost_the_same_for_one_row_and_for_many(client, bring):
    one, many = bring(rows("F1")), bring(rows(*(f"F{number}" for number in range(20))))
    confirm(client, one)
    confirm(client, many)
    client.get(step("change", one))
    listed = queries(client, admin_url(Import, "changelist"))
    client.post(step("preview", many))
    confirm(client, bring(rows("G1", "G2")))
    assert queries(client, admin_url(Import, "changelist")) == listed
    assert many.state == ImportState.OUTDATED


def test_rows_changed_since_are_named_and_the_rest_is_undone_only_if_that_is_asked(client, bring, fountains):
    imported = bring(rows("F1", "F2"))
    confirm(client, imported)
    with through_door("pages"):
        Placement.objects.filter(code="F1").update(address="Via Nuova")
    client.post(step("undo", imported))
    assert codes() == {"F1", "F2"}
    page = client.get(step("undo", imported))
    assert [row.key for row in page.context["kept"]] == ["publiacqua-fontanelli:F1"]
    client.post(step("undo", imported), {"rest": "yes"})
    assert addresses() == {"F1": "Via Nuova"}


# Mappings


def test_a_saved_mapping_is_renamed_and_deleted_by_its_partner_alone(browse, client, other_referent, publiacqua):
    saved = ImportMapping.objects.create(name="Dal GIS", kind="placements", partner=publiacqua, mapping={"crs": ""})
    stranger = browse(other_referent)
    for page in ("change", "delete"):
        assert stranger.get(admin_url(saved, page)).status_code == 404
        assert stranger.post(admin_url(saved, page), {"name": "Mia", "post": "yes"}).status_code == 404
    assert "Dal GIS" not in stranger.get(admin_url(ImportMapping, "changelist")).content.decode()
    page = client.get(admin_url(saved, "change"))
    assert not INLINE.findall(page.content.decode())
    seen = {"_seen": page.context["seen"]} if page.context.get("seen") else {}
    client.post(admin_url(saved, "change"), {"name": "Dal GIS 2024", "partner": "", **seen})
    saved.refresh_from_db()
    assert (saved.name, saved.partner) == ("Dal GIS 2024", publiacqua)
    client.post(admin_url(saved, "delete"), {"post": "yes"})
    assert not ImportMapping.objects.exists()


def test_a_saved_mapping_has_no_earlier_states_to_bring_back(client, publiacqua):
    saved = ImportMapping.objects.create(name="Dal GIS", kind="placements", partner=publiacqua, mapping={"crs": ""})
    page = admin_url(ImportMapping, "change", saved.pk).replace("change/", "history/1/")
    assert client.get(page).status_code in (302, 404)
    assert client.get(admin_url(ImportMapping, "delete", saved.pk)).status_code == 200


def test_a_number_of_an_asset_that_no_asset_has_is_not_found(client):
    assert client.get(upload_url() + "?asset=" + "9" * 5_000).status_code == 404
