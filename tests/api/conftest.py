"""A small registry with something public, something of the network and something restricted of each kind."""

from types import SimpleNamespace

import pytest

from assets.choices import Kind
from tests import factories

VISIBILITIES = ("public", "network", "restricted")


@pytest.fixture
def registry(city, publiacqua, silfi):
    """Publiacqua's rows, of which it is the owner or the lead, and Silfi's restricted ones."""
    fountains = factories.category(
        "fontanelli", attribute_schema={"type": "object", "properties": {"watt": {"type": "integer"}}}
    )
    data = factories.category("dati", kind=Kind.IMMATERIAL)
    contact = factories.referent(publiacqua, "publiacqua-rete")
    silfi_contact = factories.referent(silfi, "silfi-rete")
    plan = factories.plan("piano-2016-18", memorandum=factories.memorandum("protocollo"))
    objectives = [factories.objective(plan, number) for number in (1, 2)]
    action = factories.action(factories.action_plan(plan), "azione", objectives[:1])
    assets, charts, meetings = {}, {}, {}
    for visibility in VISIBILITIES:
        asset = factories.asset(
            publiacqua, f"publiacqua-{visibility}", category=fountains, visibility=visibility, contact=contact
        )
        assets[visibility] = asset
        factories.placement(asset, "P1", district="1")
        dataset = factories.asset(publiacqua, f"publiacqua-dati-{visibility}", category=data, visibility=visibility)
        factories.distribution(dataset, "csv")
        charts[visibility] = factories.chart(
            f"scheda-{visibility}", publiacqua, status="proposed", visibility=visibility
        )
        charts[visibility].objectives.add(objectives[0])
        charts[visibility].actions.add(action)
        meetings[visibility] = factories.meeting(
            f"incontro-{visibility}", [contact, silfi_contact], visibility=visibility, held_on="2016-05-01"
        )
    secret = factories.asset(silfi, "silfi-segreto", category=fountains, visibility="restricted")
    factories.placement(secret, "L1")
    for asset in (*assets.values(), secret):
        factories.asset_use(asset, charts["public"])
        meetings["public"].mapped_assets.add(asset)
    draft = factories.chart("bozza-silfi", silfi, visibility="public")
    meetings["public"].charts_born.add(draft, charts["public"])
    factories.milestone(charts["public"], title_it="Fatta", done_on="2017-01-01")
    factories.milestone(charts["public"], title_it="Da fare")
    factories.signature(publiacqua, plan.memorandum, role="adhering_agency")
    monograph = factories.monograph(publiacqua, "monografia", study=factories.study("ricerca", promoter=city))
    return SimpleNamespace(
        plan=plan,
        objectives=objectives,
        action=action,
        assets=assets,
        charts=charts,
        meetings=meetings,
        secret=secret,
        draft=draft,
        contact=contact,
        silfi_contact=silfi_contact,
        monograph=monograph,
        fountains=fountains,
    )


@pytest.fixture
def get(call):
    """Return the answer to a GET of an address below `/api/v1/`."""

    def get(path: str, token=None, **query):
        return call(token).get(f"/api/v1/{path}", query)

    return get


@pytest.fixture
def keys(get):
    """Return the keys, or else the codes, that a list shows."""

    def keys(resource: str, token=None, **query) -> list[str]:
        response = get(resource, token, **query)
        assert response.status_code == 200, response.json()
        return [row.get("key") or row["code"] for row in response.json()["results"]]

    return keys
