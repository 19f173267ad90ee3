"""Export of the desk's lists: what they show and no more, sent while it is read; and empty tables to fill in."""

import csv
import io
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assets.exports import XLSX, AssetExport
from assets.models import Asset, Placement
from tests import factories
from tests.admin.world import admin_url

KINDS = ("asset", "placement", "distribution")


@pytest.fixture
def fountains(publiacqua):
    return factories.asset(publiacqua, "fontanelli", name_it="Fontanelli")


def exported(client, model, query="", name="csv"):
    response = client.get(f"{admin_url(model, 'export')}?as={name}{query}")
    assert response.status_code == 200
    assert response.streaming
    return response


def codes(client, model, query="", column="code") -> list[str]:
    text = exported(client, model, query).getvalue().decode()
    return [row[column] for row in csv.DictReader(io.StringIO(text, newline=""))]


def test_an_export_holds_what_the_list_shows_in_its_order(browse, referent, publiacqua, silfi, fountains):
    factories.asset(silfi, "pubblico", name_it="Aiuole", visibility="public")
    factories.asset(silfi, "riservato", visibility="restricted")
    factories.asset(publiacqua, "zeta", name_it="Zeta")
    client = browse(referent)
    assert codes(client, Asset) == ["pubblico", "fontanelli", "zeta"]
    assert codes(client, Asset, "&mine=1") == ["fontanelli", "zeta"]
    assert codes(client, Asset, "&q=zeta") == ["zeta"]
    assert codes(client, Asset, f"&owner__id__exact={silfi.pk}") == ["pubblico"]
    assert codes(client, Asset, "&cursor=abc") == ["pubblico", "fontanelli", "zeta"]


def test_an_export_of_one_asset_s_parts_is_filtered_as_their_list_is(browse, referent, publiacqua, fountains):
    for code, status in (("F2", "active"), ("F1", "removed")):
        factories.placement(fountains, code, status=status)
    factories.placement(factories.asset(publiacqua), "ALTRO")
    client, of_one = browse(referent), f"&asset__id__exact={fountains.pk}"
    assert codes(client, Placement, of_one) == ["F1", "F2"]
    assert codes(client, Placement, f"{of_one}&status__exact=active") == ["F2"]
    assert codes(client, Placement, "&q=ALTRO") == ["ALTRO"]


def test_a_hidden_asset_s_parts_are_not_told_apart_from_none(browse, referent, silfi):
    hidden = factories.placement(factories.asset(silfi, visibility="restricted"), "S1")
    assert codes(browse(referent), Placement, f"&asset__id__exact={hidden.asset_id}") == []


def test_a_download_says_what_it_is_and_is_kept_by_nobody(browse, referent, fountains):
    factories.placement(fountains, "F1")
    headers = exported(browse(referent), Placement, name="xlsx").headers
    assert headers["Content-Disposition"].startswith('attachment; filename="fontanelli-2')
    assert headers["Content-Disposition"].endswith('.xlsx"')
    assert "spreadsheetml" in headers["Content-Type"]
    assert "no-store" in headers["Cache-Control"]


def test_the_page_offers_formats_and_keeps_what_the_list_was_filtered_by(browse, referent, fountains):
    page = browse(referent).get(f"{admin_url(Placement, 'export')}?asset__id__exact={fountains.pk}&q=F1&cursor=x")
    assert [file_format.name for file_format in page.context["formats"]] == ["xlsx", "csv-it", "ods", "csv", "geojson"]
    assert page.context["kept"] == [("asset__id__exact", str(fountains.pk)), ("q", "F1")]
    assert "GeoJSON" not in browse(referent).get(admin_url(Asset, "export")).content.decode()


def test_an_unknown_format_is_refused_on_the_page(browse, referent, fountains):
    for name in ("exe", "", "geojson"):
        response = browse(referent).get(f"{admin_url(Asset, 'export')}?as={name}")
        assert response.status_code == (400 if name else 200)
        assert bool(response.context["refused"]) == bool(name)


