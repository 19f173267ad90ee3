"""Assets, their parts, monographs and contacts are written by their own partner, under the models' own rules."""

import pytest

from assets.models import Asset, Distribution, Placement
from partners.models import Monograph, Referent
from tests import factories

ASSET = {"code": "nuovo", "name_it": "Nuovo", "owner": "publiacqua", "category": "fontanelli"}
PLACEMENT = {"asset": "publiacqua-public", "code": "P2", "latitude": 43.78, "longitude": 11.26}
DISTRIBUTION = {"asset": "publiacqua-dati-public", "code": "wms", "title_it": "Mappa"}
MONOGRAPH = {"code": "nuova", "title_it": "Nuova", "study": "ricerca-2", "partner": "publiacqua", "year": 2014}

#: Resource, body to add, key then, a change, and a row of the owner's that another sees but may not touch.
WRITTEN = [
    (Asset, "assets", ASSET, "nuovo", {"name_it": "Altro"}, "publiacqua-public"),
    (Placement, "placements", PLACEMENT, "publiacqua-public:P2", {"address": "Altro"}, "publiacqua-public:P1"),
    (
        Distribution,
        "distributions",
        DISTRIBUTION,
        "publiacqua-dati-public:wms",
        {"format": "Altro"},
        "publiacqua-dati-public:csv",
    ),
    (Monograph, "monographs", MONOGRAPH, "nuova", {"title_it": "Altro"}, "monografia"),
]


@pytest.fixture(autouse=True)
def _another_study(registry, city):
    factories.study("ricerca-2", promoter=city)


def errors_of(response, status=400) -> dict[str, str]:
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    return {error["field"]: error["message"] for error in response.json()["errors"]}


@pytest.mark.parametrize(("model", "resource", "body", "key", "change", "_other"), WRITTEN)
def test_the_owner_adds_changes_replaces_and_deletes(model, resource, body, key, change, _other, call, writer):
    api, address = call(writer), f"/api/v1/{resource}/{key}"
    added = api.post(f"/api/v1/{resource}", body)
    assert (added.status_code, added["Location"]) == (201, f"http://testserver{address}")
    assert added.json() == api.get(address).json()
    changed = api.patch(address, change)
    assert changed.status_code == 200
    assert {**added.json(), **change, "updated_at": changed.json()["updated_at"]} == changed.json()
    replaced = api.put(address, body)
    assert replaced.status_code == 200
    assert replaced.json() == {**added.json(), "updated_at": replaced.json()["updated_at"]}
    count = model.objects.count()
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404
    assert model.objects.count() == count - 1


@pytest.mark.parametrize(("model", "resource", "body", "_key", "change", "other"), WRITTEN)
def test_another_partner_changes_nothing(model, resource, body, _key, change, other, call, other_writer):
    api, address = call(other_writer), f"/api/v1/{resource}/{other}"
    before = list(model.objects.order_by("pk").values())
    assert api.post(f"/api/v1/{resource}", body).status_code == 403
    assert api.patch(address, change).status_code == 403
    assert api.put(address, body).status_code == 403
    assert api.delete(address).status_code == 403
    assert list(model.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    "address", ["assets/publiacqua-restricted", "placements/publiacqua-restricted:P1", "assets/nowhere"]
)
def test_what_one_may_not_see_is_not_there_to_be_changed(address, call, other_writer):
    for method in ("put", "patch", "delete"):
        assert getattr(call(other_writer), method)(f"/api/v1/{address}", {}).status_code == 404


def test_an_asset_is_neither_given_nor_taken(registry, call, writer, other_writer):
    assert (
        call(writer).patch("/api/v1/assets/publiacqua-public", {"owner": "silfi", "contact": None}).status_code == 403
    )
    assert call(writer).post("/api/v1/assets", {**ASSET, "owner": "silfi"}).status_code == 403
    taken = call(other_writer).patch("/api/v1/assets/publiacqua-public", {"owner": "silfi"})
    assert taken.status_code == 403
    assert Asset.objects.get(code="publiacqua-public").owner.code == "publiacqua"
    assert not Asset.objects.filter(code="nuovo").exists()


