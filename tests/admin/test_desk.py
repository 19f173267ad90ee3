"""Who has a desk, and what lies on it."""

from urllib.parse import unquote

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Group
from django.urls import NoReverseMatch, reverse

from assets.models import Asset
from partners.models import Partner, Referent, User
from projects.models import ProjectChart
from tests import factories
from tests.admin.world import admin_url


def test_an_account_that_answers_for_nobody_is_told_why(browse, outsider):
    for address in (reverse("admin:index"), reverse("admin:login"), admin_url(Asset, "changelist")):
        response = browse(outsider).get(address)
        assert response.status_code == 403
        assert "admin/no_desk.html" in [template.name for template in response.templates]


def test_a_switched_off_referent_has_no_desk(browse, referent):
    Referent.objects.filter(user=referent).update(active=False)
    assert browse(referent).get(reverse("admin:index")).status_code == 403


def test_logging_in_happens_on_the_sites_own_page_and_leads_back(browse, db):
    response = browse().get(admin_url(Asset, "changelist"), follow=True)
    assert unquote(response.redirect_chain[-1][0]) == f"{reverse('login')}?next={admin_url(Asset, 'changelist')}"
    assert browse().post(reverse("admin:login"), {"username": "x", "password": "y"}).status_code == 302


def test_whoever_is_logged_in_is_sent_from_the_log_in_to_the_desk(browse, referent):
    assert browse(referent).get(reverse("admin:login")).url == reverse("admin:index")


def test_changing_the_password_happens_on_the_sites_own_page(browse, referent):
    assert browse(referent).get(reverse("admin:password_change")).url == reverse("password_change")


def test_djangos_groups_and_the_short_cut_by_content_type_are_not_there(administrator, browse):
    assert browse(administrator).get("/admin/auth/group/").status_code == 404
    assert Group._meta.label not in browse(administrator).get(reverse("admin:index")).content.decode()
    with pytest.raises(NoReverseMatch):
        reverse("admin:view_on_site", args=[1, 1])


def test_the_index_holds_what_concerns_the_role(browse, referent, administrator):
    page = browse(referent).get(reverse("admin:index")).content.decode()
    assert admin_url(Asset, "changelist") + "?mine=1" in page
    assert admin_url(User, "changelist") not in page
    assert admin_url(Partner, "add") not in page
    assert admin_url(User, "changelist") in browse(administrator).get(reverse("admin:index")).content.decode()


def test_the_desk_speaks_english_to_who_asks_for_it(browse, referent):
    client = browse(referent)
    client.post(reverse("set_language"), {"language": "en", "next": reverse("admin:index")})
    page = client.get(reverse("admin:index")).content.decode()
    assert '<html lang="en"' in page
    assert "What your partners share." in page


def test_autocomplete_offers_what_may_be_chosen(browse, referent, publiacqua, silfi, administrator):
    asked = {"app_label": "assets", "model_name": "asset", "field_name": "owner", "term": ""}

    def offered(user, **changed):
        answer = browse(user).get(reverse("admin:autocomplete"), {**asked, **changed})
        return {row["text"] for row in answer.json()["results"]}

    assert offered(referent) == {"Publiacqua"}
    assert offered(administrator) == {"Publiacqua", "Silfi"}
    factories.referent(silfi, name="Altra persona")
    contacts = offered(referent, field_name="contact")
    assert contacts == {"Referente ICT, Publiacqua"}
    factories.asset(silfi, name_it="Riservato", visibility="restricted")
    hidden = {"model_name": "assetuse", "app_label": "projects", "field_name": "asset", "term": "Riservato"}
    assert offered(referent, **hidden) == set()
    assert offered(administrator, **hidden) == {"Riservato"}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"app_label": "partners", "model_name": "referent", "field_name": "user"}, 403),
        ({"app_label": "assets", "model_name": "partner", "field_name": "assets"}, 403),
        ({"app_label": "partners", "model_name": "partner", "field_name": "assets"}, 403),
        ({"app_label": "assets", "model_name": "asset", "field_name": "owner", "page": "x"}, 404),
        ({"app_label": "assets", "model_name": "asset", "field_name": "owner", "page": "0"}, 404),
        ({"app_label": "assets", "model_name": "asset", "field_name": "owner", "term": "\x00"}, 200),
        ({}, 403),
    ],
)
def test_autocomplete_withstands_any_question(browse, referent, asked, status):
    assert browse(referent).get(reverse("admin:autocomplete"), asked).status_code == status


@pytest.fixture
def locked(db):
    """A line of an account that somebody guessed at."""
    return AccessAttempt.objects.create(
        username="publiacqua", ip_address="127.0.0.1", failures_since_start=9, get_data="", post_data=""
    )


def test_an_administrator_alone_unlocks_an_account(browse, administrator, city_staff, locked):
    for page in ("change", "delete"):
        assert browse(administrator).get(admin_url(locked, page)).status_code == 200
        assert browse(city_staff).get(admin_url(locked, page)).status_code == 403
    assert browse(administrator).get(admin_url(AccessAttempt, "changelist")).status_code == 200
    browse(city_staff).post(admin_url(locked, "delete"), {"post": "yes"})
    assert AccessAttempt.objects.exists()
    browse(administrator).post(admin_url(locked, "delete"), {"post": "yes"})
    assert not AccessAttempt.objects.exists()


@pytest.mark.parametrize(
    "lookup", ["ip_address=x", "ip_address__gt=x", "id=x", "attempt_time__gte=x", "username__regex=(", "expiration=x"]
)
def test_guesses_are_searched_and_not_filtered(browse, administrator, locked, lookup):
    list_of_guesses = admin_url(AccessAttempt, "changelist")
    assert browse(administrator).get(f"{list_of_guesses}?{lookup}").status_code == 400
    found = browse(administrator).get(f"{list_of_guesses}?q=127.0.0.1")
    assert list(found.context["cl"].result_list) == [locked]


def test_a_row_added_in_a_window_of_its_own_goes_back_to_the_form(browse, administrator, city):
    category = factories.category()
    choose = browse(administrator).get(f"{admin_url(Asset, 'add')}?_popup=1&_to_field=id")
    assert dict(choose.context["presets"]) == {"_popup": "1", "_to_field": "id"}
    sent = {"category": category.pk, "owner": city.pk, "name_it": "Bene", "code": "bene", "visibility": "public"}
    sent |= {"exchange_status": "exchangeable", "_popup": "1", "_to_field": "id"}
    response = browse(administrator).post(admin_url(Asset, "add"), sent)
    assert "popup_response" in response.content.decode()
    sent = {"title_it": "Scheda", "code": "scheda", "visibility": "network", "lead": city.pk, "_popup": "1"}
    assert "popup_response" in browse(administrator).post(admin_url(ProjectChart, "add"), sent).content.decode()
