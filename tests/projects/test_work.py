"""Every step of a chart is kept with who and why, whichever door it was taken at; those concerned are told."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from firenze_digitale.access import OPERATOR
from projects import services
from projects.models import ChartComment, ProjectChart
from tests import factories
from tests.admin.test_forms import chart_form
from tests.admin.world import admin_url

pytestmark = pytest.mark.django_db

API = "/api/v1/project-charts/scheda"


@pytest.fixture
def chart(publiacqua, silfi, city):
    return factories.chart("scheda", publiacqua, [silfi], "proposed")


@pytest.fixture
def told(monkeypatch):
    """What those concerned are told, as the services ask for it."""
    notices = []

    def tell(chart, kind, who, comment=None, told=""):
        notices.append((chart.code, kind, str(who), comment and (comment.status_after, comment.text), told))

    monkeypatch.setattr(services, "tell", tell)
    return notices


def last_step(chart) -> tuple:
    step = chart.comments.order_by("-pk").first()
    return step.status_before, step.status_after, step.text, step.author, step.author_name


def test_a_step_on_the_api_is_kept_in_the_name_of_the_partners_system(chart, call, writer, told):
    answer = call(writer).patch(API, {"status": "draft", "reason": "Da rivedere"})
    assert answer.status_code == 200
    assert "reason" not in answer.json()
    assert last_step(chart) == ("proposed", "draft", "Da rivedere", None, "Publiacqua, gestionale")
    assert [notice[:4] for notice in told] == [("scheda", "step", told[0][2], ("draft", "Da rivedere"))]


@pytest.mark.parametrize("method", ["patch", "put"])
def test_the_api_asks_for_the_reason_of_a_step_back(method, chart, call, writer, told):
    before = chart.comments.count()
    body = {"title_it": "Altro", "status": "draft"}
    for reason in ({}, {"reason": ""}, {"reason": "x" * 5001}, {"reason": None}):
        answer = getattr(call(writer), method)(API, body | reason)
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == ["reason"]
    assert getattr(call(writer), method)(API, body | {"reason": "Da rivedere"}).status_code == 200
    chart.refresh_from_db()
    assert (chart.status, chart.comments.count(), len(told)) == ("draft", before + 1, 1)


def test_a_reason_without_a_step_leaves_nothing(chart, call, writer, other_writer, told):
    before = chart.comments.count()
    assert call(writer).patch(API, {"title_it": "Altro", "reason": "Perché sì"}).status_code == 200
    assert call(other_writer).patch(API, {"reason": "Perché sì"}).status_code == 403
    assert (chart.comments.count(), told) == (before, [])


def test_who_writes_its_own_part_on_the_api_tells_those_concerned(chart, call, other_writer, told):
    own = {"participations": [{"partner": "silfi", "gives_it": "Pali"}]}
    assert call(other_writer).patch(API, own).status_code == 200
    assert call(other_writer).patch(API, own).status_code == 200
    assert [(kind, what) for _chart, kind, _who, _comment, what in told] == [("part", "Silfi")]


def moved(client, chart, **typed):
    sent = chart_form(chart, **typed)
    del sent["_save"]
    return client.post(admin_url(chart, "change"), sent)


def test_a_step_at_the_desk_is_kept_with_its_reason(chart, browse, city_staff, told):
    assert moved(browse(city_staff), chart, _move="approved", reason="Va bene").status_code == 302
    assert last_step(chart) == ("proposed", "approved", "Va bene", city_staff, "staff")
    assert [(kind, comment) for _chart, kind, _who, comment, _told in told] == [("step", ("approved", "Va bene"))]


def test_the_desk_asks_for_the_reason_of_a_step_back_and_stores_nothing_without(chart, browse, city_staff, told):
    client = browse(city_staff)
    page = client.get(admin_url(chart, "change")).content.decode()
    assert 'name="reason"' in page
    refused = moved(client, chart, _move="draft", title_it="Altro")
    assert refused.context["adminform"].form.errors["reason"]
    chart.refresh_from_db()
    assert (chart.status, chart.title_it == "Altro", told) == ("proposed", False, [])
    assert moved(client, chart, _move="draft", title_it="Altro", reason="Da rivedere").status_code == 302
    chart.refresh_from_db()
    assert (chart.status, chart.title_it) == ("draft", "Altro")


def test_who_may_not_move_a_chart_is_not_asked_for_a_reason(browse, referent, publiacqua, city):
    chart = factories.chart("avviata", publiacqua, status="approved")
    assert 'name="reason"' not in browse(referent).get(admin_url(chart, "change")).content.decode()


def test_a_step_that_no_door_took_is_kept_without_author(chart):
    chart.status = "approved"
    chart.save()
    assert last_step(chart) == ("proposed", "approved", "Per prova", None, "")
    before = chart.comments.count()
    chart.title_it = "Altro"
    chart.save()
    chart.status = "in_progress"
    chart.save(update_fields=["title_it"])
    assert chart.comments.count() == before


def test_no_step_is_kept_where_it_is_refused(chart, publiacqua, referent, city_staff, told):
    before = chart.comments.count()
    with pytest.raises(PermissionDenied):
        services.take_step(chart, "approved", referent, "x")
    with pytest.raises(PermissionDenied):
        services.take_step(factories.chart("altra", publiacqua, status="approved"), "suspended", referent, "x")
    for to in ("proposed", "completed", "nonsense"):
        with pytest.raises(ValidationError):
            services.take_step(chart, to, city_staff, "x")
    with pytest.raises(services.ChangedMeanwhile):
        services.take_step(chart, "approved", city_staff, "x", seen="1")
    assert (ProjectChart.objects.get(pk=chart.pk).status, chart.comments.count(), told) == ("proposed", before, [])


def test_comments_and_parts_tell_those_concerned(chart, referent, city_staff, outsider, told):
    services.say(chart, "Ci siamo", referent)
    part = chart.participations.get(partner__code="silfi")
    assert services.write_part(part, {"gives_it": "Pali"}, city_staff)
    assert not services.write_part(part, {"gives_it": "Pali"}, city_staff)
    with pytest.raises(PermissionDenied):
        services.say(chart, "Anch'io", outsider)
    assert [(kind, comment, what) for _chart, kind, _who, comment, what in told] == [
        ("comment", ("", "Ci siamo"), ""),
        ("part", None, "Silfi"),
    ]


def test_comments_are_seen_by_those_who_take_part_and_are_never_changed(
    chart, referent, other_referent, city_staff, outsider
):
    seen = {
        who: ChartComment.objects.visible_to(who).count() for who in (referent, other_referent, city_staff, OPERATOR)
    }
    assert set(seen.values()) == {1}
    assert not ChartComment.objects.visible_to(outsider).exists()
    assert not ChartComment.objects.changeable_by(OPERATOR).exists()
    comment = services.say(chart, "Detto", referent)
    referent.delete()
    comment.refresh_from_db()
    assert (comment.author, comment.author_name) == (None, "Referente ICT, Publiacqua")


def test_an_account_signs_by_the_persons_name_where_it_is_known(chart, publiacqua, silfi, city_staff):
    city_staff.first_name, city_staff.last_name = "Ufficio", "Sistemi"
    assert services.say(chart, "Uno", city_staff).author_name == "Ufficio Sistemi"
    several = factories.user("tutti")
    factories.referent(publiacqua, user=several)
    factories.referent(silfi, user=several)
    assert services.say(chart, "Due", several).author_name == "tutti"
