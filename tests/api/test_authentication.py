"""Credentials act as their partner's referent; a session only reads."""

from datetime import timedelta

import pytest
from django.utils import timezone

from assets.models import Asset, Category
from firenze_digitale.access import OPERATOR
from firenze_digitale.history import history_of
from partners.models import ApiCredential
from tests import factories


def refused(response):
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="firenze-digitale"'
    assert response["Content-Type"] == "application/problem+json"
    return response.json()["detail"]


def body(**values):
    return {"code": "bene-nuovo", "name_it": "Bene", "owner": "publiacqua", "category": "fontanelli", **values}


@pytest.mark.parametrize(
    "header", ["Basic dXNlcjpwYXNz", "Bearer", "Bearer fdr_00000000_x", "Bearer fdr_\xff_\xe8", "Bearer x", "x"]
)
def test_a_header_that_is_no_valid_credential_is_refused(header, db, client):
    refused(client.get("/api/v1/assets", HTTP_AUTHORIZATION=header))


@pytest.mark.parametrize("end", [{"expires_at": timedelta(seconds=-1)}, {"revoked_at": timedelta(0)}])
def test_a_credential_that_ended_is_refused(end, publiacqua, get):
    token = factories.credential(publiacqua)
    ApiCredential.objects.update(**{name: timezone.now() + after for name, after in end.items()})
    refused(get("assets", token))


def test_the_last_use_of_a_credential_is_kept(reader, get):
    assert get("assets", reader).status_code == 200
    assert timezone.now() - ApiCredential.objects.get().last_used_at < timedelta(minutes=1)


def test_a_session_reads_as_its_person(registry, referent, browse):
    listed = browse(referent).get("/api/v1/assets").json()["results"]
    assert "publiacqua-restricted" in {row["code"] for row in listed}


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_session_does_not_write_whoever_it_belongs_to(method, registry, administrator, browse):
    address = "/api/v1/assets" if method == "post" else "/api/v1/assets/publiacqua-public"
    refused(getattr(browse(administrator), method)(address, body(), content_type="application/json"))
    assert Asset.objects.filter(code="publiacqua-public").exists()
    assert not Asset.objects.filter(code="bene-nuovo").exists()


def test_nobody_writes_without_a_credential(registry, call):
    refused(call().post("/api/v1/assets", body()))
    refused(call().post("/api/v1/partners", {}))
    assert not Asset.objects.filter(code="bene-nuovo").exists()


def test_a_credential_that_reads_does_not_write(registry, call, reader):
    for method, address in (
        ("post", "assets"),
        ("patch", "assets/publiacqua-public"),
        ("delete", "monographs/monografia"),
    ):
        response = getattr(call(reader), method)(f"/api/v1/{address}", body())
        assert response.status_code == 403
    assert not Asset.objects.filter(code="bene-nuovo").exists()
    assert Asset.objects.get(code="publiacqua-public").name_it != "Bene"


def test_what_is_read_only_says_so_to_who_may_write_elsewhere(registry, call, writer):
    for address in ("partners", "plans", "meetings", "categories", "memoranda", "studies", "actions"):
        response = call(writer).post(f"/api/v1/{address}", {})
        assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert call(writer).delete("/api/v1/categories/fontanelli").status_code == 405
    assert Category.objects.filter(code="fontanelli").exists()


def test_history_names_the_credential_and_not_the_session_beside_it(registry, writer, browse, other_referent):
    browser = browse(other_referent)
    response = browser.post(
        "/api/v1/assets", body(), content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {writer}"
    )
    assert response.status_code == 201
    entry = history_of(Asset.objects.get(code="bene-nuovo"), OPERATOR)[0]
    assert (entry.who, entry.door) == (ApiCredential.objects.get().prefix, "API")


def test_a_credential_may_be_sent_from_an_account_that_is_logged_in_elsewhere(registry, reader, administrator, browse):
    """The credential counts, and shows less than the session would."""
    shown = browse(administrator).get("/api/v1/assets/silfi-segreto", HTTP_AUTHORIZATION=f"Bearer {reader}")
    assert shown.status_code == 404