def test_filters_that_the_list_has_not_lead_back_to_it(browse, referent, fountains):
    for query in ("asset__id__exact=x", "asset__id__exact=x&as=csv", "asset__id__exact=1&status__exact=%00&as=csv"):
        response = browse(referent).get(f"{admin_url(Placement, 'export')}?{query}")
        assert response.status_code == 302, query
        assert response.url == admin_url(Placement, "changelist")
    assert codes(browse(referent), Placement, f"&asset__id__exact={'9' * 40}") == []
    assert browse(referent).get(f"{admin_url(Placement, 'export')}?as=csv&created_at__gte=1").status_code == 400


def test_a_workbook_is_refused_where_it_would_not_hold_all_rows(browse, referent, fountains, monkeypatch):
    monkeypatch.setattr(AssetExport, "formats", (replace(XLSX, most_rows=1),))
    assert exported(browse(referent), Asset, name="xlsx").getvalue()
    factories.asset(fountains.owner)
    response = browse(referent).get(f"{admin_url(Asset, 'export')}?as=xlsx")
    assert response.status_code == 400
    assert "1" in response.context["refused"]


def test_only_get_exports(browse, referent):
    assert browse(referent).post(admin_url(Asset, "export"), {"as": "csv"}).status_code == 405


@pytest.mark.parametrize("page", ["export", "template"])
def test_lists_lead_to_their_export_and_empty_table(browse, city_staff, referent, fountains, page):
    for who in (referent, city_staff):
        for name in KINDS:
            shown = browse(who).get(reverse(f"admin:assets_{name}_changelist")).content.decode()
            assert f'href="{reverse(f"admin:assets_{name}_{page}")}' in shown
    one = f"?asset__id__exact={fountains.pk}"
    shown = browse(city_staff).get(admin_url(Placement, "changelist") + one).content.decode()
    expected = f"?category={fountains.category.code}" if page == "template" else one
    assert f'href="{admin_url(Placement, page)}{expected}"' in shown


def test_an_export_asks_as_often_for_many_rows_as_for_one(browse, referent, fountains):
    client, counts = browse(referent), []
    for number in range(20):
        factories.placement(fountains, f"F{number}")
        if number in (0, 19):
            with CaptureQueriesContext(connection) as captured:
                assert len(codes(client, Placement)) == number + 1
            counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_empty_table_of_a_category_is_downloaded(browse, referent, fountains):
    client = browse(referent)
    response = client.get(f"{admin_url(Asset, 'template')}?category={fountains.category.code}")
    assert response.status_code == 200
    assert response.content.startswith(b"PK")
    assert response.headers["Content-Disposition"].endswith(f'-{fountains.category.code}.xlsx"')


def test_categories_are_offered_where_they_have_such_rows(browse, referent, fountains):
    data = factories.category("dati", kind="immaterial")
    client, offered = browse(referent), {}
    for name in KINDS:
        page = client.get(reverse(f"admin:assets_{name}_template"))
        offered[name] = {category.code for category in page.context["categories"]}
        for category in (fountains.category, data):
            address = f"{reverse(f'admin:assets_{name}_template')}?category={category.code}"
            assert client.get(address).status_code == (200 if category.code in offered[name] else 404)
    material, immaterial = {fountains.category.code}, {"dati"}
    assert offered == {"asset": material | immaterial, "placement": material, "distribution": immaterial}


@pytest.mark.parametrize("code", ["", "nowhere", "%00", "a" * 3_000])
def test_an_unknown_category_has_no_table(browse, referent, code):
    assert browse(referent).get(f"{admin_url(Asset, 'template')}?category={code}").status_code == 404


def test_a_category_leads_to_its_empty_tables(browse, referent, fountains):
    for category, names in ((fountains.category, KINDS[:2]), (factories.category(kind="immaterial"), KINDS[::2])):
        shown = browse(referent).get(admin_url(category, "change")).content.decode()
        for name in KINDS:
            address = f'href="{reverse(f"admin:assets_{name}_template")}?category={category.code}"'
            assert (address in shown) == (name in names)
