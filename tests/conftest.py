"""People with fixed roles, and how each of them comes to a door."""

import gc

import pytest
from django.conf import settings as site_settings
from django.core.cache import cache
from django.core.files.storage import storages
from django.db import connection
from django.template import RequestContext
from django.test import Client, override_settings
from django.test import client as test_client
from django.utils import translation
from rest_framework.test import APIClient

from tests import factories

remember_rendered = test_client.store_rendered_templates


def pytest_configure():
    """Accounts of tests need no slow hash; `test_settings.py` sees to the real one. Garbage is collected seldom."""
    gc.set_threshold(200_000, 20, 20)
    site_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    test_client.store_rendered_templates = _remember_pages


def _remember_pages(store, signal, sender, template, context, **rest):
    """Keep what a page was made with, as Django does; not once more for each include, parent and form field in it."""
    if isinstance(context, RequestContext) and context.template is template:
        remember_rendered(store, signal, sender, template, context, **rest)


@pytest.fixture(scope="session", autouse=True)
def _no_session_left_behind(django_db_setup, django_db_blocker):
    """A live server's thread may hold its connection a moment longer, and nobody can drop a database in use."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session", autouse=True)
def _settings_of_all_tests():
    """Test clients come without TLS and ask as much as they like; no static files; tasks are done at once."""
    tasks = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    limits = {"API_LIMIT_PER_CREDENTIAL": 10**6, "API_LIMIT_PER_ADDRESS": 10**6}
    with override_settings(SECURE_SSL_REDIRECT=False, WHITENOISE_AUTOREFRESH=True, TASKS=tasks, **limits):
        yield


@pytest.fixture(scope="session", autouse=True)
def _documents_elsewhere(tmp_path_factory):
    """Files of documents in tests never lie among those of `make run`."""
    storages["documents"].__dict__["location"] = str(tmp_path_factory.mktemp("documents"))


@pytest.fixture(autouse=True)
def _clean_cache():
    cache.clear()


@pytest.fixture(autouse=True)
def _own_language():
    """No test goes on in the language that the last request of another one was answered in."""
    translation.deactivate()


@pytest.fixture
def city(db):
    return factories.city()


@pytest.fixture
def publiacqua(db):
    """The agency of `referent`, `reader` and `writer`."""
    return factories.partner("publiacqua", name_it="Publiacqua", sector="water")


@pytest.fixture
def silfi(db):
    """Another agency: that of `other_referent` and `other_writer`."""
    return factories.partner("silfi", name_it="Silfi", sector="lighting")


@pytest.fixture
def administrator(db):
    return factories.user("admin", is_superuser=True, is_staff=True)


@pytest.fixture
def city_staff(db):
    return factories.user("staff", is_city_staff=True)


@pytest.fixture
def referent(publiacqua):
    login = factories.user("publiacqua")
    factories.referent(publiacqua, "publiacqua-ict", user=login, name="Referente ICT, Publiacqua")
    return login


@pytest.fixture
def other_referent(silfi):
    login = factories.user("silfi")
    factories.referent(silfi, "silfi-ict", user=login, name="Referente ICT, Silfi")
    return login


@pytest.fixture
def outsider(db):
    """An account that answers for nobody."""
    return factories.user("outsider")


@pytest.fixture
def reader(publiacqua):
    """Token of a credential that reads."""
    return factories.credential(publiacqua, "read")


@pytest.fixture
def writer(publiacqua):
    """Token of a credential that writes."""
    return factories.credential(publiacqua, "write")


@pytest.fixture
def other_writer(silfi):
    """Token of another agency's credential that writes."""
    return factories.credential(silfi, "write")


@pytest.fixture
def browse():
    """Return a browser signed in as the given user (nobody: None)."""

    def browse(user=None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return browse


@pytest.fixture
def call():
    """Return an API client that carries the given token (nobody's: None), and changes rows as they are by default."""

    def call(token=None, if_match="*") -> APIClient:
        client = APIClient()
        headers = {"HTTP_AUTHORIZATION": token and f"Bearer {token}", "HTTP_IF_MATCH": if_match}
        client.credentials(**{name: value for name, value in headers.items() if value is not None})
        return client

    return call
