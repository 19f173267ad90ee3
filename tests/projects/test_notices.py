"""E-mails: who is told, when and in which language; nothing is lost while a mail server is away, or told twice."""

from datetime import UTC, datetime, timedelta
from smtplib import SMTPRecipientsRefused
from threading import Barrier, Thread

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from partners.models import Partner, User
from projects.choices import NoticeKind
from projects.mail import WAITS, message_for, send_due
from projects.models import ChartComment, ChartNotice, Participation
from projects.notices import due_for, tell
from tests import factories
from tests.admin.world import admin_url, filled_in

pytestmark = pytest.mark.django_db


class AwayBackend(EmailBackend):
    """A mail server that does not answer."""

    tries = 0

    def open(self):
        type(self).tries += 1
        raise ConnectionRefusedError("nobody listens")


class PickyBackend(EmailBackend):
    """A mail server that does not know one of the addresses."""

    def send_messages(self, messages):
        for message in messages:
            if message.to == ["silfi@example.org"]:
                raise SMTPRecipientsRefused({"silfi@example.org": (550, b"unknown")})
        return super().send_messages(messages)


def backend(settings, found):
    settings.EMAIL_BACKEND = f"{__name__}.{found.__name__}"


def with_address(user, **values):
    User.objects.filter(pk=user.pk).update(email=f"{user.username}@example.org", **values)
    user.refresh_from_db()
    return user


@pytest.fixture
def publiacquas(referent):
    return with_address(referent)


@pytest.fixture
def silfis(other_referent):
    return with_address(other_referent)


@pytest.fixture
def staff(city_staff):
    return with_address(city_staff)


@pytest.fixture
def chart(publiacqua, silfi, city):
    return factories.chart(
        "acqua", publiacqua, [city, silfi], status="proposed", title_it="Acqua in città", title_en="Water in town"
    )


def said(chart, by, text="Va bene", **values):
    comment = ChartComment.objects.create(chart=chart, author=by, author_name=str(by), text=text, **values)
    tell(chart, NoticeKind.STEP if comment.is_step else NoticeKind.COMMENT, by, comment=comment)
    return comment


def told() -> set[str]:
    return set(ChartNotice.objects.values_list("user__username", flat=True))


def addressed() -> list[str]:
    return sorted(address for message in mail.outbox for address in message.to)


# Who is told


def test_those_who_answer_for_the_partners_of_a_chart_are_told(publiacquas, silfis, staff, outsider, chart):
    with_address(outsider)
    alia = factories.partner("alia")
    factories.referent(alia, user=with_address(factories.user("alia")))
    gone = with_address(factories.user("gone"))
    factories.referent(chart.participations.first().partner, user=gone, active=False)
    said(chart, publiacquas)
    assert told() == {"silfi"}
    notice = ChartNotice.objects.get()
    assert (notice.kind, notice.author_name, notice.comment.text) == ("comment", "Referente ICT, Publiacqua", "Va bene")


def test_who_carries_on_for_a_partner_is_told_in_its_place(publiacquas, silfi, chart):
    smart = factories.partner("firenze-smart")
    silfi.successor = smart
    silfi.save()
    factories.referent(smart, user=with_address(factories.user("smart")))
    factories.referent(smart, user=factories.user("without-address"))
    factories.referent(smart, user=with_address(factories.user("never"), notice_pace="never"))
    factories.referent(smart, user=with_address(factories.user("left"), is_active=False))
    tell(chart, NoticeKind.PART, publiacquas, told="Publiacqua")
    assert told() == {"smart"}


def test_city_staff_are_told_of_charts_that_they_are_at_work_on_and_of_every_proposal(publiacquas, staff, chart):
    other = with_address(factories.user("other-staff", is_city_staff=True))
    tell(chart, NoticeKind.DOCUMENT, publiacquas, told="Verbale")
    assert told() == set()
    said(chart, staff)
    assert told() == {"publiacqua"}
    tell(chart, NoticeKind.DOCUMENT, publiacquas, told="Verbale")
    assert told() == {"publiacqua", "staff"}
    said(chart, publiacquas, status_before="draft", status_after="proposed")
    assert told() == {"publiacqua", "staff", other.username}


