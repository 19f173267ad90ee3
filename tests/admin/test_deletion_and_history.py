"""What is in use stays, with a reason; what happened to a row is told to who may see it."""

import pytest
from django.utils.text import capfirst

from assets.choices import Visibility
from assets.models import Asset, Category, Placement
from firenze_digitale.history import DOORS, through_door
from partners.models import Referent
from projects.models import AssetUse, Milestone, Objective, Participation, ProjectChart
from tests import factories
from tests.admin.test_lists import queries_of
from tests.admin.world import admin_url

YES = {"post": "yes"}


@pytest.fixture
def fountains(publiacqua):
    asset = factories.asset(publiacqua, "fontanelli", name_it="Fontanelli")
    Placement.objects.bulk_create(Placement(asset=asset, code=f"F{number}") for number in range(30))
    return asset


def test_what_is_in_use_is_not_deleted_and_the_page_says_what_uses_it(browse, referent, fountains):
    client, address = browse(referent), admin_url(fountains, "delete")
    asked = client.get(address)
    assert asked.status_code == 200
    assert f"{capfirst(Placement._meta.verbose_name_plural)}: 30" in asked.content.decode()
    assert 'name="post"' not in asked.content.decode()
    assert client.post(address, YES).status_code == 409
    assert Asset.objects.filter(pk=fountains.pk).exists()


def test_asking_does_not_read_the_rows_that_use_it(browse, referent, fountains):
    client, address = browse(referent), admin_url(fountains, "delete")
    sql = queries_of(client, address)
    assert not [query for query in sql if '"assets_placement"."address"' in query and "LIMIT 3" not in query]
    assert len(sql) < 20


def test_what_one_may_not_see_is_not_named_in_the_reason(browse, referent, publiacqua, silfi):
    asset = factories.asset(publiacqua)
    factories.asset_use(asset, factories.chart(lead=silfi, title_it="Bozza segreta"))
    page = browse(referent).post(admin_url(asset, "delete"), YES)
    assert (page.status_code, "Bozza segreta" in page.content.decode()) == (409, False)
    assert Asset.objects.filter(pk=asset.pk).exists()


def test_what_is_free_is_deleted_by_its_keeper_alone(browse, referent, other_referent, city_staff, publiacqua):
    asset = factories.asset(publiacqua)
    for stranger in (other_referent, city_staff):
        assert browse(stranger).post(admin_url(asset, "delete"), YES).status_code == 403
    assert Asset.objects.filter(pk=asset.pk).exists()
    assert browse(referent).post(admin_url(asset, "delete"), YES).status_code == 302
    assert not Asset.objects.filter(pk=asset.pk).exists()


def test_a_draft_goes_with_its_parts_and_says_how_many(browse, referent, publiacqua):
    chart = factories.chart("scheda", lead=publiacqua)
    factories.milestone(chart)
    page = browse(referent).get(admin_url(chart, "delete")).content.decode()
    assert f"{capfirst(Milestone._meta.verbose_name_plural)}: 1" in page
    browse(referent).post(admin_url(chart, "delete"), YES)
    assert not ProjectChart.objects.exists()


def test_parts_that_one_may_not_see_are_not_counted(browse, referent, administrator, publiacqua, silfi):
    chart = factories.chart("scheda", lead=publiacqua)
    factories.asset_use(factories.asset(silfi, visibility="restricted"), chart)
    uses = str(capfirst(AssetUse._meta.verbose_name_plural))
    assert f"{uses}: 1" in browse(administrator).get(admin_url(chart, "delete")).content.decode()
    assert uses not in browse(referent).get(admin_url(chart, "delete")).content.decode()
    ticked = {"action": "delete_selected", "_selected_action": [chart.pk]}
    assert uses not in browse(referent).post(admin_url(ProjectChart, "changelist"), ticked).content.decode()


def test_deleting_the_ticked_rows_is_all_or_nothing(browse, referent, publiacqua, silfi, fountains):
    free, theirs = factories.asset(publiacqua), factories.asset(silfi)
    client, address = browse(referent), admin_url(Asset, "changelist")

    def delete(*rows):
        data = {"action": "delete_selected", "_selected_action": [row.pk for row in rows], **YES}
        return client.post(address, data).status_code

    assert delete(free, fountains) == 200
    assert delete(free, theirs) == 403
    assert Asset.objects.count() == 3
    assert delete(free) == 302
    assert set(Asset.objects.all()) == {fountains, theirs}


def test_history_tells_who_when_through_which_door_and_what(browse, referent, publiacqua):
    asset = factories.asset(publiacqua, "fontanelli", name_it="Fontanelli")
    kept = {"category": asset.category_id, "code": "fontanelli", "exchange_status": "exchangeable"}
    sent = {**kept, "name_it": "Fontanelli in città", "visibility": "public", "_save": "1"}
    browse(referent).post(admin_url(asset, "change"), sent)
    page = browse(referent).get(admin_url(asset, "history"))
    changed, added = page.context["entries"]
    assert (changed.who, str(changed.door), len(changed.changes)) == ("publiacqua", str(DOORS["admin"]), 2)
    assert (changed.changes[0].before, changed.changes[0].after) == ("Fontanelli", "Fontanelli in città")
    assert added.changes == []
    for text in ("Fontanelli in città", "publiacqua", str(Visibility.PUBLIC.label)):
        assert text in page.content.decode()


def test_history_does_not_name_what_the_reader_may_not_see(browse, city_staff, administrator, referent):
    own = Referent.objects.get(code="publiacqua-ict")
    Referent.objects.filter(pk=own.pk).update(user=None)
    page = browse(city_staff).get(admin_url(own, "history")).content.decode()
    assert "<del>publiacqua</del>" not in page
    assert "<del>publiacqua</del>" in browse(administrator).get(admin_url(own, "history")).content.decode()


def test_history_of_a_chart_holds_that_of_its_parts(browse, referent, publiacqua, silfi):
    chart = factories.chart("scheda", lead=publiacqua)
    milestone = factories.milestone(chart, title_it="Prima tappa")
    milestone.done_on = "2017-06-01"
    milestone.save()
    milestone.delete()
    chart.objectives.add(factories.objective(title_it="Obiettivo uno", number=1))
    factories.asset_use(factories.asset(silfi, name_it="Segreto", visibility="restricted"), chart)
    entries = browse(referent).get(admin_url(chart, "history")).context["entries"]
    told = {entry.what for entry in entries}
    models = ((Participation, "verbose_name"), (Milestone, "verbose_name"), (Objective, "verbose_name_plural"))
    part, step, objectives = (capfirst(str(getattr(model._meta, name))) for model, name in models)
    assert told == {"", f"{part}: Publiacqua", f"{step}: Prima tappa", f"{objectives}: 1. Obiettivo uno"}
    assert [len(entry.changes) for entry in entries if entry.what.startswith(step)] == [0, 1, 0]


def test_history_costs_the_same_for_one_change_and_for_twenty(browse, administrator, publiacqua):
    asset = factories.asset(publiacqua)
    client, address = browse(administrator), admin_url(asset, "history")

    def give_on():
        with through_door("command"):
            Asset.objects.filter(pk=asset.pk).update(owner=factories.partner(), category=factories.category())

    give_on()
    one = len(queries_of(client, address))
    for _ in range(19):
        give_on()
    assert len(queries_of(client, address)) == one


def test_a_category_with_assets_stays(browse, city_staff, fountains):
    assert browse(city_staff).post(admin_url(fountains.category, "delete"), YES).status_code == 409
    assert Category.objects.filter(pk=fountains.category_id).exists()
