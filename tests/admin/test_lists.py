"""Lists of the desk: paged by key, never counted, the same number of queries for one row and for twenty."""

import re

import pytest
from axes.models import AccessAttempt
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.models import Asset, Category, Distribution, Placement
from partners.models import ApiCredential, Memorandum, Monograph, Partner, Referent, Study, User
from projects.models import Action, ActionPlan, Meeting, Objective, Participation, Plan, ProjectChart
from tests import factories
from tests.admin.world import admin_url

CEILING = 14


def credential():
    factories.credential(factories.partner())


def participation():
    factories.chart(lead=factories.partner())


def guess():
    return AccessAttempt.objects.create(username="publiacqua", ip_address="127.0.0.1", failures_since_start=1)


def meeting():
    asset = factories.asset()
    factories.meeting(participants=[factories.referent()]).mapped_assets.add(asset)


def chart():
    row = factories.chart(lead=factories.partner())
    row.objectives.add(factories.objective(factories.plan(), 1))
    factories.milestone(row)


MAKERS = {
    Partner: lambda: factories.partner(successor=factories.partner()),
    Referent: factories.referent,
    Memorandum: factories.signature,
    Study: factories.study,
    Monograph: factories.monograph,
    ApiCredential: credential,
    Category: lambda: factories.category(parent=factories.category()),
    Asset: factories.asset,
    Placement: factories.placement,
    Distribution: factories.distribution,
    Plan: lambda: factories.plan(memorandum=factories.memorandum()),
    Objective: lambda: factories.objective(factories.plan(), 1),
    ActionPlan: factories.action_plan,
    Action: lambda: factories.action(factories.action_plan()),
    ProjectChart: chart,
    Participation: participation,
    Meeting: meeting,
}


def queries_of(client, address) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in captured.captured_queries]


@pytest.mark.parametrize("model", MAKERS, ids=lambda model: model.__name__)
def test_a_list_costs_the_same_for_one_row_and_for_twenty(model, browse, administrator):
    client, address = browse(administrator), admin_url(model, "changelist")
    MAKERS[model]()
    one = queries_of(client, address)
    for _ in range(19):
        MAKERS[model]()
    twenty = queries_of(client, address)
    assert len(twenty) == len(one) <= CEILING
    assert not [sql for sql in twenty if f'COUNT(*) AS "__count" FROM "{model._meta.db_table}"' in sql]


@pytest.fixture
def fountains(publiacqua):
    asset = factories.asset(publiacqua, "fontanelli", name_it="Fontanelli")
    Placement.objects.bulk_create(
        Placement(asset=asset, code=f"F{number:03}", address=f"Via Roma {number}") for number in range(120)
    )
    return asset


def codes(response) -> list[str]:
    return [row.code for row in response.context["cl"].result_list]


def test_pages_follow_one_another_and_lead_back_without_a_count(browse, referent, fountains):
    client, address = browse(referent), admin_url(Placement, "changelist")
    with CaptureQueriesContext(connection) as captured:
        first = client.get(address)
    assert codes(first) == [f"F{number:03}" for number in range(50)]
    second = client.get(address + first.context["cl"].next_link)
    third = client.get(address + second.context["cl"].next_link)
    assert codes(third) == [f"F{number:03}" for number in range(100, 120)]
    assert third.context["cl"].next_link is None
    assert codes(client.get(address + third.context["cl"].previous_link)) == codes(second)
    assert 'rel="next"' in first.content.decode()
    assert 'rel="prev"' not in first.content.decode()
    assert not [q["sql"] for q in captured.captured_queries if "COUNT(" in q["sql"] and "placement" in q["sql"]]


def test_a_made_up_cursor_or_filter_leads_back_to_the_list(browse, referent, fountains):
    for query in ("cursor=abc", "asset__id__exact=x", "asset__id__exact=1&status__exact=%00", "cursor=WyJmIl0"):
        response = browse(referent).get(f"{admin_url(Placement, 'changelist')}?{query}")
        assert (response.status_code, response.headers["Location"].endswith("?e=1")) == (302, True), query


@pytest.mark.parametrize("query", ["name_it__regex=(", "owner__email__startswith=a", "contact__user__password=a"])
def test_only_offered_filters_are_taken(browse, referent, query):
    assert browse(referent).get(f"{admin_url(Asset, 'changelist')}?{query}").status_code == 400


