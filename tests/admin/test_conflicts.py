"""Two people at one row: whoever saves second is shown what the first changed; nothing is overwritten in silence."""

import json

import pytest
from django.db.models import Q

from assets.choices import Visibility
from assets.models import Asset, Placement
from firenze_digitale.history import KINDS, through_door
from firenze_digitale.states import event_model_of, version_of
from partners.models import Partner, User
from projects.models import Meeting, Milestone, ProjectChart
from tests import factories
from tests.admin.world import admin_url, filled_in, luminaires

SAVE = {"_save": "1"}


@pytest.fixture
def colleague(publiacqua):
    """A second login of publiacqua's."""
    login = factories.user("collega")
    factories.referent(publiacqua, "publiacqua-collega", user=login)
    return login


@pytest.fixture
def fountains(publiacqua):
    return factories.asset(publiacqua, "fontanelli", name_it="Fontanelli", description_it="Acqua")


def opened(client, row) -> dict:
    """What a browser would send of the page of a row, just as it is shown."""
    return typed_on(client.get(admin_url(row, "change")))


def typed_on(page) -> dict:
    data = {**filled_in(page), "_seen": page.context["seen"], **SAVE}
    for name, value in data.items():
        if isinstance(value, list):
            data[name] = [getattr(item, "pk", item) for item in value]
    return data


def saved(client, row, data):
    response = client.post(admin_url(row, "change"), data)
    row.refresh_from_db()
    return response


def told(response) -> dict:
    """What the page says somebody else changed: labels' fields, with the value kept."""
    return {d.field: d.after for told in response.context["encounter"].kept for d in told.differences}


def choices(response) -> dict:
    return {choice.name: (choice.stored, choice.mine) for choice in response.context["encounter"].choices}


def test_who_saves_alone_is_not_asked_anything(browse, referent, fountains):
    client = browse(referent)
    data = opened(client, fountains)
    assert saved(client, fountains, {**data, "name_it": "Nuovo"}).status_code == 302
    assert fountains.name_it == "Nuovo"


def test_fields_that_only_the_other_changed_are_kept_and_told_before_anything_is_stored(
    browse, referent, colleague, fountains
):
    first, second = browse(colleague), browse(referent)
    data, other = opened(second, fountains), opened(first, fountains)
    assert saved(first, fountains, {**other, "description_it": "Acqua buona"}).status_code == 302
    page = saved(second, fountains, {**data, "name_it": "Fontanelli nuovi"})
    assert page.status_code == 409
    assert (fountains.name_it, fountains.description_it) == ("Fontanelli", "Acqua buona")
    assert told(page) == {"description_it": "Acqua buona"}
    assert choices(page) == {}
    assert "collega" in page.content.decode()
    again = typed_on(page)
    assert (again["name_it"], again["description_it"]) == ("Fontanelli nuovi", "Acqua buona")
    assert saved(second, fountains, again).status_code == 302
    assert (fountains.name_it, fountains.description_it) == ("Fontanelli nuovi", "Acqua buona")


@pytest.mark.parametrize(("answer", "expected"), [("stored", "Primo"), ("mine", "Secondo")])
def test_a_field_that_both_changed_holds_what_the_second_chooses(
    browse, referent, colleague, fountains, answer, expected
):
    first, second = browse(colleague), browse(referent)
    data = opened(second, fountains)
    saved(first, fountains, {**opened(first, fountains), "name_it": "Primo"})
    page = saved(second, fountains, {**data, "name_it": "Secondo", "description_it": "Mia"})
    assert (page.status_code, choices(page)) == (409, {"name_it": ("Primo", "Secondo")})
    assert fountains.name_it == "Primo"
    unanswered = saved(second, fountains, typed_on(page))
    assert (unanswered.status_code, choices(unanswered)) == (409, {"name_it": ("Primo", "Secondo")})
    assert fountains.name_it == "Primo"
    answered = saved(second, fountains, {**typed_on(unanswered), "choose-name_it": answer})
    assert answered.status_code == 302
    assert (fountains.name_it, fountains.description_it) == (expected, "Mia")


