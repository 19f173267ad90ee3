"""Handing over: one partner offers assets, the other accepts, and the history stays."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assets import services
from assets.choices import HandoverState, ItemState
from assets.models import Asset, Handover
from firenze_digitale.history import history_of
from firenze_digitale.rules import refusal_of
from partners.models import Partner, Referent, User
from tests import factories
from tests.admin.world import admin_url

OFFER = "/admin/assets/handover/offer/"


@pytest.fixture
def sides(publiacqua, silfi, referent, other_referent):
    """Silfi, whose referent is `other_referent`, has three assets; publiacqua's referent is `referent`."""
    contact = Referent.objects.get(code="silfi-ict")
    for name, visibility in (("a", "public"), ("b", "network"), ("c", "restricted")):
        factories.asset(silfi, name, name_it=f"Bene {name}", visibility=visibility, contact=contact)
    factories.placement(Asset.objects.get(code="a"), "P1")
    return silfi, publiacqua


def owned_by(partner) -> set[str]:
    return set(Asset.objects.filter(owner=partner).values_list("code", flat=True))


def made(sides, who, *codes, message="") -> Handover:
    """An offer of silfi to publiacqua: of the assets with these codes, or of all."""
    silfi, publiacqua = sides
    assets = [Asset.objects.get(code=code) for code in codes] if codes else None
    return services.offer(who, silfi, publiacqua, assets, message)


def seen(handover) -> str:
    return handover.fingerprint(handover.assets_now())


def accept(who, handover, contact=None) -> int:
    return services.accept(who, handover, seen(handover), contact)


def states(handover) -> dict:
    return {row.code: row.state for row in handover.assets_now()}


# The offer


def test_an_offer_changes_nothing_until_it_is_accepted(sides, referent, other_referent):
    silfi, publiacqua = sides
    handover = made(sides, other_referent, "a", "b")
    assert owned_by(silfi) == {"a", "b", "c"}
    assert (handover.state, handover.offered_by) == (HandoverState.OFFERED, other_referent)
    assert accept(referent, handover) == 2
    assert (owned_by(silfi), owned_by(publiacqua)) == ({"c"}, {"a", "b"})
    handover.refresh_from_db()
    assert (handover.state, handover.answered_by) == (HandoverState.ACCEPTED, referent)
    assert list(handover.items.values_list("code", "passed")) == [("a", True), ("b", True)]


def test_the_history_of_an_asset_says_who_accepted_and_keeps_what_was_before(sides, referent, other_referent):
    asset = Asset.objects.get(code="a")
    before = len(history_of(asset, referent))
    handover = made(sides, other_referent, "a")
    services.accept(referent, handover, seen(handover), Referent.objects.get(code="publiacqua-ict"))
    entries = history_of(Asset.objects.get(code="a"), referent)
    owner = next(change for change in entries[0].changes if "Publiacqua" in change.after and "Silfi" in change.before)
    assert owner
    assert len(entries) == before + 1


def test_visibility_and_parts_stay_and_the_contact_is_of_the_new_owner(sides, referent, other_referent):
    accept(referent, made(sides, other_referent, "a", "c"))
    assert dict(Asset.objects.values_list("code", "visibility")) == {"a": "public", "b": "network", "c": "restricted"}
    assert Asset.objects.get(code="a").contact is None
    assert Asset.objects.get(code="b").contact.code == "silfi-ict"
    placement = Asset.objects.get(code="a").placements.get()
    assert placement.may_be_changed_by(referent)
    assert not placement.may_be_changed_by(other_referent)
    own = Referent.objects.get(code="publiacqua-ict")
    accept(referent, made(sides, other_referent, "b"), own)
    assert Asset.objects.get(code="b").contact == own


def test_a_contact_of_another_partner_is_refused_and_nothing_passes(sides, referent, other_referent):
    handover = made(sides, other_referent, "a")
    with pytest.raises(ValidationError) as refusal:
        accept(referent, handover, Referent.objects.get(code="silfi-ict"))
    assert "contact" in refusal.value.message_dict
    handover.refresh_from_db()
    assert handover.is_open
    assert owned_by(sides[1]) == set()


