"""Documents: what is taken is decided by what it holds, and whoever may see the chart may have them, as downloads."""

import io
import os
import struct
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from firenze_digitale.file_types import NotTaken, type_of
from firenze_digitale.states import event_model_of
from partners.models import User
from projects.models import ChartDocument, ChartNotice, MeetingDocument, Participation
from projects.models.document import MAX_BYTES, documents_storage, name_for_people
from tests import factories
from tests.admin.world import admin_url, filled_in

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 20
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + b"\x00" * 20
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + b"\x00" * 20
ODF = "application/vnd.oasis.opendocument."
OFFICE = "application/vnd.openxmlformats-officedocument."


def package(**parts) -> bytes:
    """A ZIP package with these parts, in this order; `_` in a name stands for a slash, `__` for a point."""
    return archive({name.replace("__", ".").replace("_", "/"): text for name, text in parts.items()})


def archive(parts: dict) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, text in parts.items():
            file.writestr(name, text)
    return packed.getvalue()


def open_document(kind: str, **more) -> bytes:
    return archive({"mimetype": ODF + kind, "content.xml": "<x/>", **more})


def office(main: str, folder: str, more=()) -> bytes:
    types = f'<Types><Override PartName="/{folder}/main.xml" ContentType="{main}"/></Types>'
    return archive({"[Content_Types].xml": types, f"{folder}/main.xml": "<x/>", **dict(more)})


def word(**more) -> bytes:
    return office(f"{OFFICE}wordprocessingml.document.main+xml", "word", **more)


TAKEN = {
    "application/pdf": PDF,
    "image/png": PNG,
    "image/jpeg": JPEG,
    "image/webp": WEBP,
    f"{ODF}text": open_document("text"),
    f"{ODF}spreadsheet": open_document("spreadsheet"),
    f"{ODF}presentation": open_document("presentation"),
    f"{OFFICE}wordprocessingml.document": word(),
    f"{OFFICE}spreadsheetml.sheet": office(f"{OFFICE}spreadsheetml.sheet.main+xml", "xl"),
    f"{OFFICE}presentationml.presentation": office(f"{OFFICE}presentationml.presentation.main+xml", "ppt"),
    "text/plain": "Verbale della riunione: perché sì – “così”\n".encode(),
}


def encrypted(content: bytes) -> bytes:
    """The same package, its first part marked as encrypted in both places that tell."""
    local, central = content.index(b"PK\x03\x04"), content.index(b"PK\x01\x02")
    marked = bytearray(content)
    marked[local + 6 : local + 8] = marked[central + 8 : central + 10] = struct.pack("<H", 1)
    return bytes(marked)


REFUSED = {
    "nothing": b"",
    "a web page": b"\n <!DOCTYPE html><p>x",
    "a web page without its beginning": b"ciao <script>alert(1)</script>",
    "a drawing": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    "a drawing with a mark before it": b"\xef\xbb\xbf<svg/>",
    "a script": b"#!/bin/sh\nls\n",
    "PostScript": b"%!PS-Adobe\n",
    "RTF": b"{\\rtf1 x}",
    "a program": b"MZ\x90\x00" + b"\x00" * 60,
    "another program": b"\x7fELF\x02\x01\x01" + b"\x00" * 60,
    "another image": b"GIF89a" + b"\x00" * 20,
    "a sound in the same container as WebP": b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 20,
    "a film in the same container as WebP": b"RIFF\x24\x00\x00\x00AVI LIST" + b"\x00" * 20,
    "text of two bytes each": "ciao".encode("utf-16"),
    "text with controls": b"ciao\x1b[31m",
    "an archive": archive({"a.txt": "ciao"}),
    "an archive that says it is a document": archive({"word/document.xml": "<x/>"}),
    "an encrypted archive": encrypted(archive({"a.txt": "ciao"})),
    "an encrypted document": encrypted(word()),
    "an encrypted OpenDocument": open_document("text", **{"META-INF/manifest.xml": "<manifest:encryption-data/>"}),
    "an OpenDocument with macros": open_document("text", **{"Basic/Standard/Module1.xml": "<x/>"}),
    "an OpenDocument of another kind": open_document("graphics"),
    "a Word document with macros": word(more={"word/vbaProject.bin": "x"}),
    "a template with macros": office("application/vnd.ms-word.document.macroEnabled.main+xml", "word"),
    "an old Office file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
    "half a document": word()[:80],
    "a book": archive({"mimetype": "application/epub+zip", "content.xml": "x"}),
}


