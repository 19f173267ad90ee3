"""A small registry with something public, something of the network and something restricted of each kind."""

from types import SimpleNamespace

import pytest

from tests import factories


@pytest.fixture
def world(city, publiacqua, silfi):
    """Publiacqua's rows and one of Silfi's; `publiacqua` is the partner of `referent`."""
    plan = factories.plan("piano-2016-18", memorandum=factories.memorandum("protocollo"))
    factories.signature(publiacqua, plan.memorandum, role="adhering_agency")
    objective = factories.objective(plan, 1, provisional=True)
    action = factories.action(factories.action_plan(plan), "azione", [objective])
    fountains = factories.category("fontanelli", name_it="Fontanelli")
    contact = factories.referent(publiacqua, "publiacqua-rete", name="Referente della rete", email="rete@example.org")
    assets, charts = {}, {}
    for visibility in ("public", "network", "restricted"):
        assets[visibility] = factories.asset(
            publiacqua, f"bene-{visibility}", category=fountains, visibility=visibility, contact=contact
        )
        factories.placement(assets[visibility], "P1", address=f"Via {visibility}")
        charts[visibility] = factories.chart(
            f"scheda-{visibility}",
            publiacqua,
            status="approved",
            visibility=visibility,
            title_it=f"Scheda {visibility}",
        )
        charts[visibility].objectives.add(objective)
        charts[visibility].actions.add(action)
    for asset in assets.values():
        factories.asset_use(asset, charts["public"])
    factories.milestone(charts["public"], done_on="2017-05-01")
    factories.milestone(charts["public"])
    other = factories.asset(silfi, "bene-silfi", visibility="restricted")
    factories.chart("bozza-silfi", silfi, visibility="public", title_it="Bozza di Silfi")
    return SimpleNamespace(
        plan=plan, assets=assets, charts=charts, other_asset=other, contact=contact, partner=publiacqua
    )


@pytest.fixture
def every_page(world):
    """Address of one page of each kind that anybody may read."""
    return [
        "/",
        "/plan/",
        "/network/",
        "/milestones/",
        "/charts/",
        world.charts["public"].get_absolute_url(),
        "/assets/",
        "/map/",
        world.assets["public"].get_absolute_url(),
        f"{world.assets['public'].get_absolute_url()}placements/",
        "/partners/",
        world.partner.get_absolute_url(),
        "/account/login/",
    ]
