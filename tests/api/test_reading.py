"""Lists and rows: what each caller sees, how lists are paged and filtered, and that nothing leaks."""

import json

import pytest

from assets.models import Asset
from firenze_digitale.api_urls import RESOURCES
from tests import factories

HIDDEN = ("segreto", "restricted", "network", "publiacqua-rete", "silfi-rete", "bozza")


def test_every_row_of_a_list_is_found_at_its_key(registry, keys, get, writer, subtests):
    for resource in RESOURCES:
        with subtests.test(resource):
            listed = get(resource, writer).json()["results"]
            assert listed
            for row, key in zip(listed, keys(resource, writer), strict=True):
                assert get(f"{resource}/{key}", writer).json() == row


def test_no_body_holds_an_id_of_the_database(registry, get, writer, subtests):
    for resource in RESOURCES:
        with subtests.test(resource):
            row = get(resource, writer).json()["results"][0]
            assert not {name for name in row if name in ("id", "pk") or name.endswith("_id")}


def test_each_caller_sees_the_assets_that_the_table_grants(registry, keys, browse, reader, other_writer, city_staff):
    def shown(token=None):
        return {key for key in keys("assets", token) if "dati" not in key}

    assert shown() == {"publiacqua-public"}
    assert shown(other_writer) == {"publiacqua-public", "publiacqua-network", "silfi-segreto"}
    assert shown(reader) == {"publiacqua-public", "publiacqua-network", "publiacqua-restricted"}
    staff = browse(city_staff).get("/api/v1/assets").json()["results"]
    assert {row["code"] for row in staff} == set(Asset.objects.values_list("code", flat=True))


def test_what_one_may_not_see_is_not_found(registry, keys, get, writer, subtests):
    for resource in ("assets", "placements", "distributions", "project-charts", "meetings", "referents"):
        with subtests.test(resource):
            hidden = set(keys(resource, writer)) - set(keys(resource))
            assert hidden
            assert {get(f"{resource}/{key}").status_code for key in hidden} == {404}


def test_a_successor_sees_what_its_predecessor_restricted(registry, silfi, keys):
    heir = factories.partner("firenze-smart")
    silfi.successor = heir
    silfi.save()
    assert "silfi-segreto" in keys("assets", factories.credential(heir))


def test_a_chart_shows_only_the_assets_that_the_caller_sees(registry, get, writer, other_writer):
    def used(token=None):
        return {use["asset"] for use in get("project-charts/scheda-public", token).json()["asset_uses"]}

    assert used() == {"publiacqua-public"}
    assert used(writer) == {"publiacqua-public", "publiacqua-network", "publiacqua-restricted"}
    assert used(other_writer) == {"publiacqua-public", "publiacqua-network", "silfi-segreto"}


def test_a_meeting_shows_people_assets_and_charts_only_to_who_sees_them(registry, get, writer):
    nobody, partner = (get("meetings/incontro-public", token).json() for token in (None, writer))
    assert nobody["participants"] == []
    assert nobody["mapped_assets"] == ["publiacqua-public"]
    assert nobody["charts_born"] == ["scheda-public"]
    assert set(partner["participants"]) == {"publiacqua-rete", "silfi-rete"}
    assert "silfi-segreto" not in partner["mapped_assets"]
    assert partner["charts_born"] == ["scheda-public"]


def test_who_answers_for_an_asset_is_not_told_to_the_public(registry, get, writer):
    assert get("assets/publiacqua-public").json()["contact"] is None
    assert get("assets/publiacqua-public", writer).json()["contact"] == "publiacqua-rete"
    assert [row["contact"] for row in get("assets").json()["results"]] == [None, None]


def test_no_list_names_what_the_public_may_not_see(registry, get, subtests):
    for resource in RESOURCES:
        with subtests.test(resource):
            text = json.dumps(get(resource).json())
            assert not [word for word in HIDDEN if word in text]


def test_both_languages_are_in_the_body_whoever_asks(registry, call):
    factories.partner("bilingue", name_it="Acquedotto", name_en="Waterworks")
    body = call().get("/api/v1/partners/bilingue", HTTP_ACCEPT_LANGUAGE="en").json()
    assert (body["name_it"], body["name_en"]) == ("Acquedotto", "Waterworks")


