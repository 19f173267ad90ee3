"""Project charts in a real browser: found by facets from the keyboard, read by anybody, printed on A4 paper."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from projects.models import ChartDocument, ProjectChart
from tests import factories
from tests.browser.conftest import DESK, PHONE
from tests.browser.test_pages import press

LONG = "Interoperabilità delle banche dati geografiche, precompilazione delle autorizzazioni e avvisi automatici. "
PAGE = re.compile(rb"/Type\s*/Page\b")


@pytest.fixture
def rich(city, publiacqua, silfi):
    """A plan with a chart that has much of everything, and two that say little."""
    plan = factories.plan("piano", memorandum=factories.memorandum(), title_it="Piano di prova")
    objectives = [
        factories.objective(plan, number, title_it=f"Obiettivo {number}: {LONG[:60]}") for number in (1, 2, 3)
    ]
    others = [factories.partner(f"azienda-{n}", name_it=f"Azienda metropolitana numero {n}") for n in range(2)]
    chart = factories.chart(
        "ricca",
        publiacqua,
        [silfi, *others],
        "in_progress",
        visibility="public",
        title_it="Piattaforma interistituzionale per l'interoperabilità delle banche dati del sottosuolo",
        summary_it=LONG * 2,
        description_it=f"{LONG * 3}\n\n{LONG * 2}",
        results_it=LONG,
        department_it="Direzione Sistemi Informativi",
        starts_on="2025-03-01",
        ends_on="2027-06-30",
    )
    chart.objectives.set(objectives)
    chart.participations.update(gives_it=LONG * 2, gains_it=LONG * 2)
    today = timezone.localdate()
    for number, days in enumerate((-300, -40, 10, 90, 200, 300)):
        day = today + timedelta(days=days)
        factories.milestone(
            chart, title_it=f"Tappa {number}: {LONG[:50]}", due_on=day, done_on=day if days < -50 else None
        )
    for number in range(4):
        asset = factories.asset(publiacqua, visibility="public", conditions_it=LONG, exchange_status="on_conditions")
        factories.asset_use(asset, chart, purpose_it=LONG)
        factories.made(ChartDocument, chart=chart, title_it=f"Verbale {number}", url="https://example.org/verbale")
    factories.meeting("incontro", title_it="Tavolo tecnico", visibility="public").charts_born.add(chart)
    for number in (1, 2):
        factories.chart(f"povera-{number}", silfi, status="approved", visibility="public").objectives.set(
            objectives[:1]
        )
    return chart


def printed_pages(page) -> int:
    """How many sheets the page takes when its reader prints it."""
    page.emulate_media(media="print")
    pages = len(PAGE.findall(page.pdf(prefer_css_page_size=True)))
    page.emulate_media(media="screen")
    return pages


def test_a_chart_is_found_by_facets_with_the_keyboard_alone_read_and_printed(rich, visitor):
    person = visitor()
    page = person.page
    person.inspect("/charts/?sort=status")
    page.set_viewport_size({"width": DESK, "height": 800})
    press(page, "Tab", ".facet-choice[href*='status=in_progress']", most=60)
    page.keyboard.press("Enter")
    page.wait_for_url("**status=in_progress**")
    assert "sort=status" in page.url
    assert page.locator(".chart-row").count() == 1
    assert page.locator(".facet-choice[aria-current]").inner_text().startswith("In corso")
    person.look((DESK, PHONE))
    press(page, "Tab", ".chart-row a", most=80)
    page.keyboard.press("Enter")
    page.wait_for_url("**/charts/ricca/")
    assert page.locator(".life [aria-current] .life-label").inner_text() == "In corso"
    person.look((DESK, PHONE), ("screen", "print"))
    assert printed_pages(page) in (1, 2)
    page.evaluate("window.print = () => { document.body.dataset.printed = 'yes'; }")
    press(page, "Tab", "[data-print]", most=60)
    page.keyboard.press("Enter")
    assert page.locator("body[data-printed=yes]").count() == 1


def test_on_a_phone_rows_come_before_the_facets_which_unfold(rich, visitor):
    person = visitor(width=PHONE, language="en-GB")
    page = person.page
    person.open("/charts/")
    assert not page.locator(".facet").first.is_visible()
    assert page.locator(".chart-row").first.bounding_box()["y"] < 800
    page.click(".facets-fold > summary")
    page.click(".facet-choice[href*='status=approved']")
    page.wait_for_url("**status=approved**")
    assert page.locator(".chart-row").count() == 2
    with page.expect_download() as download:
        page.click("a[href*='format=csv']")
    assert download.value.suggested_filename.endswith(".csv")
    assert download.value.failure() is None


def test_a_booklet_has_a_cover_and_each_chart_begins_on_a_new_page(rich, visitor):
    person = visitor(language="en-GB")
    page = person.page
    person.open("/plan/booklet/?plan=piano")
    person.look((DESK, PHONE), ("screen", "print"))
    page.set_viewport_size({"width": DESK, "height": 800})
    # Cover, contents, and at most three pages of the plan itself; one page a small chart, two the rich one.
    least, most = 3 + ProjectChart.objects.count(), 5 + ProjectChart.objects.count() + 1
    assert least <= printed_pages(page) <= most
