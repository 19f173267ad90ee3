"""Sends what waits in the queue of e-mails: one e-mail at a time, each stored as sent before the next begins.

A notice is sent at least once: a worker that is killed after the mail server took an e-mail and before that was
stored sends it again. Nothing is sent twice in any other case: notices at work are locked, and others pass them by.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import Min
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from partners.choices import NoticePace
from partners.models import User
from projects.models import ChartNotice, ProjectChart
from projects.signatures import name_of

logger = logging.getLogger(__name__)
#: Minutes until the next try, by how many have failed; then hourly.
WAITS = (1, 5, 15)
HOURLY = 60
KEPT = timedelta(days=90)


@dataclass
class Sent:
    """What a look through the queue came to; `due_again` is when the first of what failed is tried again."""

    emails: int = 0
    told: int = 0
    dropped: int = 0
    failed: int = 0
    due_again: datetime | None = field(default=None)


class Outbox:
    """One connection to the mail server, opened when first needed; once it is refused, nobody waits for it again."""

    def __init__(self):
        self.connection, self.is_open, self.refusal = get_connection(), False, None

    def send(self, message: EmailMessage) -> None:
        """Hand an e-mail over.

        Raises:
            OSError, SMTPException, ValueError: the server is away, or does not take it.
        """
        if self.refusal is not None:
            raise self.refusal
        if not self.is_open:
            try:
                self.connection.open()
            except (OSError, SMTPException) as error:
                self.refusal = error
                raise
            self.is_open = True
        message.connection = self.connection
        try:
            message.send()
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        """End the connection; what the server says to that does not matter any more."""
        self.is_open = False
        try:
            self.connection.close()
        except (OSError, SMTPException):
            logger.info("the mail server did not end its connection", exc_info=True)


def send_due(now: datetime) -> Sent:
    """Send what is due at `now`, person by person, and return what came of it."""
    sent, outbox = Sent(), Outbox()
    waiting = ChartNotice.objects.waiting(now).order_by().values("user").annotate(first=Min("due_at"))
    try:
        for user_id in waiting.order_by("first", "user").values_list("user", flat=True):
            while _send_next(user_id, now, outbox, sent):
                pass
    finally:
        outbox.close()
    ChartNotice.objects.filter(sent_at__lt=now - KEPT).delete()
    return sent


def _send_next(user_id: int, now: datetime, outbox: Outbox, sent: Sent) -> bool:
    """Send one person's next e-mail, or put it off; return whether there was any. Stored when this returns."""
    with transaction.atomic():
        rows = ChartNotice.objects.waiting(now).filter(user=user_id).order_by("id")
        notices = list(rows.select_for_update(of=("self",), skip_locked=True))
        if not notices:
            return False
        user = User.objects.get(pk=user_id)
        notices = _still_wanted(notices, user, sent)
        if not notices:
            return True
        if user.notice_pace == NoticePace.AT_ONCE:
            notices = [notice for notice in notices if notice.chart_id == notices[0].chart_id]
        _hand_over(notices, user, now, outbox, sent)
    return True


def _still_wanted(notices: list[ChartNotice], user, sent: Sent) -> list[ChartNotice]:
    """Those that still concern a person who still wants to be told; the others go without a word."""
    charts = ProjectChart.objects.none()
    if user.is_active and user.email and user.notice_pace != NoticePace.NEVER:
        charts = ProjectChart.objects.visible_to(user).discussed_by(user)
    ids = set(charts.filter(pk__in={notice.chart_id for notice in notices}).values_list("pk", flat=True))
    dropped = [notice.pk for notice in notices if notice.chart_id not in ids]
    if dropped:
        ChartNotice.objects.filter(pk__in=dropped).delete()
        sent.dropped += len(dropped)
    kept = [notice.pk for notice in notices if notice.chart_id in ids]
    return list(ChartNotice.objects.filter(pk__in=kept).select_related("chart", "comment").order_by("id"))


def _hand_over(notices: list[ChartNotice], user, now: datetime, outbox: Outbox, sent: Sent) -> None:
    """Compose and send one e-mail; whatever fails of it concerns these notices alone, and they are tried again."""
    keys = [notice.pk for notice in notices]
    try:
        # A savepoint: a query that fails while composing must not spoil what is stored of it.
        with transaction.atomic():
            message = message_for(user, notices)
        outbox.send(message)
    except Exception as error:
        logger.warning("an e-mail to account %s was not sent: %s", user.pk, type(error).__name__)
        for notice in notices:
            _put_off(notice, error, now, sent)
        return
    ChartNotice.objects.filter(pk__in=keys).update(sent_at=now, last_error="")
    sent.emails, sent.told = sent.emails + 1, sent.told + len(notices)


def _put_off(notice: ChartNotice, error: Exception, now: datetime, sent: Sent) -> None:
    wait = WAITS[notice.attempts] if notice.attempts < len(WAITS) else HOURLY
    notice.due_at, notice.attempts = now + timedelta(minutes=wait), notice.attempts + 1
    notice.last_error = f"{type(error).__name__}: {error}".replace("\x00", "")[:300]
    notice.save(update_fields=["due_at", "attempts", "last_error"])
    sent.failed += 1
    if notice.attempts < ChartNotice.objects.all().MOST_ATTEMPTS:
        sent.due_again = min(sent.due_again or notice.due_at, notice.due_at)


def message_for(user, notices: list[ChartNotice]) -> EmailMessage:
    """The e-mail that tells a person of some notices, in their language."""
    with override(user.language):
        by_chart: dict[int, list[ChartNotice]] = {}
        for notice in notices:
            by_chart.setdefault(notice.chart_id, []).append(notice)
        charts = [
            {"title": told[0].chart.title, "url": address(told[0].chart.get_absolute_url()), "notices": told}
            for told in by_chart.values()
        ]
        context = {"charts": charts, "settings_url": address(reverse("account-notices")), "name": name_of(user)}
        body = render_to_string("projects/mail/notices.txt", context)
        return EmailMessage(
            subject=" ".join(_subject(charts, len(notices)).split()),
            body=body.strip() + "\n",
            to=[user.email],
            headers={"Auto-Submitted": "auto-generated"},
        )


def _subject(charts: list[dict], count: int) -> str:
    if len(charts) > 1:
        told = ngettext("%(count)s event in your project charts", "%(count)s events in your project charts", count)
        return f"[Firenze Digitale] {told % {'count': count}}"
    title, notices = charts[0]["title"], charts[0]["notices"]
    if len(notices) > 1:
        told = ngettext("%(count)s event", "%(count)s events", count) % {"count": count}
    else:
        told = notices[0].headline
    return _("[Firenze Digitale] %(chart)s: %(told)s") % {"chart": title[:100], "told": told}


def address(path: str) -> str:
    """The absolute address of a page."""
    return f"{settings.SITE_URL.rstrip('/')}{path}"
