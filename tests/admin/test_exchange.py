"""Import and export on the desk: a preview first, whole or not at all, within what one may do and see."""

import os
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from assets.models import Asset, Placement
from firenze_digitale.admin_exchange import PreviewStorage
from firenze_digitale.history import DOORS, history_of
from tests import factories
from tests.admin.world import admin_url

HEADER = "asset,code,address,district,latitude,longitude,status\n"
CSV_FORMAT = "0"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.fixture
def fountains(publiacqua):
    return factories.asset(publiacqua, "fontanelli", name_it="Fontanelli")


def rows(count, **wrong) -> str:
    lines = [f"fontanelli,F{number},Via Roma {number},1,43.77,11.25,active" for number in range(count)]
    for number, line in wrong.items():
        lines[int(number[1:])] = line
    return HEADER + "\n".join(lines)


def preview(client, content, name="placement", file_format=CSV_FORMAT):
    file = SimpleUploadedFile("file.csv", content.encode() if isinstance(content, str) else content)
    address = reverse(f"admin:assets_{name}_import")
    return client.post(address, {"import_file": file, "format": file_format, "resource": "0"})


def confirm(client, seen, name="placement", **changed):
    address = reverse(f"admin:assets_{name}_process_import")
    return client.post(address, {**seen.context["confirm_form"].initial, **changed})


def test_a_file_is_previewed_then_stored_through_the_import_door(browse, referent, fountains):
    client = browse(referent)
    seen = preview(client, rows(30))
    assert seen.context["result"].totals["new"] == 30
    assert not Placement.objects.exists()
    assert confirm(client, seen).status_code == 302
    assert Placement.objects.count() == 30
    entry = history_of(Placement.objects.get(code="F7"), referent)[0]
    assert (entry.who, entry.door) == ("publiacqua", str(DOORS["import"]))
    assert list(PreviewStorage.folder().iterdir()) == []


def test_every_wrong_row_is_listed_by_its_row_in_the_file_and_nothing_is_stored(browse, referent, fountains):
    wrong = {"_4": "fontanelli,F4,Via Roma,1,943,11.25,active", "_17": "fontanelli,F17,Via Roma,9,43.7,11.2,lost"}
    seen = preview(browse(referent), rows(30, **wrong))
    told = {row.number: [field for field, _text in row.told] for row in seen.context["wrong_rows"]}
    assert told == {6: ["latitude"], 19: ["district", "status"]}
    assert "confirm_form" not in seen.context
    assert not Placement.objects.exists()


def test_of_many_wrong_rows_the_first_are_shown_and_all_are_counted(browse, referent, fountains, monkeypatch):
    monkeypatch.setattr("firenze_digitale.admin_exchange.PREVIEWED_ROWS", 3)
    wrong = {f"_{number}": f"fontanelli,F{number},{'a' * 150},1,943,11.25,active" for number in range(7)}
    seen = preview(browse(referent), rows(8, **wrong))
    assert [row.number for row in seen.context["wrong_rows"]] == [2, 3, 4]
    assert seen.context["wrong_total"] == 7
    page = seen.content.decode()
    assert page.count("F2</td>") == 1
    assert "F3</td>" not in page
    assert "a" * 101 not in page
    assert not Placement.objects.exists()


def test_a_file_of_unknown_columns_or_of_another_kind_is_told_about(browse, referent, fountains):
    for content, file_format in (
        ("asset,code,colour\nx,y,z", "0"),
        ("no table", "1"),
        ("", "0"),
        (b"\xff\xfe\x00", "0"),
    ):
        seen = preview(browse(referent), content, file_format=file_format)
        assert seen.status_code == 200
        result = seen.context.get("result")
        assert seen.context["form"].errors or result.base_errors
        assert "Traceback" not in seen.content.decode()
    assert not Placement.objects.exists()


def test_rows_of_another_partner_are_refused(browse, other_referent, fountains):
    seen = preview(browse(other_referent), rows(2))
    assert len(seen.context["wrong_rows"]) == 2
    assert not Placement.objects.exists()


def test_an_asset_cannot_be_given_to_another_partner_by_a_file(browse, referent, silfi, fountains):
    content = f"code,owner,category,name_it\nfontanelli,silfi,{fountains.category.code},Fontanelli"
    assert len(preview(browse(referent), content, "asset").context["wrong_rows"]) == 1
    fountains.refresh_from_db()
    assert fountains.owner.code == "publiacqua"