def test_versions_are_checked_again_after_choosing(browse, referent, colleague, fountains):
    first, second = browse(colleague), browse(referent)
    data = opened(second, fountains)
    saved(first, fountains, {**opened(first, fountains), "name_it": "Primo"})
    page = saved(second, fountains, {**data, "name_it": "Secondo"})
    saved(first, fountains, {**opened(first, fountains), "name_it": "Terzo"})
    again = saved(second, fountains, {**typed_on(page), "choose-name_it": "mine"})
    assert (again.status_code, choices(again)) == (409, {"name_it": ("Terzo", "Secondo")})
    assert fountains.name_it == "Terzo"


def test_what_both_typed_alike_is_no_conflict(browse, referent, colleague, fountains):
    first, second = browse(colleague), browse(referent)
    data = opened(second, fountains)
    saved(first, fountains, {**opened(first, fountains), "name_it": "Uguale"})
    assert saved(second, fountains, {**data, "name_it": "Uguale"}).status_code == 302


def test_line_ends_of_a_browser_are_no_change_of_ones_own(browse, referent, fountains):
    Asset.objects.filter(pk=fountains.pk).update(description_it="Prima riga\nseconda")
    client = browse(referent)
    data = opened(client, fountains)
    Asset.objects.filter(pk=fountains.pk).update(description_it="Altro\ntesto")
    page = saved(client, fountains, {**data, "description_it": "Prima riga\r\nseconda", "name_it": "Mio"})
    assert (told(page), choices(page)) == ({"description_it": "Altro\ntesto"}, {})


def test_a_change_through_any_door_is_noticed(browse, referent, fountains):
    client = browse(referent)
    data = opened(client, fountains)
    with through_door("command"):
        Asset.objects.filter(pk=fountains.pk).update(visibility="public")
    page = saved(client, fountains, {**data, "name_it": "Mio"})
    assert (page.status_code, told(page)) == (409, {"visibility": str(Visibility.PUBLIC.label)})


def test_attributes_are_met_one_by_one_and_told_by_their_labels(browse, other_referent, silfi):
    lamps = factories.asset(silfi, "pali", category=luminaires(), attributes={"watt": 35, "lamp": "LED", "old": "x"})
    client = browse(other_referent)
    data = opened(client, lamps)
    Asset.objects.filter(pk=lamps.pk).update(attributes={"watt": 70, "lamp": "sodio", "old": "y"})
    page = saved(client, lamps, {**data, "attribute_watt": "100"})
    assert choices(page) == {"attribute_watt": ("70", "100")}
    labels = {d.label: d.after for told in page.context["encounter"].kept for d in told.differences}
    assert labels.pop("Lampada") == "sodio"
    assert list(labels.values()) == ["y"]
    assert saved(client, lamps, {**typed_on(page), "choose-attribute_watt": "mine"}).status_code == 302
    assert lamps.attributes == {"watt": 100, "lamp": "sodio", "old": "y"}


def test_another_category_meanwhile_keeps_its_attributes_and_shows_what_has_no_field_any_more(
    browse, other_referent, silfi
):
    lamps = factories.asset(silfi, "pali", category=luminaires(), attributes={"watt": 35})
    schema = {"type": "object", "properties": {"resolution": {"type": "string", "title": "Risoluzione"}}}
    cameras = factories.category("cameras", attribute_schema=schema)
    client = browse(other_referent)
    data = opened(client, lamps)
    Asset.objects.filter(pk=lamps.pk).update(category=cameras, attributes={"resolution": "4K"})
    page = saved(client, lamps, {**data, "attribute_watt": "100", "name_it": "Mio"})
    assert page.status_code == 409
    assert ("Potenza (W)", "100") in page.context["encounter"].lost
    again = typed_on(page)
    assert again["attribute_resolution"] == "4K"
    assert saved(client, lamps, again).status_code == 302
    assert (lamps.category, lamps.attributes, lamps.name_it) == (cameras, {"resolution": "4K"}, "Mio")


