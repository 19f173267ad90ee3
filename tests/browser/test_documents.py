"""A document goes up from the keyboard alone, and comes down again as it was; e-mails are chosen the same way."""

import pytest
from django.urls import reverse

from partners.models import User
from projects.models import ChartDocument
from projects.models.document import documents_storage
from tests import factories
from tests.projects.test_documents import PDF

pytestmark = pytest.mark.django_db(transaction=True)


def reach(page, selector: str):
    """Go on with the Tab key until the element is in focus."""
    for _step in range(80):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not reach {selector}")


def test_a_document_is_added_downloaded_and_removed_from_the_keyboard(visitor, tmp_path, monkeypatch):
    monkeypatch.setitem(documents_storage().__dict__, "location", str(tmp_path / "kept"))
    publiacqua = factories.partner("publiacqua", name_it="Publiacqua")
    factories.referent(publiacqua, user=factories.user("publiacqua", email="publiacqua@example.org"))
    chart = factories.chart("acqua", publiacqua, title_it="Acqua in città")
    (minutes := tmp_path / "Verbale dell'incontro.pdf").write_bytes(PDF)
    (page_of_web := tmp_path / "pagina.pdf").write_bytes(b"<!doctype html><p>ciao")
    guest = visitor()
    guest.log_in("publiacqua")
    page = guest.page
    guest.open(chart.get_absolute_url())
    add = reverse("chart-document-add", args=[chart.code])
    reach(page, f"a[href='{add}']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{add}")
    guest.look((1280, 360))
    reach(page, "#id_title_it")
    page.keyboard.type("Verbale")
    for chosen, answer in ((page_of_web, add), (minutes, f"{chart.get_absolute_url()}#documents")):
        reach(page, "#id_file")
        # The dialog that Enter opens from here is the browser's own.
        page.set_input_files("#id_file", chosen)
        reach(page, "main form.narrow-form button")
        with page.expect_navigation(url=f"**{answer}"):
            page.keyboard.press("Enter")
        page.wait_for_selector(".field-wrong ul.errorlist" if chosen is page_of_web else ".documents")
        guest.look()
    document = ChartDocument.objects.get()
    assert (document.title_it, document.file_name) == ("Verbale", "Verbale dell'incontro.pdf")
    reach(page, f"a[href='{document.download_url}']")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == document.file_name
    assert download.value.path().read_bytes() == PDF
    reach(page, ".documents form button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".alert-success")
    assert not ChartDocument.objects.exists()


def test_e_mails_are_chosen_from_the_keyboard(visitor):
    factories.user("publiacqua", email="publiacqua@example.org")
    guest = visitor(language="en-GB")
    guest.log_in("publiacqua")
    page = guest.page
    reach(page, ".site-account summary")
    page.keyboard.press("Enter")
    reach(page, f"a[href='{reverse('account-notices')}']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/notices/")
    guest.look((1280, 360))
    reach(page, "[name=notice_pace]")
    page.keyboard.press("ArrowDown")
    reach(page, "main form button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".alert-success")
    assert User.objects.get(username="publiacqua").notice_pace == "daily"
