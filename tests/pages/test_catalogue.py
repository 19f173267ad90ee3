"""The catalogue of assets and its file, an asset's page, partners and meetings: what is shown, counted and offered."""

import csv
import io
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from assets.filters import AssetFilter
from assets.models import Asset
from tests import factories
from tests.pages.test_lists import codes
from tests.pages.test_scope import SEEN, reader, text_of

__all__ = ["reader"]

ROLES = [role for role in SEEN if role != "outsider"]
FACETS = ("kind", "category", "owner", "exchange_status", "used", "district")


@pytest.fixture
def catalogue(city, publiacqua, silfi):
    """Assets of two partners: in use by charts of each visibility, or idle; in the field, in districts, or not."""
    today = timezone.localdate()
    network = factories.category("reti", name_it="Reti")
    pipes = factories.category("condotte", name_it="Condotte", parent=network)
    data = factories.category("dati", kind="immaterial", name_it="Dati")
    contact = factories.referent(publiacqua, "publiacqua-rete", email="rete@example.org")
    assets = {
        "tubi": factories.asset(
            publiacqua,
            "tubi",
            name_it="Tubi",
            category=pipes,
            visibility="public",
            quantity=3,
            unit="pieces",
            contact=contact,
            last_confirmed_on=today - timedelta(days=400),
        ),
        "rete": factories.asset(publiacqua, "rete", name_it="Rete", category=network, last_confirmed_on=today),
        "utenze": factories.asset(
            silfi,
            "utenze",
            name_it="Utenze",
            category=data,
            visibility="public",
            exchange_status="on_conditions",
            conditions_it="Solo per studio.",
        ),
        "pali": factories.asset(silfi, "pali", name_it="Pali", category=network, visibility="restricted"),
    }
    charts = {
        visibility: factories.chart(
            f"scheda-{visibility}", silfi, [publiacqua], "approved", visibility=visibility, starts_on=start
        )
        for visibility, start in (("public", "2016-05-01"), ("network", "2017-02-01"), ("restricted", None))
    }
    factories.asset_use(assets["tubi"], charts["public"], purpose_it="Per misurare le perdite")
    factories.asset_use(assets["utenze"], charts["network"])
    factories.asset_use(assets["pali"], charts["public"])
    for code, district in (("A1", "1"), ("A2", "1"), ("A3", "5")):
        factories.placement(assets["tubi"], code, district=district)
    factories.placement(assets["pali"], "B1", district="2")
    return SimpleNamespace(assets=assets, charts=charts, contact=contact, partner=publiacqua, other=silfi)


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("nobody", {"used=yes": ["tubi"], "used=no": ["utenze"]}),
        ("outsider", {"used=yes": ["tubi", "utenze"], "used=no": ["rete"]}),
        (
            "city_staff",
            {
                "used=no": ["rete"],
                "used=yes&district=2": ["pali"],
                "freshness=stale": ["tubi"],
                "freshness=fresh&sort=owner": ["rete", "pali", "utenze"],
                "category=reti": ["pali", "rete", "tubi"],
            },
        ),
    ],
)
def test_assets_are_found_by_use_and_freshness(role, expected, catalogue, reader):
    browser = reader(role)
    for query, found in expected.items():
        response = browser.get(f"/assets/?{query}")
        assert response.status_code == 200
        assert codes(response) == found
        assert response.context["total"] == len(found)


def listed_at(url: str, who) -> int:
    """How many assets the catalogue shows `who` at an address."""
    filters = AssetFilter(
        QueryDict(urlsplit(url).query),
        queryset=Asset.objects.visible_to(who),
        request=SimpleNamespace(user=who),
    )
    assert urlsplit(url).path == "/assets/"
    assert filters.is_valid()
    return filters.qs.count()


@pytest.mark.parametrize("role", ["nobody", "referent", "city_staff"])
def test_each_figure_of_a_facet_is_that_of_the_list_behind_it(role, catalogue, reader):
    browser = reader(role)
    for query in ("", "?kind=material", "?used=yes", "?category=reti&owner=publiacqua"):
        response = browser.get(f"/assets/{query}")
        facets = {facet.name: facet for facet in response.context["facets"]}
        assert {*facets, "district"} == set(FACETS)
        for choice in [choice for facet in facets.values() for choice in facet.choices if not choice.chosen]:
            assert listed_at(choice.url, response.wsgi_request.user) == choice.count, choice.url


def test_facets_never_ask_for_placements(catalogue, browse, city_staff):
    browser = browse(city_staff)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get("/assets/?district=1").status_code == 200
    assert [query["sql"] for query in queries if 'assets_placement"' in query["sql"]] == []


