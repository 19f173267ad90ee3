"""Nothing is sent twice, and nobody's change is lost: ETag, If-None-Match and If-Match on every resource."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.models import Asset, Placement
from firenze_digitale.api import lists
from firenze_digitale.api.lists import columns_of
from firenze_digitale.api_urls import RESOURCES
from partners.models import Partner, Referent
from projects.models import Participation
from tests import factories

pytestmark = pytest.mark.django_db
ASSET = "/api/v1/assets/publiacqua-public"


def etag_at(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer["ETag"]


@pytest.mark.parametrize("resource", RESOURCES)
def test_what_is_known_is_not_sent_again_and_costs_no_query_of_rows(resource, registry, call, writer):
    client = call(writer)
    table = RESOURCES[resource].model._meta.db_table
    for address in (f"/api/v1/{resource}", f"/api/v1/{resource}?limit=1"):
        etag = etag_at(client, address)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address, HTTP_IF_NONE_MATCH=f'"another", W/{etag}')
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)
        assert not [query for query in queries if f'FROM "{table}"' in query["sql"]]
    row = client.get(f"/api/v1/{resource}").json()["results"][0]
    address = f"/api/v1/{resource}/{row.get('key') or row['code']}"
    answer = client.get(address, HTTP_IF_NONE_MATCH=etag_at(client, address))
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize("resource", [name for name, view in RESOURCES.items() if columns_of(view.serializer_class)])
def test_bodies_read_as_columns_are_those_of_the_serializer(resource, registry, call, writer):
    for client in (call(), call(writer)):
        for row in client.get(f"/api/v1/{resource}").json()["results"]:
            address = f"/api/v1/{resource}/{row.get('key') or row['code']}"
            assert json.loads(client.get(address).content) == row


def test_lists_are_sent_again_once_something_in_them_has_changed(registry, call, publiacqua):
    client = call()
    before = etag_at(client, "/api/v1/assets")
    placements = etag_at(client, "/api/v1/placements")
    assert etag_at(client, "/api/v1/assets") == before
    Asset.objects.filter(pk=registry.assets["public"].pk).update(name_it="Altro nome")
    assert etag_at(client, "/api/v1/assets") != before
    assert etag_at(client, "/api/v1/placements") == placements
    Partner.objects.filter(pk=publiacqua.pk).update(code="altro-codice")
    assert etag_at(client, "/api/v1/placements") != placements


def test_two_who_see_different_things_share_no_etag(registry, call, writer):
    for address in ("/api/v1/assets", ASSET, "/api/v1/project-charts/scheda-public"):
        assert etag_at(call(), address) != etag_at(call(writer), address)


def test_a_filtered_list_follows_what_its_filter_asks_for(registry, call):
    client = call()
    address = "/api/v1/assets?owner=publiacqua"
    before = etag_at(client, address)
    registry.charts["public"].milestones.all().delete()
    assert etag_at(client, address) != before


def test_a_change_says_what_it_was_made_from(registry, call, writer):
    client = call(writer, if_match=None)
    body = {"name_it": "Nuovo nome"}
    for answer in (client.patch(ASSET, body), client.put(ASSET, body), client.delete(ASSET)):
        assert answer.status_code == 428
        assert answer["Content-Type"] == "application/problem+json"
    seen = etag_at(client, ASSET)
    answer = client.patch(ASSET, body, HTTP_IF_MATCH=seen)
    assert answer.status_code == 200
    assert answer["ETag"] == etag_at(client, ASSET) != seen
    for answer in (
        client.patch(ASSET, {"name_it": "Perduto"}, HTTP_IF_MATCH=seen),
        client.delete(ASSET, HTTP_IF_MATCH=seen),
        client.patch(ASSET, {"name_it": "Perduto"}, HTTP_IF_MATCH="nonsense"),
    ):
        assert answer.status_code == 412
    assert Asset.objects.get(code="publiacqua-public").name_it == "Nuovo nome"
    assert client.patch(ASSET, {"name_it": "Ancora"}, HTTP_IF_MATCH=f"W/{etag_at(client, ASSET)}").status_code == 200


def test_a_row_that_somebody_deletes_meanwhile_is_not_there_any_more(registry, call, writer, monkeypatch):
    address, rows = "/api/v1/placements/publiacqua-public:P1", RESOURCES["placements"].rows_to_change

    def rows_without_it(view):
        Placement.objects.filter(code="P1", asset__code="publiacqua-public").delete()
        return rows(view)

    monkeypatch.setattr(RESOURCES["placements"], "rows_to_change", rows_without_it)
    assert call(writer).patch(address, {"address": "Via Roma 1"}).status_code == 404


def test_what_the_desk_changes_fails_the_same_precondition(registry, call, writer):
    """The desk and the API compare one version."""
    client, row = call(writer, if_match=None), registry.assets["public"]
    seen = etag_at(client, ASSET)
    version = Asset.objects.get(pk=row.pk).version
    Asset.objects.filter(pk=row.pk).update(source="elsewhere")
    assert Asset.objects.get(pk=row.pk).version != version
    assert client.patch(ASSET, {"name_it": "Perduto"}, HTTP_IF_MATCH=seen).status_code == 412


def test_a_part_that_changes_is_a_change_of_its_chart(registry, call, writer, publiacqua):
    client, address = call(writer, if_match=None), "/api/v1/project-charts/scheda-public"
    seen = etag_at(client, address)
    Participation.objects.filter(chart__code="scheda-public", partner=publiacqua).update(gives_it="Acqua")
    assert etag_at(client, address) != seen
    entry = {"partner": "publiacqua", "gains_it": "Dati"}
    answer = client.patch(address, {"participations": [entry]}, HTTP_IF_MATCH=seen)
    assert answer.status_code == 412
    assert not Participation.objects.filter(gains_it="Dati").exists()


def test_a_key_that_a_body_names_is_part_of_its_state(registry, call, writer):
    client = call(writer)
    seen = etag_at(client, ASSET)
    Referent.objects.filter(pk=registry.contact.pk).update(code="un-altro-codice")
    assert etag_at(client, ASSET) != seen


def test_a_new_row_comes_with_its_etag(registry, call, writer):
    client = call(writer)
    body = {"code": "publiacqua-nuovo", "name_it": "Nuovo", "owner": "publiacqua", "category": registry.fountains.code}
    answer = client.post("/api/v1/assets", body)
    assert answer.status_code == 201
    assert answer["ETag"] == etag_at(client, "/api/v1/assets/publiacqua-nuovo")


def test_the_row_that_one_may_not_change_is_refused_before_its_state_is_compared(registry, call, writer, silfi):
    factories.asset(silfi, "silfi-pubblico", visibility="public")
    answer = call(writer, if_match=None).patch("/api/v1/assets/silfi-pubblico", {"name_it": "Mio"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "address", ["changes?after=latest", "webhooks", "ogc/collections", "openapi.json", "plans/piano-2016-18"]
)
def test_whatever_is_read_has_an_etag_and_is_not_sent_again(address, registry, call, writer):
    client = call(writer, if_match=None)
    etag = etag_at(client, f"/api/v1/{address}")
    answer = client.get(f"/api/v1/{address}", HTTP_IF_NONE_MATCH=etag)
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)
    assert answer["RateLimit-Limit"]
    assert "Content-Type" not in answer.headers
    assert client.get(f"/api/v1/{address}", HTTP_IF_NONE_MATCH='"another"').status_code == 200


def test_a_connection_keeps_no_more_plans_than_it_may(registry, call, monkeypatch):
    """Each length of a page has a plan of its own, and callers choose the length."""
    client, kept = call(), lambda: len(lists.KEPT_PLANS.get(connection.connection, ()))
    client.get("/api/v1/assets?limit=7")
    monkeypatch.setattr(lists, "MOST_KEPT", kept())
    whole = client.get("/api/v1/assets").json()["results"]
    for limit in range(1, 7):
        assert client.get(f"/api/v1/assets?limit={limit}").json()["results"] == whole[:limit]
    assert kept() == lists.MOST_KEPT