@pytest.mark.parametrize("name", ["asset", "placement", "distribution"])
def test_only_who_may_add_imports(browse, city_staff, name):
    for page in ("import", "process_import"):
        assert browse(city_staff).post(reverse(f"admin:assets_{name}_{page}")).status_code == 403


def test_only_the_file_that_was_previewed_is_stored_and_by_whom_it_was(browse, referent, other_referent, fountains):
    client = browse(referent)
    seen = preview(client, rows(1))
    assert confirm(browse(other_referent), seen).url == reverse("admin:assets_placement_import")
    forged = [{"import_file_name": name} for name in ("/etc/passwd", "")]
    for changed in (*forged, *({"format": number} for number in ("1", "2", "9", "x"))):
        assert confirm(client, seen, **changed).url == reverse("admin:assets_placement_import"), changed
    assert not Placement.objects.exists()
    assert confirm(client, seen, resource="7").status_code == 302
    assert Placement.objects.count() == 1
    assert confirm(client, seen).url == reverse("admin:assets_placement_import")


def test_what_changed_since_the_preview_is_told_and_nothing_is_stored(browse, referent, silfi, fountains):
    client = browse(referent)
    seen = preview(client, rows(2))
    Asset.objects.filter(pk=fountains.pk).update(owner=silfi)
    response = confirm(client, seen)
    assert response.status_code == 200
    assert len(response.context["wrong_rows"]) == 2
    assert not Placement.objects.exists()


def test_a_file_that_is_too_large_is_told_the_limit(browse, referent, fountains, settings):
    settings.MAX_UPLOAD_SIZE = 100
    seen = preview(browse(referent), rows(30))
    assert "import_file" in seen.context["form"].errors
    assert not PreviewStorage.folder().exists() or list(PreviewStorage.folder().iterdir()) == []


def test_uploads_lie_in_a_folder_that_nobody_else_reads_and_are_forgotten(browse, referent, fountains):
    preview(browse(referent), rows(1))
    (left,) = PreviewStorage.folder().iterdir()
    assert (PreviewStorage.folder().stat().st_mode & 0o777, left.stat().st_mode & 0o777) == (0o700, 0o600)
    long_ago = time.time() - 2 * 60 * 60
    os.utime(left, (long_ago, long_ago))
    preview(browse(referent), rows(1))
    assert left not in PreviewStorage.folder().iterdir()


def exported(client, name, query="", file_format=CSV_FORMAT) -> str:
    address = f"{reverse(f'admin:assets_{name}_export')}{query}"
    response = client.post(address, {"format": file_format, "resource": "0"})
    assert response.status_code == 200
    return response.content.decode()


def test_export_holds_what_the_list_shows_and_no_more(browse, referent, silfi, fountains):
    factories.asset(silfi, "pubblico", visibility="public")
    factories.asset(silfi, "riservato", visibility="restricted")
    client = browse(referent)
    everything = exported(client, "asset")
    assert "fontanelli" in everything
    assert "pubblico" in everything
    assert "riservato" not in everything
    assert "pubblico" not in exported(client, "asset", "?mine=1")
    assert "fontanelli" not in exported(client, "asset", "?q=pubblico")


def test_what_was_exported_is_imported_again_as_it_was(browse, referent, fountains):
    factories.placement(fountains, "F1", address="=1+1")
    client = browse(referent)
    content = exported(client, "placement", f"?asset__id__exact={fountains.pk}")
    assert ",=1+1" not in content
    assert preview(client, content).context["result"].totals["skip"] == 1


def test_too_long_an_export_asks_for_a_filter(browse, referent, fountains, monkeypatch):
    monkeypatch.setattr("firenze_digitale.admin_exchange.MAX_EXPORTED_ROWS", 1)
    factories.placement(fountains, "F1")
    factories.placement(fountains, "F2")
    address = reverse("admin:assets_placement_export")
    assert browse(referent).post(address, {"format": CSV_FORMAT, "resource": "0"}).status_code == 302


def test_export_withstands_any_question(browse, referent, fountains):
    client, address = browse(referent), reverse("admin:assets_placement_export")
    assert client.get(f"{address}?asset__id__exact=x").url == admin_url(Placement, "changelist")
    forged = {"format": "7", "resource": "9", "export_items": ["1", "x"]}
    assert client.post(address, forged).status_code == 200
    assert client.get(f"{address}?cursor=abc").status_code == 200