def test_searching_placements_needs_a_whole_code_or_an_asset(browse, referent, fountains):
    client, address = browse(referent), admin_url(Placement, "changelist")
    assert codes(client.get(f"{address}?q=F007")) == ["F007"]
    assert codes(client.get(f"{address}?q=F00")) == []
    within = f"{address}?asset__id__exact={fountains.pk}"
    assert len(codes(client.get(f"{within}&q=f00"))) == 10
    assert codes(client.get(f"{within}&q=roma 119")) == ["F119"]
    assert codes(client.get(f"{within}&q=%00")) == [f"F{number:03}" for number in range(50)]


def test_placements_of_an_asset_that_one_may_not_see_are_not_told_of(browse, other_referent, fountains):
    Asset.objects.filter(pk=fountains.pk).update(visibility="restricted")
    response = browse(other_referent).get(f"{admin_url(Placement, 'changelist')}?asset__id__exact={fountains.pk}")
    assert codes(response) == []
    assert "Fontanelli" not in response.content.decode()


def test_filters_name_only_what_one_may_see(browse, referent, silfi):
    chart = factories.chart(lead=silfi, title_it="Bozza altrui")
    page = browse(referent).get(admin_url(Participation, "changelist")).content.decode()
    assert chart.title not in page


def test_mine_are_those_that_one_keeps(browse, referent, publiacqua, silfi):
    mine, _theirs = factories.asset(publiacqua), factories.asset(silfi)
    response = browse(referent).get(f"{admin_url(Asset, 'changelist')}?mine=1")
    assert [row.pk for row in response.context["cl"].result_list] == [mine.pk]


def empty_text(client, address) -> str:
    """What an empty list says, in English."""
    response = client.get(address, headers={"accept-language": "en"})
    return re.search(r'<p class="desk-empty">(.*?)</p>', response.content.decode(), re.DOTALL)[1]


def test_an_empty_list_leads_to_the_first_row_unless_words_or_filters_emptied_it(browse, referent, publiacqua):
    asset = factories.asset(publiacqua)
    placements = f"{admin_url(Placement, 'changelist')}?asset__id__exact={asset.pk}"
    charts = f"{admin_url(ProjectChart, 'changelist')}?mine=1"
    first = {placements: f"{admin_url(Placement, 'add')}?asset={asset.pk}", charts: admin_url(ProjectChart, "add")}
    for address, add in first.items():
        told = empty_text(browse(referent), address)
        assert "There is nothing here yet." in told
        assert f'href="{add}"' in told
        for narrowed in ("q=x", "status__exact=active"):
            told = empty_text(browse(referent), f"{address}&{narrowed}")
            assert "Nothing matches." in told
            assert "href" not in told


def test_an_empty_list_offers_no_row_to_who_may_add_none(browse, other_referent, publiacqua):
    asset, client = factories.asset(publiacqua), browse(other_referent)
    told = empty_text(client, f"{admin_url(Placement, 'changelist')}?asset__id__exact={asset.pk}")
    assert "There is nothing here yet." in told
    assert "href" not in told
    told = empty_text(client, admin_url(Participation, "changelist"))
    assert "href" not in told


def test_an_action_on_all_rows_at_once_is_refused(browse, referent, fountains):
    data = {"action": "delete_selected", "index": 0, "select_across": 1, "post": "yes", "_selected_action": ["x1"][:0]}
    browse(referent).post(admin_url(Placement, "changelist"), data)
    data["_selected_action"] = [Placement.objects.get(code="F001").pk]
    browse(referent).post(admin_url(Placement, "changelist"), data)
    assert Placement.objects.count() == 119


@pytest.mark.parametrize("model", [*MAKERS, User, AccessAttempt], ids=lambda model: model.__name__)
def test_a_tick_that_no_list_offers_is_refused_with_the_others(model, browse, administrator):
    {**MAKERS, User: factories.user, AccessAttempt: guess}[model]()
    client, address, keys = browse(administrator), admin_url(model, "changelist"), set(model.objects.values_list("pk"))
    for ticked in ("abc", "", "1.5", "\x00", "null", "-1", "²", "9" * 30, "9" * 5_000):
        data = {"action": "delete_selected", "_selected_action": [*(key for (key,) in keys), ticked], "post": "yes"}
        response = client.post(address, data)
        assert (response.status_code, response.headers["Location"]) == (302, address), ticked
        assert [message.level_tag for message in get_messages(response.wsgi_request)][-1:] == ["error"]
        assert set(model.objects.values_list("pk")) == keys


def test_a_row_is_found_by_its_number_alone(browse, administrator, referent, fountains):
    client, rows = browse(administrator), [fountains, administrator, guess()]
    for address in (admin_url(row, page) for row in rows for page in ("change", "delete")):
        for field, status in (("", 200), ("id", 200), ("nothing", 400), ("code", 400), ("%00", 400)):
            assert client.get(f"{address}?_to_field={field}").status_code == status, (address, field)