def test_a_successor_keeps_its_predecessors_assets(registry, publiacqua, call):
    heir = factories.partner("acqua-nuova")
    publiacqua.successor = heir
    publiacqua.save()
    api = call(factories.credential(heir, "write"))
    assert api.patch("/api/v1/assets/publiacqua-restricted", {"name_it": "Ereditato"}).status_code == 200
    assert api.patch("/api/v1/placements/publiacqua-restricted:P1", {"status": "removed"}).status_code == 200
    asset = Asset.objects.get(code="publiacqua-restricted")
    assert (asset.name_it, asset.owner) == ("Ereditato", publiacqua)
    assert asset.placements.get().status == "removed"


@pytest.mark.parametrize("code", ["silfi-segreto", "no-such-asset"])
def test_a_hidden_asset_is_refused_like_one_that_does_not_exist(code, registry, call, writer):
    errors = errors_of(call(writer).post("/api/v1/placements", {**PLACEMENT, "asset": code}))
    hidden = errors_of(call(writer).post("/api/v1/placements", {**PLACEMENT, "asset": "zzz"}))
    assert errors["asset"].replace(code, "zzz") == hidden["asset"]


WRONG = [
    ("assets", {**ASSET, "colour": "red"}, "colour"),
    ("assets", {**ASSET, "id": 1}, "id"),
    ("assets", {**ASSET, "name_it": 12}, "name_it"),
    ("assets", {**ASSET, "name_it": " "}, "name_it"),
    ("assets", {**ASSET, "name_it": "x" * 201}, "name_it"),
    ("assets", {**ASSET, "name_en": None}, "name_en"),
    ("assets", {**ASSET, "code": "Not A Code"}, "code"),
    ("assets", {**ASSET, "code": "publiacqua-public"}, "code"),
    ("assets", {**ASSET, "owner": 7}, "owner"),
    ("assets", {**ASSET, "owner": None}, "owner"),
    ("assets", {**ASSET, "contact": "silfi-rete"}, "contact"),
    ("assets", {**ASSET, "quantity": "12"}, "quantity"),
    ("assets", {**ASSET, "quantity": -1}, "quantity"),
    ("assets", {**ASSET, "quantity": True}, "quantity"),
    ("assets", {**ASSET, "mapped_on": "31/12/2016"}, "mapped_on"),
    ("assets", {**ASSET, "mapped_on": 2016}, "mapped_on"),
    ("assets", {**ASSET, "mapped_on": "2016-02-02", "last_confirmed_on": "2016-02-01"}, ""),
    ("assets", {**ASSET, "exchange_status": "on_conditions"}, ""),
    ("assets", {**ASSET, "visibility": ["public"]}, "visibility"),
    ("assets", {**ASSET, "attributes": []}, "attributes"),
    ("assets", {**ASSET, "attributes": {"watt": "many"}}, "attributes"),
    ("placements", {**PLACEMENT, "latitude": 91}, "latitude"),
    ("placements", {**PLACEMENT, "latitude": "43.7"}, "latitude"),
    ("placements", {**PLACEMENT, "longitude": None}, ""),
    ("placements", {**PLACEMENT, "district": 1}, "district"),
    ("placements", {**PLACEMENT, "code": "P1"}, ""),
    ("placements", {**PLACEMENT, "asset": "publiacqua-dati-public"}, "asset"),
    ("distributions", {**DISTRIBUTION, "asset": "publiacqua-public"}, "asset"),
    ("distributions", {**DISTRIBUTION, "access_url": "no address"}, "access_url"),
    ("distributions", {**DISTRIBUTION, "has_personal_data": "no"}, "has_personal_data"),
    ("monographs", {**MONOGRAPH, "year": 1500}, ""),
    ("monographs", {**MONOGRAPH, "study": "ricerca"}, ""),
]


