"""Credentials at the desk: made and revoked by who answers for the partner, shown once, never told of again."""

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from firenze_digitale.access import OPERATOR, access_of
from firenze_digitale.desk.once import MOST_REMEMBERED, USED
from firenze_digitale.history import history_of
from partners.admission import admit
from partners.credential_admin import MADE_ALREADY
from partners.models import ApiCredential, CredentialDay, Partner, Referent, Webhook
from partners.tokens import PATTERN, Token, checksum
from tests import factories
from tests.admin.world import admin_url

SAVE = {"_save": "1"}


def form(partner, **values) -> dict:
    return {"partner": partner.pk, "name": "Telecontrollo", "access": "write", **SAVE, **values}


def issued(partner, **values) -> ApiCredential:
    return ApiCredential.issue(partner=partner, **{"name": "gestionale", "access": "read", **values})[0]


def test_a_referent_makes_a_credential_of_their_partner_and_sees_it_once(browse, referent, publiacqua, call, caplog):
    browser = browse(referent)
    response = browser.post(admin_url(ApiCredential, "add"), form(publiacqua, resources=["assets", "placements"]))
    token, credential = response.context["token"], ApiCredential.objects.get()
    assert (credential.partner, credential.created_by, credential.access) == (publiacqua, referent, "write")
    assert credential.resources == ["assets", "placements"]
    assert response.status_code == 200
    assert token in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert call(token).get("/api/v1/assets").status_code == 200
    for page in ("change", "history"):
        assert token.split("_")[2] not in browser.get(admin_url(credential, page)).content.decode()
    assert token not in browser.get(admin_url(ApiCredential, "changelist")).content.decode()
    kept = [str(session.get_decoded()) for session in Session.objects.all()]
    assert not any(token.split("_")[2] in told for told in [*kept, *response.cookies, caplog.text])


def test_a_form_that_is_sent_again_makes_no_second_credential(browse, referent, publiacqua):
    browser, add = browse(referent), admin_url(ApiCredential, "add")
    once = browser.get(add).context["once"]
    refused = browser.post(add, form(publiacqua, name="", _once=once))
    assert "name" in refused.context["adminform"].form.errors
    first = browser.post(add, form(publiacqua, _once=once))
    made, token = ApiCredential.objects.get(), first.context["token"]
    again = browser.post(add, form(publiacqua, _once=once))
    assert (again.status_code, again["Location"]) == (302, admin_url(ApiCredential, "changelist"))
    listed = browser.get(again["Location"])
    assert [str(told) for told in listed.context["messages"]] == [str(MADE_ALREADY)]
    assert ApiCredential.objects.get() == made
    kept = [str(session.get_decoded()) for session in Session.objects.all()]
    for told in [*kept, str(again.cookies), listed.content.decode()]:
        assert token.split("_")[2] not in told
    assert browser.post(add, form(publiacqua, _once=browser.get(add).context["once"])).context["token"] != token
    assert ApiCredential.objects.count() == 2


def test_the_session_remembers_a_few_forms_and_not_what_a_browser_makes_of_them(browse, referent, publiacqua):
    browser, add = browse(referent), admin_url(ApiCredential, "add")
    for number in range(MOST_REMEMBERED + 2):
        assert browser.post(add, form(publiacqua, _once=f"{number:0>22}" + "x" * 1000)).status_code == 200
    used = browser.session[USED]
    assert (len(used), used[-1]) == (MOST_REMEMBERED, f"{MOST_REMEMBERED + 1:0>22}")


def test_the_list_is_narrowed_to_partners_that_one_answers_for(browse, referent, administrator, publiacqua, silfi):
    before = factories.partner("prima", successor=publiacqua)
    for who, offered in ((referent, {publiacqua, before}), (administrator, {publiacqua, before, silfi})):
        for model in (ApiCredential, Webhook):
            specs = browse(who).get(admin_url(model, "changelist")).context["cl"].filter_specs
            partners = next(spec for spec in specs if getattr(spec, "field_path", "") == "partner")
            assert {pk for pk, _name in partners.lookup_choices} == {partner.pk for partner in offered}


def test_nobody_makes_a_credential_for_a_partner_that_they_do_not_answer_for(browse, referent, silfi):
    response = browse(referent).post(admin_url(ApiCredential, "add"), form(silfi))
    assert "partner" in response.context["adminform"].form.errors
    assert not ApiCredential.objects.exists()


def test_who_carries_on_a_partner_makes_its_credentials(browse, publiacqua, referent):
    before = factories.partner("prima", successor=publiacqua)
    assert browse(referent).post(admin_url(ApiCredential, "add"), form(before)).context["token"]
    assert ApiCredential.objects.get().partner == before


