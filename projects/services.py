"""Work on a chart that concerns several rows or several people: each in one transaction, and those concerned are told.

What is not allowed raises `PermissionDenied`, what a rule refuses a readable `ValidationError`; `seen` is the version
of the row that the person at work has read, None where no page was read before.
"""

from contextlib import contextmanager

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from firenze_digitale.rules import readable_refusals
from partners.models import Partner
from projects.choices import ChartStatus, NoticeKind, ParticipationRole
from projects.models import ChartComment, Participation, ProjectChart
from projects.notices import tell
from projects.signatures import signature_of


class ChangedMeanwhile(Exception):
    """Somebody else has changed the row since it was read; `row` is how it stands now."""

    def __init__(self, row):
        super().__init__(str(row))
        self.row = row


@contextmanager
def storing():
    """All or nothing is stored; what the database refuses, late rules included, is told in words."""
    with readable_refusals(), transaction.atomic():
        yield
        connection.check_constraints()


def locked(row, seen: str | None):
    """The row as it is now, and stays until the transaction ends.

    Raises:
        ChangedMeanwhile: it is not the one that was seen.
        DoesNotExist: it is gone.
    """
    now = type(row)._default_manager.select_for_update(of=("self",)).get(pk=row.pk)
    if seen is not None and seen != now.version:
        raise ChangedMeanwhile(now)
    return now


def store(row, who) -> None:
    """Check and save a row in the name of `who`."""
    row.full_clean()
    if not row.may_be_stored_by(who):
        raise PermissionDenied
    row.save()


def draft_chart(chart, lead: Partner, partners, objectives, who) -> ProjectChart:
    """Store a new chart with those who take part in it; the City always does.

    Args:
        lead: the partner that leads the chart and writes it.
        partners: others that take part.
    """
    with storing():
        store(chart, who)
        store(Participation(chart=chart, partner=lead, role=ParticipationRole.LEAD), who)
        others = {partner.pk: partner for partner in [*Partner.objects.all().city(), *partners] if partner != lead}
        for partner in others.values():
            store(Participation(chart=chart, partner=partner), who)
        chart.objectives.set(objectives)
    return chart


def add_partner(part: Participation, who) -> Participation:
    """Store the part of one more partner in a chart."""
    with storing():
        locked(part.chart, seen=None)
        store(part, who)
        tell_of_part(part, who)
    return part


def take_step(chart, to: str, who, reason: str = "", seen: str | None = None) -> ProjectChart:
    """Move a chart to the state `to` and return it as it is then; `reason` is read by those concerned."""
    with storing():
        chart = locked(chart, seen)
        if to not in ChartStatus.values:
            raise ValidationError(_("Choose one of the states that are offered."))
        if to in chart.next_states() and to not in chart.states_open_to(who):
            raise PermissionDenied
        chart.step_reason, chart.step_by = reason, who
        chart.check_move(chart.status, to)
        chart.status = to
        store(chart, who)
        tell_of_step(chart, who)
    return chart


def tell_of_step(chart, who) -> None:
    """Tell of the step that a chart has taken when it was last saved, if it took one."""
    if chart.step_taken:
        tell(chart, NoticeKind.STEP, who, comment=chart.step_taken)


def say(chart, text: str, who) -> ChartComment:
    """Keep what `who` says of a chart."""
    with storing():
        comment = ChartComment(chart=chart, text=text, **signature_of(who))
        store(comment, who)
        tell(chart, NoticeKind.COMMENT, who, comment=comment)
    return comment


def write_part(part, values: dict[str, str], who, seen: str | None = None) -> bool:
    """Store what a partner gives and gains, and return whether that changed anything."""
    with storing():
        part = locked(part, seen)
        if all(getattr(part, name) == value for name, value in values.items()):
            return False
        for name, value in values.items():
            setattr(part, name, value)
        store(part, who)
        tell_of_part(part, who)
    return True


def add_document(document, who) -> None:
    """Store a new document of a chart."""
    with storing():
        store(document, who)
        tell_of_document(document, who)


def tell_of_document(document, who) -> None:
    """Tell that a chart has a new document."""
    tell(document.chart, NoticeKind.DOCUMENT, who, told=document.title_it)


def tell_of_part(part, who) -> None:
    """Tell that a partner's part in a chart is new, or another."""
    tell(part.chart, NoticeKind.PART, who, told=str(part.partner)[:300])


def mark_milestone(milestone, done_on, who, seen: str | None = None) -> None:
    """Store the day on which a milestone was done; None where it is not done after all."""
    with storing():
        milestone = locked(milestone, seen)
        milestone.done_on = done_on
        store(milestone, who)
