"""An earlier state, or a row that is gone, comes back: shown before, stored by the rules of today, by who may."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assets.models import Asset, Category, Distribution, Placement
from firenze_digitale.history import DOORS, RESTORED, history_of
from firenze_digitale.states import event_model_of
from partners.models import ApiCredential, User
from projects.models import AssetUse, Milestone, Participation, ProjectChart
from tests import factories
from tests.admin.test_lists import queries_of
from tests.admin.world import admin_url, luminaires

YES = {"post": "yes"}


@pytest.fixture
def fountains(publiacqua):
    asset = factories.asset(publiacqua, "fontanelli", name_it="Fontanelli")
    Asset.objects.filter(pk=asset.pk).update(name_it="Fontanelli in città", quantity=3)
    Asset.objects.filter(pk=asset.pk).update(quantity=4)
    asset.refresh_from_db()
    return asset


def ways_back(client, row) -> list:
    return [entry.restore_url for entry in client.get(admin_url(row, "history")).context["entries"]]


def restore(client, address, **changed):
    """Open the page that asks, and say yes."""
    page = client.get(address)
    assert page.status_code == 200
    return client.post(address, {"_seen": page.context["version"], **changed})


def undelete(client, address, **chosen):
    page = client.get(address)
    assert page.status_code == 200
    return client.post(address, chosen or {"_parts": [parts.name for parts in page.context["gone"].parts]})


def deleted(client, model) -> list:
    """Addresses of the rows that are gone, as their list offers them."""
    page = client.get(admin_url(model, "deleted"))
    return [admin_url(model, "undelete", state.pgh_id) for state, _row, _who in page.context["rows"]]


def test_an_earlier_state_comes_back_and_history_says_so(browse, referent, fountains):
    client = browse(referent)
    now, middle, first = ways_back(client, fountains)
    assert now is None
    page = client.get(first).context["earlier"]
    assert {d.field: (d.before, d.after) for d in page.differences} == {
        "name_it": ("Fontanelli in città", "Fontanelli"),
        "quantity": ("4", "–"),
    }
    assert restore(client, first).status_code == 302
    fountains.refresh_from_db()
    assert (fountains.name_it, fountains.quantity) == ("Fontanelli", None)
    last = history_of(fountains, referent)[0]
    assert (last.kind, last.who, str(last.door)) == (str(RESTORED), "publiacqua", str(DOORS["admin"]))
    assert restore(client, middle).status_code == 302
    fountains.refresh_from_db()
    assert (fountains.name_it, fountains.quantity) == ("Fontanelli in città", 3)


def test_a_state_is_restored_by_who_may_change_the_row_alone(browse, referent, other_referent, city_staff, fountains):
    address = ways_back(browse(referent), fountains)[-1]
    for stranger in (other_referent, city_staff):
        assert set(ways_back(browse(stranger), fountains)) == {None}
        for method in ("get", "post"):
            assert getattr(browse(stranger), method)(address).status_code == 403
    Asset.objects.filter(pk=fountains.pk).update(visibility="restricted")
    assert browse(other_referent).get(address).status_code == 404
    assert browse(other_referent).post(address).status_code == 404
    fountains.refresh_from_db()
    assert fountains.name_it == "Fontanelli in città"


def test_a_row_that_changed_since_the_question_is_asked_about_again(browse, referent, fountains):
    client = browse(referent)
    address = ways_back(client, fountains)[-1]
    page = client.get(address)
    Asset.objects.filter(pk=fountains.pk).update(quantity=9)
    again = client.post(address, {"_seen": page.context["version"]})
    assert (again.status_code, again.context["changed"]) == (409, True)
    assert client.post(address).status_code == 409
    fountains.refresh_from_db()
    assert (fountains.name_it, fountains.quantity) == ("Fontanelli in città", 9)
    assert client.post(address, {"_seen": again.context["version"]}).status_code == 302


def test_what_the_rules_of_today_refuse_does_not_come_back_and_is_told(browse, other_referent, silfi):
    lamps = factories.asset(silfi, "pali", category=luminaires(), attributes={"watt": 35})
    lamps.attributes = {"watt": 70}
    lamps.save()
    category = Category.objects.get(code="luminaires")
    category.attribute_schema["properties"]["watt"]["minimum"] = 50
    category.save()
    client = browse(other_referent)
    address = ways_back(client, lamps)[-1]
    page = client.get(address)
    assert len(page.context["earlier"].refusals) == 1
    assert restore(client, address).status_code == 409
    lamps.refresh_from_db()
    assert lamps.attributes == {"watt": 70}


def test_attributes_differ_key_by_key_in_words(browse, other_referent, silfi):
    lamps = factories.asset(silfi, "pali", category=luminaires(), attributes={"watt": 35, "smart": True})
    Asset.objects.filter(pk=lamps.pk).update(attributes={"watt": 70, "smart": False})
    client = browse(other_referent)
    page = client.get(admin_url(lamps, "history"))
    assert {(c.label, c.before) for c in page.context["entries"][0].changes} == {
        ("Potenza (W)", "35"),
        ("Telegestito", "sì"),
    }
    assert restore(client, ways_back(client, lamps)[-1]).status_code == 302
    lamps.refresh_from_db()
    assert lamps.attributes == {"watt": 35, "smart": True}


def test_what_the_form_does_not_change_stays_and_is_told(browse, city_staff, city, publiacqua):
    chart = factories.chart("scheda", lead=publiacqua, title_it="Prima", status="proposed")
    ProjectChart.objects.filter(pk=chart.pk).update(title_it="Dopo")
    client = browse(city_staff)
    address = next(url for url in reversed(ways_back(client, chart)) if url)
    staying = client.get(address).context["earlier"].staying
    assert [difference.field for difference in staying] == ["status"]
    assert restore(client, address).status_code == 302
    chart.refresh_from_db()
    assert (chart.title_it, chart.status) == ("Prima", "proposed")


def test_a_referent_does_not_restore_what_is_not_its_to_change(browse, referent):
    own = referent.referents.get()
    type(own).objects.filter(pk=own.pk).update(name="Altro", phone="055", active=False)
    own.active = True
    type(own).objects.filter(pk=own.pk).update(active=True)
    client = browse(referent)
    assert restore(client, ways_back(client, own)[-1]).status_code == 302
    own.refresh_from_db()
    assert (own.name, own.phone) == ("Altro", "")


def test_a_state_that_is_hidden_from_the_asker_does_not_exist(browse, city_staff, referent, publiacqua, silfi):
    chart = factories.chart("scheda", lead=silfi, participants=[factories.city()], summary_it="bozza riservata")
    ProjectChart.objects.filter(pk=chart.pk).update(summary_it="da mostrare", status="proposed")
    draft = event_model_of(ProjectChart).objects.filter(pgh_obj_id=chart.pk).first()
    address = admin_url(chart, "restore", draft.pgh_id)
    assert browse(referent).get(address).status_code == 403
    with pytest.MonkeyPatch.context() as patched:
        # As if whoever is hidden from could change the row: the state alone decides.
        patched.setattr("firenze_digitale.desk.restore.Restore.has_change_permission", lambda *_: True, raising=False)
        patched.setattr(
            "projects.chart_admin.ProjectChartAdmin.has_change_permission", lambda *_args: True, raising=False
        )
        page = browse(referent).get(address)
        assert (page.status_code, "bozza riservata" in page.content.decode()) == (404, False)
    assert browse(city_staff).get(address).status_code == 200


def test_a_state_of_another_row_or_kind_does_not_exist(browse, referent, publiacqua, fountains):
    other = factories.asset(publiacqua)
    event = event_model_of(Asset).objects.filter(pgh_obj_id=other.pk).first()
    for number in (event.pgh_id, 0, 10**17):
        assert browse(referent).get(admin_url(fountains, "restore", number)).status_code == 404


# Parts


def test_a_milestone_that_was_changed_or_deleted_comes_back_from_the_history_of_its_chart(browse, referent, publiacqua):
    chart = factories.chart("scheda", lead=publiacqua)
    milestone = factories.milestone(chart, title_it="Tappa")
    key = milestone.pk
    Milestone.objects.update(source="Verbale")
    client = browse(referent)
    (changed_back,) = [url for url in ways_back(client, chart) if url]
    assert restore(client, changed_back).status_code == 302
    assert Milestone.objects.get().source == ""
    milestone.delete()
    (brought_back,) = [url for url in ways_back(client, chart) if url]
    assert undelete(client, brought_back).url == admin_url(chart, "change")
    assert Milestone.objects.get().pk == key
    assert [url for url in ways_back(client, chart) if url and "milestone" in url]


def test_a_part_of_another_chart_or_one_that_points_at_what_is_hidden_does_not_exist(
    browse, referent, other_referent, publiacqua, silfi
):
    mine, theirs = factories.chart("mia", lead=publiacqua), factories.chart("loro", lead=silfi)
    factories.milestone(theirs).delete()
    secret = factories.asset_use(factories.asset(silfi, name_it="Segreto", visibility="restricted"), mine)
    secret.delete()
    milestone = event_model_of(Milestone).objects.latest("pgh_id")
    use = event_model_of(AssetUse).objects.latest("pgh_id")
    client = browse(referent)
    for chart, part, event in (
        (mine, "milestone", milestone),
        (theirs, "milestone", milestone),
        (mine, "assetuse", use),
        (mine, "partner", use),
    ):
        for method in ("get", "post"):
            address = admin_url(chart, "restore_part", part, event.pgh_id)
            assert getattr(client, method)(address).status_code == 404, (chart, part)
    assert not [url for url in ways_back(client, mine) if url]
    assert (Milestone.objects.count(), AssetUse.objects.count()) == (0, 0)


# Rows that are gone


def test_a_deleted_row_comes_back_under_its_id_and_code(browse, referent, publiacqua):
    asset = factories.asset(publiacqua, "fontanelli", name_it="Fontanelli", description_it="Acqua")
    factories.meeting("incontro").mapped_assets.add(asset)
    created, version = asset.created_at, asset.version
    client = browse(referent)
    client.post(admin_url(asset, "delete"), YES)
    assert not Asset.objects.exists()
    (address,) = deleted(client, Asset)
    page = client.get(address).context["gone"]
    assert tuple(value for _label, value in page.values() if value in ("Fontanelli", "Acqua")) == (
        "Fontanelli",
        "Acqua",
    )
    assert undelete(client, address).url == admin_url(asset, "change")
    back = Asset.objects.get()
    assert (back.pk, back.code, back.description_it, back.created_at) == (asset.pk, "fontanelli", "Acqua", created)
    assert back.version != version
    assert back.mapped_in.get().code == "incontro"
    entry = history_of(back, referent)[0]
    assert (entry.kind, str(entry.door)) == (str(RESTORED), str(DOORS["admin"]))
    assert deleted(client, Asset) == []
    assert client.post(address).url == admin_url(asset, "change")
    assert Asset.objects.count() == 1


def test_deleted_rows_are_listed_to_who_could_change_them_alone(
    browse, referent, other_referent, city_staff, administrator, publiacqua
):
    field, data = (
        factories.asset(publiacqua),
        factories.asset(publiacqua, category=factories.category(kind="immaterial")),
    )
    for row in (factories.placement(field), factories.distribution(data), factories.asset(publiacqua, name_it="Via")):
        row.delete()
    for model in (Asset, Placement, Distribution):
        for person, count in ((referent, 1), (administrator, 1), (other_referent, 0)):
            assert len(deleted(browse(person), model)) == count, (model, person)
        assert browse(city_staff).get(admin_url(model, "deleted")).status_code == 403
        (address,) = deleted(browse(referent), model)
        assert browse(city_staff).get(address).status_code == 403
        assert browse(other_referent).get(address).status_code == 404
        assert browse(other_referent).post(address).status_code == 404
        assert undelete(browse(referent), address).status_code == 302
    assert "Via" in set(Asset.objects.values_list("name_it", flat=True))


def test_the_list_of_rows_leads_to_those_that_are_gone(browse, referent, other_referent, city_staff, publiacqua):
    asset, other = factories.asset(publiacqua), factories.asset(publiacqua)
    for of in (asset, other):
        factories.placement(of).delete()
    query = f"?asset__id__exact={asset.pk}"
    address = admin_url(Placement, "deleted") + query
    assert f'href="{address}"' in browse(referent).get(admin_url(Placement, "changelist") + query).content.decode()
    assert len(browse(referent).get(address).context["rows"]) == 1
    assert "/deleted/" not in browse(city_staff).get(admin_url(Placement, "changelist")).content.decode()


def test_a_code_that_was_taken_meanwhile_keeps_the_deleted_row_away(browse, referent, publiacqua):
    asset = factories.asset(publiacqua, "fontanelli")
    asset.delete()
    taken = factories.asset(publiacqua, "fontanelli")
    client = browse(referent)
    (address,) = deleted(client, Asset)
    page = client.get(address)
    assert page.context["gone"].refusals
    assert client.post(address).status_code == 409
    assert list(Asset.objects.all()) == [taken]


def test_a_draft_comes_back_with_the_parts_that_went_with_it(browse, referent, other_referent, publiacqua, city, silfi):
    chart = factories.chart("scheda", lead=publiacqua, participants=[city])
    gone_before = factories.milestone(chart, title_it="Tolta prima")
    gone_before.delete()
    kept = factories.milestone(chart, title_it="Tappa")
    objective = factories.objective(number=1)
    chart.objectives.add(objective)
    factories.asset_use(factories.asset(silfi, name_it="Segreto", visibility="restricted"), chart)
    client = browse(referent)
    client.post(admin_url(chart, "delete"), YES)
    assert not ProjectChart.objects.exists()
    assert deleted(browse(other_referent), ProjectChart) == []
    (address,) = deleted(client, ProjectChart)
    page = client.get(address).content.decode()
    assert ("Tappa" in page, "Tolta prima" in page, "Segreto" in page) == (True, False, False)
    assert undelete(client, address).status_code == 302
    back = ProjectChart.objects.get(pk=chart.pk)
    assert [milestone.pk for milestone in back.milestones.all()] == [kept.pk]
    assert (back.participations.count(), back.asset_uses.count(), back.objectives.get()) == (2, 1, objective)


def test_parts_may_stay_deleted_but_not_those_without_which_one_could_not_see_the_row(browse, referent, publiacqua):
    chart = factories.chart("scheda", lead=publiacqua)
    factories.milestone(chart)
    client = browse(referent)
    client.post(admin_url(chart, "delete"), YES)
    (address,) = deleted(client, ProjectChart)
    assert client.post(address, {"_parts": ["milestone"]}).status_code == 409
    assert not ProjectChart.objects.exists()
    assert client.post(address, {"_parts": ["participation"]}).status_code == 302
    assert (Participation.objects.count(), Milestone.objects.count()) == (1, 0)


def test_what_leaves_secrets_out_of_history_is_not_brought_back(browse, administrator, publiacqua):
    credential = ApiCredential.issue(partner=publiacqua, name="gestionale", access="read")[0]
    for row in (credential, factories.user("qualcuno")):
        name = f"admin:partners_{row._meta.model_name}_changelist"
        assert browse(administrator).get(reverse(name) + "deleted/").status_code in (302, 404)
        assert set(ways_back(browse(administrator), row)) == {None}
    assert User.objects.filter(username="qualcuno").exists()


def test_who_wrote_while_it_was_deleted_is_led_to_it(browse, referent, publiacqua):
    asset = factories.asset(publiacqua, "fontanelli")
    address = admin_url(asset, "change")
    asset.delete()
    page = browse(referent).post(address, {"name_it": "Scritto"})
    assert page.status_code == 410
    assert undelete(browse(referent), page.context["restore_url"]).status_code == 302
    assert Asset.objects.get().code == "fontanelli"


def test_lists_of_deleted_rows_cost_the_same_for_one_and_for_twenty_and_are_paged(browse, administrator, publiacqua):
    client, address = browse(administrator), admin_url(Distribution, "deleted")
    data = factories.asset(publiacqua, category=factories.category(kind="immaterial"))
    factories.distribution(data).delete()
    one = len(queries_of(client, address))
    for _ in range(60):
        factories.distribution(data)
    Distribution.objects.all().delete()
    assert len(queries_of(client, address)) == one
    first = client.get(address)
    assert len(first.context["rows"]) == 50
    second = client.get(f"{address}?cursor={first.context['page'].next}")
    assert len(second.context["rows"]) == 11
    assert client.get(f"{address}?cursor=nonsense").status_code == 302


def test_ways_back_cost_the_same_for_one_change_and_for_twenty(browse, referent, publiacqua):
    chart = factories.chart("scheda", lead=publiacqua)
    client, costs = browse(referent), []
    for count in (1, 19):
        for _ in range(count):
            factories.milestone(chart)
            ProjectChart.objects.filter(pk=chart.pk).update(summary_it=str(chart.milestones.count()))
        with CaptureQueriesContext(connection) as captured:
            ways_back(client, chart)
        costs.append(len(captured))
    assert costs[0] == costs[1]
