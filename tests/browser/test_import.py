"""A referent brings a spreadsheet on a Monday morning: from upload to receipt, and back, in a real browser."""

import pytest

from assets.models import Import, Placement
from tests import factories

FILE = """Fontanelli, rilievo 2016;;;;;
Codice;Indirizzo impianto;LAT;Long.;Stato;Note
F1;Via Roma 1;43,7712;11,2541;attivo;bello
F2;Via Roma 2;43,7713;11,2542;VERIFICARE;
F3;Via Roma 3;943;11,2543;attivo;
"""
MENDED = FILE.replace("943", "43,7714")


@pytest.fixture
def fountains(publiacqua):
    asset = factories.asset(publiacqua, "publiacqua-fontanelli", name_it="Fontanelli")
    factories.placement(asset, "F1", address="Via Larga 1")
    return asset


def sent(page, content: str):
    file = {"name": "fontanelli.csv", "mimeType": "text/csv", "buffer": content.encode("cp1252")}
    page.set_input_files("[name=file]", file)
    page.click(".desk-upload button[type=submit]")


def column(page, header: str):
    return page.locator(".desk-columns tbody tr").filter(has=page.get_by_role("rowheader", name=header, exact=True))


def addresses() -> dict[str, str]:
    return dict(Placement.objects.values_list("code", "address"))


def test_a_referent_brings_a_file_mends_it_stores_it_and_takes_it_back(visitor, referent, fountains):
    person = visitor(language="en-GB")
    page = person.page
    person.log_in("publiacqua")
    person.open(f"/admin/assets/asset/{fountains.pk}/change/")
    page.click(f'a[href$="import/?asset={fountains.pk}"]')
    person.look()

    sent(page, FILE)
    person.look()
    assert column(page, "Indirizzo impianto").get_by_text("Proposed").is_visible()
    page.click(".submit-row .default")
    assert "Note" in page.locator(".desk-refusal").inner_text()
    column(page, "Note").locator("select").first.select_option("-")
    column(page, "Stato").get_by_label("“VERIFICARE”").select_option(label="to be verified")
    page.fill("[name=save_as]", "Dal GIS")
    person.look()
    page.click(".submit-row .default")

    assert page.locator(".desk-cards tbody").inner_text().startswith("5")
    assert page.locator("[name=seen]").count() == 0
    with page.expect_download() as download:
        page.click('a[href$="format=csv"]')
    assert "F3" in download.value.path().read_text("utf-8-sig")
    person.look()
    page.click(".desk-refusal .button:not(.desk-quiet)")

    page.select_option("[name=saved]", label="Dal GIS")
    sent(page, MENDED)
    for section in ("changed", "new"):
        page.click(f'a[href="?rows={section}"]')
        person.look()
    assert addresses() == {"F1": "Via Larga 1"}
    page.get_by_role("button", name="Store 2 new rows, 1 changed row").click()

    page.wait_for_selector(".desk-receipt")
    assert addresses() == {"F1": "Via Roma 1", "F2": "Via Roma 2", "F3": "Via Roma 3"}
    assert Placement.objects.get(code="F2").status == "to_be_verified"
    person.look()
    page.click(".desk-danger")
    person.look()
    page.click(".desk-danger")
    page.wait_for_selector(".desk-receipt")
    assert addresses() == {"F1": "Via Larga 1"}
    page.click(f'a[href="/admin/assets/asset/{fountains.pk}/change/"]')
    for address in ("/admin/assets/import/", "/admin/assets/importmapping/"):
        person.inspect(address)


def test_the_page_of_work_under_way_shows_its_end_by_itself(visitor, referent, publiacqua):
    imported = Import.objects.create(
        kind="placements", partner=publiacqua, made_by=referent, file_name="fontanelli.csv", size=1, state="reading"
    )
    person = visitor(language="en-GB")
    page = person.page
    person.log_in("publiacqua")
    person.inspect(imported.get_absolute_url())
    assert page.get_by_role("progressbar").is_visible()
    Import.objects.filter(pk=imported.pk).update(state="refused", refusal="The file is empty.")
    page.get_by_text("The file is empty.").wait_for()
    person.look()