def test_a_wrong_value_is_refused_by_name_and_nothing_is_stored(call, writer, subtests):
    models = (Asset, Placement, Distribution, Monograph)
    before = [model.objects.count() for model in models]
    for resource, body, field in WRONG:
        with subtests.test(resource, field=field, value=str(body.get(field))[:30]):
            assert set(errors_of(call(writer).post(f"/api/v1/{resource}", body))) == {field}
    assert [model.objects.count() for model in models] == before


def test_the_key_of_a_row_does_not_change(registry, call, writer):
    errors = errors_of(call(writer).patch("/api/v1/assets/publiacqua-public", {"code": "other"}))
    assert set(errors) == {"code"}
    moved = {"asset": "publiacqua-network"}
    assert set(errors_of(call(writer).patch("/api/v1/placements/publiacqua-public:P1", moved))) == {"asset"}
    assert Placement.objects.filter(asset__code="publiacqua-public", code="P1").exists()


def test_a_replaced_row_is_emptied_of_what_is_left_out_but_not_opened(registry, call, writer):
    Asset.objects.filter(code="publiacqua-restricted").update(
        description_it="Lunga", quantity=3, attributes={"watt": 35}, exchange_status="not_exchangeable"
    )
    body = {"name_it": "Breve", "owner": "publiacqua", "category": "fontanelli"}
    replaced = call(writer).put("/api/v1/assets/publiacqua-restricted", body)
    assert replaced.status_code == 200, replaced.json()
    asset = Asset.objects.get(code="publiacqua-restricted")
    assert (asset.name_it, asset.description_it, asset.quantity, asset.attributes) == ("Breve", "", None, {})
    assert (asset.contact, asset.visibility, asset.exchange_status) == (None, "restricted", "not_exchangeable")


def test_a_body_that_was_read_can_be_sent_back(registry, call, writer):
    address = "/api/v1/placements/publiacqua-public:P1"
    body = call(writer).get(address).json()
    assert call(writer).put(address, body).json() == body


def test_what_is_in_use_is_not_deleted_and_tells_only_what_one_sees(registry, call, writer):
    used = call(writer).delete("/api/v1/assets/publiacqua-public")
    assert used.status_code == 409
    assert "P1 " in used.json()["detail"]
    asset = factories.asset(registry.contact.partner, "in-bozza", category=registry.fountains)
    factories.asset_use(asset, registry.draft)
    hidden = call(writer).delete("/api/v1/assets/in-bozza")
    assert (hidden.status_code, "1" in hidden.json()["detail"]) == (409, False)
    assert Asset.objects.filter(code__in=["publiacqua-public", "in-bozza"]).count() == 2


def test_a_partner_keeps_its_contacts_data_and_nothing_else_of_them(registry, call, writer):
    api, address = call(writer), "/api/v1/referents/publiacqua-rete"
    assert api.patch(address, {"email": "rete@example.org", "phone": "055 0000"}).status_code == 200
    assert set(errors_of(api.patch(address, {"name": "Altro", "phone": "055 1111"}), 403)) == {"name"}
    assert api.patch("/api/v1/referents/silfi-rete", {"phone": "1"}).status_code == 403
    assert api.put(address, {}).status_code == api.delete(address).status_code == 405
    assert api.post("/api/v1/referents", {}).status_code == 405
    stored = Referent.objects.get(code="publiacqua-rete")
    assert (stored.email, stored.phone, stored.name) == ("rete@example.org", "055 0000", registry.contact.name)
    assert Referent.objects.get(code="silfi-rete").phone == ""


def test_a_monograph_is_not_handed_to_another_partner(registry, call, writer):
    assert call(writer).patch("/api/v1/monographs/monografia", {"partner": "silfi"}).status_code == 403
    assert Monograph.objects.get().partner.code == "publiacqua"
