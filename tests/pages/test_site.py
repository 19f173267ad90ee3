"""What every page has in common: language, error pages, the security policy, nothing from elsewhere."""

import re
from html.parser import HTMLParser

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.test import Client, RequestFactory
from django.urls import get_resolver
from django.views import defaults

from firenze_digitale import views

LOADED = {"src", "srcset", "data", "poster", "action", "formaction"}


class Audit(HTMLParser):
    """Notes what a strict policy stops and what would be loaded from elsewhere."""

    def __init__(self, html: str):
        super().__init__()
        self.faults, self.headings, self.ids = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        inline = [name for name in attributes if name == "style" or name.startswith("on")]
        if tag == "style" or inline or (tag == "script" and "src" not in attributes):
            self.faults.append(f"inline in <{tag}>: {inline}")
        loaded = [attributes[name] for name in LOADED & attributes.keys()]
        loaded += [attributes["href"]] if tag in ("link", "use", "image", "base") else []
        self.faults += [f"<{tag}> loads {url}" for url in loaded if re.match(r"(\w+:)?//|\w+:", url or "")]
        if tag == "h1":
            self.headings.append(tag)
        if "id" in attributes:
            self.ids.append(attributes["id"])


@pytest.mark.parametrize("role", [None, "referent", "city_staff"])
def test_pages_hold_nothing_inline_and_load_nothing_from_elsewhere(role, every_page, browse, request):
    browser = browse(request.getfixturevalue(role) if role else None)
    for address in every_page if role is None else every_page[:-1]:
        response = browser.get(address)
        audit = Audit(response.content.decode())
        assert response.status_code == 200
        assert audit.faults == [], address
        assert len(audit.headings) == 1, address
        assert len(audit.ids) == len(set(audit.ids)), address


def test_every_page_has_a_title_of_its_own_and_says_its_language(every_page, browse):
    titles = []
    for address in every_page:
        html = browse().get(address).content.decode()
        assert '<html lang="it">' in html
        titles.append(re.search("<title>(.+?)</title>", html, re.DOTALL).group(1))
    assert len(set(titles)) == len(every_page)


def test_answers_carry_a_strict_policy_and_the_other_headers(every_page, browse):
    for address in [*every_page, "/nowhere/"]:
        headers = browse().get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"https?:|\*", policy)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def language_of(response) -> str:
    return re.search('<html lang="(.+?)">', response.content.decode()).group(1)


@pytest.mark.parametrize(
    ("asked", "answered"), [("", "it"), ("de", "it"), ("en", "en"), ("it-IT,it;q=0.9,en;q=0.8", "it"), ("en-GB", "en")]
)
def test_italian_comes_first_and_english_for_those_who_ask_for_it(asked, answered, db):
    assert language_of(Client(headers={"accept-language": asked} if asked else {}).get("/")) == answered


def test_the_switch_of_language_keeps_the_page_and_is_remembered(world):
    browser = Client()
    response = browser.post("/account/language/", {"language": "en", "next": "/charts/?q=scheda"})
    assert (response.status_code, response.url) == (302, "/charts/?q=scheda")
    assert language_of(browser.get("/charts/")) == "en"
    response = browser.post("/account/language/", {"language": "it", "next": "https://example.org/"})
    assert response.url == "/"
    assert language_of(browser.get("/charts/")) == "it"


def test_content_falls_back_to_italian_where_english_is_missing(world):
    english = Client(headers={"accept-language": "en"})
    assert "Piano" in english.get("/plan/").content.decode()
    world.plan.title_en = "The Plan of Florence"
    world.plan.save()
    assert "The Plan of Florence" in english.get("/plan/").content.decode()


@pytest.mark.parametrize(
    ("view", "error", "status"),
    [
        (defaults.bad_request, SuspiciousOperation("no"), 400),
        (defaults.permission_denied, PermissionDenied("no"), 403),
        (views.csrf_failure, "no", 403),
        (defaults.server_error, None, 500),
    ],
)
def test_errors_have_pages_that_need_neither_session_nor_database(view, error, status):
    request = RequestFactory().get("/")
    response = view(request) if error is None else view(request, error)
    html = response.content.decode()
    assert response.status_code == status
    assert html.count("<h1>") == 1
    assert Audit(html).faults == []


def test_an_unknown_address_says_so_and_offers_the_way_back(world, browse, referent):
    for browser in (browse(), browse(referent)):
        response = browser.get("/nowhere/")
        assert response.status_code == 404
        assert 'href="/"' in response.content.decode()


@pytest.mark.parametrize(
    "cookies",
    [
        {"sessionid": '"\\000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"'},
        {"sessionid": "x" * 4000},
        {"django_language": '"\\000"'},
        {"messages": "nonsense"},
        {"csrftoken": '"\\000"'},
    ],
)
def test_nonsense_in_cookies_is_no_accident(cookies, db):
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    assert Client(headers={"cookie": header}).get("/").status_code == 200


@pytest.mark.parametrize("address", ["/robots.txt", "/favicon.ico"])
def test_browsers_and_search_engines_find_what_they_ask_for(address, browse, db):
    response = browse().get(address)
    assert response.status_code in (200, 302)
    assert "/account/login" not in response.get("Location", "")


def test_a_view_needs_a_login_unless_it_says_otherwise():
    public = set()
    for pattern in get_resolver().url_patterns:
        for found in getattr(pattern, "url_patterns", [pattern]):
            if getattr(found, "name", None) and not getattr(found.callback, "login_required", True):
                public.add(found.name)
    assert {"password_change"} & public == set()
    assert {"home", "plan", "chart-list", "chart-detail", "asset-list", "asset-detail", "login"} <= public
