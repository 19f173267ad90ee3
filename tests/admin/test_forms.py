"""Forms of the desk: what may be stored, by whom, and what is said where it may not."""

import re

import pytest
from django.urls import reverse

from assets.models import Asset, Category, Placement
from partners.admission import admit
from partners.models import ApiCredential, Monograph, Partner, Referent, User
from partners.tokens import Token
from projects.models import Action, Milestone, Participation, ProjectChart
from tests import factories
from tests.admin.world import admin_url, luminaires

SAVE = {"_save": "1"}


@pytest.fixture
def lamps(silfi, other_referent):
    return factories.asset(silfi, "silfi-pali", category=luminaires(), attributes={"watt": 35, "old": "x"})


def typed(asset=None, **values) -> dict:
    """What a browser sends of an asset's form."""
    sent = {"exchange_status": "exchangeable", "visibility": "network", "name_it": "Lampioni", **SAVE}
    if asset is not None:
        sent |= {"category": asset.category_id, "owner": asset.owner_id, "code": asset.code}
    return sent | values


def errors(response) -> dict:
    return response.context["adminform"].form.errors


def test_the_category_is_asked_for_first(browse, other_referent):
    luminaires()
    response = browse(other_referent).get(admin_url(Asset, "add"))
    assert "Apparecchi luminosi" in response.content.decode()
    assert "admin/choose_first.html" in [template.name for template in response.templates]


def test_the_form_asks_what_the_category_asks(browse, other_referent, silfi):
    category = luminaires()
    response = browse(other_referent).get(f"{admin_url(Asset, 'add')}?category={category.pk}")
    form = response.context["adminform"].form
    asked = [name for name in form.fields if name.startswith("attribute_")]
    assert asked == [f"attribute_{name}" for name in ("watt", "lamp", "smart", "installed_on", "height")]
    assert form.fields["attribute_watt"].required
    assert form["owner"].value() == silfi.pk


def test_an_asset_is_stored_with_its_attributes_and_a_code_of_its_own(browse, other_referent, silfi):
    category = luminaires()
    answers = {
        "attribute_watt": "35",
        "attribute_lamp": "LED",
        "attribute_smart": "false",
        "attribute_installed_on": "31/12/2016",
        "attribute_height": "4.5",
    }
    for expected in ("silfi-lampioni-di-citta", "silfi-lampioni-di-citta-2"):
        answers["_twins_seen"] = ",".join(str(asset.pk) for asset in Asset.objects.all())
        sent = typed(category=category.pk, owner=silfi.pk, name_it="Lampioni di Città", code="", **answers)
        response = browse(other_referent).post(admin_url(Asset, "add"), sent)
        assert response.status_code == 302, errors(response)
        asset = Asset.objects.get(code=expected)
        told = {"watt": 35, "lamp": "LED", "smart": False, "installed_on": "2016-12-31", "height": 4.5}
        assert (asset.owner, asset.attributes) == (silfi, told)


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"attribute_watt": ""}, "attribute_watt"),
        ({"attribute_watt": "5000"}, "attribute_watt"),
        ({"attribute_watt": "many"}, "attribute_watt"),
        ({"attribute_lamp": "candle"}, "attribute_lamp"),
        ({"attribute_installed_on": "yesterday"}, "attribute_installed_on"),
        ({"attribute_height": "nan"}, "attribute_height"),
    ],
)
def test_a_wrong_attribute_is_told_beside_its_field_once(browse, other_referent, lamps, answer, field):
    response = browse(other_referent).post(
        admin_url(lamps, "change"), typed(lamps, **{"attribute_watt": "70", **answer})
    )
    assert list(errors(response)) == [field]
    lamps.refresh_from_db()
    assert lamps.attributes == {"watt": 35, "old": "x"}


