"""Credentials act as their partner's referent; a session only reads."""

from datetime import timedelta

import pytest
from django.utils import timezone

from assets.models import Asset, Category
from firenze_digitale import resource_names
from firenze_digitale.access import OPERATOR, access_of
from firenze_digitale.api.authentication import caller_of
from firenze_digitale.api_urls import RESOURCES
from firenze_digitale.history import history_of
from partners.models import ApiCredential
from partners.tokens import Token
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


def test_a_token_of_which_a_character_is_wrong_is_told_apart_from_one_that_is_of_no_use(publiacqua, get):
    token = factories.credential(publiacqua)
    mistyped = token[:-1] + ("a" if token[-1] != "a" else "b")
    of_no_use = refused(get("assets", str(Token.new())))
    assert refused(get("assets", mistyped)) != of_no_use
    ApiCredential.objects.update(revoked_at=timezone.now())
    assert refused(get("assets", token)) == of_no_use


@pytest.mark.parametrize("access", ["read", "write"])
def test_a_credential_that_is_limited_reaches_its_resources_and_says_which(access, registry, publiacqua, call):
    api = call(factories.credential(publiacqua, access, resources=["assets", "placements"]))
    for reached in ("assets", "assets/publiacqua-public", "placements", "openapi.json", "catalogue.ttl"):
        assert api.get(f"/api/v1/{reached}").status_code == 200, reached
    for beyond in ("plans", "project-charts/scheda-public", "referents", "plans/none"):
        answer = api.get(f"/api/v1/{beyond}")
        assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
        assert beyond.partition("/")[0] in answer.json()["detail"]
        assert "assets, placements" in answer.json()["detail"]
    assert api.post("/api/v1/monographs", {}).status_code == 403


def test_the_resources_that_a_credential_may_be_limited_to_are_those_of_the_api():
    assert [*RESOURCES] == [*resource_names.RESOURCES]


def test_the_map_layers_are_reached_with_placements(registry, publiacqua, call):
    for resources, status in ((["assets"], 403), (["placements"], 200)):
        token = factories.credential(publiacqua, resources=resources)
        assert call(token).get("/api/v1/ogc/collections").status_code == status


def test_a_page_asked_with_a_credential_is_the_systems_as_far_as_it_reaches(publiacqua, rf, referent):
    def caller(token):
        request = rf.get("/", HTTP_AUTHORIZATION=f"Bearer {token}")
        request.user = referent
        return caller_of(request, "meetings")

    assert caller(factories.credential(publiacqua)).access.partner_ids == {publiacqua.pk}
    assert not access_of(caller(factories.credential(publiacqua, resources=["assets"]))).signed_in
    assert not access_of(caller(str(Token.new()))).signed_in
    unsigned = rf.get("/")
    unsigned.user = referent
    assert caller_of(unsigned, "meetings") == referent


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
    assert (entry.who, entry.door) == (str(ApiCredential.objects.get()), "API")


def test_a_credential_may_be_sent_from_an_account_that_is_logged_in_elsewhere(registry, reader, administrator, browse):
    """The credential counts, and shows less than the session would."""
    shown = browse(administrator).get("/api/v1/assets/silfi-segreto", HTTP_AUTHORIZATION=f"Bearer {reader}")
    assert shown.status_code == 404