@pytest.mark.parametrize("who", ["city_staff", "outsider"])
def test_credentials_are_not_for_others(who, request, browse, publiacqua):
    browser, credential = browse(request.getfixturevalue(who)), issued(publiacqua)
    assert browser.post(admin_url(ApiCredential, "add"), form(publiacqua)).status_code == 403
    assert browser.get(admin_url(ApiCredential, "changelist")).status_code == 403
    for page in ("change", "history", "revoke"):
        address = admin_url(credential, "change").replace("change", page)
        assert browser.post(address, form(publiacqua)).status_code in (403, 404)
    credential.refresh_from_db()
    assert (ApiCredential.objects.count(), credential.revoked_at, credential.name) == (1, None, "gestionale")


def test_a_referent_sees_and_revokes_the_partners_own_alone(browse, referent, publiacqua, silfi):
    own, foreign = issued(publiacqua, name="nostra"), issued(silfi, name="loro")
    browser = browse(referent)
    listed = browser.get(admin_url(ApiCredential, "changelist")).content.decode()
    assert ("nostra" in listed, "loro" in listed) == (True, False)
    assert browser.get(admin_url(foreign, "change")).status_code == 404
    assert browser.post(admin_url(foreign, "change").replace("change", "revoke")).status_code == 404
    browser.post(admin_url(ApiCredential, "changelist"), {"action": "revoke", "_selected_action": [own.pk, foreign.pk]})
    assert set(ApiCredential.objects.exclude(revoked_at=None)) == {own}


def test_revoking_is_asked_first_and_cannot_be_undone(browse, referent, publiacqua, call):
    token = factories.credential(publiacqua)
    credential, browser = ApiCredential.objects.get(), browse(referent)
    address = admin_url(credential, "change").replace("change", "revoke")
    assert address in browser.get(admin_url(credential, "change")).content.decode()
    assert browser.get(address).status_code == 200
    assert call(token).get("/api/v1/assets").status_code == 200
    assert browser.post(address).status_code == 302
    assert call(token).get("/api/v1/assets").status_code == 401
    credential.refresh_from_db()
    assert credential.state == "revoked"
    assert credential.name in browser.get(admin_url(ApiCredential, "changelist")).content.decode()
    refused = browser.post(admin_url(credential, "change"), {"name": "altro", "revoked_at": "", **SAVE})
    assert refused.status_code == 403
    assert browser.post(address).status_code == 403
    assert not credential.may_be_changed_by(OPERATOR)
    assert history_of(credential, OPERATOR)[0].who == referent.username


def test_name_and_end_are_changed_and_nothing_else(browse, referent, publiacqua, silfi):
    credential = issued(publiacqua)
    sent = {"name": "Nuovo nome", "partner": silfi.pk, "access": "write", "resources": ["plans"], **SAVE}
    sent |= {"expires_at_0": "31/12/2030", "expires_at_1": "12:00"}
    assert browse(referent).post(admin_url(credential, "change"), sent).status_code == 302
    hash_before = credential.secret_hash
    credential.refresh_from_db()
    assert (credential.name, credential.expires_at.year) == ("Nuovo nome", 2030)
    assert (credential.partner, credential.access, credential.resources) == (publiacqua, "read", [])
    assert credential.secret_hash == hash_before


def test_an_account_that_is_switched_off_makes_none_and_what_it_made_stays(browse, referent, publiacqua, call):
    token = browse(referent).post(admin_url(ApiCredential, "add"), form(publiacqua)).context["token"]
    browser, credential = browse(referent), ApiCredential.objects.get()
    type(referent).objects.filter(pk=referent.pk).update(is_active=False)
    assert browser.post(admin_url(ApiCredential, "add"), form(publiacqua)).status_code == 302
    assert ApiCredential.objects.count() == 1
    assert call(token).get("/api/v1/assets").status_code == 200
    colleague = factories.user("collega")
    factories.referent(publiacqua, user=colleague)
    page = browse(colleague).get(admin_url(credential, "change")).content.decode()
    assert "publiacqua (" in page


def test_a_referent_who_no_longer_answers_for_the_partner_makes_none(browse, referent, publiacqua):
    Referent.objects.update(active=False)
    assert browse(referent).post(admin_url(ApiCredential, "add"), form(publiacqua)).status_code == 403
    assert not ApiCredential.objects.exists()


def test_a_credential_makes_no_credential(publiacqua):
    system, _count = admit(Token.read(factories.credential(publiacqua, "write")))
    credential = ApiCredential.objects.get()
    assert not ApiCredential.may_be_added_by(system)
    assert not credential.may_be_stored_by(system)
    assert not ApiCredential.objects.visible_to(system).exists()
    assert not ApiCredential.objects.changeable_by(system).exists()


def test_a_credential_stays_with_its_partner(referent, publiacqua, silfi, administrator):
    credential = issued(silfi)
    credential.partner = publiacqua
    assert not credential.may_be_stored_by(referent)
    assert credential.may_be_stored_by(administrator)
    assert issued(publiacqua).may_be_stored_by(referent)