def test_all_of_a_partners_assets_pass_with_those_added_meanwhile(sides, referent, other_referent):
    silfi, publiacqua = sides
    handover = made(sides, other_referent)
    factories.asset(silfi, "later")
    assert states(handover)["later"] == ItemState.ADDED
    assert accept(referent, handover) == 4
    assert (owned_by(silfi), owned_by(publiacqua)) == (set(), {"a", "b", "c", "later"})
    assert handover.items.filter(passed=True).count() == 4


def test_who_carries_on_a_partner_takes_over_what_it_had(db):
    smart = factories.partner("firenze-smart")
    silfi = factories.partner("silfi", successor=smart)
    login = factories.user("smart")
    factories.referent(smart, user=login)
    factories.asset(silfi, "luci")
    handover = services.offer(login, silfi, smart, None)
    assert accept(login, handover) == 1
    assert owned_by(smart) == {"luci"}


def test_only_who_answers_for_the_owner_offers(sides, referent, other_referent, city_staff, outsider, administrator):
    silfi, publiacqua = sides
    asset = Asset.objects.get(code="a")
    for who in (referent, city_staff, outsider, None):
        with pytest.raises(PermissionDenied):
            services.offer(who, silfi, publiacqua, [asset])
    assert not Handover.objects.exists()
    assert services.offer(administrator, silfi, publiacqua, [asset]).is_open


def test_what_is_not_the_givers_or_nothing_at_all_is_not_offered(sides, other_referent, publiacqua):
    silfi, _publiacqua = sides
    foreign = factories.asset(publiacqua, "foreign")
    for assets in ([foreign], [], [Asset.objects.get(code="a"), foreign]):
        with pytest.raises(ValidationError):
            services.offer(other_referent, silfi, publiacqua, assets)
    with pytest.raises(ValidationError):
        services.offer(other_referent, silfi, silfi, None)
    assert not Handover.objects.exists()


def test_an_asset_lies_in_one_open_offer_at_a_time(sides, referent, other_referent):
    first = made(sides, other_referent, "a", "b")
    with pytest.raises(ValidationError, match="a, b"):
        made(sides, other_referent)
    services.withdraw(other_referent, first)
    assert made(sides, other_referent).is_open


# What happened meanwhile


def test_what_was_changed_deleted_or_handed_on_meanwhile_is_said_and_the_rest_passes(
    sides, referent, other_referent, administrator, city
):
    handover = made(sides, other_referent)
    Asset.objects.filter(code="a").update(name_it="Altro nome")
    Asset.objects.filter(code="b").update(owner=city, contact=None)
    Asset.objects.get(code="c").delete()
    assert states(handover) == {"a": ItemState.CHANGED, "b": ItemState.MOVED, "c": ItemState.DELETED}
    assert accept(referent, handover) == 1
    assert (owned_by(sides[1]), owned_by(city)) == ({"a"}, {"b"})
    assert [row.code for row in Handover.objects.get().assets_now()] == ["a"]


def test_an_offer_of_which_nothing_is_left_is_not_accepted(sides, referent, other_referent):
    handover = made(sides, other_referent, "c")
    Asset.objects.get(code="c").delete()
    with pytest.raises(ValidationError):
        accept(referent, handover)
    handover.refresh_from_db()
    assert handover.is_open


@pytest.mark.parametrize("change", ["changed", "added", "deleted"])
def test_what_changed_while_the_page_was_open_is_shown_again(sides, referent, other_referent, change):
    handover = made(sides, other_referent)
    shown = seen(handover)
    {
        "changed": lambda: Asset.objects.filter(code="a").update(quantity=3),
        "added": lambda: factories.asset(sides[0], "later"),
        "deleted": lambda: Asset.objects.get(code="b").delete(),
    }[change]()
    with pytest.raises(services.SeenOtherwise):
        services.accept(referent, handover, shown)
    handover.refresh_from_db()
    assert handover.is_open
    assert owned_by(sides[1]) == set()


# The answer