def test_those_concerned_are_told_of_a_partners_part_at_every_door(
    publiacquas, silfis, chart, browse, call, writer, other_writer
):
    for code in ("alia", "ataf", "toscana"):
        factories.partner(code, name_it=code)
    client, desk = browse(publiacquas), admin_url(chart, "change")
    own = Participation.objects.get(chart=chart, partner__code="publiacqua")

    def heard() -> list[tuple[str, str]]:
        notices = ChartNotice.objects.order_by("id")
        assert {notice.kind for notice in notices} <= {NoticeKind.PART}
        found = [(notice.user.username, notice.told) for notice in notices]
        notices.delete()
        return found

    def from_the_desk(address, **values):
        page = client.get(address)
        data = {**filled_in(page), **values, "_seen": page.context["seen"], "_save": "1"}
        assert client.post(address, data).status_code == 302

    added = {"partner": Partner.objects.get(code="alia").pk, "role": "participant"}
    assert client.post("/charts/acqua/partners/add/", added).status_code == 302
    assert heard() == [("silfi", "alia")]
    part = "/charts/acqua/part/publiacqua/"
    assert client.post(part, {"gives_it": "Pagina", "seen": own.version}).status_code == 302
    assert heard() == [("silfi", "Publiacqua")]

    parts = client.get(desk).context["inline_admin_formsets"][0].formset
    place = [form.instance.partner.code for form in parts.initial_forms].index("publiacqua")
    new = {
        "participations-TOTAL_FORMS": "5",
        "participations-4-partner": Partner.objects.get(code="ataf").pk,
        "participations-4-role": "participant",
    }
    from_the_desk(desk, **new, **{f"participations-{place}-gives_it": "Scrivania"})
    assert heard() == [("silfi", "ataf"), ("silfi", "Publiacqua")]
    from_the_desk(desk, title_it="Altro titolo")
    assert heard() == []
    from_the_desk(admin_url(own, "change"), gains_it="Dati")
    assert heard() == [("silfi", "Publiacqua")]

    address, api = "/api/v1/project-charts/acqua", call(writer)
    listed = [
        {"partner": code, "role": "lead" if code == "publiacqua" else "participant"}
        for code in ("publiacqua", "silfi", "alia", "ataf", "comune-di-firenze", "toscana")
    ]
    listed[1]["gives_it"] = "Pali"
    assert api.patch(address, {"participations": listed}).status_code == 200
    everybody = ("publiacqua", "silfi")
    assert sorted(heard()) == sorted((name, told) for name in everybody for told in ("toscana", "Silfi"))
    assert api.patch(address, {"participations": listed}).status_code == 200
    assert heard() == []
    body = {"participations": [{"partner": "silfi", "gains_it": "Luce"}]}
    assert call(other_writer).patch(address, body).status_code == 200
    assert sorted(heard()) == [(name, "Silfi") for name in everybody]
    own.refresh_from_db()
    assert (own.gives_it, own.gains_it) == ("Scrivania", "Dati")
    drafted = {"code": "nuova", "title_it": "Nuova", "participations": listed[:2]}
    assert api.post("/api/v1/project-charts", drafted).status_code == 201
    assert heard() == []