def test_progress_is_counted_from_milestones(registry, get):
    assert get("project-charts/scheda-public").json()["progress"] == 50


FILTERED = [
    ("partners", {"q": "publi"}, ["publiacqua"]),
    ("partners", {"kind": "city"}, ["comune-di-firenze"]),
    ("partners", {"sector": "lighting"}, ["silfi"]),
    ("referents", {"partner": "silfi"}, ["silfi-rete"]),
    ("referents", {"active": "false"}, []),
    ("memoranda", {"partner": "publiacqua"}, ["protocollo"]),
    ("memoranda", {"partner": "silfi"}, []),
    ("studies", {"year": "2013", "promoter": "comune-di-firenze"}, ["ricerca"]),
    ("monographs", {"study": "ricerca", "partner": "publiacqua"}, ["monografia"]),
    ("categories", {"kind": "immaterial"}, ["dati"]),
    ("assets", {"owner": "silfi"}, []),
    ("assets", {"category": "fontanelli", "visibility": "public"}, ["publiacqua-public"]),
    ("assets", {"kind": "immaterial", "q": "DATI network"}, ["publiacqua-dati-network"]),
    ("assets", {"district": "1", "visibility": "network"}, ["publiacqua-network"]),
    ("assets", {"district": "2"}, []),
    ("assets", {"exchange_status": "not_exchangeable"}, []),
    ("placements", {"asset": "publiacqua-public"}, ["publiacqua-public:P1"]),
    ("placements", {"owner": "silfi"}, []),
    ("placements", {"category": "fontanelli", "status": "removed"}, []),
    ("placements", {"bbox": "11.2,43.7,11.3,43.8", "asset": "publiacqua-network"}, ["publiacqua-network:P1"]),
    ("placements", {"bbox": "11.3,43.7,11.4,43.8"}, []),
    ("distributions", {"file_format": "csv", "asset": "publiacqua-dati-public"}, ["publiacqua-dati-public:csv"]),
    ("plans", {"year": "2017"}, ["piano-2016-18"]),
    ("plans", {"year": "2019"}, []),
    ("objectives", {"plan": "piano-2016-18", "provisional": "false"}, ["piano-2016-18:1", "piano-2016-18:2"]),
    ("action-plans", {"year": "2016"}, ["piano-2016-18:2016"]),
    ("actions", {"objective": "piano-2016-18:1", "year": "2016", "plan": "piano-2016-18"}, ["azione"]),
    ("actions", {"objective": "piano-2016-18:2"}, []),
    ("project-charts", {"objective": "piano-2016-18:2"}, []),
    ("project-charts", {"partner": "publiacqua", "role": "participant"}, []),
    ("project-charts", {"role": "participant", "q": "scheda-public"}, ["scheda-public"]),
    ("project-charts", {"plan": "piano-2016-18", "year": "2016", "q": "scheda-network"}, ["scheda-network"]),
    ("project-charts", {"asset": "publiacqua-network"}, ["scheda-public"]),
    ("project-charts", {"category": "fontanelli", "status": "proposed"}, ["scheda-public"]),
    ("meetings", {"year": "2016", "q": "network", "partner": "silfi"}, ["incontro-network"]),
]


def test_a_list_is_filtered(registry, keys, reader, subtests):
    for resource, query, found in FILTERED:
        with subtests.test(resource, **query):
            assert keys(resource, reader, **query) == found


def test_a_category_finds_what_is_in_its_parts(registry, keys, reader):
    whole = factories.category("arredo")
    registry.fountains.parent = whole
    registry.fountains.save()
    assert keys("assets", reader, category="arredo") == keys("assets", reader, category="fontanelli") != []


