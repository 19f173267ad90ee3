"""The same change of many rows: picked, previewed row by row, stored all or none, with history of each."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.models import Asset, Distribution, Placement
from firenze_digitale.history import DOORS, history_of
from partners.models import Referent
from projects.models import Action
from tests import factories
from tests.admin.world import admin_url, luminaires


@pytest.fixture
def fountains(publiacqua):
    asset = factories.asset(publiacqua, "fontanelli", name_it="Fontanelli")
    Placement.objects.bulk_create(
        Placement(asset=asset, code=f"F{n:02}", status="active" if n else "removed") for n in range(3)
    )
    return asset


def ask(client, rows, query="", **typed):
    """Send one page of a change of the given rows (ticked), or of the page before."""
    model = rows.model if hasattr(rows, "model") else type(rows[0])
    sent = {"action": "change_fields", "index": 0, "_selected_action": [row.pk for row in rows], **typed}
    return client.post(admin_url(model, "changelist") + query, sent)


def picked(**values) -> dict:
    """Fields that are ticked, with their new values."""
    return {f"to-{name}": value for name, value in values.items()} | {f"to-pick_{name}": "on" for name in values}


def go_on(client, page, model, step="store", **more):
    """Press a button of the preview."""
    typed = dict(page.context["typed"])
    sent = {"_selected_action": page.context["first"], "_rows": page.context["versions"], **typed, **more}
    return client.post(admin_url(model, "changelist"), {"action": "change_fields", "index": 0, "_step": step, **sent})


def test_fields_are_picked_previewed_and_stored_with_a_history_of_each_row(browse, referent, fountains):
    client, rows = browse(referent), Placement.objects.order_by("code")
    asked = ask(client, rows)
    assert asked.context["form"].value_names == ["status", "district", "address"]
    page = ask(client, rows, **picked(status="removed", district="3"), _step="preview")
    assert page.status_code == 200
    changes = page.context["changes"]
    assert [(line.row.code, len(line.differences)) for line in changes.lines] == [("F00", 1), ("F01", 2), ("F02", 2)]
    assert not Placement.objects.filter(district="3").exists()
    assert go_on(client, page, Placement).status_code == 302
    assert set(Placement.objects.values_list("status", "district")) == {("removed", "3")}
    for row, changed in zip(rows, (1, 2, 2), strict=True):
        last = history_of(row, referent)[0]
        assert (last.who, str(last.door), len(last.changes)) == ("publiacqua", str(DOORS["admin"]), changed)


def test_rows_that_hold_the_values_already_are_left_alone(browse, referent, fountains):
    client, rows = browse(referent), Placement.objects.all()
    removed = Placement.objects.get(code="F00")
    page = ask(client, rows, **picked(status="removed"), _step="preview")
    assert [line.row.code for line in page.context["changes"].unchanged] == ["F00"]
    go_on(client, page, Placement)
    version = removed.version
    removed.refresh_from_db()
    assert (removed.version, len(history_of(removed, referent))) == (version, 1)


def test_a_row_that_is_refused_keeps_all_from_being_stored_until_it_is_left_out(browse, referent, publiacqua):
    told = factories.asset(publiacqua, name_it="Con condizioni", conditions_it="A pagamento")
    untold = factories.asset(publiacqua, name_it="Senza")
    client = browse(referent)
    page = ask(client, [told, untold], **picked(exchange_status="on_conditions"), _step="preview")
    (refused,) = page.context["changes"].refused
    assert refused.row == untold
    assert refused.refusals[0] in page.content.decode()
    assert 'value="store"' not in page.content.decode()
    forced = go_on(client, page, Asset)
    assert forced.status_code == 409
    assert not Asset.objects.filter(exchange_status="on_conditions").exists()
    page = go_on(client, page, Asset, step="without")
    assert go_on(client, page, Asset).status_code == 302
    assert Asset.objects.get(exchange_status="on_conditions") == told


def test_rows_of_others_are_refused_and_those_one_may_not_see_do_not_exist(browse, referent, publiacqua, silfi):
    own, theirs = factories.asset(publiacqua), factories.asset(silfi, name_it="Altrui")
    secret = factories.asset(silfi, name_it="Segreto", visibility="restricted")
    client = browse(referent)
    page = ask(client, [own, theirs, secret], **picked(visibility="public"), _step="preview")
    changes = page.context["changes"]
    assert ([line.row for line in changes.changed], [line.row for line in changes.refused]) == ([own], [theirs])
    assert "Segreto" not in page.content.decode()
    forged = json.dumps({str(row.pk): row.version for row in (own, theirs, secret)})
    assert go_on(client, page, Asset, _rows=forged).status_code == 409
    assert not Asset.objects.filter(visibility="public").exists()


def test_who_may_change_nothing_is_not_offered_the_action(browse, city_staff, fountains):
    client = browse(city_staff)
    page = client.get(admin_url(Placement, "changelist")).content.decode()
    assert 'value="change_fields"' not in page
    ask(client, Placement.objects.all(), **picked(status="removed"), _step="preview")
    assert Placement.objects.filter(status="removed").count() == 1


def test_rows_changed_since_the_preview_are_named_and_a_new_preview_is_asked_for(browse, referent, fountains):
    client, rows = browse(referent), Placement.objects.all()
    page = ask(client, rows, **picked(district="3"), _step="preview")
    Placement.objects.filter(code="F01").update(address="Via Nuova")
    Placement.objects.filter(code="F02").delete()
    again = go_on(client, page, Placement)
    assert again.status_code == 409
    assert len(again.context["told"]) == 2
    assert "F01 Via Nuova" in again.context["told"][0]
    assert not Placement.objects.filter(district="3").exists()
    assert go_on(client, again, Placement).status_code == 302
    assert set(Placement.objects.values_list("code", "district", "address")) == {
        ("F00", "3", ""),
        ("F01", "3", "Via Nuova"),
    }


def test_attributes_are_offered_where_all_rows_share_a_category(browse, other_referent, silfi):
    category = luminaires()
    lamps = [factories.asset(silfi, category=category, attributes={"watt": 35, "lamp": "LED"}) for _ in range(2)]
    other = factories.asset(silfi)
    client = browse(other_referent)
    assert "attribute_watt" not in ask(client, [*lamps, other]).context["form"].fields
    page = ask(client, lamps, **picked(attribute_watt="70", attribute_lamp=""), _step="preview")
    (line, _other) = page.context["changes"].lines
    assert {d.label: d.after for d in line.differences} == {"Potenza (W)": "70", "Lampada": "–"}
    assert go_on(client, page, Asset).status_code == 302
    assert [asset.attributes for asset in Asset.objects.filter(category=category)] == [{"watt": 70}] * 2


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"to-status": "removed"},
        {"to-pick_status": "on", "to-status": ""},
        {"to-pick_status": "on", "to-status": "nonsense"},
        {"to-pick_district": "on", "to-district": "9"},
    ],
)
def test_what_is_not_filled_in_rightly_is_told_before_any_preview(browse, referent, fountains, typed):
    page = ask(browse(referent), Placement.objects.all(), **typed, _step="preview")
    assert page.status_code == 200
    assert page.context["form"].errors
    assert "changes" not in page.context


def test_a_field_may_be_emptied(browse, referent, publiacqua):
    contact = Referent.objects.get(code="publiacqua-ict")
    asset = factories.asset(publiacqua, contact=contact, last_confirmed_on="2020-01-01")
    client = browse(referent)
    page = ask(client, [asset], **picked(contact="", last_confirmed_on="", conditions_it=""), _step="preview")
    go_on(client, page, Asset)
    asset.refresh_from_db()
    assert (asset.contact, asset.last_confirmed_on) == (None, None)


def test_a_contact_of_another_partner_is_refused(browse, administrator, referent, publiacqua, silfi):
    own, theirs = factories.asset(publiacqua), factories.asset(silfi)
    contact = Referent.objects.get(code="publiacqua-ict")
    page = ask(browse(administrator), [own, theirs], **picked(contact=contact.pk), _step="preview")
    assert [line.row for line in page.context["changes"].refused] == [theirs]
    assert contact.name in page.content.decode()


def test_all_rows_of_the_filtered_list_may_be_changed(browse, referent, fountains):
    client, one = browse(referent), [Placement.objects.get(code="F01")]
    query = f"?asset__id__exact={fountains.pk}&status__exact=active"
    page = ask(client, one, query, **picked(district="3"), _step="preview", _which="all")
    assert [line.row.code for line in page.context["changes"].lines] == ["F01", "F02"]
    assert go_on(client, page, Placement).status_code == 302
    assert set(Placement.objects.filter(district="3").values_list("code", flat=True)) == {"F01", "F02"}


def test_more_rows_than_a_page_can_show_are_refused(browse, referent, fountains, monkeypatch):
    monkeypatch.setattr("firenze_digitale.desk.bulk_edit.MOST_ROWS", 2)
    client = browse(referent)
    answer = ask(client, Placement.objects.filter(code="F01"), **picked(district="3"), _step="preview", _which="all")
    assert answer.status_code == 302
    assert not Placement.objects.filter(district="3").exists()


@pytest.mark.parametrize("kind", ["asset", "placement", "distribution"])
def test_a_change_of_many_costs_the_same_for_two_rows_and_for_twenty(browse, referent, publiacqua, kind):
    make = {
        "asset": lambda: factories.asset(publiacqua),
        "placement": lambda: factories.placement(factories.asset(publiacqua)),
        "distribution": lambda: factories.distribution(
            factories.asset(publiacqua, category=factories.category(kind="immaterial"))
        ),
    }[kind]
    values = {"asset": {"visibility": "public"}, "placement": {"district": "3"}, "distribution": {"licence": "CC0"}}
    client, costs = browse(referent), []
    for count in (2, 20):
        rows = [make() for _ in range(count)]
        with CaptureQueriesContext(connection) as previewing:
            page = ask(client, rows, **picked(**values[kind]), _step="preview")
        assert len(page.context["changes"].changed) == count
        with CaptureQueriesContext(connection) as storing:
            assert go_on(client, page, type(rows[0])).status_code == 302
        costs.append((len(previewing), len(storing)))
    assert costs[0] == costs[1]
    assert max(costs[0]) < 35


@pytest.mark.parametrize("rows", ["", "{", "[]", '{"a": "1"}', '{"1": 2}', "[" * 9_000])
def test_made_up_rows_are_a_bad_request(browse, referent, fountains, rows):
    client = browse(referent)
    assert ask(client, Placement.objects.all(), **picked(district="3"), _step="store", _rows=rows).status_code == 400
    assert not Placement.objects.filter(district="3").exists()


def test_city_staff_change_actions_alike(browse, city_staff):
    for _ in range(2):
        factories.action()
    client = browse(city_staff)
    page = ask(client, Action.objects.all(), **picked(status="done"), _step="preview")
    assert go_on(client, page, Action).status_code == 302
    assert set(Action.objects.values_list("status", flat=True)) == {"done"}


def test_distributions_are_changed_alike(browse, referent, publiacqua):
    data = factories.asset(publiacqua, category=factories.category(kind="immaterial"))
    rows = [factories.distribution(data) for _ in range(2)]
    client = browse(referent)
    page = ask(client, rows, **picked(has_personal_data="false", licence="CC BY 4.0"), _step="preview")
    assert go_on(client, page, Distribution).status_code == 302
    assert set(Distribution.objects.values_list("has_personal_data", "licence")) == {(False, "CC BY 4.0")}


def test_a_forged_page_that_tells_of_no_rows_is_refused(browse, referent, fountains):
    answer = ask(browse(referent), Placement.objects.all(), **picked(status="removed"), _step="store")
    assert answer.status_code == 400
    assert not Placement.objects.filter(code__gt="F00", status="removed").exists()
