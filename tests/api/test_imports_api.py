"""Files brought by a partner's system: checked and stored unattended, polled, told of, and taken back."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from assets.imports import work
from assets.models import Asset, Import, Placement
from firenze_digitale.history import history_of, through_door
from partners.models import ApiCredential
from tests import factories

HEADER = "asset,code,address,latitude,longitude,attributes.watt\n"
ROWS = HEADER + "publiacqua-public,F1,Via Roma 1,43.77,11.25,35\npubliacqua-public,F2,Via Roma 2,43.78,11.26,\n"


@pytest.fixture
def bring(registry, call, writer):
    """Return the answer to a file in the body of a POST, with the owner's writing credential unless told otherwise."""

    def bring(content: str | bytes, token=writer, content_type="text/csv", **parameters):
        parameters = {"kind": "placements", **parameters}
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return call(token).post(f"/api/v1/imports?{query}", content, content_type=content_type)

    return bring


@pytest.fixture
def brought(bring, call, writer):
    """Return what is told of a file that was brought, when it is polled."""

    def brought(content, **options) -> dict:
        response = bring(content, **options)
        assert response.status_code == 202, response.json()
        polled = call(writer).get(response["Location"])
        assert polled.status_code == 200
        assert polled.json()["finished"] is True
        return polled.json()

    return brought


def errors_of(response, status=400) -> dict[str, str]:
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json"), response.content
    return {error["field"]: error["message"] for error in response.json()["errors"]}


def units() -> dict[str, str]:
    return dict(Placement.objects.filter(asset__code="publiacqua-public").values_list("code", "address"))


BEFORE = {"P1": "Piazza della Signoria"}


def test_a_file_is_stored_unattended_and_its_receipt_tells_what_it_did(brought, writer, publiacqua):
    told = brought(ROWS, file_name="fontanelli.csv")
    assert (told["state"], told["partner"], told["file_name"]) == ("stored", "publiacqua", "fontanelli.csv")
    assert (told["counts"]["new"], told["counts"]["wrong"], told["progress"]) == (2, 0, 1.0)
    assert units() == {**BEFORE, "F1": "Via Roma 1", "F2": "Via Roma 2"}
    stored = Placement.objects.get(code="F1")
    assert (stored.attributes, stored.latitude) == ({"watt": 35}, 43.77)
    [entry] = history_of(stored)
    assert (entry.door, writer.split("_")[1] in entry.who) == ("importazione", True)
    imported = Import.objects.get()
    assert (imported.made_by, imported.partner, imported.chunks.exists()) == (None, publiacqua, False)


def test_the_asset_of_all_rows_is_told_beside_the_file(brought):
    assert brought("code,address\nF1,Via Roma 1\n", asset="publiacqua-public")["state"] == "stored"
    assert units() == {**BEFORE, "F1": "Via Roma 1"}


def test_a_workbook_and_a_form_are_taken_too(brought, call, writer, registry):
    book = openpyxl.Workbook()
    for row in (["code", "name_it", "category", "quantity"], ["nuovo", "Nuovo", "fontanelli", 12]):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    told = brought(file.getvalue(), kind="assets", content_type="application/octet-stream")
    assert told["state"] == "stored"
    asset = Asset.objects.get(code="nuovo")
    assert (asset.owner.code, asset.quantity) == ("publiacqua", 12)
    form = {"file": SimpleUploadedFile("../altri.csv", ROWS.encode())}
    response = call(writer).post("/api/v1/imports?kind=placements", form, format="multipart")
    assert (response.status_code, response.json()["file_name"]) == (202, "altri.csv")
    assert units().keys() == {"P1", "F1", "F2"}


def test_where_a_row_is_wrong_nothing_is_stored_and_the_rows_are_told_page_by_page(brought, call, writer):
    wrong = "".join(f"publiacqua-public,X {number},,43.77,11.25,\n" for number in range(3))
    told = brought(ROWS + wrong)
    assert (told["state"], told["counts"]["wrong"], told["stored_at"]) == ("previewed", 3, None)
    assert units() == BEFORE
    page = call(writer).get(told["rows"], {"limit": 2}).json()
    assert [row["number"] for row in page["results"]] == [4, 5]
    [problem] = page["results"][0]["problems"]
    assert (problem["column"], problem["field"], problem["found"]) == ("code", "code", "X 0")
    [last] = call(writer).get(page["next"]).json()["results"]
    assert last["number"] == 6
    new = call(writer).get(told["rows"], {"state": "new"}).json()["results"]
    assert [row["key"] for row in new] == ["publiacqua-public:F1", "publiacqua-public:F2"]