def test_only_who_answers_for_the_receiver_accepts_or_declines(sides, referent, other_referent, city_staff, outsider):
    handover = made(sides, other_referent)
    for who in (other_referent, city_staff, outsider):
        for answer in (accept, services.decline):
            with pytest.raises(PermissionDenied):
                answer(who, handover)
    for who in (referent, city_staff, outsider):
        with pytest.raises(PermissionDenied):
            services.withdraw(who, handover)
    handover.refresh_from_db()
    assert handover.is_open


def test_an_administrator_answers_for_anybody(sides, other_referent, administrator):
    assert accept(administrator, made(sides, other_referent)) == 3


@pytest.mark.parametrize("first", ["decline", "withdraw", "accept"])
def test_an_offer_is_answered_once(sides, referent, other_referent, first):
    handover = made(sides, other_referent)
    answers = {
        "accept": lambda: accept(referent, handover),
        "decline": lambda: services.decline(referent, handover),
        "withdraw": lambda: services.withdraw(other_referent, handover),
    }
    answers[first]()
    owners = owned_by(sides[1])
    for answer in answers.values():
        with pytest.raises(ValidationError):
            answer()
    assert owned_by(sides[1]) == owners == ({"a", "b", "c"} if first == "accept" else set())
    assert Handover.objects.get().answered_at is not None


def refused(handover, **changed) -> str:
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        Handover.objects.filter(pk=handover.pk).update(**changed)
    return str(refusal_of(error.value))


def test_the_database_itself_keeps_offers_as_they_were(sides, referent, other_referent, city):
    handover = made(sides, other_referent)
    assert refused(handover, receiver=handover.giver)
    assert refused(handover, receiver=city)
    assert refused(handover, giver=city)
    assert refused(handover, state="accepted")
    assert refused(handover, state="nonsense", answered_at=timezone.now())
    services.decline(referent, handover)
    assert refused(handover, state="offered", answered_at=None)
    assert refused(handover, state="accepted")


def test_the_model_lets_an_asset_pass_to_whom_it_is_offered_and_to_nobody_else(
    sides, referent, other_referent, administrator
):
    asset = Asset.objects.get(code="a")
    asset.owner, asset.contact = sides[1], None
    assert not asset.may_be_stored_by(referent)
    handover = made(sides, other_referent, "a")
    assert asset.may_be_stored_by(referent)
    assert not asset.may_be_stored_by(other_referent)
    other = Asset.objects.get(code="b")
    other.owner = sides[1]
    assert not other.may_be_stored_by(referent)
    services.decline(referent, handover)
    assert not asset.may_be_stored_by(referent)


# The desk


PEOPLE = ("referent", "other_referent", "third", "city_staff", "administrator")
LOGINS = ("publiacqua", "silfi", "third", "staff", "admin")


@pytest.fixture
def people(referent, other_referent, city_staff, administrator):
    third = factories.user("third")
    factories.referent(factories.partner("alia"), user=third)
    return {name: User.objects.get(username=login) for name, login in zip(PEOPLE, LOGINS, strict=True)}


def answer_url(handover, answer) -> str:
    return reverse("admin:assets_handover_answer", args=[handover.pk, answer])


