"""Reads settings from the environment, and from `.env` in the project root where there is one."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent
TILE_MARKS = ("{z}", "{x}", "{y}")
HOST = re.compile(r"(\*\.)?[A-Za-z0-9.-]+(:\d+)?")

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


def networks(name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the networks that the variable `name` lists, such as `10.1.0.0/16,192.168.7.20`.

    Raises:
        ImproperlyConfigured: one of them is no network.
    """
    found = []
    for text in env.list(name, default=[]):
        try:
            found.append(ip_network(text.strip()))
        except ValueError as error:
            hint = "list networks such as 10.1.0.0/16,192.168.7.20, joined by commas"
            raise ImproperlyConfigured(f"{name} holds “{text}”, which is no network: {hint}.") from error
    return tuple(found)


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


def mail(debug: bool) -> dict:
    """Django's settings of e-mail, from `EMAIL_URL` or `EMAIL_HOST` and its companions.

    Without either nothing leaves this machine: e-mails become files in `.local/mail` in development, and lines on the
    standard output elsewhere.

    Raises:
        ImproperlyConfigured: `EMAIL_URL` is not that of a mail server.
    """
    if url := env.str("EMAIL_URL", default=""):
        config = {name: value for name, value in environ.Env.email_url_config(url).items() if name != "OPTIONS"}
    elif host := env.str("EMAIL_HOST", default=""):
        config = {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": host,
            "EMAIL_PORT": env.int("EMAIL_PORT", default=587),
            "EMAIL_HOST_USER": env.str("EMAIL_HOST_USER", default=""),
            "EMAIL_HOST_PASSWORD": env.str("EMAIL_HOST_PASSWORD", default=""),
            "EMAIL_USE_TLS": env.bool("EMAIL_USE_TLS", default=True),
        }
    elif debug:
        folder = str(ROOT / ".local" / "mail")
        config = {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": folder}
    else:
        config = {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    return config


def site_url(debug: bool) -> str:
    """The address that people and systems reach the registry by; in development, the one that `make run` serves.

    Raises:
        ImproperlyConfigured: `SITE_URL` is missing or no address.
    """
    hint = "E-mails, webhooks and the catalogue of data lead there: set it to the registry's own address, https://…"
    url = env.str("SITE_URL", default="http://127.0.0.1:8000") if debug else required("SITE_URL", hint)
    if not url.startswith(("https://", "http://")):
        raise ImproperlyConfigured(f"SITE_URL must begin with https://, and is “{url}”. {hint}")
    return url


def origin_of_tiles(url: str) -> list[str]:
    """Return whom a Content-Security-Policy has to let in for tiles of a map from `MAP_TILES_URL`, if anybody.

    Raises:
        ImproperlyConfigured: the URL is no pattern of tiles.
    """
    parts = urlsplit(url)
    host, complete = parts.netloc.replace("{s}", "*"), all(mark in url for mark in TILE_MARKS)
    if not url or (complete and url.startswith("/") and not host):
        return []
    if parts.scheme not in ("http", "https") or not complete or not HOST.fullmatch(host):
        raise ImproperlyConfigured(
            "MAP_TILES_URL must be a pattern such as https://tiles.example.org/{z}/{x}/{y}.png, or be empty."
        )
    return [f"{parts.scheme}://{host}"]