@pytest.mark.parametrize(
    ("rule", "stored", "answer", "expected"),
    [
        ({"type": "boolean"}, True, "false", {"k": False}),
        ({"type": "boolean"}, True, "", {}),
        ({"type": "boolean"}, False, "false", {"k": False}),
        ({"enum": [10, 20]}, 10, "20", {"k": 20}),
        ({"enum": [10, 20]}, 10, "10", {"k": 10}),
        ({"enum": ["a", "b"]}, "z", "a", {"k": "a"}),
        ({"enum": ["a", "b"]}, ["z"], "", {}),
    ],
)
def test_a_chosen_value_changes_whatever_its_type_and_though_it_is_no_choice_any_more(
    browse, other_referent, silfi, rule, stored, answer, expected
):
    category = factories.category(attribute_schema={"type": "object", "properties": {"k": rule}})
    asset = factories.asset(silfi, "silfi-pali", category=category)
    placement = factories.placement(asset, "L1")
    for row, sent in (
        (asset, typed(asset, attribute_k=answer)),
        (placement, {"asset": asset.pk, "code": "L1", "status": "active", "attribute_k": answer, **SAVE}),
    ):
        type(row).objects.filter(pk=row.pk).update(attributes={"k": stored})
        response = browse(other_referent).post(admin_url(row, "change"), sent)
        assert response.status_code == 302, errors(response)
        row.refresh_from_db()
        assert row.attributes == expected


def test_help_of_an_attribute_is_text_and_not_html(browse, other_referent):
    rules = {"k": {"type": "string", "title": "<i>K</i>", "description": "<img src=x> & more"}}
    category = factories.category(attribute_schema={"type": "object", "properties": rules})
    page = browse(other_referent).get(f"{admin_url(Asset, 'add')}?category={category.pk}").content.decode()
    assert "&lt;img src=x&gt; &amp; more" in page
    assert "<img src=x>" not in page
    assert "<i>K</i>" not in page


def test_text_that_cannot_be_stored_is_told_and_shown_as_it_was_typed(browse, other_referent, city_staff, silfi):
    category = factories.category(attribute_schema={"type": "object", "properties": {"k": {"type": "array"}}})
    asset = factories.asset(silfi, "silfi-pali", category=category)
    response = browse(other_referent).post(admin_url(asset, "change"), typed(asset, attribute_k='["\\ud800"]'))
    assert "attribute_k" in errors(response)
    assert "[&quot;\\ud800&quot;]" in response.content.decode()
    schema = '{"type":"object","title":"\\ud800"}'
    sent = {"name_it": "Categoria", "code": category.code, "kind": "material", "attribute_schema": schema, **SAVE}
    response = browse(city_staff).post(admin_url(category, "change"), sent)
    assert "attribute_schema" in errors(response)
    assert "&quot;\\ud800&quot;}" in response.content.decode()
    for row in (asset, category):
        row.refresh_from_db()
    assert (asset.attributes, "title" in category.attribute_schema) == ({}, False)


def test_attributes_that_the_category_does_not_name_are_kept_until_removed(browse, other_referent, lamps):
    client, address = browse(other_referent), admin_url(lamps, "change")
    client.post(address, typed(lamps, attribute_watt="70"))
    lamps.refresh_from_db()
    assert lamps.attributes == {"watt": 70, "old": "x"}
    client.post(address, typed(lamps, attribute_watt="70", attributes_to_remove=["old"]))
    lamps.refresh_from_db()
    assert lamps.attributes == {"watt": 70}


def test_changing_the_category_shows_its_fields_and_keeps_what_was_typed(browse, other_referent, lamps):
    cameras = factories.category(
        "cameras", attribute_schema={"type": "object", "properties": {"resolution": {"type": "string"}}}
    )
    sent = typed(lamps, category=cameras.pk, name_it="Nome nuovo", _show="1")
    for address in (admin_url(lamps, "change"), admin_url(Asset, "add")):
        form = browse(other_referent).post(address, sent).context["adminform"].form
        assert "attribute_resolution" in form.fields
        assert "attribute_watt" not in form.fields
        assert (form["name_it"].value(), form.errors) == ("Nome nuovo", {})
    lamps.refresh_from_db()
    assert lamps.category.code == "luminaires"
    assert Asset.objects.count() == 1


def test_a_placement_asks_the_same_and_requires_nothing(browse, other_referent, lamps):
    add = admin_url(Placement, "add")
    form = browse(other_referent).get(f"{add}?asset={lamps.pk}").context["adminform"].form
    assert not form.fields["attribute_watt"].required
    sent = {"asset": lamps.pk, "code": "L1", "status": "active", "attribute_height": "6", **SAVE}
    response = browse(other_referent).post(add, sent)
    assert response.url.endswith(f"?asset__id__exact={lamps.pk}")
    assert Placement.objects.get(code="L1").attributes == {"height": 6}


