"""A real browser on a real server, and what it noticed while it walked through the pages."""

import os
import shutil
import threading
import time
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.core.signals import request_finished, request_started
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
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],  # what passed is told by one example, which spares most of the answer
    "preload": False,  # nothing is loaded once more: a strict policy refuses what axe does with style sheets
}
FIND_VIOLATIONS = """options => axe.run(options).then(({violations}) => violations.map(({id, help, nodes}) => (
    {id, help, nodes: nodes.slice(0, 3).map(({html}) => html)}
)))"""
IS_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


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


class Visitor:
    """Somebody at a browser who notes what a good page never does."""

    def __init__(self, chromium, server: str, width: int = DESK, language: str = "it-IT", javascript: bool = True):
        self.server, self.faults, self.address = server, [], ""
        self.context = chromium.new_context(
            base_url=server,
            viewport={"width": width, "height": 800},
            locale=language,
            reduced_motion="reduce",
            java_script_enabled=javascript,
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

    def inspect(self, address: str, media: tuple[str, ...] = ("screen",)):
        """Open a page and note what is wrong with it; media as for `look`."""
        self.open(address)
        self.look((DESK, PHONE), media)

    def look(self, judged: tuple[int, ...] = (DESK,), media: tuple[str, ...] = ("screen",)):
        """Note what is wrong with the page that is open: wider than a desk or a phone; for people with disabilities.

        Args:
            judged: widths in px at which every rule for people with disabilities is asked.
            media: "screen", "print" or both: how the page is shown while it is judged.
        """
        self.address = self.page.url.removeprefix(self.server)
        for medium in media:
            self.page.emulate_media(media=medium)
            for width in (DESK, PHONE):
                self.page.set_viewport_size({"width": width, "height": 800})
                self._judge(f"at {width} px on {medium}", with_axe=width in judged)
        self.page.emulate_media(media="screen")

    def _judge(self, where: str, with_axe: bool):
        if with_axe:
            if not self.page.evaluate("'axe' in window"):
                self.page.evaluate(AXE_SCRIPT)
            for violation in self.page.evaluate(FIND_VIOLATIONS, AXE):
                self._note(f"{where}, {violation['id']}: {violation['help']} {violation['nodes']}")
        if self.page.evaluate(IS_TOO_WIDE):
            self._note(f"wider than its window {where}")

    def log_in(self, username: str):
        self.open("/account/login/")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", factories.PASSWORD)
        self.page.click("main button[type=submit]")


class AnswersUnderWay:
    """Counts the requests that the server has begun and not ended, those included whose browser has gone."""

    def __init__(self):
        self.count, self.change = 0, threading.Condition()

    def __enter__(self):
        request_started.connect(self._begun, dispatch_uid="answers under way")
        request_finished.connect(self._ended, dispatch_uid="answers under way")
        return self

    def __exit__(self, *_error):
        request_started.disconnect(dispatch_uid="answers under way")
        request_finished.disconnect(dispatch_uid="answers under way")

    def _begun(self, **_details):
        with self.change:
            self.count += 1

    def _ended(self, **_details):
        with self.change:
            self.count -= 1
            self.change.notify_all()

    def wait(self, seconds: float = 30):
        """Let the server end what a closed browser no longer waits for, or it would meet emptied tables."""
        for _time in range(2):  # what was sent last may not have been taken up when first looked at
            with self.change:
                assert self.change.wait_for(lambda: self.count <= 0, seconds), "The server is still answering."
            time.sleep(0.05)


@pytest.fixture
def answers_under_way():
    with AnswersUnderWay() as answers:
        yield answers


@pytest.fixture
def visitor(chromium, live_server, answers_under_way):
    """Return a function that sits somebody at a browser, and checks what they noticed."""
    visitors = []

    def visitor(**options):
        visitors.append(Visitor(chromium, live_server.url, **options))
        return visitors[-1]

    yield visitor
    for each in visitors:
        each.context.close()
    answers_under_way.wait()
    assert [fault for each in visitors for fault in each.faults] == []