REFUSED = [
    ("assets", {"colour": "red"}),
    ("assets", {"owner": "nobody"}),
    ("assets", {"owner": ""}),
    ("assets", {"owner": "a\x00b"}),
    ("assets", {"kind": "other"}),
    ("assets", {"owner": ["publiacqua", "silfi"]}),
    ("placements", {"bbox": "11,43,12"}),
    ("placements", {"bbox": "nan,43,12,44"}),
    ("objectives", {"provisional": "perhaps"}),
    ("plans", {"year": "9" * 400}),
    ("actions", {"objective": "piano-2016-18:one"}),
    ("actions", {"objective": "piano-2016-18:" + "9" * 30}),
    ("assets", {"q": "x" * 201}),
    ("assets", {"limit": "0"}),
    ("assets", {"limit": "201"}),
    ("assets", {"limit": "²"}),
    ("assets", {"cursor": "nonsense"}),
    ("assets", {"cursor": "é"}),
    ("placements", {"cursor": "WyJmIiwgIngiLCAieSJd"}),
]


def test_a_filter_that_is_not_understood_is_refused_by_name(registry, get, reader, subtests):
    for resource, query in REFUSED:
        with subtests.test(resource, **query):
            response = get(resource, reader, **query)
            assert response.status_code == 400
            assert [error["field"] for error in response.json()["errors"]] == list(query)


@pytest.mark.parametrize("resource", ["placements", "project-charts"])
def test_a_filter_does_not_tell_of_what_one_may_not_see(resource, registry, get, writer):
    def refusal(code):
        return get(resource, writer, asset=code).content.decode().replace(code, "…")

    assert refusal("silfi-segreto") == refusal("no-such-asset")


def test_charts_are_not_found_by_an_asset_that_one_may_not_see(registry, keys, writer):
    hidden = factories.category("centraline")
    asset = factories.asset(registry.secret.owner, category=hidden, visibility="restricted")
    factories.asset_use(asset, registry.charts["public"])
    assert keys("project-charts", writer, category="centraline") == []


def test_meetings_are_not_found_by_people_that_one_may_not_see(registry, keys, reader):
    assert keys("meetings", partner="silfi") == []
    assert "incontro-public" in keys("meetings", reader, partner="silfi")


def walk(call, token, address: str, follow: str = "next"):
    """Yield each page from `address` on."""
    while address:
        page = call(token).get(address).json()
        yield page
        address = page[follow]


def test_pages_join_into_the_whole_list_forwards_and_backwards(db, call, writer, publiacqua):
    asset = factories.asset(publiacqua)
    codes = [factories.placement(asset, f"P{number:02}").code for number in range(11)]
    pages = list(walk(call, writer, "/api/v1/placements?limit=4&status=active"))
    assert [row["code"] for page in pages for row in page["results"]] == codes
    assert [len(page["results"]) for page in pages] == [4, 4, 3]
    assert all("status=active" in page["next"] for page in pages[:-1])
    back = list(walk(call, writer, pages[-1]["previous"], "previous"))
    assert [row["code"] for page in reversed(back) for row in page["results"]] == codes[:8]


def test_rows_added_and_deleted_meanwhile_neither_repeat_nor_drop_others(db, call, writer, publiacqua):
    category = factories.category()
    for number in range(10, 20):
        factories.asset(publiacqua, f"bene-{number}", category=category)
    first = call(writer).get("/api/v1/assets?limit=5").json()
    factories.asset(publiacqua, "bene-00", category=category)
    Asset.objects.filter(code__in=["bene-11", "bene-14"]).delete()
    factories.asset(publiacqua, "bene-15-bis", category=category)
    rest = [row["code"] for page in walk(call, writer, first["next"]) for row in page["results"]]
    assert rest == ["bene-15", "bene-15-bis", "bene-16", "bene-17", "bene-18", "bene-19"]


def test_a_key_that_is_not_written_as_keys_are_is_not_found(registry, get):
    plan = "piano-2016-18"
    for key in (plan, f"{plan}:1:2", f"{plan}:01", f"{plan}: 1", f"{plan}:x", f"{plan}:{'9' * 40}", "%00:1", ":"):
        assert get(f"objectives/{key}").status_code == 404


def test_head_and_options_answer_without_a_body(registry, call):
    assert call().head("/api/v1/assets").status_code == 200
    response = call().options("/api/v1/partners")
    assert (response.status_code, response["Allow"]) == (204, "GET, HEAD, OPTIONS")
