"""Databases for measurements: on a private PostgreSQL of their own, filled by the registry's own code."""

import os
import secrets
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".local" / "benchmarks"
SMALL = ("small", 100, 10_000)
MEDIUM = ("medium", 1_000, 100_000)
LARGE = ("large", 10_000, 1_000_000)


@contextmanager
def databases(*sizes):
    """Start the server, make Django ready, and fill the databases (SMALL and LARGE) where that is still to be done."""
    sizes = sizes or (SMALL, LARGE)
    from firenze_digitale.local.postgres import LocalPostgres

    with LocalPostgres(FOLDER, durable=False) as server:
        for name, _assets, _placements in sizes:
            server.ensure_database(name)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "firenze_digitale.settings",
            "SECRET_KEY": secrets.token_urlsafe(64),
            "DATABASE_URL": server.url(sizes[0][0]),
            "ALLOWED_HOSTS": "testserver",
            "SITE_URL": "http://testserver",
            "SECURE_SSL_REDIRECT": "0",
            "LOG_LEVEL": "ERROR",
        }
        import django

        django.setup()
        _use_plain_static_files()
        for name, assets, placements in sizes:
            use(name)
            _fill(assets, placements)
        yield


def use(name: str) -> None:
    """Talk to the database called `name` from now on."""
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = name


def _use_plain_static_files() -> None:
    from django.conf import settings
    from django.test import override_settings

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}).enable()


def _fill(assets: int, placements: int) -> None:
    from django.core.management import call_command
    from django.db import connection

    from assets.models import Placement
    from assets.sample import generate_sample
    from firenze_digitale.history import through_door
    from partners.models import Partner, Referent, User

    call_command("migrate", verbosity=0)
    if Placement.objects.exists():
        return
    with through_door("command"):
        generate_sample(assets, placements, seed=1)
        login = User.objects.create(username="referent")
        Referent.objects.create(code="r", name="r", user=login, partner=Partner.objects.get(code="sample-01"))
        User.objects.create(username="staff", is_city_staff=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
