"""A real browser on a real server, and what it noticed while it walked through the pages."""

import os
import shutil
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import override_settings
from playwright.sync_api import sync_playwright

from tests import factories

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DESK, PHONE = 1280, 360
# Nothing is loaded once more for axe: a strict policy refuses what it would do with style sheets.
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "preload": False}


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        reason = "There is no Chromium. Install it, for example: apt-get install -y --no-install-recommends chromium"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    # Playwright keeps an event loop in this thread; the tests themselves are not asynchronous.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def _uncollected_files():
    """The server outlives the tests and their settings; it, too, finds style sheets where they lie."""
    with override_settings(WHITENOISE_AUTOREFRESH=True, SECURE_SSL_REDIRECT=False):
        yield


@pytest.fixture(scope="session")
def live_server(_uncollected_files, live_server):
    return live_server


class Visitor:
    """Somebody at a browser who notes what a good page never does."""

    def __init__(self, chromium, server: str, width: int = DESK, language: str = "it-IT"):
        self.server, self.faults, self.address = server, [], ""
        self.context = chromium.new_context(
            base_url=server, viewport={"width": width, "height": 800}, locale=language, reduced_motion="reduce"
        )
        self.page = self.context.new_page()
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self._note(f"script failed: {error}"))
        self.page.on("request", self._note_request)

    def _note(self, fault: str):
        self.faults.append(f"{self.address}: {fault}")

    def _note_message(self, message):
        # Chromium reports the page's own status here, where an error page is what was asked for.
        own_status = message.text.startswith("Failed to load resource") and message.location["url"] == self.page.url
        if message.type in ("error", "warning") and not own_status:
            self._note(message.text)

    def _note_request(self, request):
        url = urlsplit(request.url)
        if url.scheme != "data" and f"{url.scheme}://{url.netloc}" != self.server:
            self._note(f"request to another host: {request.url}")

    def open(self, address: str):
        self.address = address
        return self.page.goto(address)

    def inspect(self, address: str):
        """Open a page and note what is wrong with it."""
        self.open(address)
        self.look((DESK, PHONE))

    def look(self, judged=(DESK,)):
        """Note what is wrong with the page that is open: wider than a desk or a phone; for people with disabilities.

        Args:
            judged: widths at which every rule for people with disabilities is asked.
        """
        for width in (DESK, PHONE):
            self.page.set_viewport_size({"width": width, "height": 800})
            found = Axe().run(self.page, options=AXE).response["violations"] if width in judged else []
            for violation in found:
                nodes = [node["html"] for node in violation["nodes"][:3]]
                self._note(f"at {width} px, {violation['id']}: {violation['help']} {nodes}")
            if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                self._note(f"wider than {width} px")

    def log_in(self, username: str):
        self.open("/account/login/")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", factories.PASSWORD)
        self.page.click("main button[type=submit]")


@pytest.fixture
def visitor(chromium, live_server):
    """Return a function that sits somebody at a browser, and checks what they noticed."""
    visitors = []

    def visitor(**options):
        visitors.append(Visitor(chromium, live_server.url, **options))
        return visitors[-1]

    yield visitor
    for each in visitors:
        each.context.close()
    assert [fault for each in visitors for fault in each.faults] == []