def test_links_are_met_though_they_do_not_touch_the_row(browse, city_staff, administrator):
    chart, (one, two, three) = factories.chart("scheda"), [factories.objective(number=n) for n in (1, 2, 3)]
    chart.objectives.add(one)
    client = browse(city_staff)
    data = opened(client, chart)
    chart.objectives.add(two)
    page = saved(client, chart, {**data, "title_it": "Mio"})
    assert page.status_code == 409
    assert list(told(page)) == ["objectives"]
    assert sorted(map(int, typed_on(page)["objectives"])) == [one.pk, two.pk]
    page = saved(client, chart, {**data, "objectives": [one.pk, three.pk]})
    assert list(choices(page)) == ["objectives"]
    assert saved(client, chart, {**typed_on(page), "choose-objectives": "mine"}).status_code == 302
    assert set(chart.objectives.all()) == {one, three}


def test_what_one_may_not_see_of_a_meeting_stays_unseen(browse, city_staff, silfi):
    meeting = factories.meeting("incontro", [factories.referent()])
    client = browse(city_staff)
    data = opened(client, meeting)
    meeting.participants.add(factories.referent(name="Arrivato dopo"))
    page = saved(client, meeting, {**data, "title_it": "Mio"})
    assert "Arrivato dopo" in told(page)["participants"]
    assert saved(client, meeting, typed_on(page)).status_code == 302
    assert (Meeting.objects.get().participants.count(), meeting.title_it) == (2, "Mio")


# Parts


@pytest.fixture
def chart(publiacqua):
    chart = factories.chart("scheda", lead=publiacqua, title_it="Scheda")
    for title in ("Prima", "Seconda"):
        factories.milestone(chart, title_it=title)
    return chart


def input_of(data, prefix, part, field) -> str:
    """The name of a field of one part on the page."""
    index = next(name.split("-")[1] for name, value in data.items() if name.endswith("-id") and value == part.pk)
    return f"{prefix}-{index}-{field}"


def test_parts_that_somebody_else_changed_added_or_deleted_are_kept_and_told(browse, referent, chart):
    first, second = chart.milestones.order_by("pk")
    client = browse(referent)
    data = opened(client, chart)
    Milestone.objects.filter(pk=first.pk).update(source="Verbale")
    second.delete()
    factories.milestone(chart, title_it="Terza")
    page = saved(client, chart, {**data, "title_it": "Mia"})
    assert page.status_code == 409
    kept = page.context["encounter"].kept
    assert {(part.where.split(": ")[1], part.what or part.differences[0].after) for part in kept} == {
        ("Prima", "Verbale"),
        ("Seconda", str(KINDS["delete"])),
        ("Terza", str(KINDS["insert"])),
    }
    assert saved(client, chart, typed_on(page)).status_code == 302
    assert set(chart.milestones.values_list("title_it", "source")) == {("Prima", "Verbale"), ("Terza", "")}
    assert chart.title_it == "Mia"


def test_a_field_of_a_part_that_both_changed_is_asked_about(browse, referent, chart):
    part = chart.milestones.get(title_it="Seconda")
    client = browse(referent)
    data = opened(client, chart)
    Milestone.objects.filter(pk=part.pk).update(source="Altro")
    name = input_of(data, "milestones", part, "source")
    page = saved(client, chart, {**data, name: "Mio"})
    assert list(choices(page).values()) == [("Altro", "Mio")]
    (asked,) = choices(page)
    again = saved(client, chart, {**typed_on(page), f"choose-{asked}": "stored"})
    assert again.status_code == 302
    part.refresh_from_db()
    assert part.source == "Altro"


