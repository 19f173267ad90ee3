"""Reads settings from the environment, and from `.env` in the project root where there is one."""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(ROOT / ".env", overwrite=False)


def required(name: str, hint: str) -> str:
    """Return the variable `name`; without it the registry does not start.

    Raises:
        ImproperlyConfigured: names the variable and gives `hint`.
    """
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {hint}")
    return value


def whole_number(name: str, *, default: int, least: int, most: int) -> int:
    """Return the variable `name`.

    Raises:
        ImproperlyConfigured: it is no whole number from `least` to `most`.
    """
    text = env.str(name, default=str(default))
    if not (text.isascii() and text.isdecimal() and least <= int(text[:9]) <= most):
        raise ImproperlyConfigured(f"{name} must be a whole number from {least} to {most}, and is “{text}”.")
    return int(text)


def database(url: str) -> dict:
    """Turn `DATABASE_URL` into Django's settings; query parameters such as `sslmode` go to libpq.

    Raises:
        ImproperlyConfigured: the URL is not that of a PostgreSQL database.
    """
    if not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured(
            "DATABASE_URL must name a PostgreSQL database: postgres://user:password@host:5432/name?sslmode=require"
        )
    return environ.Env.db_url_config(url)
