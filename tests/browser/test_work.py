"""A chart worked on in a real browser with the keyboard alone: by city staff in Italian, a referent in English."""

import pytest

from projects.models import ChartComment, ProjectChart
from tests import factories
from tests.browser.conftest import DESK, PHONE
from tests.browser.test_pages import press

MOST = 90
SUBMIT = "main form button[type=submit]"


def follow(page, link: str):
    """Reach a link or a button with the Tab key, and press it."""
    press(page, "Tab", link, MOST)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def write(page, name: str, text: str):
    press(page, "Tab", f"[name={name}]", MOST)
    page.keyboard.type(text)


def step(person, to: str, reason: str):
    """From the chart's page, through the page of the step, back to the chart's page."""
    page = person.page
    follow(page, f"main a[href$='to={to}']")
    write(page, "reason", reason)
    follow(page, f"button[name=to][value={to}]")
    assert page.locator(".alert-success").is_visible()


def test_city_staff_lead_a_chart_from_its_draft_to_its_end(city, publiacqua, city_staff, visitor):
    person = visitor()
    page = person.page
    person.log_in("staff")
    person.open("/charts/")
    follow(page, "main a[href='/charts/new/']")
    person.look((DESK, PHONE))
    write(page, "title_it", "Luce più verde")
    write(page, "lead", "Comune")
    follow(page, SUBMIT)
    assert page.url.endswith("/charts/luce-piu-verde/")
    follow(page, "main a[href$='to=proposed']")
    person.look((DESK, PHONE))
    assert page.locator(".check-asked").count() == 1
    follow(page, ".check-asked a")
    write(page, "partner", "Publ")
    follow(page, SUBMIT)
    step(person, "proposed", "Tutti d'accordo")
    step(person, "approved", "La giunta approva")
    chart = ProjectChart.objects.get()
    factories.milestone(chart, title_it="Prima luce")
    step(person, "in_progress", "Si parte")
    follow(page, "main a[href*='/milestones/']")
    person.look()
    follow(page, SUBMIT)
    step(person, "completed", "Fatto")
    person.look((DESK, PHONE))
    assert page.locator(".entry-step").count() == 4
    assert page.locator("main a[href*='/step/']").count() == 0
    chart.refresh_from_db()
    assert (chart.status, chart.progress) == ("completed", 100)
    kept = ChartComment.objects.filter(author=city_staff).order_by("pk").values_list("text", flat=True)
    assert list(kept) == ["Tutti d'accordo", "La giunta approva", "Si parte", "Fatto"]


def test_a_referent_fills_in_its_own_part_and_comments(city, publiacqua, silfi, other_referent, visitor):
    chart = factories.chart("luce", publiacqua, [silfi], "proposed", title_it="Luce", title_en="Light")
    person = visitor(language="en-GB")
    page = person.page
    person.log_in("silfi")
    person.open("/charts/luce/")
    follow(page, "main a[href$='/part/silfi/']")
    person.look((DESK, PHONE))
    typed = {"gives_it": "Pali", "gives_en": "Poles", "gains_it": "Dati", "gains_en": "Data"}
    for name, text in typed.items():
        write(page, name, text)
    follow(page, SUBMIT)
    assert page.locator("#content").get_by_text("Poles").is_visible()
    write(page, "text", "We bring the poles in May.")
    follow(page, "main form[action$='/comments/'] button")
    comment = ChartComment.objects.get(author=other_referent)
    assert page.url.endswith(f"#comment-{comment.pk}")
    assert page.locator(f"#comment-{comment.pk}").get_by_text("We bring the poles in May.").is_visible()
    person.look((DESK, PHONE))
    part = chart.participations.get(partner=silfi)
    assert {name: getattr(part, name) for name in typed} == typed
    assert part.role == "participant"


@pytest.mark.parametrize("address", ["/charts/luce/step/", "/charts/luce/part/silfi/"])
def test_two_people_at_one_chart_are_told_of_each_other(address, city, publiacqua, silfi, city_staff, visitor):
    chart = factories.chart("luce", publiacqua, [silfi], "proposed")
    person = visitor()
    page = person.page
    person.log_in("staff")
    person.open(f"{address}?to=draft")
    field = "reason" if address.endswith("/step/") else "gives_it"
    write(page, field, "Da non perdere")
    ProjectChart.objects.filter(pk=chart.pk).update(title_it="Cambiata")
    chart.participations.filter(partner=silfi).update(gives_it="Cambiata")
    follow(page, SUBMIT)
    person.look((DESK, PHONE))
    assert page.locator(f"[name={field}]").input_value() == "Da non perdere"
    follow(page, SUBMIT)
    assert page.url.split("#")[0].endswith("/charts/luce/")