@pytest.mark.parametrize("sort", ["name", "owner", "confirmed", "changed"])
def test_every_order_goes_through_all_assets_once(sort, publiacqua, silfi, browse):
    category, today = factories.category(), timezone.localdate()
    for number in range(30):
        factories.asset(
            (publiacqua, silfi)[number % 2],
            f"bene-{number}",
            category=category,
            visibility="public",
            name_it=f"Bene {number // 4}",
            last_confirmed_on=today - timedelta(days=number // 3) if number % 5 else None,
        )
    browser = browse()
    first = browser.get("/assets/", {"sort": sort})
    second = browser.get("/assets/", {"sort": sort, "cursor": first.context["page"].next})
    back = browser.get("/assets/", {"sort": sort, "cursor": second.context["page"].previous})
    listed = [*codes(first), *codes(second)]
    assert len(listed) == len(set(listed)) == 30
    assert codes(back) == codes(first)
    rows = {asset.code: asset for asset in Asset.objects.select_related("owner")}
    keys = {
        "name": lambda row: row.name_it,
        "owner": lambda row: (row.owner.name_it, row.name_it),
        "confirmed": lambda row: -row.known_on.toordinal(),
        "changed": lambda row: -row.updated_at.timestamp(),
    }
    told = [keys[sort](rows[code]) for code in listed]
    assert told == sorted(told)


def rows_of_csv(response) -> list[dict]:
    return list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


@pytest.mark.parametrize("role", ROLES)
def test_the_file_holds_what_the_list_shows_in_its_order(role, catalogue, reader):
    browser = reader(role)
    for query in ("", "category=reti", "used=yes&sort=owner"):
        answer = browser.get(f"/assets/export/?{query}&format=csv")
        assert answer.status_code == 200
        assert [row["code"] for row in rows_of_csv(answer)] == codes(browser.get(f"/assets/?{query}"))


def test_the_file_is_a_workbook_where_one_is_asked_for(catalogue, browse):
    answer = browse().get("/assets/export/?format=xlsx&q=tubi")
    sheet = load_workbook(io.BytesIO(answer.getvalue())).active
    assert sheet.max_row == 2
    assert "attachment" in answer["Content-Disposition"]


def test_a_file_of_nothing_that_can_be_understood_is_not_made(db, browse):
    browser = browse()
    for query in ("", "?format=exe"):
        assert browser.get(f"/assets/export/{query}").status_code == 404
    for query in ("owner=nobody", "sort=nonsense"):
        answer = browser.get(f"/assets/export/?format=csv&{query}")
        assert answer.status_code == 302
        assert urlsplit(answer.url).path == "/assets/"
        assert browser.get(answer.url).status_code == 400


def test_no_asset_takes_the_address_of_the_file(publiacqua):
    with pytest.raises(ValidationError):
        factories.asset(publiacqua, "export")
    assert not Asset.objects.filter(code="export").exists()


def test_an_asset_counts_its_units_against_those_declared(catalogue, browse):
    response = browse().get("/assets/tubi/")
    text, units = text_of(response), response.context["units"]
    assert (units.total, units.declared) == (3, 3)
    assert [(part.district, part.count, part.percent) for part in units.districts] == [("1", 2, 100), ("5", 1, 50)]
    assert "Per misurare le perdite" in text


def test_a_quantity_of_something_else_is_not_compared_with_the_units(catalogue, browse):
    Asset.objects.filter(code="tubi").update(quantity=40, unit="km")
    assert browse().get("/assets/tubi/").context["units"].declared is None


@pytest.mark.parametrize(("role", "confirms"), [("nobody", False), ("other_referent", False), ("referent", True)])
def test_what_is_stale_is_confirmed_by_its_referent_and_asked_about_by_others(role, confirms, catalogue, reader):
    browser = reader(role)
    html = browser.get("/assets/tubi/").content.decode()
    assert ('action="/admin/assets/asset/confirm/"' in html) is confirms
    assert 'class="stale-note"' in html
    assert ("mailto:rete@example.org?subject=Tubi" in html) is (role != "nobody")
    if confirms:
        answer = browser.post(
            "/admin/assets/asset/confirm/", {"asset": catalogue.assets["tubi"].pk, "next": "/assets/tubi/"}
        )
        assert answer.url == "/assets/tubi/"
        assert 'class="stale-note"' not in browser.get("/assets/tubi/").content.decode()
        assert Asset.objects.get(code="rete").last_confirmed_on == timezone.localdate()


@pytest.mark.parametrize(
    ("role", "asks", "drafts"),
    [("nobody", True, False), ("outsider", True, False), ("other_referent", True, True), ("referent", False, False)],
)
def test_an_asset_says_how_to_ask_for_it(role, asks, drafts, catalogue, reader):
    html = reader(role).get("/assets/tubi/").content.decode()
    assert ('class="aside-box ask"' in html) is asks
    assert ('href="/charts/new/"' in html) is drafts


@pytest.mark.parametrize("role", ROLES)
def test_a_partner_tells_what_it_shares_and_each_figure_is_that_of_the_list_behind_it(role, catalogue, reader):
    response = reader(role).get("/partners/silfi/")
    shares = response.context["shares"]
    listed = [(count, url) for count, _label, url in shares.figures]
    listed += [(share.count, share.url) for share in shares.plot.shares]
    listed += [(row.total, shares.listed(category=row.category.code)) for row in shares.by_category]
    assert [listed_at(url, response.wsgi_request.user) for _count, url in listed] == [count for count, _url in listed]


def test_a_partner_gives_and_gains_year_by_year_the_latest_first(catalogue, browse, city_staff):
    response = browse(city_staff).get("/partners/publiacqua/")
    years = [part.chart.starts_on and part.chart.starts_on.year for part in response.context["participations"]]
    assert years == [2017, 2016, None]


def test_succession_is_told_both_ways_and_history_stays(catalogue, browse):
    heir = factories.partner("firenze-smart", name_it="Firenze Smart")
    catalogue.other.successor = heir
    catalogue.other.save()
    before, after = (browse().get(f"/partners/{code}/").content.decode() for code in ("silfi", "firenze-smart"))
    assert 'href="/partners/firenze-smart/"' in before
    assert "/assets/utenze/" in before
    assert 'href="/partners/silfi/"' in after
    assert "/assets/utenze/" not in after


@pytest.fixture
def meetings(catalogue, silfi):
    """A meeting of each visibility, attended by publiacqua; what was mapped there is of each visibility too."""
    guest = factories.referent(silfi, "silfi-ospite", name="Ospite di Silfi")
    made = {}
    for year, visibility in enumerate(("public", "network", "restricted"), 2015):
        made[visibility] = factories.meeting(
            f"incontro-{visibility}",
            [catalogue.contact],
            visibility=visibility,
            title_it=f"Incontro {visibility}",
            held_on=f"{year}-03-01",
        )
        made[visibility].mapped_assets.set(catalogue.assets.values())
        made[visibility].charts_born.set(catalogue.charts.values())
    made["public"].participants.add(guest)
    return made


@pytest.mark.parametrize("role", SEEN)
def test_meetings_and_their_facets_count_what_the_reader_may_see(role, meetings, reader):
    browser = reader(role)
    response = browser.get("/meetings/")
    assert {row.visibility for row in response.context["page"].rows} == SEEN[role]
    facets = {facet.name: facet for facet in response.context["facets"]}
    assert sum(choice.count for choice in facets["year"].choices) == len(SEEN[role])
    assert ("partner" in facets) is (role != "nobody")
    for choice in [choice for facet in facets.values() for choice in facet.choices]:
        assert browser.get(choice.url).context["total"] == choice.count, choice.url
    row = next(row for row in response.context["page"].rows if row.visibility == "public")
    seen = Asset.objects.visible_to(response.wsgi_request.user).count()
    assert (row.mapped_assets_count, row.participants_count) == (seen, 0 if role == "nobody" else 2)
    assert row.charts_born_count == len(SEEN[role] if role != "other_referent" else {"public", "network", "restricted"})


@pytest.mark.parametrize("role", SEEN)
def test_a_meeting_shows_who_came_and_what_came_of_it_as_far_as_the_reader_may_see(role, meetings, reader):
    browser = reader(role)
    for visibility, meeting in meetings.items():
        assert browser.get(meeting.get_absolute_url()).status_code == (200 if visibility in SEEN[role] else 404)
    response = browser.get("/meetings/incontro-public/")
    shown = response.context["meeting"]
    assert {asset.pk for asset in shown.mapped_assets.all()} == set(
        Asset.objects.visible_to(response.wsgi_request.user).values_list("pk", flat=True)
    )
    assert ("Ospite di Silfi" in text_of(response)) is (role != "nobody")


@pytest.mark.parametrize("role", SEEN)
def test_a_partner_names_the_meetings_that_its_referents_attended(role, meetings, reader):
    shown = {meeting.visibility for meeting in reader(role).get("/partners/publiacqua/").context["meetings"]}
    assert shown == (set() if role == "nobody" else SEEN[role])


def test_a_meeting_without_a_day_is_listed_last(meetings, browse):
    factories.meeting("senza-giorno", visibility="public")
    assert codes(browse().get("/meetings/")) == ["incontro-public", "senza-giorno"]
    assert codes(browse().get("/meetings/?year=2015")) == ["incontro-public"]


@pytest.mark.parametrize("address", ["/meetings/", "/meetings/?q=niente", "/partners/?q=niente"])
def test_empty_lists_explain_themselves(address, db, browse):
    response = browse().get(address)
    assert response.status_code == 200
    assert 'class="empty"' in response.content.decode()