@pytest.mark.parametrize("forged", ["owner", "contact", "asset"])
def test_what_one_may_not_choose_is_refused_as_an_invalid_choice(browse, referent, publiacqua, lamps, forged):
    client = browse(referent)
    if forged == "asset":
        sent = {"asset": lamps.pk, "code": "L1", "status": "active", **SAVE}
        response = client.post(admin_url(Placement, "add"), sent)
    else:
        stranger = {"owner": lamps.owner_id, "contact": Referent.objects.get(code="silfi-ict").pk}[forged]
        sent = typed(category=factories.category().pk, **{"owner": publiacqua.pk, "code": "x-y", forged: stranger})
        response = client.post(admin_url(Asset, "add"), sent)
    assert forged in errors(response)
    assert (Asset.objects.count(), Placement.objects.count()) == (1, 0)


@pytest.mark.parametrize("value", ["abc", "9999999999999999999999", "²", "-1", "1 OR 1"])
def test_a_value_that_is_no_key_is_refused_and_shown_again(browse, other_referent, lamps, value):
    sent = typed(lamps, category=value, contact=value, attribute_watt="1")
    response = browse(other_referent).post(admin_url(lamps, "change"), sent)
    assert response.status_code == 200
    assert {"category", "contact"} <= errors(response).keys()


def test_a_referent_cannot_give_its_asset_away(browse, other_referent, lamps, publiacqua):
    sent = typed(lamps, owner=publiacqua.pk, attribute_watt="36")
    assert browse(other_referent).post(admin_url(lamps, "change"), sent).status_code == 302
    lamps.refresh_from_db()
    assert (lamps.owner.code, lamps.attributes["watt"]) == ("silfi", 36)


def test_an_asset_that_one_sees_but_does_not_keep_opens_for_reading_only(browse, referent, lamps):
    client, address = browse(referent), admin_url(lamps, "change")
    page = client.get(address)
    assert "Potenza (W): 35" in page.content.decode()
    assert 'name="_save"' not in page.content.decode()
    assert client.post(address, typed(lamps)).status_code == 403
    Asset.objects.filter(pk=lamps.pk).update(visibility="restricted")
    assert client.get(address).status_code == client.post(address, typed(lamps)).status_code == 404
    assert client.get(admin_url(lamps, "history")).status_code == 404
    assert client.get(admin_url(lamps, "delete")).status_code == 404


def test_a_referent_changes_its_own_contact_data_and_nothing_else(browse, referent, publiacqua, silfi):
    own, colleague = Referent.objects.get(code="publiacqua-ict"), factories.referent(publiacqua)
    sent = {"email": "nuovo@example.org", "phone": "055", "name": "Altro", "partner": silfi.pk, "active": "", **SAVE}
    assert browse(referent).post(admin_url(own, "change"), sent).status_code == 302
    own.refresh_from_db()
    assert (own.email, own.name, own.partner, own.active) == (
        "nuovo@example.org",
        "Referente ICT, Publiacqua",
        publiacqua,
        True,
    )
    assert browse(referent).post(admin_url(colleague, "change"), sent).status_code == 403


def test_city_staff_change_a_referent_without_touching_the_login_that_they_do_not_see(browse, city_staff, referent):
    own = Referent.objects.get(code="publiacqua-ict")
    sent = {"name": own.name, "code": own.code, "partner": own.partner_id, "role": "Direttore", "active": "on", **SAVE}
    assert browse(city_staff).post(admin_url(own, "change"), sent | {"user": city_staff.pk}).status_code == 302
    own.refresh_from_db()
    assert (own.role, own.user) == ("Direttore", referent)


def test_a_monograph_is_its_partners(browse, referent, publiacqua, silfi):
    study = factories.study()
    sent = {"title_it": "Monografia", "code": "m-1", "study": study.pk, "year": 2013, "partner": silfi.pk, **SAVE}
    assert "partner" in errors(browse(referent).post(admin_url(Monograph, "add"), sent))
    assert browse(referent).post(admin_url(Monograph, "add"), sent | {"partner": publiacqua.pk}).status_code == 302
    assert Monograph.objects.get().partner == publiacqua