@pytest.mark.parametrize(("answer", "stored"), [("stored", set()), ("mine", {"Mia"})])
def test_a_part_that_was_deleted_while_it_was_written_is_asked_about(browse, referent, chart, answer, stored):
    part = chart.milestones.get(title_it="Seconda")
    client = browse(referent)
    data = opened(client, chart)
    name = input_of(data, "milestones", part, "source")
    part.delete()
    page = saved(client, chart, {**data, name: "Mia"})
    assert page.status_code == 409
    (choice,) = page.context["encounter"].choices
    assert "Seconda" in choice.where
    assert "Mia" in choice.mine
    unanswered = saved(client, chart, typed_on(page))
    (choice,) = unanswered.context["encounter"].choices
    assert saved(client, chart, {**typed_on(unanswered), f"choose-{choice.name}": answer}).status_code == 302
    assert set(chart.milestones.exclude(source="").values_list("source", flat=True)) == stored
    assert chart.milestones.filter(title_it="Prima").exists()


@pytest.mark.parametrize(("answer", "stays"), [("stored", True), ("mine", False)])
def test_a_part_that_one_deletes_while_it_is_changed_is_asked_about(browse, referent, chart, answer, stays):
    part = chart.milestones.get(title_it="Seconda")
    client = browse(referent)
    data = opened(client, chart)
    Milestone.objects.filter(pk=part.pk).update(done_on="2017-06-01")
    page = saved(client, chart, {**data, input_of(data, "milestones", part, "DELETE"): "on"})
    (choice,) = page.context["encounter"].choices
    assert Milestone.objects.filter(pk=part.pk).exists()
    answered = {**typed_on(page), f"choose-{choice.name}": answer}
    assert saved(client, chart, answered).status_code == 302
    assert Milestone.objects.filter(pk=part.pk, done_on="2017-06-01").exists() is stays


def test_what_is_typed_anew_stays_beside_what_somebody_else_added(browse, referent, chart):
    client = browse(referent)
    data = opened(client, chart)
    factories.milestone(chart, title_it="Loro", due_on="2017-01-31")
    new = {"milestones-TOTAL_FORMS": 3, "milestones-2-title_it": "Mia", "milestones-2-due_on": "31/12/2017"}
    page = saved(client, chart, {**data, **new})
    assert page.status_code == 409
    assert saved(client, chart, typed_on(page)).status_code == 302
    assert set(chart.milestones.values_list("title_it", flat=True)) == {"Prima", "Seconda", "Loro", "Mia"}


def test_an_asset_use_that_one_may_not_see_is_not_told_of(browse, referent, chart, silfi):
    client = browse(referent)
    data = opened(client, chart)
    factories.asset_use(factories.asset(silfi, name_it="Segreto", visibility="restricted"), chart)
    response = saved(client, chart, {**data, "title_it": "Mia"})
    assert response.status_code == 302
    assert (chart.title_it, chart.asset_uses.count()) == ("Mia", 1)


def test_participations_of_a_chart_and_its_status_are_told(browse, city_staff, referent, chart, city):
    client = browse(city_staff)
    data = opened(client, chart)
    factories.made(type(chart.participations.get()), chart=chart, partner=city)
    ProjectChart.objects.filter(pk=chart.pk).update(status="proposed")
    page = saved(client, chart, {**data, "title_it": "Mia"})
    assert page.status_code == 409
    assert "status" in told(page)
    assert saved(client, chart, typed_on(page)).status_code == 302
    assert (chart.participations.count(), chart.status, chart.title_it) == (2, "proposed", "Mia")


# Deleted meanwhile


def test_a_row_that_was_deleted_meanwhile_is_told_plainly_with_what_was_typed(browse, referent, publiacqua):
    asset = factories.asset(publiacqua, "fontanelli", name_it="Fontanelli")
    client = browse(referent)
    data = {**opened(client, asset), "name_it": "Scritto a lungo", "visibility": "public"}
    address = admin_url(asset, "change")
    asset.delete()
    page = client.post(address, data)
    assert page.status_code == 410
    for text in ("Fontanelli", "Scritto a lungo", str(Visibility.PUBLIC.label)):
        assert text in page.content.decode()
    assert client.get(address).status_code == 404
    assert not Asset.objects.exists()


def test_a_row_that_one_could_not_change_never_was(browse, other_referent, city_staff, publiacqua):
    asset = factories.asset(publiacqua, "fontanelli", name_it="Fontanelli", visibility="restricted")
    address = admin_url(asset, "change")
    asset.delete()
    for stranger in (other_referent, city_staff):
        page = browse(stranger).post(address, {"name_it": "x"})
        assert (page.status_code, "Fontanelli" in page.content.decode()) == (404, False)