@pytest.mark.parametrize("media_type", TAKEN)
def test_a_file_is_what_it_holds_whatever_it_is_called(media_type):
    assert type_of(io.BytesIO(TAKEN[media_type]), "finto.exe").media_type == media_type


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_taken_is_refused_in_words(what):
    for name in ("scheda.pdf", "scheda.docx", "scheda.txt"):
        with pytest.raises(NotTaken, match=r"\w+"):
            type_of(io.BytesIO(REFUSED[what]), name)


def test_a_table_of_text_is_told_by_its_name_and_text_of_old_programs_is_text():
    assert type_of(io.BytesIO(b"a;b\n1;2\n"), "Tabella.CSV").media_type == "text/csv"
    assert type_of(io.BytesIO("perché".encode("cp1252")), "note").media_type == "text/plain"


def test_a_package_that_would_unpack_to_more_than_memory_holds_is_not_unpacked():
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", b" " * 3_000_000)
    with pytest.raises(NotTaken):
        type_of(bomb, "x.docx")


NAMES = {
    "verbale.pdf": "verbale.pdf",
    "Verbale.PDF": "Verbale.pdf",
    "verbale.pdf.exe": "verbale.pdf",
    "verbale.html": "verbale.pdf",
    "verbale 3.11": "verbale 3.11.pdf",
    "../../etc/passwd": "passwd.pdf",
    "C:\\Documenti\\relazione dott.Rossi": "relazione dott.Rossi.pdf",
    "fattura\u202efdp.exe": "fatturafdp.pdf",
    'a\x00b\r\nc"<d>.pdf': "ab c_d_.pdf",
    ".pdf": "pdf.pdf",
    "": "documento.pdf",
    "…": "….pdf",
    "x" * 300 + ".pdf": "x" * 120 + ".pdf",
}


@pytest.mark.parametrize("sent", NAMES)
def test_the_name_is_kept_for_people_without_what_could_harm(sent):
    assert name_for_people(sent, type_of(io.BytesIO(PDF), "")) == NAMES[sent]


# Rows and files


@pytest.fixture(autouse=True)
def _folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setitem(documents_storage().__dict__, "location", str(tmp_path))


@pytest.fixture
def chart(publiacqua, city):
    return factories.chart("acqua", lead=publiacqua, participants=[city], status="proposed", visibility="restricted")


def document(of, content=PDF, name="verbale.pdf", model=ChartDocument, **values):
    values = {"title_it": "Verbale", **values}
    row = model(**({"chart": of} if model is ChartDocument else {"meeting": of}), **values)
    row.file = ContentFile(content, name=name)
    row.full_clean()
    row.save()
    return row


def upload(content=PDF, name="verbale.pdf", media_type="application/pdf"):
    return SimpleUploadedFile(name, content, media_type)


def files() -> set[str]:
    """Names of all that lies in the storage."""
    root = Path(documents_storage().location)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def status_of(answer) -> int:
    """Its status, once all of it has come: a file that is half read stays open."""
    b"".join(answer)
    return answer.status_code


def add(client, chart, **values):
    return client.post(reverse("chart-document-add", args=[chart.code]), {"title_it": "Verbale", **values})