def test_nobody_is_told_of_what_was_not_stored(publiacquas, silfis, chart, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        said(chart, publiacquas)
        transaction.set_rollback(True)
    assert not ChartNotice.objects.exists()
    assert mail.outbox == []


def test_one_e_mail_a_day_goes_out_at_the_hour_that_is_set(settings):
    settings.NOTICE_DIGEST_HOUR = 7
    for now, due in (
        (datetime(2026, 1, 10, 5, 59, tzinfo=UTC), datetime(2026, 1, 10, 6, tzinfo=UTC)),
        (datetime(2026, 1, 10, 6, 0, tzinfo=UTC), datetime(2026, 1, 11, 6, tzinfo=UTC)),
        (datetime(2026, 3, 28, 12, 0, tzinfo=UTC), datetime(2026, 3, 29, 5, tzinfo=UTC)),
    ):
        assert due_for("daily", now) == due
        assert due_for("at_once", now) == now


# What they read


def test_a_comment_reaches_them_at_once_in_their_language(
    publiacquas, silfis, staff, chart, settings, django_capture_on_commit_callbacks
):
    settings.SITE_URL = "https://registry.example.org/"
    with_address(silfis, language="en", first_name="Ada", last_name="Silfi")
    said(chart, staff, "Già letto")
    mail.outbox.clear()
    ChartNotice.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        said(chart, staff, "Riga uno\nriga <due> & tre")
    assert addressed() == ["publiacqua@example.org", "silfi@example.org"]
    italian, english = sorted(mail.outbox, key=lambda message: message.to)
    assert english.subject == "[Firenze Digitale] Water in town: a new comment"
    assert "Acqua in città" in italian.subject
    assert "Hello Ada Silfi," in english.body
    for message in (italian, english):
        assert "https://registry.example.org/charts/acqua/\n" in message.body
        assert "https://registry.example.org/account/notices/" in message.body
        assert "    Riga uno\n    riga <due> & tre" in message.body
    assert ChartNotice.objects.filter(sent_at=None).count() == 0
    send_due(timezone.now())
    assert len(mail.outbox) == 2


def test_a_step_is_told_with_its_reason(publiacquas, silfis, chart):
    with_address(silfis, language="en")
    said(chart, publiacquas, "Mancano i costi", status_before="proposed", status_after="draft")
    send_due(timezone.now())
    (message,) = mail.outbox
    assert message.subject.endswith("it is now: draft")
    assert "Mancano i costi" in message.body


def test_one_e_mail_a_day_holds_all_that_happened(publiacquas, silfis, chart, city):
    with_address(silfis, notice_pace="daily")
    other = factories.chart("luce", city, [chart.participations.get(partner__code="silfi").partner])
    for number in range(3):
        said(chart, publiacquas, f"Detto {number}")
    tell(other, NoticeKind.DOCUMENT, publiacquas, told="Verbale")
    now = timezone.now()
    assert send_due(now).emails == 0
    assert send_due(now + timedelta(days=1)).told == 4
    (message,) = mail.outbox
    assert "4" in message.subject
    assert [message.body.count(text) for text in ("Detto 0", "Detto 1", "Detto 2", "Verbale", "/charts/luce/")] == [
        1
    ] * 5


def test_at_once_is_one_e_mail_for_each_chart(publiacquas, silfis, chart, city):
    other = factories.chart("luce", city, [chart.participations.get(partner__code="silfi").partner])
    for row in (chart, other, chart):
        tell(row, NoticeKind.DOCUMENT, publiacquas, told="Verbale")
    assert send_due(timezone.now()).emails == 2
    assert sorted(message.body.count("Verbale") for message in mail.outbox) == [1, 2]


@pytest.mark.parametrize("change", ["inactive", "no address", "never", "no longer referent", "no longer taking part"])
def test_who_is_not_concerned_any_more_is_not_told(publiacquas, silfis, chart, change):
    said(chart, publiacquas, "Riservato")
    if change == "no longer referent":
        silfis.referents.update(active=False)
    elif change == "no longer taking part":
        chart.participations.get(partner__code="silfi").delete()
    else:
        values = {"inactive": {"is_active": False}, "no address": {"email": ""}, "never": {"notice_pace": "never"}}
        User.objects.filter(pk=silfis.pk).update(**values[change])
    sent = send_due(timezone.now())
    assert (sent.emails, sent.dropped) == (0, 1)
    assert mail.outbox == []
    assert not ChartNotice.objects.exists()


# Mail servers


def test_nothing_is_lost_while_the_mail_server_is_away(publiacquas, silfis, staff, chart, settings):
    said(chart, staff)
    backend(settings, AwayBackend)
    AwayBackend.tries = 0
    now = timezone.now()
    waits = []
    for _try in range(5):
        sent = send_due(now)
        assert (sent.emails, sent.failed) == (0, 2)
        waits.append((sent.due_again - now) / timedelta(minutes=1))
        assert send_due(now).failed == 0
        now = sent.due_again
    assert waits == [1, 5, 15, 60, 60]
    assert AwayBackend.tries == 5
    notice = ChartNotice.objects.first()
    assert (notice.attempts, notice.last_error) == (5, "ConnectionRefusedError: nobody listens")
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_due(now).emails == 2
    assert addressed() == ["publiacqua@example.org", "silfi@example.org"]
    assert not ChartNotice.objects.filter(sent_at=None).exists()


def test_after_three_days_it_is_kept_as_failed_until_somebody_lets_it_be_tried_again(
    publiacquas, silfis, chart, settings, browse, administrator, city_staff
):
    said(chart, publiacquas)
    backend(settings, AwayBackend)
    now = timezone.now()
    hours_at_the_end = ChartNotice.objects.all().MOST_ATTEMPTS - len(WAITS)
    assert timedelta(hours=hours_at_the_end) == timedelta(days=3)
    ChartNotice.objects.update(attempts=ChartNotice.objects.all().MOST_ATTEMPTS - 2)
    now = send_due(now).due_again
    assert send_due(now).due_again is None
    assert ChartNotice.objects.failed().count() == 1
    assert send_due(now + timedelta(days=9)).failed == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    address = admin_url(ChartNotice, "changelist")
    again = {"action": "try_again", "_selected_action": ChartNotice.objects.get().pk}
    for person, status in ((None, 302), (city_staff, 403), (publiacquas, 403)):
        assert browse(person).get(address).status_code == browse(person).post(address, again).status_code == status
    client = browse(administrator)
    assert "nobody listens" in client.get(address, {"state": "failed"}).content.decode()
    assert "nobody listens" not in client.get(address, {"state": "waiting"}).content.decode()
    assert client.post(address, again).status_code == 302
    assert send_due(timezone.now()).emails == 1
    assert addressed() == ["silfi@example.org"]


def test_one_bad_address_holds_nobody_else_up(publiacquas, silfis, staff, chart, settings):
    backend(settings, PickyBackend)
    said(chart, staff)
    with pytest.raises(CommandError, match="1 notices were not taken"):
        call_command("send_notices")
    assert addressed() == ["publiacqua@example.org"]
    waiting = ChartNotice.objects.get(sent_at=None)
    assert (waiting.user, waiting.attempts) == (silfis, 1)
    assert "550" in waiting.last_error


@pytest.mark.parametrize("failing", ["the text", "the database"])
def test_an_e_mail_that_cannot_be_composed_holds_nobody_else_up(
    publiacquas, silfis, staff, chart, monkeypatch, failing
):
    def compose(user, notices):
        if user == silfis and failing == "the text":
            raise KeyError("headline")
        if user == silfis:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
        return message_for(user, notices)

    monkeypatch.setattr("projects.mail.message_for", compose)
    last = with_address(factories.user("turno"))
    factories.referent(Partner.objects.get(code="silfi"), user=last)
    said(chart, staff)
    now = timezone.now()
    sent = send_due(now)
    assert (sent.emails, sent.failed) == (2, 1)
    assert addressed() == ["publiacqua@example.org", "turno@example.org"]
    waiting = ChartNotice.objects.get(sent_at=None)
    assert (waiting.user, waiting.attempts, waiting.due_at) == (silfis, 1, now + timedelta(minutes=1))
    assert waiting.last_error.partition(":")[0] == ("KeyError" if failing == "the text" else "DataError")
    monkeypatch.undo()
    assert send_due(waiting.due_at).emails == 1
    assert addressed()[1] == "silfi@example.org"


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_nobody_twice(publiacquas, silfis, staff, chart, settings):
    for number in range(3):
        said(chart, staff, f"Detto {number}")
    ChartNotice.objects.update(sent_at=None, due_at=timezone.now())
    mail.outbox.clear()
    both, counts = Barrier(2), []

    def work():
        both.wait()
        try:
            counts.append(send_due(timezone.now()).told)
        finally:
            connection.close()

    threads = [Thread(target=work) for _worker in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 6
    texts = [
        (message.to[0], number) for message in mail.outbox for number in range(3) if f"Detto {number}" in message.body
    ]
    assert sorted(texts) == [(f"{name}@example.org", number) for name in ("publiacqua", "silfi") for number in range(3)]
    assert not ChartNotice.objects.filter(sent_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_notice_that_another_worker_holds_is_passed_by(publiacquas, silfis, chart):
    with transaction.atomic():
        said(chart, publiacquas)
    ChartNotice.objects.update(sent_at=None, due_at=timezone.now())
    mail.outbox.clear()
    found = []

    def work():
        found.append(send_due(timezone.now()).emails)
        connection.close()

    with transaction.atomic():
        list(ChartNotice.objects.select_for_update())
        other = Thread(target=work)
        other.start()
        other.join()
    assert found == [0]
    assert send_due(timezone.now()).emails == 1


# What they prefer


def test_each_chooses_when_and_in_which_language(publiacquas, silfis, chart, browse, city):
    said(chart, publiacquas)
    client = browse(silfis)
    assert "silfi@example.org" in client.get("/account/notices/").content.decode()
    assert client.post("/account/notices/", {"notice_pace": "daily", "language": "en"}).status_code == 302
    silfis.refresh_from_db()
    assert (silfis.notice_pace, silfis.language, silfis.email) == ("daily", "en", "silfi@example.org")
    assert ChartNotice.objects.get().due_at > timezone.now()
    forged = {"notice_pace": "sometimes", "language": "en", "is_superuser": "on"}
    refused = client.post("/account/notices/", forged)
    assert (refused.status_code, list(refused.context["form"].errors)) == (400, ["notice_pace"])
    silfis.refresh_from_db()
    assert (silfis.notice_pace, silfis.is_superuser) == ("daily", False)
    client.post("/account/notices/", {"notice_pace": "at_once", "language": "it", "is_superuser": "on"})
    silfis.refresh_from_db()
    assert (silfis.notice_pace, silfis.is_superuser) == ("at_once", False)
    assert ChartNotice.objects.get().due_at <= timezone.now()
    publiacquas.refresh_from_db()
    assert publiacquas.notice_pace == "at_once"
    assert browse().get("/account/notices/").status_code == 302
