"""Who is told of what happens to a chart: one line in the queue for each person, in the same transaction."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from partners.choices import NoticePace
from partners.models import Partner, User
from projects import mail_jobs
from projects.choices import ChartStatus, NoticeKind
from projects.models import ChartNotice
from projects.signatures import signature_of


def tell(chart, kind: str, who, comment=None, told: str = "") -> list[ChartNotice]:
    """Queue an e-mail for everybody concerned but `who`; called inside the transaction that it tells of.

    Args:
        kind: one of `NoticeKind`.
        comment: the comment or step that is told of, if it is one.
        told: what happened to which part or document: a name or a title, in no language in particular.
    """
    now = timezone.now()
    author = signature_of(who).get("author_name", "")
    people = concerned(chart, kind).exclude(pk=getattr(who, "pk", None))
    notices = [
        ChartNotice(
            user=person,
            chart=chart,
            kind=kind,
            comment=comment,
            told=told[:300],
            author_name=author,
            due_at=due_for(person.notice_pace, now),
        )
        for person in people.distinct()
    ]
    moments = {notice.due_at for notice in notices}
    # Whoever was first told to be told tomorrow has had the queue looked through then.
    moments -= set(ChartNotice.objects.unsent().filter(due_at__in=moments).values_list("due_at", flat=True))
    ChartNotice.objects.bulk_create(notices)
    send_later(moments)
    return notices


def concerned(chart, kind: str):
    """People who are told of a chart by e-mail: those who answer for its partners, and city staff at work on it."""
    rule = Q(referents__active=True, referents__partner__in=_with_successors(chart))
    staff = Q(is_city_staff=True) | Q(is_superuser=True)
    rule |= staff & Q(chart_comments__chart=chart)
    if kind == NoticeKind.STEP and chart.status == ChartStatus.PROPOSED:
        rule |= Q(is_city_staff=True)
    return User.objects.filter(rule, is_active=True).exclude(email="").exclude(notice_pace=NoticePace.NEVER)


def _with_successors(chart) -> set[int]:
    """Ids of the partners that take part, and of those that carry on for them."""
    known, found = set(), set(chart.participations.values_list("partner_id", flat=True))
    while found:
        known |= found
        found = set(Partner.objects.filter(predecessors__in=found).values_list("pk", flat=True)) - known
    return known


def due_for(pace: str, now: datetime) -> datetime:
    """When somebody who is told at this pace is told of what happens now."""
    if pace != NoticePace.DAILY:
        return now
    hour = time(settings.NOTICE_DIGEST_HOUR)
    today = timezone.localdate(now)
    moments = (timezone.make_aware(datetime.combine(today + timedelta(days=day), hour)) for day in (0, 1))
    return next(moment for moment in moments if moment > now)


def follow_pace(user) -> None:
    """Let what waits for a person go out at the pace that they have just chosen."""
    now = timezone.now()
    due = due_for(user.notice_pace, now)
    if ChartNotice.objects.unsent().filter(user=user, attempts=0).update(due_at=due):
        send_later({due})


def send_later(moments: set[datetime]) -> None:
    """Have the queue looked through when the transaction is stored, or later, at these moments."""
    for moment in moments:
        transaction.on_commit(lambda moment=moment: mail_jobs.ask(moment))