def test_asked_to_take_each_row_by_itself_it_stores_what_is_right_and_tells_what_was_not(brought, call, writer):
    told = brought(ROWS + "publiacqua-public,X1,,43.77,,\nsilfi-segreto,X2,,,,\n", mode="each")
    assert (told["state"], told["counts"]["new"], told["counts"]["wrong"]) == ("stored", 2, 2)
    assert units().keys() == {"P1", "F1", "F2"}
    rows = call(writer).get(told["rows"]).json()["results"]
    assert [(row["number"], row["problems"][0]["field"]) for row in rows] == [(4, "longitude"), (5, "asset")]
    assert call(writer).get(told["rows"], {"state": "new"}).json()["results"] == []


def test_a_preview_stores_nothing_until_it_is_asked_to(brought, call, writer):
    told = brought(ROWS, preview="true")
    assert (told["state"], told["counts"]["new"]) == ("previewed", 2)
    assert units() == BEFORE
    address = f"/api/v1/imports/{told['id']}/store"
    assert call(writer).post(address).status_code == 202
    assert call(writer).get(f"/api/v1/imports/{told['id']}").json()["state"] == "stored"
    assert units().keys() == {"P1", "F1", "F2"}
    assert call(writer).post(address).status_code == 409


def test_what_was_stored_is_taken_back_as_a_whole_or_not_at_all(brought, call, writer, referent):
    told = brought(ROWS)
    with through_door("admin", user=referent.pk):
        Placement.objects.filter(code="F2").update(address="Viale Europa")
    address = f"/api/v1/imports/{told['id']}/undo"
    refused = call(writer).post(address).json()
    assert (refused["state"], "F2" in refused["refusal"]) == ("stored", True)
    with through_door("admin", user=referent.pk):
        Placement.objects.filter(code="F2").update(address="Via Roma 2")
    undone = call(writer).post(address).json()
    assert (undone["state"], undone["counts"]["deleted"]) == ("undone", 2)
    assert units() == BEFORE


def test_a_file_that_can_be_read_in_two_ways_waits_for_a_referent(brought, browse, referent):
    told = brought(ROWS + "".join(f"publiacqua-public,X{number},,143,11,\n" for number in range(3)))
    assert (told["state"], told["counts"], units()) == ("columns", {}, BEFORE)
    [question] = told["questions"]
    assert question.keys() == {"column", "about", "found"}
    assert browse(referent).get(Import.objects.get().get_absolute_url(), follow=True).status_code == 200


UNREADABLE = ["", "code,address,colore\nF1,x,blu\n", "address\nVia Roma\n", "%PDF-1.4", "\x89PNG", "code,code\n1,2\n"]


@pytest.mark.parametrize("content", UNREADABLE)
def test_what_cannot_be_understood_without_asking_is_refused_at_once(content, bring):
    assert "" in errors_of(bring(content.encode("latin-1"), asset="publiacqua-public"))
    assert not Import.objects.exists()


PARAMETERS = [
    ({"kind": "partners"}, "kind"),
    ({"mode": "some"}, "mode"),
    ({"preview": "yes"}, "preview"),
    ({"asset": "silfi-segreto"}, "asset"),
    ({"asset": "zzz"}, "asset"),
    ({"asset": "%00"}, "asset"),
    ({"asset": "publiacqua-public", "kind": "assets"}, "asset"),
    ({"colour": "red"}, "colour"),
    ({"asset": "publiacqua-public&asset=publiacqua-network"}, "asset"),
    ({"file_name": "a%00.csv"}, "file_name"),
    ({"file_name": ""}, "file_name"),
    ({"file_name": "x" * 256}, "file_name"),
]


@pytest.mark.parametrize(("parameters", "field"), PARAMETERS)
def test_parameters_say_what_is_known(parameters, field, bring):
    assert list(errors_of(bring(ROWS, **parameters))) == [field]
    assert not Import.objects.exists()