def test_a_document_is_added_from_its_page_and_comes_back_as_a_download(browse, referent, chart):
    client = browse(referent)
    answer = add(client, chart, file=upload(name="Relazione perché.html"))
    assert (answer.status_code, answer.url) == (302, "/charts/acqua/#documents")
    stored = ChartDocument.objects.get()
    assert (stored.file_name, stored.media_type, stored.size) == ("Relazione perché.pdf", "application/pdf", len(PDF))
    assert "Relazione" not in stored.file.name
    sent = client.get(stored.download_url)
    assert b"".join(sent.streaming_content) == PDF
    assert sent["Content-Type"] == "application/pdf"
    assert sent["Content-Disposition"] == "attachment; filename*=utf-8''Relazione%20perch%C3%A9.pdf"
    assert sent["X-Content-Type-Options"] == "nosniff"
    assert sent["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert sent["Cache-Control"] == "private, no-store"


def test_a_link_is_an_alternative(browse, referent, chart):
    client = browse(referent)
    for url in ("ftp://example.org/x", "javascript:alert(1)"):
        assert add(client, chart, url=url).status_code == 400
    both = add(client, chart, url="https://example.org/x", file=upload())
    neither = add(client, chart)
    assert both.status_code == neither.status_code == 400
    assert not ChartDocument.objects.exists()
    assert files() == set()
    assert add(client, chart, url="https://example.org/x").status_code == 302
    stored = ChartDocument.objects.get()
    assert (stored.host, stored.file_name, stored.size) == ("example.org", "", None)
    assert client.get(stored.download_url).status_code == 404


def test_what_is_refused_is_told_and_what_was_typed_stays(browse, referent, chart):
    client = browse(referent)
    answer = add(client, chart, title_en="Minutes", file=upload(REFUSED["a web page"]))
    assert answer.status_code == 400
    assert 'value="Minutes"' in answer.content.decode()
    assert set(answer.context["form"].errors) == {"file"}
    large = add(client, chart, file=upload(PDF + b" " * MAX_BYTES))
    assert set(large.context["form"].errors) == {"file"}
    assert add(client, chart, file=upload(b"")).status_code == 400
    assert not ChartDocument.objects.exists()
    assert files() == set()


def test_a_form_that_holds_nothing_is_refused_and_no_other_method_is_taken(browse, referent, chart):
    client, address = browse(referent), reverse("chart-document-add", args=[chart.code])
    assert client.post(address).status_code == 400
    assert [client.generic(method, address).status_code for method in ("PUT", "DELETE")] == [405, 405]


def test_who_may_not_see_a_chart_does_not_have_its_documents(
    browse, city_staff, administrator, referent, other_referent, outsider, chart
):
    stored = document(chart)
    addresses = [stored.download_url, reverse("chart-document-add", args=[chart.code])]
    for person, statuses in (
        (None, (404, 302)),
        (outsider, (404, 404)),
        (other_referent, (404, 404)),
        (referent, (200, 200)),
        (city_staff, (200, 200)),
        (administrator, (200, 200)),
    ):
        assert tuple(status_of(browse(person).get(address)) for address in addresses) == statuses
    assert browse(referent).get(reverse("chart-document", args=["altra", stored.pk])).status_code == 404
    for person, status in ((None, 302), (outsider, 404), (other_referent, 404)):
        assert browse(person).post(stored.removal_url).status_code == status
        assert add(browse(person), chart, file=upload()).status_code == status
    chart.visibility = "public"
    chart.save()
    assert status_of(browse().get(stored.download_url)) == 200
    assert browse(other_referent).post(stored.removal_url).status_code == 403
    assert add(browse(other_referent), chart, file=upload()).status_code == 403
    assert browse(referent).get(stored.removal_url).status_code == 405
    assert list(ChartDocument.objects.values_list("pk", flat=True)) == [stored.pk]
    assert files() == {stored.file.name}


def test_a_system_fetches_what_the_api_names_with_its_credential(call, reader, other_writer, chart):
    address = document(chart).download_url
    statuses = [status_of(call(token).get(address)) for token in (reader, other_writer, "fdr_0_made-up", None)]
    assert statuses == [200, 404, 404, 404]


def test_documents_of_meetings_follow_their_meeting(browse, referent, other_referent, city_staff):
    meeting = factories.meeting("incontro", referent.referents.all(), visibility="restricted")
    stored = document(meeting, PNG, "foto.gif", MeetingDocument)
    assert (stored.file_name, stored.media_type) == ("foto.png", "image/png")
    for person, status in ((None, 404), (other_referent, 404), (referent, 200), (city_staff, 200)):
        assert status_of(browse(person).get(stored.download_url)) == status


def test_a_file_that_is_missing_is_told_on_a_page_and_logged(browse, referent, chart, caplog):
    stored = document(chart)
    documents_storage().delete(stored.file.name)
    answer = browse(referent).get(stored.download_url)
    assert answer.status_code == 404
    assert "Verbale" in answer.content.decode()
    assert "cannot be read" in caplog.text


def test_a_removed_document_comes_back_with_its_file(browse, referent, chart):
    stored = document(chart)
    client = browse(referent)
    assert client.post(stored.removal_url).status_code == 302
    assert not ChartDocument.objects.exists()
    call_command("clean_documents", verbosity=0)
    event = event_model_of(ChartDocument).objects.get(pgh_label="delete")
    address = admin_url(chart, "restore_part", "chartdocument", event.pgh_id)
    assert client.get(address).status_code == 200
    assert client.post(address, {"post": "yes"}).status_code == 302
    back = ChartDocument.objects.get()
    assert (back.pk, back.file_name, back.media_type, back.size) == (
        stored.pk,
        "verbale.pdf",
        "application/pdf",
        len(PDF),
    )
    assert b"".join(client.get(back.download_url).streaming_content) == PDF


def test_an_earlier_file_comes_back_with_its_name_and_type(browse, referent, chart):
    stored = document(chart)
    stored.file = ContentFile(PNG, name="foto.png")
    stored.full_clean()
    stored.save()
    assert (stored.file_name, stored.size) == ("foto.png", len(PNG))
    client = browse(referent)
    event = event_model_of(ChartDocument).objects.order_by("pgh_id").first()
    address = admin_url(chart, "restore_part", "chartdocument", event.pgh_id)
    page = client.get(address)
    assert client.post(address, {"_seen": page.context["version"]}).status_code == 302
    back = ChartDocument.objects.get()
    assert (back.file_name, back.media_type, back.size) == ("verbale.pdf", "application/pdf", len(PDF))
    assert b"".join(client.get(back.download_url).streaming_content) == PDF


def test_a_file_that_was_never_kept_cannot_be_named(chart):
    row = ChartDocument(chart=chart, title_it="Verbale", file="ab/segreto")
    with pytest.raises(ValidationError):
        row.full_clean()
    with pytest.raises(ValidationError):
        row.save()


def test_what_no_row_names_is_cleaned_up_after_a_day(chart, capsys):
    kept = document(chart)
    with transaction.atomic():
        lost = document(chart, title_it="Altro")
        transaction.set_rollback(True)
    call_command("clean_documents")
    assert files() == {kept.file.name, lost.file.name}
    path = documents_storage().path(lost.file.name)
    long_ago = (timezone.now() - timedelta(days=2)).timestamp()
    for name in (kept.file.name, lost.file.name):
        os.utime(documents_storage().path(name), (long_ago, long_ago))
    call_command("clean_documents", dry_run=True)
    assert lost.file.name in capsys.readouterr().out
    assert files() == {kept.file.name, lost.file.name}
    call_command("clean_documents")
    assert files() == {kept.file.name}
    assert path.endswith(lost.file.name)


def test_a_file_goes_when_something_after_it_fails(browse, referent, chart, monkeypatch):
    def refuse(*args, **values):
        assert len(files()) == 1
        raise ValidationError("troppo tardi")

    monkeypatch.setattr("projects.services.tell_of_document", refuse)
    answer = add(browse(referent), chart, title_en="Minutes", file=upload())
    assert (answer.status_code, answer.context["form"].non_field_errors()) == (400, ["troppo tardi"])
    assert 'value="Minutes"' in answer.content.decode()
    assert not ChartDocument.objects.exists()
    assert files() == set()


# The desk


def test_the_desk_takes_files_and_links(browse, referent, chart):
    client, address = browse(referent), admin_url(chart, "change")
    data = filled_in(client.get(address))
    forms = {
        "documents-TOTAL_FORMS": "2",
        "documents-0-title_it": "Verbale",
        "documents-0-file": upload(),
        "documents-1-title_it": "Pagina",
        "documents-1-url": "https://example.org/",
    }
    answer = client.post(address, {**data, **forms})
    assert answer.status_code == 302, answer.context and answer.context["errors"]
    stored = {row.title_it: row for row in ChartDocument.objects.all()}
    assert (stored["Verbale"].file_name, stored["Pagina"].url) == ("verbale.pdf", "https://example.org/")
    page = client.get(address)
    assert stored["Verbale"].download_url in page.content.decode()
    assert stored["Verbale"].file.name not in page.content.decode()
    again = client.post(address, {**filled_in(page), "documents-0-title_it": "Verbale del 3 maggio"})
    assert again.status_code == 302
    row = ChartDocument.objects.get(pk=stored["Verbale"].pk)
    assert (row.title_it, row.file, row.file_name) == ("Verbale del 3 maggio", stored["Verbale"].file, "verbale.pdf")


def test_those_concerned_are_told_of_a_new_document_at_every_door(
    browse, call, writer, referent, other_referent, silfi, chart
):
    User.objects.filter(pk=other_referent.pk).update(email="silfi@example.org")
    factories.made(Participation, chart=chart, partner=silfi)
    client, address = browse(referent), admin_url(chart, "change")
    assert add(client, chart, file=upload()).status_code == 302
    desk = {"documents-TOTAL_FORMS": "2", "documents-1-title_it": "Pagina", "documents-1-url": "https://example.org/"}
    assert client.post(address, {**filled_in(client.get(address)), **desk}).status_code == 302
    links = [("Pagina", "https://example.org/2"), ("Dati", "https://example.org/3")]
    body = {"documents": [{"title_it": title, "url": url} for title, url in links]}
    assert call(writer).patch("/api/v1/project-charts/acqua", body).status_code == 200
    notices = ChartNotice.objects.order_by("id").values_list("told", "user__username", "author_name")
    assert list(notices) == [
        ("Verbale", "silfi", "Referente ICT, Publiacqua"),
        ("Pagina", "silfi", "Referente ICT, Publiacqua"),
        ("Dati", "silfi", "Publiacqua, gestionale"),
    ]


def test_files_go_with_their_documents_when_somebody_else_wrote_meanwhile(browse, referent, city_staff, chart):
    first, address = document(chart), admin_url(chart, "change")
    client = browse(referent)
    typed = {
        **filled_in(page := client.get(address)),
        "_seen": page.context["seen"],
        "documents-TOTAL_FORMS": "2",
        "documents-1-title_it": "Foto",
    }
    document(chart, title_it="Di altri", name="altro.pdf")
    met = client.post(address, {**typed, "documents-1-file": upload(PNG, "foto.png")})
    assert met.status_code == 409
    assert "foto.png" in met.content.decode()
    assert {row.title_it for row in ChartDocument.objects.all()} == {"Verbale", "Di altri"}
    again = {**filled_in(met), "_seen": met.context["seen"], "documents-2-file": upload(PNG, "foto.png")}
    assert again["documents-2-title_it"] == "Foto"
    assert client.post(address, again).status_code == 302
    names = dict(ChartDocument.objects.values_list("title_it", "file_name"))
    assert names == {"Verbale": "verbale.pdf", "Di altri": "altro.pdf", "Foto": "foto.png"}
    assert ChartDocument.objects.get(pk=first.pk).file == first.file


def test_a_form_that_is_dropped_does_not_leave_its_file_to_the_next(browse, referent, chart):
    first, address = document(chart, title_it="Primo"), admin_url(chart, "change")
    client = browse(referent)
    page = client.get(address)
    typed = {
        **filled_in(page),
        "_seen": page.context["seen"],
        "documents-0-title_it": "Primo riscritto",
        "documents-TOTAL_FORMS": "2",
        "documents-1-title_it": "Nuovo",
    }
    first.delete()
    met = client.post(address, {**typed, "documents-1-file": upload(PNG, "foto.png")})
    assert met.status_code == 409
    again = {
        **filled_in(met),
        "_seen": met.context["seen"],
        "choose-documents-0": "stored",
        "documents-1-file": upload(PNG, "foto.png"),
    }
    assert client.post(address, again).status_code == 302
    assert list(ChartDocument.objects.values_list("title_it", "file_name")) == [("Nuovo", "foto.png")]


def test_the_desk_leaves_no_file_of_a_form_that_was_refused(browse, referent, chart):
    client, address = browse(referent), admin_url(chart, "change")
    data = filled_in(client.get(address))
    twice = {"documents-TOTAL_FORMS": "2"}
    for index in (0, 1):
        twice |= {f"documents-{index}-title_it": "Verbale", f"documents-{index}-file": upload()}
    answer = client.post(address, {**data, **twice})
    assert answer.status_code == 200
    wrong = {
        "documents-TOTAL_FORMS": "1",
        "documents-0-title_it": "X",
        "documents-0-file": upload(REFUSED["a program"]),
    }
    assert client.post(address, {**data, **wrong}).status_code == 200
    assert not ChartDocument.objects.exists()
    assert files() == set()


# The API


def test_the_api_tells_of_files_and_replaces_links_alone(call, writer, chart):
    kept = document(chart)
    link = ChartDocument.objects.create(chart=chart, title_it="Pagina", url="https://example.org/")
    api, address = call(writer), "/api/v1/project-charts/acqua"
    told = {row["title_it"]: row for row in api.get(address).json()["documents"]}
    assert told["Verbale"] == {
        "title_it": "Verbale",
        "title_en": "",
        "url": "",
        "file_name": "verbale.pdf",
        "media_type": "application/pdf",
        "size": len(PDF),
        "download": kept.download_url,
        "source": "",
    }
    assert (told["Pagina"]["size"], told["Pagina"]["download"]) == (None, "")
    assert api.patch(address, {"documents": list(told.values())}).status_code == 200
    named = {"title_it": "Verbale", "title_en": "Minutes", "file_name": "x.exe", "size": 1}
    answer = api.patch(address, {"documents": [named, {"title_it": "Nuova", "url": "https://example.org/n"}]})
    assert answer.status_code == 200, answer.json()
    assert {row["title_it"] for row in answer.json()["documents"]} == {"Verbale", "Nuova"}
    stored = ChartDocument.objects.get(pk=kept.pk)
    assert (stored.title_en, stored.file_name, stored.size) == ("Minutes", "verbale.pdf", len(PDF))
    assert api.patch(address, {"documents": []}).json()["documents"] == [{**told["Verbale"], "title_en": "Minutes"}]
    assert not ChartDocument.objects.filter(pk=link.pk).exists()
    wrong = api.patch(address, {"documents": [{"title_it": "Verbale", "url": "https://example.org/"}]})
    assert [error["field"] for error in wrong.json()["errors"]] == ["documents.0"]
    assert api.patch(address, {"documents": [{"title_it": "Vuota"}]}).status_code == 400
    assert ChartDocument.objects.get().file == kept.file
