"""Settings come from the environment, and are safe where it says nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from firenze_digitale.env import database, mail, site_url

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "SECRET_KEY": "a-long-random-string-that-only-this-test-knows-0123456789-abcdefghij",
    "DATABASE_URL": "postgres://registry@db.example.org/registry?sslmode=verify-full",
    "ALLOWED_HOSTS": "registry.example.org",
    "SITE_URL": "https://registry.example.org",
}


def manage(*arguments, **environment):
    """Run manage.py as an operator would, with nothing but `environment`."""
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


@pytest.mark.parametrize("missing", ["SECRET_KEY", "DATABASE_URL", "SITE_URL"])
def test_it_does_not_start_without_what_it_needs_and_says_so(missing):
    result = manage("check", **{name: value for name, value in PRODUCTION.items() if name != missing})
    assert result.returncode != 0
    assert f"{missing} is not set" in result.stderr


def test_production_settings_pass_the_deployment_checks():
    result = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert result.returncode == 0, result.stderr


def test_debug_is_off_unless_it_is_asked_for():
    script = "from django.conf import settings; print(settings.DEBUG, settings.SESSION_COOKIE_SECURE)"
    result = manage("shell", "-v0", "-c", script, **PRODUCTION)
    assert result.stdout.strip() == "False True", result.stderr


def test_passwords_are_hashed_by_argon2():
    script = "from django.contrib.auth.hashers import make_password; print(make_password('a long phrase'))"
    assert manage("shell", "-v0", "-c", script, **PRODUCTION).stdout.startswith("argon2$argon2id$")


def test_tls_options_of_the_address_reach_the_driver():
    config = database("postgres://u:p%40ss@db:5433/registry?sslmode=verify-full&sslrootcert=/etc/ca.pem")
    assert config["OPTIONS"] == {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem"}
    assert (config["HOST"], config["PORT"], config["PASSWORD"]) == ("db", 5433, "p@ss")


@pytest.mark.parametrize("url", ["sqlite:///registry.db", "mysql://u@db/registry", "nonsense"])
def test_only_postgresql_will_do(url):
    with pytest.raises(ImproperlyConfigured, match="PostgreSQL"):
        database(url)


def test_production_logs_a_json_line_a_request_without_personal_data():
    script = (
        "from django.test import Client;"
        "Client().get('/api/v1/status?q=Mario+Rossi&token=segreto', secure=True,"
        " headers={'host': 'registry.example.org', 'x-request-id': 'abcd-1234-efgh'})"
    )
    environment = {**PRODUCTION, "DATABASE_URL": os.environ["DATABASE_URL"]}
    result = manage("shell", "-v0", "-c", script, **environment)
    lines = [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]
    request = next(line for line in lines if line["logger"] == "firenze_digitale.requests")
    assert request["request_id"] == "abcd-1234-efgh"
    assert request["method"] == "GET"
    assert not [word for word in ("Mario", "Rossi", "segreto", "127.0.0.1") if word in result.stderr]


def test_e_mails_stay_on_the_machine_unless_a_server_is_named(monkeypatch):
    for name in ("EMAIL_URL", "EMAIL_HOST"):
        monkeypatch.delenv(name, raising=False)
    assert mail(True)["EMAIL_BACKEND"].endswith("filebased.EmailBackend")
    assert mail(False)["EMAIL_BACKEND"].endswith("console.EmailBackend")
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://registry:p%40ss@mail.example.org:587")
    config = mail(False)
    assert config["EMAIL_BACKEND"].endswith("smtp.EmailBackend")
    assert (config["EMAIL_HOST"], config["EMAIL_PORT"], config["EMAIL_USE_TLS"]) == ("mail.example.org", 587, True)
    assert (config["EMAIL_HOST_USER"], config["EMAIL_HOST_PASSWORD"]) == ("registry", "p@ss")


def test_the_registrys_own_address_is_asked_for_in_production(monkeypatch):
    monkeypatch.delenv("SITE_URL", raising=False)
    assert site_url(debug=True).startswith("http://127.0.0.1:")
    with pytest.raises(ImproperlyConfigured, match="SITE_URL is not set"):
        site_url(debug=False)
    monkeypatch.setenv("SITE_URL", "registry.example.org")
    with pytest.raises(ImproperlyConfigured, match="SITE_URL must begin"):
        site_url(debug=False)