def test_a_form_has_the_file_and_nothing_else(registry, call, writer):
    forms = (
        {"other": SimpleUploadedFile("a.csv", ROWS.encode())},
        {"file": SimpleUploadedFile("a.csv", ROWS.encode()), "mode": "each"},
        {"file": "text"},
    )
    for form in forms:
        response = call(writer).post("/api/v1/imports?kind=placements", form, format="multipart")
        assert list(errors_of(response)) == ["file"]
    assert not Import.objects.exists()


def test_a_file_that_is_too_large_is_not_read(bring, settings):
    settings.MAX_UPLOAD_SIZE = 50
    assert bring(ROWS).status_code == 413
    assert not Import.objects.exists()


# Rights


def test_who_may_not_write_brings_nothing(bring, reader, browse, referent):
    assert bring(ROWS, token=None).status_code == 401
    assert bring(ROWS, token=reader).status_code == 403
    session = browse(referent).post("/api/v1/imports?kind=placements", ROWS, content_type="text/csv")
    assert session.status_code == 401
    assert units() == BEFORE
    assert not Import.objects.exists()


def test_a_credential_that_is_limited_to_other_resources_brings_none(bring, publiacqua, call):
    limited = ApiCredential.issue(partner=publiacqua, name="beni", access="write", resources=["assets"])[1]
    assert bring(ROWS, token=limited).status_code == 403
    told = bring("code,quantity\npubliacqua-public,12\n", token=limited, kind="assets")
    assert (told.status_code, told.json()["state"]) == (202, "stored")
    Import.objects.update(kind="placements")
    assert call(limited).get(told["Location"]).status_code == 403


def test_only_the_own_partners_imports_exist(brought, call, other_writer, reader, bring, registry):
    told = brought(ROWS, preview="true")
    for address in (f"/api/v1/imports/{told['id']}", told["rows"]):
        assert call(other_writer).get(address).status_code == 404
        assert call(None).get(address).status_code == 404
        assert call(reader).get(address).status_code == 200
    for step in ("store", "undo"):
        assert call(other_writer).post(f"/api/v1/imports/{told['id']}/{step}").status_code == 404
        assert call(reader).post(f"/api/v1/imports/{told['id']}/{step}").status_code == 403
        assert call(None).post(f"/api/v1/imports/{told['id']}/{step}").status_code == 401
    for asset, status in (("publiacqua-public", 403), ("publiacqua-restricted", 400)):
        assert bring("code\nF1\n", token=other_writer, asset=asset).status_code == status
    assert call(other_writer).get("/api/v1/imports/99999999999999999999").status_code == 404
    assert units() == BEFORE


def test_rows_of_others_are_wrong_rows(bring, call, other_writer):
    told = bring(ROWS, token=other_writer).json()
    assert (told["state"], told["counts"]["wrong"]) == ("previewed", 2)
    assert units() == BEFORE


def test_a_credential_that_is_revoked_before_the_work_begins_stores_nothing(bring, call, writer, monkeypatch):
    def never(*args, **options):
        raise AssertionError("nobody's work is done")

    keep = Import.keep

    def keep_and_revoke(imported, file):
        keep(imported, file)
        for credential in ApiCredential.objects.filter(prefix=writer.split("_")[1]):
            credential.revoked_at = imported.created_at
            credential.save()

    monkeypatch.setattr(work, "store_at_once", never)
    monkeypatch.setattr(Import, "keep", keep_and_revoke)
    told = bring(ROWS).json()
    assert (told["state"], bool(told["refusal"])) == ("interrupted", True)
    assert units() == BEFORE


def test_the_desk_shows_what_a_system_brought(brought, browse, referent):
    brought(ROWS, mode="each")
    address = Import.objects.get().get_absolute_url()
    assert browse(referent).get(address).status_code == 200


def test_rows_of_another_partners_system_stay(brought, silfi):
    factories.placement(factories.asset(silfi, "silfi-pali", visibility="public"), "L1", address="Prima")
    told = brought("asset,code,address\nsilfi-pali,L1,Dopo\n")
    assert told["counts"]["wrong"] == 1
    assert Placement.objects.get(code="L1", asset__code="silfi-pali").address == "Prima"


def test_a_file_that_is_sent_again_under_its_key_is_brought_once(registry, call, writer):
    def send():
        return call(writer).post(
            "/api/v1/imports?kind=placements", ROWS, content_type="text/csv", headers={"Idempotency-Key": "a"}
        )

    first, again = send(), send()
    assert (first.status_code, again.status_code, again["Location"]) == (202, 202, first["Location"])
    assert Import.objects.count() == 1
