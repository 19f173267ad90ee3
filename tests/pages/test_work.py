"""A chart is worked on from its own pages: drafted, moved along, filled in, talked about, by those who may."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects.models import ChartComment, Participation, ProjectChart
from tests import factories

pytestmark = pytest.mark.django_db

PAGES_OF_WORK = ("step/?to=approved", "part/publiacqua/", "partners/add/", "comments/")


@pytest.fixture
def chart(publiacqua, silfi, city):
    """Led by Publiacqua, with Silfi and the City."""
    row = factories.chart("scheda", publiacqua, [silfi], "proposed", title_it="Scheda", visibility="public")
    row.milestone = factories.milestone(row, title_it="Avvio")
    return row


def send(client, chart, page, **typed):
    """Open a page of work as a person does, type, and send it."""
    address = f"/charts/{chart.code}/{page}"
    return client.post(address.partition("?")[0], seen_at(client, address) | typed)


def seen_at(client, address) -> dict:
    page = client.get(address).content.decode()
    return {"seen": found[1]} if (found := re.search(r'name="seen" value="(\d+)"', page)) else {}


def shown(client, chart) -> str:
    return client.get(chart.get_absolute_url()).content.decode()


def step_links(client, chart) -> list[str]:
    return re.findall(r"/step/\?to=(\w+)", shown(client, chart))


# Who may


OFFERS = ("/part/silfi/", "/milestones/", "/partners/add/", 'id="discussion"')


def test_each_person_is_offered_the_work_that_is_theirs(
    chart, browse, referent, other_referent, city_staff, administrator, outsider
):
    people = (referent, other_referent, city_staff, administrator, outsider, None)
    steps = [step_links(browse(person), chart) for person in people]
    assert steps == [["draft"], [], ["approved", "draft"], ["approved", "draft"], [], []]
    offered = [{offer for offer in OFFERS if offer in shown(browse(person), chart)} for person in people]
    assert offered == [set(OFFERS), {"/part/silfi/", 'id="discussion"'}, set(OFFERS), set(OFFERS), set(), set()]


@pytest.mark.parametrize("method", ["get", "post"])
def test_pages_of_work_open_to_those_who_may_and_to_nobody_else(
    method, chart, browse, referent, other_referent, city_staff, outsider
):
    pages = [f"/charts/scheda/{page}" for page in (*PAGES_OF_WORK, f"milestones/{chart.milestone.pk}/")]
    before = ProjectChart.objects.get().updated_at
    answers = {
        person: [getattr(browse(person), method)(page).status_code for page in pages]
        for person in (referent, other_referent, city_staff, outsider, None)
    }
    # What was sent without a version is met like what somebody else has changed: 409.
    stale, wrong = (409, 400) if method == "post" else (200, 200)
    assert answers == {
        # To approve is not theirs: opened, the chart's page says so.
        referent: [409 if method == "post" else 302, stale, wrong, wrong, wrong],
        other_referent: [403, 403, 403, wrong, 403],
        city_staff: [stale, stale, wrong, wrong, wrong],
        outsider: [403] * 5,
        None: [302] * 5,
    }
    assert ProjectChart.objects.get().updated_at == before
    assert ChartComment.objects.filter(author__isnull=False).count() == 0


def test_a_chart_that_one_may_not_see_does_not_exist_on_any_page_of_work(browse, other_referent, publiacqua, city):
    hidden = factories.chart("nascosta", publiacqua, status="proposed", visibility="restricted")
    milestone = factories.milestone(hidden)
    client = browse(other_referent)
    for page in (*PAGES_OF_WORK, f"milestones/{milestone.pk}/"):
        for address in (f"/charts/nascosta/{page}", f"/charts/nessuna/{page}"):
            assert client.get(address).status_code == client.post(address).status_code == 404


def test_parts_and_milestones_of_other_charts_do_not_exist_here(chart, browse, city_staff):
    other = factories.milestone(factories.chart("altra"))
    client = browse(city_staff)
    for page in (f"milestones/{other.pk}/", f"milestones/{10**30}/", "part/nessuno/"):
        assert client.get(f"/charts/scheda/{page}").status_code == 404


# Steps


def test_city_staff_lead_a_chart_through_its_life_and_each_step_is_kept(chart, browse, city_staff):
    client = browse(city_staff)
    reasons = {"approved": "", "in_progress": "Si parte", "suspended": "Mancano i fondi", "completed": "Fatto\r\ntutto"}
    for to in ("approved", "in_progress", "suspended", "in_progress", "completed"):
        assert send(client, chart, f"step/?to={to}", to=to, reason=reasons[to]).status_code == 302
    kept = ChartComment.objects.filter(author=city_staff).values_list("status_before", "status_after", "text")
    assert list(kept.order_by("pk")) == [
        ("proposed", "approved", ""),
        ("approved", "in_progress", "Si parte"),
        ("in_progress", "suspended", "Mancano i fondi"),
        ("suspended", "in_progress", "Si parte"),
        ("in_progress", "completed", "Fatto\ntutto"),
    ]
    assert step_links(client, chart) == []


@pytest.mark.parametrize(("status", "to"), [("proposed", "draft"), ("approved", "suspended")])
def test_a_step_back_or_aside_asks_for_its_reason_and_keeps_the_chart_until_it_is_told(
    status, to, browse, city_staff, publiacqua, city
):
    chart = factories.chart("scheda", publiacqua, status=status)
    client, before = browse(city_staff), ChartComment.objects.count()
    refused = send(client, chart, f"step/?to={to}", to=to, reason="  ")
    assert refused.status_code == 400
    assert refused.context["form"].errors["reason"]
    chart.refresh_from_db()
    assert (chart.status, ChartComment.objects.count()) == (status, before)
    assert send(client, chart, f"step/?to={to}", to=to, reason="Da rivedere").status_code == 302
    chart.refresh_from_db()
    assert chart.status == to


def test_a_step_that_is_refused_says_what_to_do_and_loses_nothing(browse, referent, publiacqua):
    chart = factories.chart("scheda", publiacqua)
    client = browse(referent)
    asked = client.get("/charts/scheda/step/?to=proposed")
    assert asked.context["is_hindered"]
    assert "/charts/scheda/partners/add/" in asked.content.decode()
    data = {"to": "proposed", "reason": "Siamo pronti", "seen": chart.version}
    chart.refresh_from_db()
    refused = client.post("/charts/scheda/step/", data | {"seen": chart.version})
    assert refused.status_code == 400
    assert "Siamo pronti" in refused.content.decode()
    assert ProjectChart.objects.get().status == "draft"
    assert not ChartComment.objects.exists()


def test_of_two_people_at_one_chart_the_second_is_told_before_anything_is_stored(chart, browse, referent, city_staff):
    second, address = browse(referent), "/charts/scheda/step/"
    typed = seen_at(second, f"{address}?to=draft") | {"to": "draft", "reason": "Manca una parte"}
    first = browse(city_staff)
    assert send(first, chart, "step/?to=approved", to="approved").status_code == 302
    met = second.post(address, typed)
    page = met.content.decode()
    assert met.status_code == 409
    assert "Manca una parte" in page
    assert met.context["changes"][0].who == "staff"
    assert met.context["steps"] == []
    assert ProjectChart.objects.get().status == "approved"
    assert not ChartComment.objects.filter(author=referent).exists()


def test_who_has_read_what_changed_meanwhile_sends_the_step_again(chart, browse, city_staff):
    client, address = browse(city_staff), "/charts/scheda/step/"
    typed = seen_at(client, f"{address}?to=approved") | {"to": "approved", "reason": "Bene"}
    ProjectChart.objects.update(title_it="Altro titolo")
    met = client.post(address, typed)
    assert (met.status_code, [step.status for step in met.context["steps"]]) == (409, ["approved"])
    again = re.search(r'name="seen" value="(\d+)"', met.content.decode())[1]
    assert client.post(address, typed | {"seen": again}).status_code == 302
    assert ProjectChart.objects.get().status == "approved"


@pytest.mark.parametrize("to", ["", "nonsense", "completed", "proposed"])
def test_a_step_that_is_not_open_is_not_taken(to, chart, browse, city_staff):
    client = browse(city_staff)
    assert client.get("/charts/scheda/step/", {"to": to}).status_code == 302
    chart.refresh_from_db()
    sent = client.post("/charts/scheda/step/", {"to": to, "reason": "x", "seen": chart.version})
    assert sent.status_code == 400
    assert ProjectChart.objects.get().status == "proposed"


def test_the_lead_proposes_and_takes_back_but_does_not_approve(chart, browse, referent):
    client = browse(referent)
    chart.refresh_from_db()
    forged = {"to": "approved", "reason": "", "seen": chart.version}
    assert client.post("/charts/scheda/step/", forged).status_code == 403
    assert send(client, chart, "step/?to=draft", to="draft", reason="Da rivedere").status_code == 302
    assert send(client, chart, "step/?to=proposed", to="proposed").status_code == 302
    kept = ChartComment.objects.filter(author=referent)
    assert set(kept.values_list("author_name", flat=True)) == {"Referente ICT, Publiacqua"}
    assert kept.count() == 2


# Drafts


def drafted(client, **typed):
    return client.post("/charts/new/", {"title_it": "Città più verde", **typed})


def test_a_referent_drafts_a_chart_that_its_partner_leads_and_the_city_takes_part(
    browse, referent, publiacqua, silfi, city
):
    objective = factories.objective()
    sent = drafted(browse(referent), lead=publiacqua.pk, partners=[silfi.pk, publiacqua.pk], objectives=[objective.pk])
    chart = ProjectChart.objects.get()
    assert (sent.status_code, sent.url) == (302, "/charts/citta-piu-verde/")
    assert (chart.status, chart.visibility, list(chart.objectives.all())) == ("draft", "network", [objective])
    assert dict(chart.participations.values_list("partner__code", "role")) == {
        "publiacqua": "lead",
        "silfi": "participant",
        "comune-di-firenze": "participant",
    }


def test_codes_are_suggested_free_and_none_is_the_address_of_another_page(browse, city_staff, city):
    client = browse(city_staff)
    titles = ["Città più verde", "Città più verde", "New", "???", "Città più verde"]
    for title in titles:
        assert drafted(client, title_it=title, lead=city.pk).status_code == 302
    codes = set(ProjectChart.objects.values_list("code", flat=True))
    assert codes == {"citta-piu-verde", "citta-piu-verde-2", "citta-piu-verde-3", "new-2", "projectchart"}
    for code in ("new", "export", "citta-piu-verde", "Non Buono"):
        refused = drafted(client, lead=city.pk, code=code)
        assert (refused.status_code, set(refused.context["form"].errors)) == (400, {"code"})
    assert ProjectChart.objects.count() == len(titles)


def test_a_draft_that_is_refused_stores_nothing_and_loses_nothing(browse, referent, publiacqua, silfi, city):
    client = browse(referent)
    for wrong in ({"lead": silfi.pk}, {"lead": ""}, {"lead": publiacqua.pk, "title_it": ""}):
        refused = drafted(client, **{"summary_it": "Da non perdere", **wrong})
        assert refused.status_code == 400
        assert "Da non perdere" in refused.content.decode()
    assert not ProjectChart.objects.exists()
    assert not Participation.objects.exists()


def test_who_answers_for_nobody_drafts_nothing(browse, outsider):
    assert browse(outsider).get("/charts/new/").status_code == 403
    assert drafted(browse(outsider)).status_code == 403
    assert browse().get("/charts/new/").status_code == 302


def test_the_lead_adds_partners_that_take_no_part_yet(browse, referent, publiacqua, silfi, city):
    chart = factories.chart("scheda", publiacqua, [silfi])
    client = browse(referent)
    for wrong in ({"partner": silfi.pk, "role": "participant"}, {"partner": city.pk, "role": "lead"}):
        assert send(client, chart, "partners/add/", **wrong).status_code == 400
    assert send(client, chart, "partners/add/", partner=city.pk, role="beneficiary").status_code == 302
    parts = dict(chart.participations.values_list("partner__code", "role"))
    assert parts == {"publiacqua": "lead", "silfi": "participant", "comune-di-firenze": "beneficiary"}


# Own parts


def test_a_partner_fills_in_its_own_part_in_both_languages_and_no_other(chart, browse, other_referent, silfi):
    client = browse(other_referent)
    typed = {"gives_it": "Pali\r\ne luci", "gives_en": "Poles", "gains_it": "Dati", "gains_en": "Data"}
    forged = {"role": "lead", "source": "x", "partner": chart.participations.get(role="lead").partner_id}
    assert send(client, chart, "part/silfi/", **typed, **forged).url == "/charts/scheda/#parts"
    part = chart.participations.get(partner=silfi)
    assert (part.gives_it, part.gives_en, part.gains_it, part.gains_en) == ("Pali\ne luci", "Poles", "Dati", "Data")
    assert (part.role, part.source) == ("participant", "")
    assert client.post("/charts/scheda/part/publiacqua/", typed).status_code == 403
    assert chart.participations.get(role="lead").gives_it == ""


def test_city_staff_fill_in_the_part_of_any_partner(chart, browse, city_staff):
    assert send(browse(city_staff), chart, "part/silfi/", gives_it="Pali").status_code == 302
    assert chart.participations.get(partner__code="silfi").gives_it == "Pali"


def test_of_two_people_at_one_part_the_second_reads_the_first(chart, browse, other_referent, city_staff):
    address = "/charts/scheda/part/silfi/"
    second = browse(other_referent)
    typed = seen_at(second, address) | {"gives_it": "Lampioni"}
    assert send(browse(city_staff), chart, "part/silfi/", gives_it="Pali").status_code == 302
    met = second.post(address, typed)
    page = met.content.decode()
    assert (met.status_code, "Lampioni" in page, "<ins>Pali</ins>" in page) == (409, True, True)
    assert chart.participations.get(partner__code="silfi").gives_it == "Pali"
    again = re.search(r'name="seen" value="(\d+)"', page)[1]
    assert second.post(address, typed | {"seen": again}).status_code == 302
    assert chart.participations.get(partner__code="silfi").gives_it == "Lampioni"


# Comments


def test_comments_are_kept_with_who_and_when_and_shown_to_those_concerned_alone(
    chart, browse, referent, other_referent, city_staff, outsider
):
    text = "<b>Ecco</b>\r\nuna riga"
    sent = send(browse(other_referent), chart, "comments/", text=text)
    comment = ChartComment.objects.get(status_after="")
    assert sent.url == f"/charts/scheda/#comment-{comment.pk}"
    assert (comment.text, comment.author) == ("<b>Ecco</b>\nuna riga", other_referent)
    assert comment.author_name == "Referente ICT, Silfi"
    for person in (referent, other_referent, city_staff):
        page = shown(browse(person), chart)
        assert "&lt;b&gt;Ecco&lt;/b&gt;<br>una riga" in page
        assert "Referente ICT, Silfi" in page
    for person in (outsider, None):
        page = shown(browse(person), chart)
        assert "Ecco" not in page
        assert "Per prova" not in page


@pytest.mark.parametrize("text", ["", "   ", "x" * 5001])
def test_a_comment_says_something_and_not_too_much(text, chart, browse, referent):
    before = ChartComment.objects.count()
    refused = send(browse(referent), chart, "comments/", text=text)
    assert refused.status_code == 400
    assert refused.context["form"].errors["text"]
    assert ChartComment.objects.count() == before


def test_a_long_discussion_is_read_page_by_page_and_the_chart_shows_its_end(chart, browse, city_staff):
    for number in range(60):
        chart.comments.create(text=f"Commento {number:02}", author_name="Prova")
    page = shown(browse(city_staff), chart)
    assert "Commento 59" in page
    assert "Commento 39" not in page
    whole = browse(city_staff).get("/charts/scheda/comments/")
    assert [entry.text for entry in whole.context["page"].rows][-1] < "Commento 59"
    rest = browse(city_staff).get("/charts/scheda/comments/", {"cursor": whole.context["page"].next})
    assert rest.context["page"].rows[-1].text == "Commento 59"
    assert browse(city_staff).get("/charts/scheda/comments/?cursor=nonsense").status_code == 400


# Milestones


def test_a_milestone_is_done_on_a_day_and_open_again(chart, browse, referent):
    client, page, row = browse(referent), f"milestones/{chart.milestone.pk}/", chart.milestone
    assert send(client, chart, page, done_on="").status_code == 400
    assert send(client, chart, page, done_on="2017-05-01").url == "/charts/scheda/#milestones"
    row.refresh_from_db()
    assert str(row.done_on) == "2017-05-01"
    stale = {"seen": "1", "done_on": "2017-06-01"}
    assert client.post(f"/charts/scheda/{page}", stale).status_code == 409
    assert send(client, chart, page, done_on="2017-05-01", undo="yes").status_code == 302
    row.refresh_from_db()
    assert row.done_on is None


def test_the_work_on_a_chart_costs_the_same_however_much_was_done(chart, browse, city_staff, referent):
    def cost(person) -> int:
        client = browse(person)
        client.get("/charts/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/charts/scheda/").status_code == 200
        return len(queries)

    before = [cost(city_staff), cost(referent)]
    for _number in range(5):
        chart.comments.create(text="Ancora", author=referent, author_name="Prova")
        factories.milestone(chart)
        factories.made(Participation, chart=chart, partner=factories.partner())
    assert [cost(city_staff), cost(referent)] == before