@pytest.mark.parametrize("name", PEOPLE)
def test_both_sides_and_city_staff_see_an_offer_and_for_others_it_does_not_exist(sides, people, browse, name):
    handover = made(sides, people["other_referent"], message="Dal primo gennaio")
    client, sees = browse(people[name]), name != "third"
    for page in ("change", "history"):
        assert client.get(admin_url(handover, page)).status_code == (200 if sees else 404)
    listed = client.get(admin_url(Handover, "changelist"))
    assert listed.status_code == 200
    assert [row.pk for row in listed.context["cl"].result_list] == ([handover.pk] if sees else [])
    assert (admin_url(handover, "change") in listed.content.decode()) == sees
    assert client.post(admin_url(handover, "change")).status_code == 405
    assert client.get(admin_url(handover, "delete")).status_code == (403 if sees else 404)
    assert client.get(admin_url(Handover, "add")).status_code == 403


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("answer", ["accept", "decline", "withdraw"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_answer_is_asked_first_and_then_does(sides, people, browse, name, answer, method):
    handover = made(sides, people["other_referent"])
    may = {"administrator", "other_referent" if answer == "withdraw" else "referent"}
    page = browse(people[name]).get(admin_url(handover, "change"))
    offered = answer_url(handover, answer) in page.content.decode()
    data = {"seen": seen(handover)} if method == "post" else None
    response = getattr(browse(people[name]), method)(answer_url(handover, answer), data)
    given = {"accept": "accepted", "decline": "declined", "withdraw": "withdrawn"}[answer]
    handover.refresh_from_db()
    if name == "third":
        assert response.status_code == 404
    elif name not in may:
        assert (response.status_code, offered) == (403, False)
    else:
        assert (response.status_code, offered) == (302 if method == "post" else 200, True)
    done = name in may and method == "post"
    assert handover.state == (given if done else "offered")
    assert bool(owned_by(sides[1])) == (done and answer == "accept")


def test_nobody_reaches_an_offer_without_logging_in(sides, other_referent, browse):
    handover = made(sides, other_referent)
    for address in (admin_url(handover, "change"), answer_url(handover, "accept"), OFFER):
        assert reverse("login") in browse().post(address, {"partner": sides[0].pk}).url
    assert Handover.objects.get().is_open


def test_an_offer_of_ticked_assets_from_the_list_to_the_receipt(sides, browse, referent, other_referent, publiacqua):
    giver, client = sides[0], browse(other_referent)
    keys = list(Asset.objects.filter(code__in="ab").values_list("pk", flat=True))
    ticked = client.post(admin_url(Asset, "changelist"), {"action": "offer", "_selected_action": keys})
    page = client.get(ticked.url)
    assert [asset.code for asset in page.context["assets"]] == ["a", "b"]
    sent = client.post(OFFER, {"asset": keys, "receiver": publiacqua.pk, "message": "Da gennaio"})
    handover = Handover.objects.get()
    assert sent.url == admin_url(handover, "change")
    assert (handover.giver, handover.message) == (giver, "Da gennaio")
    receiver = browse(referent)
    home = receiver.get(reverse("admin:index")).content.decode()
    assert admin_url(handover, "change") in home
    confirm = receiver.get(answer_url(handover, "accept"))
    own = Referent.objects.get(code="publiacqua-ict")
    assert confirm.context["form"]["contact"].value() == own.pk
    receiver.post(answer_url(handover, "accept"), {"seen": confirm.context["seen"], "contact": own.pk})
    assert owned_by(publiacqua) == {"a", "b"}
    assert Asset.objects.get(code="a").contact == own
    assert admin_url(handover, "change") not in receiver.get(reverse("admin:index")).content.decode()


def test_all_of_a_partners_assets_are_offered_from_its_page(sides, browse, referent, other_referent, publiacqua):
    page = browse(other_referent).get(admin_url(sides[0], "change")).content.decode()
    address = f"{OFFER}?partner={sides[0].pk}"
    assert address in page
    assert address not in browse(referent).get(admin_url(sides[0], "change")).content.decode()
    assert browse(other_referent).get(address).context["total"] == 3
    browse(other_referent).post(OFFER, {"partner": sides[0].pk, "receiver": publiacqua.pk})
    assert Handover.objects.get().everything


def test_the_offers_page_takes_only_what_one_may_offer(sides, browse, referent, other_referent, city_staff, publiacqua):
    public, hidden = Asset.objects.get(code="a"), Asset.objects.get(code="c")
    asked = {f"asset={hidden.pk}": 404, f"asset={public.pk}": 403, f"partner={sides[0].pk}": 403}
    asked |= {"": 404, "asset=x": 404, f"asset={'9' * 30}": 404, "partner=%00": 404, "partner=999999": 404}
    for query, status in asked.items():
        assert browse(referent).get(f"{OFFER}?{query}").status_code == status, query
        data = dict([query.split("=")]) if query else {}
        assert browse(referent).post(OFFER, {**data, "receiver": publiacqua.pk}).status_code == status, query
    assert browse(city_staff).get(f"{OFFER}?asset={hidden.pk}").status_code == 403
    again = browse(other_referent).post(OFFER, {"asset": public.pk, "receiver": sides[0].pk})
    assert (again.status_code, "receiver" in again.context["form"].errors) == (200, True)
    assert not Handover.objects.exists()


def test_assets_of_others_are_not_offered_from_the_list(sides, browse, referent, publiacqua):
    mine = factories.asset(publiacqua, "mine")
    for codes in (["a"], ["a", "mine"]):
        keys = list(Asset.objects.filter(code__in=codes).values_list("pk", flat=True))
        response = browse(referent).post(admin_url(Asset, "changelist"), {"action": "offer", "_selected_action": keys})
        assert response.url == admin_url(Asset, "changelist")
    page = browse(referent).get(admin_url(mine, "change")).content.decode()
    assert f"{OFFER}?asset={mine.pk}" in page
    assert OFFER not in browse(referent).get(admin_url(Asset.objects.get(code="a"), "change")).content.decode()


def test_the_receiver_is_told_names_of_what_it_could_not_see_and_given_no_link(sides, browse, referent, other_referent):
    handover = made(sides, other_referent)
    page = browse(referent).get(admin_url(handover, "change")).content.decode()
    hidden, public = Asset.objects.get(code="c"), Asset.objects.get(code="a")
    assert "Bene c" in page
    assert admin_url(hidden, "change") not in page
    assert admin_url(public, "change") in page
    assert browse(referent).get(admin_url(hidden, "change")).status_code == 404


def test_an_answer_that_comes_too_late_is_told_so(sides, browse, referent, other_referent):
    handover = made(sides, other_referent)
    shown = seen(handover)
    Asset.objects.filter(code="a").update(quantity=3)
    again = browse(referent).post(answer_url(handover, "accept"), {"seen": shown})
    assert again.status_code == 200
    assert again.context["seen"] != shown
    services.withdraw(other_referent, handover)
    late = browse(referent).post(answer_url(handover, "accept"), {"seen": again.context["seen"]})
    assert (late.status_code, owned_by(sides[1])) == (302, set())
    for answer in ("nonsense", "%00"):
        assert browse(referent).get(f"/admin/assets/handover/{handover.pk}/answer/{answer}/").status_code == 404
    for key in ("x", "9" * 30):
        assert browse(referent).get(f"/admin/assets/handover/{key}/answer/accept/").status_code == 404
        assert browse(referent).get(f"/admin/assets/handover/{key}/change/").status_code == 404


def test_the_pages_of_an_offer_cost_the_same_for_one_asset_and_for_twenty(sides, browse, referent, other_referent):
    client = browse(referent)

    def queries(handover) -> list[int]:
        counts = []
        for address in (admin_url(handover, "change"), answer_url(handover, "accept")):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            counts.append(len(captured))
        return counts

    few = queries(made(sides, other_referent, "a"))
    for number in range(20):
        factories.asset(sides[0], f"more-{number}")
    many = queries(services.offer(other_referent, *sides, Asset.objects.filter(code__startswith="more-")))
    assert few == many
    assert max(few) <= 16


def test_the_list_of_offers_costs_the_same_for_one_and_for_twenty(sides, browse, referent, other_referent):
    client = browse(referent)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(admin_url(Handover, "changelist")).status_code == 200
        return len(captured)

    made(sides, other_referent, "a")
    one = queries()
    for number in range(19):
        made(sides, other_referent, factories.asset(sides[0], f"more-{number}").code)
    assert queries() == one <= 12


def test_the_history_of_an_offer_tells_its_answer(sides, browse, referent, other_referent):
    handover = made(sides, other_referent, "a")
    browse(referent).post(answer_url(handover, "accept"), {"seen": seen(handover)})
    page = browse(referent).get(admin_url(handover, "history"), headers={"accept-language": "en"})
    changed = next(entry for entry in page.context["entries"] if entry.changes and not entry.what)
    assert (changed.who, changed.door) == ("publiacqua", "admin")
    assert "accepted" in [change.after for change in changed.changes]


def test_a_partner_with_offers_is_not_deleted(sides, other_referent):
    made(sides, other_referent)
    seen_uses, in_use = Partner.objects.get(code="publiacqua").uses_by(other_referent)
    assert in_use
    assert any("→" in use for use in seen_uses)
