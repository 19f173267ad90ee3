"""Log in, log out, a new password, and what happens to those who guess."""

import re
from urllib.parse import urlencode

import pytest
from axes.models import AccessAttempt
from django import forms
from django.template.loader import render_to_string
from django.test import Client

from tests import factories

LOGIN, LOGOUT, PASSWORD = "/account/login/", "/account/logout/", "/account/password/"
DESK = "/admin/"
LIMIT = 3


@pytest.fixture(autouse=True)
def _few_attempts(settings):
    settings.AXES_FAILURE_LIMIT = LIMIT


def log_in(browser, username="publiacqua", password=factories.PASSWORD, **extra):
    return browser.post(LOGIN, {"username": username, "password": password, "next": "/assets/"}, **extra)


def is_logged_in(browser) -> bool:
    return "_auth_user_id" in browser.session


def test_a_referent_logs_in_and_goes_on_where_they_were(referent):
    browser = Client()
    response = log_in(browser)
    assert (response.status_code, response.url) == (302, "/assets/")
    assert is_logged_in(browser)
    assert "publiacqua" in browser.get("/").content.decode()


@pytest.mark.parametrize("target", ["https://example.org/", "//example.org", "javascript:alert(1)"])
def test_logging_in_leads_nowhere_else(target, referent):
    response = Client().post(LOGIN, {"username": "publiacqua", "password": factories.PASSWORD, "next": target})
    assert (response.status_code, response.url) == (302, DESK)


def test_a_refusal_does_not_tell_whether_the_account_exists(referent):
    factories.user("former", is_active=False)
    attempts = [("publiacqua", "wrong"), ("nobody", "wrong"), ("former", factories.PASSWORD)]
    told = set()
    for username, password in attempts:
        browser = Client()
        response = log_in(browser, username, password)
        assert response.status_code == 200
        assert not is_logged_in(browser)
        told.add(str(response.context["form"].non_field_errors()))
    assert len(told) == 1


def test_nul_in_a_username_is_refused_as_bad_input(db):
    response = log_in(Client(), "a\x00b")
    assert response.status_code == 200
    assert response.context["form"].errors["username"]


def test_guessing_locks_the_account_for_the_guessers_address_only(referent, other_referent):
    guesser, office = Client(REMOTE_ADDR="192.0.2.1"), Client(REMOTE_ADDR="192.0.2.2")
    for _attempt in range(LIMIT - 1):
        assert log_in(guesser, password="wrong").status_code == 200
    locked = log_in(guesser, password="wrong")
    assert locked.status_code == 429
    assert re.search(r"\b30 minut", locked.content.decode())
    assert log_in(guesser).status_code == 429
    assert not is_logged_in(guesser)
    # Another account from the same address, and the same account from another address, go on working.
    assert log_in(guesser, "silfi").status_code == 302
    assert log_in(office).status_code == 302


def test_success_forgets_earlier_mistakes(referent):
    for _round in range(2):
        for _attempt in range(LIMIT - 1):
            assert log_in(Client(), password="wrong").status_code == 200
        assert log_in(Client()).status_code == 302


def test_logging_out_takes_a_post(browse, referent):
    browser = browse(referent)
    assert browser.get(LOGOUT).status_code == 405
    assert is_logged_in(browser)
    response = browser.post(LOGOUT)
    assert (response.status_code, response.url) == (302, "/")
    assert not is_logged_in(browser)


def test_a_form_of_another_site_logs_nobody_in(referent):
    browser = Client(enforce_csrf_checks=True)
    response = log_in(browser)
    assert response.status_code == 403
    assert "<h1>" in response.content.decode()
    assert not is_logged_in(browser)


def test_a_person_changes_their_own_password(browse, referent):
    browser, new = browse(referent), "un'altra frase, più lunga"
    form = {"old_password": factories.PASSWORD, "new_password1": new, "new_password2": new}
    response = browser.post(PASSWORD, form, follow=True)
    assert response.redirect_chain == [("/", 302)]
    assert 'class="alert alert-success"' in response.content.decode()
    assert is_logged_in(browser)
    referent.refresh_from_db()
    assert referent.check_password(new)


@pytest.mark.parametrize("new", ["short", "publiacqua12", "123456789012"])
def test_a_weak_password_is_refused_and_the_old_one_stays(new, browse, referent):
    form = {"old_password": factories.PASSWORD, "new_password1": new, "new_password2": new}
    response = browse(referent).post(PASSWORD, form)
    assert response.status_code == 200
    assert response.context["form"].errors
    referent.refresh_from_db()
    assert referent.check_password(factories.PASSWORD)


def test_help_of_a_field_is_escaped_but_the_rules_of_passwords_are_a_list(browse, referent):
    class Form(forms.Form):
        name = forms.CharField(help_text="<img src=x>")

    assert "&lt;img src=x&gt;" in render_to_string("includes/field.html", {"field": Form()["name"]})
    assert '_helptext"><ul><li>' in browse(referent).get(PASSWORD).content.decode()


def test_changing_a_password_takes_a_login(browse, db):
    response = browse().get(PASSWORD)
    assert (response.status_code, response.url) == (302, f"{LOGIN}?next={PASSWORD}")


@pytest.mark.parametrize("username", ["a" * 151, "a" * 300, "\ufdfa" * 150])
def test_a_username_longer_than_any_account_is_refused_as_bad_input(username, db):
    response = log_in(Client(), username)
    assert response.status_code == 200
    assert response.context["form"].errors["username"]
    assert not AccessAttempt.objects.exists()


def test_what_comes_with_a_guess_may_be_of_any_length_and_is_counted(referent):
    long, strange = "à\u0000" * 2_000, {"REMOTE_ADDR": "192.0.2.1", "QUERY_STRING": f"q={'%00a' * 2_000}"}
    headers = {"user_agent": long, "accept": long, "x_forwarded_for": "x" * 2_000, "referer": long}
    strange |= {f"HTTP_{name.upper()}": value.replace("\u0000", "") for name, value in headers.items()}
    assert log_in(Client(), "b" * 150, password="wrong", **strange).status_code == 200
    assert AccessAttempt.objects.get().failures_since_start == 1


@pytest.mark.parametrize("target", [LOGIN, f"{LOGIN}?next={LOGIN}", f"http://testserver{LOGIN}"])
def test_logging_in_does_not_lead_back_to_logging_in(target, browse, referent):
    signed_in = browse(referent)
    for response in (
        signed_in.get(LOGIN, {"next": target}),
        signed_in.post(LOGIN, {"next": target}),
        signed_in.post(f"{LOGIN}?{urlencode({'next': target})}"),
        Client().post(LOGIN, {"username": "publiacqua", "password": factories.PASSWORD, "next": target}),
    ):
        assert (response.status_code, response.url) == (302, DESK)