def test_what_only_the_database_refuses_is_told_in_the_form_and_nothing_typed_is_lost(browse, city_staff, city):
    first, second = factories.partner("uno", vat_number=""), factories.partner("due")
    Partner.objects.filter(pk=first.pk).update(successor=second)
    sent = {"name_it": "Due, cambiato", "code": "due", "kind": "other", "successor": first.pk, **SAVE}
    response = browse(city_staff).post(admin_url(second, "change"), sent)
    assert response.status_code == 200
    assert "successor" in errors(response)
    assert response.context["adminform"].form["name_it"].value() == "Due, cambiato"
    second.refresh_from_db()
    assert second.name_it == "Due"


@pytest.mark.parametrize(
    "schema", ['{"type": "list"}', "{", "[" * 5_000, "9" * 5_000, '{"type": "object", "a": 1e999}']
)
def test_a_wrong_schema_is_told_in_words(browse, city_staff, schema):
    sent = {"name_it": "Categoria", "code": "c-1", "kind": "material", "attribute_schema": schema, **SAVE}
    response = browse(city_staff).post(admin_url(Category, "add"), sent)
    assert "attribute_schema" in errors(response)
    assert not Category.objects.exists()


def test_an_action_pursues_objectives_of_its_own_plan(browse, city_staff):
    plan, other = factories.plan(), factories.plan()
    sent = {
        "title_it": "Azione",
        "code": "a-1",
        "action_plan": factories.action_plan(plan).pk,
        "status": "planned",
        "objectives": [factories.objective(other, 1).pk],
        **SAVE,
    }
    assert "objectives" in errors(browse(city_staff).post(admin_url(Action, "add"), sent))
    sent["objectives"] = [factories.objective(plan, 1).pk]
    assert browse(city_staff).post(admin_url(Action, "add"), sent).status_code == 302
    assert Action.objects.get().objectives.get().plan == plan


def test_a_token_is_shown_once_and_never_stored(browse, administrator, publiacqua):
    sent = {"partner": publiacqua.pk, "name": "gestionale", "access": "read", **SAVE}
    response = browse(administrator).post(admin_url(ApiCredential, "add"), sent)
    token, credential = response.context["token"], ApiCredential.objects.get()
    assert token in response.content.decode()
    assert (admit(Token.read(token))[0].credential, credential.created_by) == (credential, administrator)
    assert token not in browse(administrator).get(admin_url(credential, "change")).content.decode()
    assert "no-store" in response.headers["Cache-Control"]


def test_a_credential_is_revoked_from_the_list_by_administrators_alone(browse, administrator, city_staff, publiacqua):
    credential = ApiCredential.issue(partner=publiacqua, name="gestionale", access="read")[0]
    data = {"action": "revoke", "index": 0, "_selected_action": [credential.pk]}
    assert browse(city_staff).post(admin_url(ApiCredential, "changelist"), data).status_code == 403
    credential.refresh_from_db()
    assert credential.revoked_at is None
    browse(administrator).post(admin_url(ApiCredential, "changelist"), data)
    credential.refresh_from_db()
    assert not credential.is_usable


def test_an_administrator_makes_accounts_and_changes_them(browse, administrator):
    password = "un'altra frase lunga"
    sent = {"username": "nuovo", "usable_password": "true", "password1": password, "password2": password, **SAVE}
    assert browse(administrator).post(admin_url(User, "add"), sent).status_code == 302
    user = User.objects.get(username="nuovo")
    assert user.check_password(password)
    sent = {"username": "nuovo", "is_active": "on", "is_city_staff": "on", **SAVE}
    assert browse(administrator).post(admin_url(user, "change"), sent).status_code == 302
    user.refresh_from_db()
    assert (user.is_city_staff, user.is_superuser) == (True, False)
    address = reverse("admin:auth_user_password_change", args=[user.pk])
    assert browse(administrator).get(address).status_code == 200
    assert browse(user).get(address).status_code == 404


def test_an_unexpected_refusal_of_a_part_does_not_store_the_whole(browse, city_staff, city, publiacqua):
    chart = factories.chart("scheda", lead=publiacqua)
    sent = chart_form(chart, title_it="Titolo nuovo", milestones=[{"title_it": "Tappa", "due_on": "no"}])
    response = browse(city_staff).post(admin_url(chart, "change"), sent)
    assert response.status_code == 200
    chart.refresh_from_db()
    assert (chart.title_it == "Titolo nuovo", Milestone.objects.count()) == (False, 0)


