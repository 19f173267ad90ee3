"""Every kind of page of the desk opens, for whom it should, under the strict policy."""

import re

import pytest
from django.urls import reverse

from tests.admin.world import admin_url, every_model, one_of_each

INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)
PAGES = ("change", "history", "delete")
#: Begun on another page than that of a new row, or kept for good.
HIDDEN = {"referent": {"User"}, "city_staff": {"User", "ApiCredential", "Webhook"}}
NOT_ADDED, NOT_DELETED = ("Participation", "Handover"), ("Handover",)


@pytest.fixture
def world(publiacqua):
    return one_of_each(publiacqua)


def rows_by_model(world):
    return {type(row): row for row in vars(world).values()}


def opened(client, address) -> str:
    response = client.get(address)
    assert response.status_code == 200, (address, response.status_code)
    html = response.content.decode()
    assert not INLINE.findall(html), address
    assert "'unsafe-inline'" not in response.headers["Content-Security-Policy"]
    return html


def test_every_page_opens_for_an_administrator_without_inline_code(browse, administrator, world):
    client, rows = browse(administrator), rows_by_model(world)
    opened(client, reverse("admin:index"))
    for model in every_model():
        opened(client, admin_url(model, "changelist"))
        if model.__name__ not in NOT_ADDED:
            opened(client, admin_url(model, "add"))
        for page in PAGES:
            if page != "delete" or model.__name__ not in NOT_DELETED:
                opened(client, admin_url(rows[model], page))


@pytest.mark.parametrize("who", ["referent", "city_staff"])
def test_every_page_that_one_may_see_opens_without_inline_code(browse, who, world, request):
    client, rows = browse(request.getfixturevalue(who)), rows_by_model(world)
    opened(client, reverse("admin:index"))
    for model in every_model():
        if model.__name__ in HIDDEN[who]:
            assert client.get(admin_url(model, "changelist")).status_code == 403
            assert client.get(admin_url(rows[model], "change")).status_code == 404
            continue
        opened(client, admin_url(model, "changelist"))
        for page in ("change", "history"):
            opened(client, admin_url(rows[model], page))


@pytest.mark.parametrize("model_name", ["asset", "placement", "distribution"])
def test_import_and_export_pages_open_without_inline_code(browse, referent, model_name):
    client = browse(referent)
    for page in ("import", "export"):
        opened(client, reverse(f"admin:assets_{model_name}_{page}"))
