"""Pages as production serves them: hashed and compressed files, HTTPS, and a first view that weighs little."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES_OF_A_FIRST_VIEW = 250_000
# Runs where DEBUG is off, which cannot be had once the settings of the tests are loaded.
VISIT = """
import json, re, sys
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.test import Client
call_command("collectstatic", verbosity=0, interactive=False)
browser = Client(headers={"host": "registry.example.org", "accept-encoding": "br"})
page = browser.get("/account/login/", secure=True)
html = page.content.decode()
wanted = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', html))
loaded = {}
while wanted:
    url = wanted.pop()
    response = browser.get(url, secure=True)
    body = b"".join(response.streaming_content)
    loaded[url] = [response.status_code, len(body), response.headers["Cache-Control"]]
    if url.endswith(".css"):
        text = b"".join(browser.get(url, secure=True, headers={"accept-encoding": ""}).streaming_content).decode()
        fonts = re.findall(r'url\\("\\.\\./(fonts/[^"]+)"\\)', text)
        wanted |= {f"/static/{font}" for font in fonts} - loaded.keys()
print(json.dumps({
    "status": page.status_code, "headers": dict(page.headers), "loaded": loaded, "html": len(html.encode()),
    "cookies": {name: [bool(c["secure"]), c["samesite"]] for name, c in page.cookies.items()},
    "plain": browser.get("/account/login/").status_code,
}))
"""


@pytest.fixture(scope="module")
def visit(tmp_path_factory):
    """What a browser gets of the log-in page from a server whose static files were just collected."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "firenze_digitale.settings",
        "DEBUG": "0",
        "SECRET_KEY": "only-this-test-knows-this-one-" * 3,
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
        "ALLOWED_HOSTS": "registry.example.org",
        "SITE_URL": "https://registry.example.org",
        "STATIC_ROOT": str(tmp_path_factory.mktemp("static")),
    }
    command = [sys.executable, "-c", VISIT]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_the_page_comes_without_a_database_and_over_https_only(visit):
    assert visit["status"] == 200
    assert visit["plain"] == 301
    assert visit["headers"]["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert visit["cookies"] == {"csrftoken": [True, "Lax"]}


def test_its_files_are_found_under_names_that_may_be_kept_for_ever(visit):
    loaded = visit["loaded"]
    assert {Path(url).suffix for url in loaded} == {".css", ".js", ".svg", ".woff2"}
    for url, (status, _size, caching) in loaded.items():
        assert status == 200, url
        assert re.search(r"\.[0-9a-f]{12}\.\w+$", url), url
        assert "immutable" in caching, url


def test_a_first_view_weighs_little(visit):
    total = visit["html"] + sum(size for _status, size, _caching in visit["loaded"].values())
    assert total < MOST_BYTES_OF_A_FIRST_VIEW
