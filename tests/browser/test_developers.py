"""The pages for developers in a real browser: examples are copied, calls are found and tried, from the keyboard."""

import json
import re

import pytest

from tests import factories


@pytest.fixture
def assets(publiacqua):
    """Something public, and something that only a credential shows."""
    factories.asset(publiacqua, "publiacqua-fontane", visibility="public")
    factories.asset(publiacqua, "publiacqua-rete", visibility="network")


def test_an_example_is_copied_and_a_call_is_found_and_tried_with_the_keyboard(assets, reader, visitor, live_server):
    person = visitor()
    page = person.page
    person.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.inspect("/api/")
    page.locator("[data-copy=example-first-sh]").press("Enter")
    page.locator(".example [role=status]", has_text=re.compile(r"\w")).wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"curl '{live_server.url}/api/v1/assets?limit=3'"

    person.open("/api/reference/")
    person.look()
    page.fill("#filter", "post bulk")
    assert page.locator("[data-operation]:visible").count() == 2
    assert page.locator("[data-group]:visible").count() == 2
    assert page.locator("[data-filter] [role=status]").inner_text().startswith("2 ")
    page.fill("#filter", "nessuna di queste")
    assert page.locator("[data-operation]:visible").count() == 0
    page.fill("#filter", "assets read one")
    page.locator("[data-operation]:visible a").first.press("Enter")
    page.wait_for_url("**/api/reference/assets/#assets-retrieve")
    named = page.locator("details.operation", has=page.locator("#assets-retrieve"))
    assert named.evaluate("element => element.open")

    limit = "#assets-list-limit"
    page.fill(limit, "200")
    page.locator(limit).press("Enter")
    form = page.locator("form.try").first
    form.locator(".try-result").wait_for()
    assert form.locator(".try-status").inner_text().startswith("200 OK")
    assert form.locator(".try-command").inner_text() == f"curl '{live_server.url}/api/v1/assets?limit=200'"
    assert [row["code"] for row in shown(form)["results"]] == ["publiacqua-fontane"]
    person.look((360,))

    page.fill("#token", reader)
    form.locator("button[type=submit]").press("Enter")
    form.locator(".try-body", has_text="publiacqua-rete").wait_for()
    assert '-H "Authorization: Bearer $REGISTRY_TOKEN"' in form.locator(".try-command").inner_text()
    assert reader not in page.content()
    assert "etag: " in form.locator(".try-headers").text_content()
    page.reload()
    assert page.locator("#token").input_value() == ""


def shown(form) -> dict:
    """The body that a form shows of its answer."""
    return json.loads(form.locator(".try-body").inner_text())


def test_the_reference_tells_of_refusals_and_reads_without_scripts(assets, visitor):
    person = visitor(language="en-GB")
    person.open("/api/reference/assets/#assets-retrieve")
    form = person.page.locator("form.try", has=person.page.locator("#assets-retrieve-key"))
    form.locator("#assets-retrieve-key").fill("a/b")
    form.locator("button[type=submit]").press("Enter")
    form.locator(".try-result").wait_for()
    assert form.locator(".try-status").inner_text().startswith("404 Not Found")
    assert form.locator(".try-status").get_attribute("data-failed") == "yes"
    person.faults.clear()  # the browser tells of the 404 that was asked for

    plain = visitor(language="en-GB", javascript=False)
    plain.open("/api/reference/assets/")
    assert plain.page.locator("form.try:visible, #token:visible, [data-filter]:visible").count() == 0
    plain.page.locator("details.operation > summary").nth(1).click()
    assert plain.page.locator("#command-assets-create").is_visible()