def test_a_placement_and_a_chart_that_are_gone_are_told_of_to_their_keepers(
    browse, referent, other_referent, publiacqua
):
    placement = factories.placement(factories.asset(publiacqua), "F1")
    chart = factories.chart("scheda", lead=publiacqua)
    addresses = [admin_url(row, "change") for row in (placement, chart)]
    placement.delete()
    with through_door("admin"):
        chart.delete()
    for address in addresses:
        assert browse(referent).post(address, {"code": "F1"}).status_code == 410
        assert browse(other_referent).post(address, {"code": "F1"}).status_code == 404


def test_what_was_typed_is_shown_to_who_may_not_change_the_row_any_more(browse, referent, chart, city):
    factories.made(type(chart.participations.get()), chart=chart, partner=city)
    client = browse(referent)
    data = {**opened(client, chart), "summary_it": "Scritto a lungo"}
    for step in ("proposed", "approved"):
        ProjectChart.objects.filter(pk=chart.pk).update(status=step)
    page = saved(client, chart, data)
    assert (page.status_code, "Scritto a lungo" in page.content.decode()) == (403, True)
    assert chart.summary_it == ""


def test_a_row_that_somebody_else_deleted_first_is_told_to_who_deletes_it(browse, referent, other_referent, fountains):
    address = admin_url(fountains, "delete")
    fountains.delete()
    assert browse(other_referent).post(address, {"post": "yes"}).status_code == 404
    answer = browse(referent).post(address, {"post": "yes"})
    assert (answer.status_code, answer.url) == (302, admin_url(Asset, "changelist"))


# Deletion


def test_a_deletion_is_asked_for_again_where_the_row_has_changed(browse, referent, fountains):
    client, address = browse(referent), admin_url(fountains, "delete")
    asked = client.get(address)
    Asset.objects.filter(pk=fountains.pk).update(name_it="Cambiato")
    page = client.post(address, {"post": "yes", "_seen": str(asked.context["seen"])})
    assert page.status_code == 409
    assert "Cambiato" in page.content.decode()
    assert Asset.objects.filter(pk=fountains.pk).exists()
    assert client.post(address, {"post": "yes", "_seen": str(page.context["seen"])}).status_code == 302
    assert not Asset.objects.exists()


def test_a_deletion_is_asked_for_again_where_a_part_was_added(browse, referent, chart):
    client, address = browse(referent), admin_url(chart, "delete")
    asked = client.get(address)
    factories.milestone(chart, title_it="Terza")
    page = client.post(address, {"post": "yes", "_seen": str(asked.context["seen"])})
    assert (page.status_code, ProjectChart.objects.count(), Milestone.objects.count()) == (409, 1, 3)


def test_ticked_rows_that_changed_meanwhile_are_not_deleted_and_named(browse, referent, publiacqua, fountains):
    other = factories.asset(publiacqua, name_it="Altro")
    client, address = browse(referent), admin_url(Asset, "changelist")
    seen = [f"{row.pk}:{row.version}" for row in (fountains, other)]
    Asset.objects.filter(pk=other.pk).update(quantity=5)
    ticked = {"action": "delete_selected", "_selected_action": [fountains.pk, other.pk], "post": "yes"}
    page = client.post(address, {**ticked, "_seen": seen}, follow=True)
    assert Asset.objects.count() == 2
    assert any("Altro" in str(message) and "Fontanelli" not in str(message) for message in page.context["messages"])
    other.refresh_from_db()
    client.post(address, {**ticked, "_seen": [seen[0], f"{other.pk}:{other.version}"]})
    assert not Asset.objects.exists()


# The mechanism


def test_the_version_moves_with_every_change_and_with_nothing_else(fountains):
    fountains.refresh_from_db()
    before = fountains.version
    fountains.save()
    fountains.refresh_from_db()
    assert fountains.version == before
    Asset.objects.filter(pk=fountains.pk).update(quantity=3)
    fountains.refresh_from_db()
    assert fountains.version != before
    assert before.isdecimal()