def test_one_that_was_used_is_not_deleted(browse, administrator, referent, publiacqua):
    used, unused = issued(publiacqua), issued(publiacqua)
    ApiCredential.objects.filter(pk=used.pk).update(last_used_at=timezone.now())
    assert browse(administrator).post(admin_url(used, "delete"), {"post": "yes"}).status_code == 403
    assert browse(referent).post(admin_url(unused, "delete"), {"post": "yes"}).status_code == 403
    assert set(ApiCredential.objects.deletable_by(administrator)) == {unused}


def test_what_ends_and_what_has_ended_is_marked_and_found(browse, referent, publiacqua):
    now = timezone.now()
    ends = {"in_force": now + timedelta(days=60), "ending": now + timedelta(days=9), "expired": now - timedelta(days=1)}
    for state, end in ends.items():
        ApiCredential.objects.filter(pk=issued(publiacqua, name=f"nome-{state}").pk).update(expires_at=end)
    issued(publiacqua, name="nome-forever")
    ApiCredential.objects.filter(pk=issued(publiacqua, name="nome-revoked").pk).revoke()
    expected = {state: {f"nome-{state}"} for state in (*ends, "revoked")}
    expected["in_force"].add("nome-forever")
    for state, names in expected.items():
        found = ApiCredential.objects.in_state(state)
        assert {credential.name for credential in found} == names
        assert {credential.state for credential in found} == {state}
        page = browse(referent).get(admin_url(ApiCredential, "changelist"), {"state": state}).content.decode()
        assert set(re.findall(r"nome-\w+", page)) == names
        assert f"credential-{state}" in page


def test_requests_are_shown_by_day_with_those_of_this_minute(browse, referent, publiacqua, call):
    token = factories.credential(publiacqua)
    credential, today = ApiCredential.objects.get(), timezone.localdate()
    page = browse(referent).get(admin_url(credential, "change"))
    assert page.context["requests"] == 0
    CredentialDay.objects.create(credential=credential, day=today - timedelta(days=1), requests=41)
    CredentialDay.objects.create(credential=credential, day=today - timedelta(days=90), requests=1_000)
    for _ in range(3):
        assert call(token).get("/api/v1/assets").status_code == 200
    page = browse(referent).get(admin_url(credential, "change"))
    told = dict(page.context["days"])
    assert (told[today - timedelta(days=1)], page.context["requests"]) == (41, 44)
    assert page.context["days"][0][1] in (2, 3)


def test_history_names_a_credential_in_words(browse, referent, publiacqua, call):
    token = factories.credential(publiacqua, "write")
    asset = factories.asset(publiacqua, "bene")
    etag = call(token).get("/api/v1/assets/bene").headers.get("ETag", "*")
    changed = call(token).patch("/api/v1/assets/bene", {"name_it": "Cambiato"}, HTTP_IF_MATCH=etag)
    assert changed.status_code == 200
    told = str(ApiCredential.objects.get())
    assert "gestionale" in told
    assert history_of(asset, OPERATOR)[0].who == told
    assert told in browse(referent).get(admin_url(asset, "history")).content.decode()


def test_resources_that_the_api_does_not_have_are_refused(browse, referent, publiacqua):
    response = browse(referent).post(admin_url(ApiCredential, "add"), form(publiacqua, resources=["nothing"]))
    assert "resources" in response.context["adminform"].form.errors
    assert not ApiCredential.objects.exists()


def test_a_token_is_written_as_scanners_look_for_it():
    token = Token.new()
    assert re.fullmatch(PATTERN, str(token))
    assert Token.read(str(token)) == token
    assert token.is_whole
    assert len({str(Token.new()) for _ in range(50)}) == 50
    mistyped = Token(token.prefix, ("a" if token.secret[0] != "a" else "b") + token.secret[1:])
    assert not mistyped.is_whole
    assert checksum("fdr_00000000_" + "0" * 43) == checksum("fdr_00000000_" + "0" * 43)
    assert re.fullmatch("[0-9A-Za-z]{6}", checksum(""))


def test_a_token_of_the_earlier_kind_goes_on_working(publiacqua, call):
    earlier = Token("0a1b2c3d", "Zm9vYmFy-_" * 4 + "abc")
    made = {"prefix": earlier.prefix, "secret_hash": earlier.hash, "name": "x", "access": "read"}
    ApiCredential.objects.create(partner=publiacqua, **made)
    assert call(str(earlier)).get("/api/v1/assets").status_code == 200


def test_the_rights_of_a_credential_are_those_of_its_partner_and_no_more(publiacqua, silfi):
    system, _count = admit(Token.read(factories.credential(publiacqua, "write", resources=["assets"])))
    access = access_of(system)
    assert (access.partner_ids, access.writes, access.steers) == ({publiacqua.pk}, True, False)
    assert (access.reaches("assets"), access.reaches("plans")) == (True, False)
    assert set(Partner.objects.answered_for_by(system)) == {publiacqua}
