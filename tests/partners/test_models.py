"""Rules of partners, their people and what they signed."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from partners.admission import admit
from partners.models import ApiCredential, Memorandum, Partner, Signature
from partners.tokens import Token
from tests import factories
from tests.refusals import refusal

pytestmark = pytest.mark.django_db


def test_a_code_is_lower_case_words_joined_by_hyphens():
    with pytest.raises(ValidationError) as refused:
        factories.partner("Publi Acqua")
    assert "code" in refused.value.message_dict
    assert "code" not in refusal(lambda: Partner.objects.create(code="Publi_Acqua", name_it="P", kind="other"))
    assert not Partner.objects.exists()


def test_there_is_one_city():
    factories.city()
    with pytest.raises(ValidationError):
        factories.partner("firenze-due", kind="city")
    refusal(lambda: Partner.objects.bulk_create([Partner(code="firenze-due", name_it="F", kind="city")]))
    assert Partner.objects.city().count() == 1


def test_a_succession_cannot_close_a_loop():
    alia = factories.partner("alia")
    quadrifoglio = factories.partner("quadrifoglio", successor=alia)
    alia.successor = quadrifoglio
    with pytest.raises(ValidationError) as refused:
        alia.full_clean()
    assert "successor" in refused.value.message_dict
    refusal(lambda: Partner.objects.filter(pk=alia.pk).update(successor=quadrifoglio))
    refusal(lambda: Partner.objects.filter(pk=alia.pk).update(successor=alia))
    alia.refresh_from_db()
    assert alia.successor is None


def test_a_longer_succession_cannot_close_a_loop_either():
    third = factories.partner("third")
    second = factories.partner("second", successor=third)
    first = factories.partner("first", successor=second)
    refusal(lambda: Partner.objects.filter(pk=third.pk).update(successor=first))


def test_a_partner_leaves_after_it_has_joined():
    with pytest.raises(ValidationError):
        factories.partner(joined_on="2016-01-01", left_on="2015-12-31")
    partner = factories.partner(joined_on="2016-01-01", left_on="2016-01-01")
    refusal(lambda: Partner.objects.filter(pk=partner.pk).update(left_on="2015-12-31"))


@pytest.mark.parametrize("number", ["01234567890", "1234", "IT01307110484", "abcdefghijk", "0130711048\x00"])
def test_a_wrong_vat_number_is_refused(number):
    with pytest.raises(ValidationError) as refused:
        factories.partner(vat_number=number)
    assert "vat_number" in refused.value.message_dict


def test_a_right_vat_number_is_taken_once():
    factories.partner("comune", vat_number="01307110484")
    with pytest.raises(ValidationError):
        factories.partner("altro", vat_number="01307110484")
    factories.partner("senza")
    factories.partner("senza-due")


@pytest.mark.parametrize(("code", "valid"), [("c_d612", True), ("r_toscan", True), ("c d612", False), ("à", False)])
def test_an_ipa_code_has_letters_digits_and_underscores(code, valid):
    if valid:
        assert factories.partner(ipa_code=code).ipa_code == code
    else:
        with pytest.raises(ValidationError) as refused:
            factories.partner(ipa_code=code)
        assert "ipa_code" in refused.value.message_dict


def test_a_name_falls_back_to_italian(settings):
    from django.utils.translation import override

    city = factories.partner(name_it="Comune di Firenze", name_en="City of Florence")
    alia = factories.partner(name_it="Alia")
    with override("en"):
        assert (city.name, alia.name) == ("City of Florence", "Alia")
    with override("it"):
        assert city.name == "Comune di Firenze"


def test_who_carries_on_a_partner_answers_for_it_too(silfi, other_referent):
    heir = factories.partner("firenze-smart")
    Partner.objects.filter(pk=silfi.pk).update(successor=heir)
    login = factories.user("heir")
    factories.referent(heir, user=login)
    assert login.access.partner_ids == {heir.pk, silfi.pk}
    assert other_referent.access.partner_ids == {silfi.pk}


def test_one_login_may_answer_for_several_partners(publiacqua, silfi):
    login = factories.user("both")
    factories.referent(publiacqua, user=login)
    factories.referent(silfi, user=login)
    assert login.access.partner_ids == {publiacqua.pk, silfi.pk}


def test_an_inactive_referent_or_account_answers_for_nobody(publiacqua):
    login = factories.user("gone")
    factories.referent(publiacqua, user=login, active=False)
    assert login.access.partner_ids == frozenset()
    closed = factories.user("closed", is_active=False, is_superuser=True)
    assert not closed.access.signed_in
    assert not closed.access.administrator


def test_a_credential_is_known_by_its_token_alone(publiacqua):
    credential, text = ApiCredential.issue(partner=publiacqua, name="gestionale", access="write")
    token = Token.read(text)
    system, _count = admit(token)
    assert (system.credential, str(token)) == (credential, text)
    assert text not in str(vars(credential))
    assert token.secret not in str(ApiCredential.objects.values().get())
    assert token.secret not in repr(token)
    for wrong in (Token(token.prefix, token.secret[:-1]), Token("00000000", token.secret), Token(token.prefix, "")):
        assert admit(wrong) is None


def test_an_expired_or_revoked_credential_is_of_no_use(publiacqua):
    past = timezone.now() - timedelta(seconds=1)
    with pytest.raises(ValidationError, match="expires_at"):
        ApiCredential.issue(partner=publiacqua, name="x", access="read", expires_at=past)
    expired_credential, expired = ApiCredential.issue(partner=publiacqua, name="x", access="read")
    ApiCredential.objects.filter(pk=expired_credential.pk).update(expires_at=past)
    revoked_credential, revoked = ApiCredential.issue(partner=publiacqua, name="y", access="read")
    assert admit(Token.read(revoked))
    ApiCredential.objects.filter(pk=revoked_credential.pk).update(revoked_at=past)
    assert admit(Token.read(expired)) is None
    assert admit(Token.read(revoked)) is None


def test_neither_the_hash_of_a_secret_nor_its_use_enters_history(publiacqua):
    _, token = ApiCredential.issue(partner=publiacqua, name="x", access="read")
    event_model = ApiCredential.pgh_event_model
    assert "secret_hash" not in {field.name for field in event_model._meta.fields}
    before = event_model.objects.count()
    admit(Token.read(token))
    assert ApiCredential.objects.get().last_used_at
    assert event_model.objects.count() == before


def test_a_memorandum_has_its_dates_in_order():
    with pytest.raises(ValidationError):
        factories.memorandum(starts_on="2018-01-01", ends_on="2016-01-01")
    with pytest.raises(ValidationError):
        factories.memorandum(extended_to="2017-01-01")
    first = factories.memorandum(extended_to="2020-12-31")
    assert str(Memorandum.objects.get().last_day) == "2020-12-31"
    second = factories.memorandum(starts_on="2021-01-01", ends_on="2023-12-31", renews=first)
    first.refresh_from_db()
    first.renews = second
    with pytest.raises(ValidationError) as refused:
        first.clean()
    assert "renews" in refused.value.message_dict
    refusal(lambda: Memorandum.objects.filter(pk=first.pk).update(renews=second))


def test_a_partner_signs_once_in_a_role():
    signature = factories.signature(role="signatory")
    factories.signature(signature.partner, signature.memorandum, role="project_manager")
    refusal(
        lambda: Signature.objects.create(partner=signature.partner, memorandum=signature.memorandum, role="signatory")
    )
    assert Signature.objects.count() == 2


def test_a_study_has_one_monograph_a_partner():
    monograph = factories.monograph()
    with pytest.raises(ValidationError):
        factories.monograph(monograph.partner, study=monograph.study)


def test_a_referent_stays_with_its_partner(publiacqua, silfi):
    referent = factories.referent(publiacqua)
    referent.partner = silfi
    with pytest.raises(ValidationError) as refused:
        referent.full_clean()
    assert "partner" in refused.value.message_dict
    refusal(lambda: type(referent).objects.filter(pk=referent.pk).update(partner=silfi))


def test_only_administrators_say_which_login_answers_for_a_partner(publiacqua, city_staff, administrator):
    referent = factories.referent(publiacqua)
    referent.user = city_staff
    assert not referent.may_be_stored_by(city_staff)
    assert referent.may_be_stored_by(administrator)
    assert "user" not in type(referent).fields_changeable_by(city_staff)


def test_the_city_stays_the_city():
    city = factories.city()
    city.kind = "other"
    with pytest.raises(ValidationError) as refused:
        city.full_clean()
    assert "kind" in refused.value.message_dict
    refusal(lambda: Partner.objects.filter(pk=city.pk).update(kind="other"))
