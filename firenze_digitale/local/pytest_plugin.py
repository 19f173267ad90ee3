"""Gives the tests a PostgreSQL before Django's settings load: `-p firenze_digitale.local.pytest_plugin`.

Workers of pytest-xdist inherit the environment of their controller and start nothing.
"""

import os
import secrets
import signal

import pytest

from firenze_digitale.env import ROOT  # reads .env as well
from firenze_digitale.local.errors import LocalPostgresError
from firenze_digitale.local.migrated import migrated_template
from firenze_digitale.local.postgres import LocalPostgres

FOLDER = ROOT / ".local" / "test"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config):
    """A wrapper runs before pytest-django's own hook, which loads the settings."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(64))
        # Plain HTTP and style sheets as they lie in the repository; production has tests of its own.
        os.environ.setdefault("DEBUG", "1")
        # Two runs at once must not share a database. The name holds for any server, also that of DATABASE_URL.
        os.environ["TEST_DATABASE_NAME"] = f"test_registry_{os.getpid()}"
        if not os.environ.get("DATABASE_URL"):
            _start_server(early_config)
    return (yield)


def _start_server(config) -> None:
    postgres = LocalPostgres(FOLDER, durable=False)
    try:
        postgres.start()
    except LocalPostgresError as error:
        pytest.exit(f"The tests need a PostgreSQL. {error}", returncode=pytest.ExitCode.USAGE_ERROR)
    config.add_cleanup(postgres.stop)  # the last run to leave stops it
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clear up as after Ctrl-C
    os.environ["DATABASE_URL"] = postgres.url("postgres")
    if template := migrated_template(postgres):
        os.environ["TEST_DATABASE_TEMPLATE"] = template