@pytest.mark.parametrize(
    "seen",
    ["", "{", "[]", "{}", '{"version": 3}', '{"version": "x"}', '{"version": "1", "parts": {"a": 1}}', "[" * 9_000],
)
def test_a_made_up_version_is_a_bad_request(browse, referent, fountains, seen):
    client = browse(referent)
    data = {**opened(client, fountains), "name_it": "Mio", "_seen": seen}
    assert saved(client, fountains, data).status_code == 400
    assert fountains.name_it == "Fontanelli"


def test_a_version_that_never_was_asks_about_every_field_that_one_changes(browse, referent, fountains):
    client = browse(referent)
    data = {**opened(client, fountains), "name_it": "Mio", "_seen": json.dumps({"version": "1"})}
    page = saved(client, fountains, data)
    assert (page.status_code, choices(page)) == (409, {"name_it": ("Fontanelli", "Mio")})


def test_an_account_is_guarded_too(browse, administrator):
    user = factories.user("qualcuno", email="a@example.org")
    client = browse(administrator)
    data = opened(client, user)
    User.objects.filter(pk=user.pk).update(is_city_staff=True)
    page = saved(client, user, {**data, "email": "b@example.org"})
    assert (page.status_code, list(told(page))) == (409, ["is_city_staff"])
    assert saved(client, user, typed_on(page)).status_code == 302
    assert (user.email, user.is_city_staff) == ("b@example.org", True)


def test_a_partner_is_guarded_too(browse, city_staff):
    partner = factories.partner("agenzia", legal_name="Prima")
    client = browse(city_staff)
    data = opened(client, partner)
    Partner.objects.filter(pk=partner.pk).update(legal_name="Loro")
    page = saved(client, partner, {**data, "legal_name": "Mia"})
    assert choices(page) == {"legal_name": ("Loro", "Mia")}


def test_a_placement_is_guarded_too(browse, referent, fountains):
    placement = factories.placement(fountains, "F1", latitude=43.77, longitude=11.25)
    client = browse(referent)
    data = opened(client, placement)
    Placement.objects.filter(pk=placement.pk).update(latitude=43.8)
    page = saved(client, placement, {**data, "latitude": "43,9", "address": "Via Roma"})
    assert choices(page) == {"latitude": ("43.8", "43,9")}
    assert saved(client, placement, {**typed_on(page), "choose-latitude": "mine"}).status_code == 302
    assert (placement.latitude, placement.address) == (43.9, "Via Roma")


def test_what_was_typed_survives_a_change_of_category_with_what_was_seen(browse, other_referent, silfi):
    lamps = factories.asset(silfi, "pali", category=luminaires(), attributes={"watt": 35})
    client = browse(other_referent)
    data = opened(client, lamps)
    Asset.objects.filter(pk=lamps.pk).update(description_it="Altrui")
    shown = client.post(admin_url(lamps, "change"), {**data, "name_it": "Mio", "_show": "1"})
    assert shown.context["seen"] == data["_seen"]
    page = saved(client, lamps, {**data, "name_it": "Mio", "_seen": shown.context["seen"]})
    assert told(page) == {"description_it": "Altrui"}


def test_a_forged_version_reads_no_state_that_is_hidden(browse, referent, fountains, monkeypatch):
    Asset.objects.filter(pk=fountains.pk).update(description_it="parola segreta")
    hidden = event_model_of(Asset).objects.filter(pgh_obj_id=fountains.pk).latest("pgh_id")
    Asset.objects.filter(pk=fountains.pk).update(description_it="per tutti")
    monkeypatch.setattr(Asset, "states_hidden_from", lambda *_: Q(description_it="parola segreta"))
    client = browse(referent)
    seen = json.dumps({"version": version_of(hidden.updated_at)})
    page = saved(client, fountains, {**opened(client, fountains), "name_it": "Mio", "_seen": seen})
    assert (page.status_code, "parola segreta" in page.content.decode()) == (409, False)
