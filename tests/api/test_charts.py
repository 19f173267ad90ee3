"""Charts with their parts: drafted and led by one partner, each writing its own part, moved on by rule."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from firenze_digitale.access import OPERATOR
from firenze_digitale.history import history_of
from projects.models import Milestone, Participation, ProjectChart
from tests import factories

ADDRESS = "/api/v1/project-charts"
BODY = {
    "code": "nuova",
    "title_it": "Nuova scheda",
    "objectives": ["piano-2016-18:1", "piano-2016-18:2"],
    "actions": ["azione"],
    "participations": [
        {"partner": "comune-di-firenze", "gives_it": "Spazi"},
        {"partner": "publiacqua", "role": "lead", "gives_it": "Acqua", "gains_en": "Data"},
    ],
    "asset_uses": [{"asset": "publiacqua-network", "purpose_it": "Misure"}],
    "milestones": [{"title_it": "Avvio", "due_on": "2017-01-31"}],
    "documents": [{"title_it": "Scheda", "url": "https://example.org/scheda"}],
}


def errors_of(response, status=400) -> dict[str, str]:
    assert response.status_code == status, response.json()
    return {error["field"]: error["message"] for error in response.json()["errors"]}


@pytest.fixture
def api(registry, call, writer):
    return call(writer)


@pytest.fixture
def drafted(api):
    response = api.post(ADDRESS, BODY)
    assert response.status_code == 201, response.json()
    return response.json()


def test_a_chart_is_drafted_with_all_its_parts(drafted):
    assert drafted["status"] == "draft"
    assert drafted["objectives"] == BODY["objectives"]
    assert drafted["actions"] == ["azione"]
    assert drafted["progress"] == 0
    roles = {part["partner"]: (part["role"], part["gives_it"]) for part in drafted["participations"]}
    assert roles == {"publiacqua": ("lead", "Acqua"), "comune-di-firenze": ("participant", "Spazi")}
    assert [use["asset"] for use in drafted["asset_uses"]] == ["publiacqua-network"]
    assert [step["due_on"] for step in drafted["milestones"]] == ["2017-01-31"]
    assert [document["url"] for document in drafted["documents"]] == ["https://example.org/scheda"]


def test_who_drafts_a_chart_leads_it(api, registry):
    for participations in ([], [{"partner": "publiacqua"}], [{"partner": "silfi", "role": "lead"}]):
        assert "participations" in errors_of(api.post(ADDRESS, {**BODY, "participations": participations}))
    assert "participations" in errors_of(api.post(ADDRESS, {"code": "x", "title_it": "X"}))
    assert not ProjectChart.objects.filter(code__in=["nuova", "x"]).exists()


def test_a_chart_does_not_begin_beyond_draft(api):
    assert set(errors_of(api.post(ADDRESS, {**BODY, "status": "proposed"}))) == {"status"}
    assert not ProjectChart.objects.filter(code="nuova").exists()


WRONG = [
    ({"participations": [{"role": "lead"}]}, "participations.0.partner"),
    ({"participations": [{"partner": "nobody"}]}, "participations.0.partner"),
    ({"participations": [*BODY["participations"], {"partner": "publiacqua"}]}, "participations.2.partner"),
    ({"participations": [{**part, "role": "lead"} for part in BODY["participations"]]}, "participations.0"),
    ({"asset_uses": [{"asset": "silfi-segreto"}]}, "asset_uses.0.asset"),
    ({"asset_uses": [{"asset": "no-such-asset"}]}, "asset_uses.0.asset"),
    ({"asset_uses": [{"asset": "publiacqua-public", "purpose": "x"}]}, "asset_uses.0.purpose"),
    ({"milestones": [{"title_it": "A", "due_on": "soon"}]}, "milestones.0.due_on"),
    ({"milestones": [BODY["milestones"][0], {"title_it": "A"}]}, "milestones.1.due_on"),
    ({"milestones": {}}, "milestones"),
    ({"documents": [{"title_it": "A", "url": "x"}]}, "documents.0.url"),
    ({"objectives": ["piano-2016-18:9"]}, "objectives"),
    ({"objectives": "piano-2016-18:1"}, "objectives"),
    ({"actions": [1]}, "actions"),
]


def test_a_wrong_part_is_refused_where_it_stands(api, drafted, subtests):
    for change, field in WRONG:
        with subtests.test(field):
            named = errors_of(api.patch(f"{ADDRESS}/nuova", change))
            assert {re.sub(r"^(objectives|actions)\..*", r"\1", name) for name in named} == {field}
            assert errors_of(api.post(ADDRESS, {**BODY, "code": "altra", **change}))
    assert api.get(f"{ADDRESS}/nuova").json() == drafted
    assert not ProjectChart.objects.filter(code="altra").exists()


def test_a_list_of_parts_that_is_given_replaces_the_stored_one(api, drafted):
    kept = Milestone.objects.get(chart__code="nuova")
    body = {"milestones": [{"title_it": "Avvio", "due_on": "2017-01-31"}, {"title_it": "Fine", "due_on": "2018-01-31"}]}
    assert api.patch(f"{ADDRESS}/nuova", body).status_code == 200
    assert Milestone.objects.get(pk=kept.pk).updated_at == kept.updated_at
    assert len(history_of(kept, OPERATOR)) == 1
    body = {"milestones": [{"title_it": "Fine", "done_on": "2018-01-30"}]}
    changed = api.patch(f"{ADDRESS}/nuova", body).json()
    assert [(step["title_it"], step["due_on"], step["done_on"]) for step in changed["milestones"]] == [
        ("Fine", "2018-01-31", "2018-01-30")
    ]
    assert changed["progress"] == 100
    assert changed["asset_uses"] == drafted["asset_uses"]


def test_a_replaced_chart_keeps_its_status_and_the_parts_that_are_not_sent(api, drafted):
    body = {"title_it": "Altro titolo"}
    api.patch(f"{ADDRESS}/nuova", {"status": "proposed", "summary_it": "Sommario"})
    replaced = api.put(f"{ADDRESS}/nuova", body).json()
    assert (replaced["title_it"], replaced["summary_it"], replaced["status"]) == ("Altro titolo", "", "proposed")
    for part in ("participations", "asset_uses", "milestones", "documents", "objectives", "actions"):
        assert replaced[part] == drafted[part]


def test_uses_of_assets_that_one_may_not_see_stay(api, registry):
    chart = registry.charts["public"]
    assert api.patch(f"{ADDRESS}/scheda-public", {"asset_uses": []}).json()["asset_uses"] == []
    assert [use.asset for use in chart.asset_uses.all()] == [registry.secret]


def test_a_chart_moves_on_only_by_the_steps_open_to_its_lead(api, drafted):
    address = f"{ADDRESS}/nuova"
    assert set(errors_of(api.patch(address, {"status": "completed"}))) == {"status"}
    assert api.patch(address, {"status": "proposed"}).json()["status"] == "proposed"
    assert api.patch(address, {"status": "approved"}).status_code == 403
    assert api.patch(address, {"status": "draft", "reason": "Da rivedere"}).json()["status"] == "draft"
    assert ProjectChart.objects.get(code="nuova").status == "draft"


def test_a_chart_moves_on_together_with_the_parts_that_allow_it(api, registry):
    alone = [{"partner": "publiacqua", "role": "lead"}]
    assert api.post(ADDRESS, {**BODY, "participations": alone}).status_code == 201
    assert set(errors_of(api.patch(f"{ADDRESS}/nuova", {"status": "proposed"}))) == {"status"}
    both = [*alone, {"partner": "comune-di-firenze"}]
    moved = api.patch(f"{ADDRESS}/nuova", {"status": "proposed", "participations": both})
    assert (moved.status_code, moved.json()["status"]) == (200, "proposed")


@pytest.mark.django_db(transaction=True)
def test_a_proposed_chart_keeps_the_city(api, drafted):
    api.patch(f"{ADDRESS}/nuova", {"status": "proposed"})
    without = {"participations": [{"partner": "publiacqua", "role": "lead"}, {"partner": "silfi"}]}
    assert errors_of(api.patch(f"{ADDRESS}/nuova", without))
    partners = Participation.objects.filter(chart__code="nuova").values_list("partner__code", flat=True)
    assert set(partners) == {"publiacqua", "comune-di-firenze"}


def test_the_lead_is_not_handed_over(api, drafted):
    swap = [{"partner": "publiacqua", "role": "participant"}, {"partner": "comune-di-firenze", "role": "lead"}]
    assert set(errors_of(api.patch(f"{ADDRESS}/nuova", {"participations": swap}))) == {"participations"}
    assert Participation.objects.get(chart__code="nuova", role="lead").partner.code == "publiacqua"


def test_who_answers_for_both_partners_passes_the_lead_between_them(registry, publiacqua, call):
    heir = factories.partner("acqua-nuova")
    publiacqua.successor = heir
    publiacqua.save()
    swap = [{"partner": "publiacqua", "role": "participant"}, {"partner": "acqua-nuova", "role": "lead"}]
    api = call(factories.credential(heir, "write"))
    body = {"participations": [*swap, {"partner": "comune-di-firenze"}]}
    assert api.patch(f"{ADDRESS}/scheda-public", body).status_code == 200
    assert registry.charts["public"].participations.get(role="lead").partner == heir


def test_a_partner_writes_its_own_part_in_a_chart_that_another_leads(registry, silfi, call, other_writer):
    chart = factories.chart("comune", registry.contact.partner, [silfi], status="approved")
    api, address = call(other_writer), f"{ADDRESS}/comune"
    own = {"participations": [{"partner": "silfi", "gives_it": "Pali", "gains_it": "Dati"}]}
    assert api.patch(address, own).status_code == 200
    part = chart.participations.get(partner=silfi)
    assert (part.gives_it, part.gains_it, part.role) == ("Pali", "Dati", "participant")
    assert chart.participations.count() == 3
    for change in (
        {"participations": [{"partner": "silfi", "role": "lead"}]},
        {"participations": [{"partner": "publiacqua", "gives_it": "Tutto"}]},
        {"participations": [{"partner": "silfi", "source": "x"}]},
        {"title_it": "Altro"},
        {"milestones": []},
    ):
        assert api.patch(address, change).status_code == 403, change
    assert api.put(address, {"title_it": "Altro"}).status_code == 403
    assert api.delete(address).status_code == 403
    chart.refresh_from_db()
    assert chart.title_it != "Altro"
    assert set(chart.participations.exclude(partner=silfi).values_list("gives_it", flat=True)) == {""}


def test_who_takes_no_part_changes_nothing(registry, call, other_writer):
    own = {"participations": [{"partner": "silfi", "gives_it": "Pali"}]}
    assert call(other_writer).patch(f"{ADDRESS}/scheda-public", own).status_code == 403
    assert call(other_writer).patch(f"{ADDRESS}/scheda-restricted", own).status_code == 404
    assert not Participation.objects.filter(gives_it="Pali").exists()


def test_only_a_draft_is_deleted(api, drafted, registry):
    assert api.delete(f"{ADDRESS}/nuova").status_code == 204
    assert api.delete(f"{ADDRESS}/scheda-public").status_code == 403
    assert api.delete(f"{ADDRESS}/bozza-silfi").status_code == 404
    assert set(ProjectChart.objects.values_list("code", flat=True)) == {
        "scheda-public",
        "scheda-network",
        "scheda-restricted",
        "bozza-silfi",
    }


def test_an_approved_chart_is_no_longer_its_leads_to_change(registry, api):
    chart = registry.charts["public"]
    chart.status = "approved"
    chart.save()
    assert api.patch(f"{ADDRESS}/scheda-public", {"title_it": "Altro"}).status_code == 403
    own = {"participations": [{"partner": "publiacqua", "gains_it": "Dati"}]}
    assert api.patch(f"{ADDRESS}/scheda-public", own).status_code == 200
    assert chart.participations.get(partner__code="publiacqua").gains_it == "Dati"


@pytest.mark.parametrize("name", ["objectives", "actions"])
def test_a_list_of_codes_is_bounded_without_repeats_and_read_in_one_query(name, api, drafted, registry):
    address, (code, *_) = f"{ADDRESS}/nuova", BODY[name]
    for number in range(3, 23):
        factories.objective(registry.plan, number)
        factories.action(registry.action.action_plan, f"azione-{number}")
    before = api.get(address).json()
    for codes, told in (
        ([code] * 501, "500"),
        ([f"x:{number}" for number in range(501)], "500"),
        ([code, code], ""),
        ([code, "no:such"], "no:such"),
        ([code, None], ""),
        ([[code]], ""),
    ):
        with CaptureQueriesContext(connection) as queries:
            named = errors_of(api.patch(address, {name: codes}))
        assert set(named) == {name}
        assert told in named[name]
        assert len(queries) < 12
    assert api.get(address).json() == before
    new = {"objectives": "piano-2016-18:", "actions": "azione-"}[name]
    with CaptureQueriesContext(connection) as two:
        assert api.patch(address, {name: [f"{new}3", f"{new}4"]}).status_code == 200
    others = {f"{new}{number}" for number in range(5, 23)}
    with CaptureQueriesContext(connection) as eighteen:
        stored = api.patch(address, {name: list(others)})
    assert (stored.status_code, set(stored.json()[name])) == (200, others)
    assert len(eighteen) == len(two)