def chart_form(chart, participations=None, milestones=(), **values) -> dict:
    """What a browser sends of a chart's form; participations as they are unless given."""
    if participations is None:
        participations = [
            {"id": part.pk, "partner": part.partner_id, "role": part.role} for part in chart.participations.all()
        ]
    sent = {"title_it": chart.title_it, "code": chart.code, "visibility": chart.visibility, **SAVE, **values}
    groups = {"participations": participations, "milestones": milestones, "asset_uses": (), "documents": ()}
    for prefix, rows in groups.items():
        stored = sum("id" in row for row in rows)
        sent |= {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": stored}
        for index, row in enumerate(rows):
            sent |= {f"{prefix}-{index}-{name}": value for name, value in row.items()}
            sent[f"{prefix}-{index}-chart"] = chart.pk
    return sent


def test_a_referent_drafts_a_chart_that_its_partner_leads(browse, referent, publiacqua, silfi):
    sent = {"title_it": "Scheda", "code": "scheda", "visibility": "network", "lead": silfi.pk, **SAVE}
    assert "lead" in errors(browse(referent).post(admin_url(ProjectChart, "add"), sent))
    response = browse(referent).post(admin_url(ProjectChart, "add"), sent | {"lead": publiacqua.pk})
    chart = ProjectChart.objects.get()
    assert response.url == admin_url(chart, "change")
    part = Participation.objects.get()
    assert (chart.status, part.partner, part.role) == ("draft", publiacqua, "lead")


def test_the_lead_writes_its_draft_and_its_parts(browse, referent, publiacqua, city):
    chart = factories.chart("scheda", lead=publiacqua)
    lead = Participation.objects.get()
    parts = [
        {"id": lead.pk, "partner": publiacqua.pk, "role": "lead", "gives_it": "Acqua"},
        {"partner": city.pk, "role": "participant"},
    ]
    milestones = [{"title_it": "Tappa", "due_on": "30/06/2017"}]
    response = browse(referent).post(admin_url(chart, "change"), chart_form(chart, parts, milestones))
    assert response.status_code == 302
    assert sorted(chart.participations.values_list("partner__code", "role", "gives_it")) == [
        ("comune-di-firenze", "participant", ""),
        ("publiacqua", "lead", "Acqua"),
    ]
    assert chart.milestones.get().title_it == "Tappa"


def test_whoever_only_takes_part_writes_its_own_part_alone(browse, referent, publiacqua, silfi):
    chart = factories.chart("scheda", lead=silfi, participants=[publiacqua])
    own, other = (chart.participations.get(partner=partner) for partner in (publiacqua, silfi))
    client = browse(referent)
    assert client.post(admin_url(chart, "change"), chart_form(chart)).status_code == 403
    assert admin_url(own, "change") in client.get(admin_url(chart, "change")).content.decode()
    sent = {"gives_it": "Acqua", "gains_it": "Dati", "role": "lead", "source": "x", "partner": silfi.pk, **SAVE}
    response = client.post(admin_url(own, "change"), sent)
    assert (response.status_code, response.url) == (302, admin_url(chart, "change"))
    own.refresh_from_db()
    assert (own.gives_it, own.gains_it, own.role, own.source, own.partner) == (
        "Acqua",
        "Dati",
        "participant",
        "",
        publiacqua,
    )
    assert client.post(admin_url(other, "change"), sent).status_code == 403
    other.refresh_from_db()
    assert other.gives_it == ""


def test_parts_of_another_chart_cannot_be_slipped_into_a_form(browse, referent, publiacqua, silfi):
    mine, theirs = factories.chart("mia", lead=publiacqua), factories.chart("loro", lead=silfi)
    stolen = theirs.participations.get()
    parts = [{"id": stolen.pk, "partner": silfi.pk, "role": "lead", "gives_it": "Rubato"}]
    browse(referent).post(admin_url(mine, "change"), chart_form(mine, parts))
    stolen.refresh_from_db()
    assert (stolen.gives_it, stolen.chart) == ("", theirs)
    assert [part.partner for part in mine.participations.all()] == [publiacqua]


def test_an_asset_use_that_one_may_not_see_is_neither_shown_nor_lost(browse, referent, publiacqua, silfi):
    chart = factories.chart("scheda", lead=publiacqua)
    secret = factories.asset_use(factories.asset(silfi, name_it="Segreto", visibility="restricted"), chart)
    client = browse(referent)
    assert "Segreto" not in client.get(admin_url(chart, "change")).content.decode()
    assert client.post(admin_url(chart, "change"), chart_form(chart, title_it="Nuovo")).status_code == 302
    assert list(chart.asset_uses.all()) == [secret]


def move(client, chart, status, **typed):
    """Press a button that saves a chart and moves it along."""
    sent = chart_form(chart, **typed, _move=status)
    del sent["_save"]
    response = client.post(admin_url(chart, "change"), sent, follow=True)
    chart.refresh_from_db()
    told = [str(message) for message in response.context["messages"]] if response.context else []
    return response.status_code, chart.status, told


def test_a_chart_moves_along_its_steps_and_is_told_why_where_it_does_not(
    browse, referent, publiacqua, city, city_staff
):
    chart, client = factories.chart("scheda", lead=publiacqua), browse(referent)
    status, state, told = move(client, chart, "proposed", title_it="Nuovo")
    assert (status, state, chart.title_it, len(told)) == (200, "draft", "Nuovo", 1)
    factories.made(Participation, chart=chart, partner=city)
    assert move(client, chart, "proposed")[:2] == (200, "proposed")
    assert move(client, chart, "completed")[1] == "proposed"
    assert move(client, chart, "nonsense")[1] == "proposed"
    assert move(client, chart, "approved", title_it="Altro")[:2] == (403, "proposed")
    assert chart.title_it == "Nuovo"
    assert move(browse(city_staff), chart, "approved")[:2] == (200, "approved")
    assert move(client, chart, "draft", title_it="Altro")[:2] == (403, "approved")
    assert chart.title_it == "Nuovo"


def test_moving_a_chart_stores_first_what_was_typed(browse, referent, publiacqua, city):
    chart = factories.chart("scheda", lead=publiacqua)
    lead = chart.participations.get()
    parts = [{"id": lead.pk, "partner": publiacqua.pk, "role": "lead"}, {"partner": city.pk, "role": "participant"}]
    assert move(browse(referent), chart, "proposed", participations=parts)[:2] == (200, "proposed")
    assert {part.partner for part in chart.participations.all()} == {publiacqua, city}


def test_a_form_with_errors_neither_stores_nor_moves(browse, referent, publiacqua, city):
    chart = factories.chart("scheda", lead=publiacqua, participants=[city])
    assert move(browse(referent), chart, "proposed", title_it="Nuovo", starts_on="xx")[:2] == (200, "draft")
    assert chart.title_it != "Nuovo"


def test_the_chart_page_offers_the_next_steps_after_saving_and_reading_it_changes_nothing(
    browse, referent, city_staff, publiacqua, city
):
    chart = factories.chart("scheda", lead=publiacqua, participants=[city], status="proposed")
    for person, offered in ((referent, ["draft"]), (city_staff, ["approved", "draft"])):
        response = browse(person).get(admin_url(chart, "change"), {"_move": "draft"})
        page = response.content.decode()
        assert re.findall(r'name="_move" value="(\w+)"', page) == offered
        assert page.index('name="_save"') < page.index('name="_move"')
    chart.refresh_from_db()
    assert chart.status == "proposed"


def test_the_status_is_never_taken_from_the_form(browse, referent, publiacqua):
    chart = factories.chart("scheda", lead=publiacqua)
    browse(referent).post(admin_url(chart, "change"), chart_form(chart, status="approved"))
    chart.refresh_from_db()
    assert chart.status == "draft"


def test_a_proposed_chart_keeps_the_city_and_says_so(browse, referent, publiacqua, city):
    chart = factories.chart("scheda", lead=publiacqua, status="proposed")
    rows = [
        {
            "id": part.pk,
            "partner": part.partner_id,
            "role": part.role,
            **({"DELETE": "on"} if part.partner == city else {}),
        }
        for part in chart.participations.all()
    ]
    response = browse(referent).post(admin_url(chart, "change"), chart_form(chart, rows, title_it="Nuovo"))
    assert response.status_code == 200
    assert errors(response)
    assert not list(response.context["messages"])
    assert chart.participations.count() == 2
    chart.refresh_from_db()
    assert chart.title_it != "Nuovo"
