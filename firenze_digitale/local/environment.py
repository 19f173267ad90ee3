"""The environment that `make run` works in: a database, a secret key, DEBUG, each only where it is not set."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firenze_digitale.env import ROOT  # reads .env as well
from firenze_digitale.local.postgres import LocalPostgres

DATABASE = "registry"


@contextmanager
def development(folder: Path = ROOT / ".local" / "run") -> Iterator[None]:
    """Set what the settings need; without DATABASE_URL a private PostgreSQL runs meanwhile.

    Raises:
        LocalPostgresError: it cannot be started.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "firenze_digitale.settings")
    os.environ.setdefault("DEBUG", "1")
    if os.environ.get("DATABASE_URL"):
        _set_secret_key(folder)
        yield
        return
    with LocalPostgres(folder, durable=True) as postgres:
        postgres.ensure_database(DATABASE)
        os.environ["DATABASE_URL"] = postgres.url(DATABASE)
        _set_secret_key(folder)
        yield


def _set_secret_key(folder: Path) -> None:
    """The key outlives a run, so that a restart does not log everybody out."""
    if os.environ.get("SECRET_KEY"):
        return
    path = folder / "secret_key"
    key = path.read_text().strip() if path.exists() else ""
    if not key:
        key = secrets.token_urlsafe(64)
        folder.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(key)
    os.environ["SECRET_KEY"] = key
