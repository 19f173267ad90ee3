"""What a chart's page offers those who work on it: the next steps and what they ask for, own parts, what was said."""

from dataclasses import dataclass, field
from itertools import chain

from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from firenze_digitale.access import access_of
from projects.choices import STEPS_WITH_REASON, ChartStatus
from projects.models import ChartComment, Participation
from projects.work_forms import CommentForm

#: How many of the latest comments and steps the chart's own page shows; the others have a page of their own.
ENTRIES_SHOWN = 20

VERBS = {
    ChartStatus.DRAFT: _("Send back to draft"),
    ChartStatus.PROPOSED: _("Propose"),
    ChartStatus.APPROVED: _("Approve"),
    ChartStatus.IN_PROGRESS: _("Start"),
    ChartStatus.COMPLETED: _("Complete"),
    ChartStatus.SUSPENDED: _("Suspend"),
}
RESUME = _("Resume")
NEXT_TOLD = {
    ChartStatus.DRAFT: _("It is being written. Next, whoever leads it proposes it to the City."),
    ChartStatus.PROPOSED: _("It waits for the City, which approves it or sends it back."),
    ChartStatus.APPROVED: _("It is approved. Next, the City starts it."),
    ChartStatus.IN_PROGRESS: _("It is under way. It is completed when its milestones are done."),
    ChartStatus.COMPLETED: _("It is completed. No step follows."),
    ChartStatus.SUSPENDED: _("It is suspended. The City resumes it when the reason is gone."),
}


@dataclass(frozen=True)
class Step:
    """A state that the reader may move a chart to, and what the button says that does it."""

    status: str
    verb: str
    url: str

    @property
    def goes_on(self) -> bool:
        """Whether it leads on, and not back or aside."""
        return self.status not in STEPS_WITH_REASON


@dataclass(frozen=True)
class Check:
    """Something that a step asks for, or advises: whether it is so, and where it is mended."""

    told: str
    is_met: bool
    is_asked: bool = False
    mend_url: str = ""
    mend_told: str = ""


@dataclass
class Work:
    """What the reader may do on a chart; all of it empty for who only reads."""

    steps: list[Step] = field(default_factory=list)
    changes: bool = False
    is_discussed: bool = False
    part_ids: frozenset[int] = frozenset()
    entries: list[ChartComment] = field(default_factory=list)
    has_earlier: bool = False
    next_told: str = ""
    comment_form: CommentForm | None = None


def work_context(chart, who) -> dict:
    """Context of the work on a chart's page, in at most five queries; none for who neither takes part nor steers.

    Returns:
        `work`, as `_steps.html`, `_comments.html`, `_own_part_link.html` and `_milestone_work.html` read it.
    """
    access = access_of(who)
    if not (access.sees_everything or access.partner_ids):
        return {"work": Work()}
    work = Work(
        steps=steps_open_to(chart, who),
        changes=chart.may_be_changed_by(who),
        is_discussed=is_discussed(chart, who),
        part_ids=frozenset(Participation.objects.changeable_by(who).filter(chart=chart).values_list("pk", flat=True)),
    )
    if work.is_discussed:
        latest = list(ChartComment.objects.filter(chart=chart).order_by("-pk")[: ENTRIES_SHOWN + 1])
        work.entries, work.has_earlier = latest[:ENTRIES_SHOWN][::-1], len(latest) > ENTRIES_SHOWN
        work.next_told = NEXT_TOLD[chart.status]
        work.comment_form = CommentForm()
    return {"work": work}


def is_discussed(chart, who) -> bool:
    """Whether `who` reads and writes comments on a chart."""
    return type(chart).objects.all().discussed_by(who).filter(pk=chart.pk).exists()


def steps_open_to(chart, who) -> list[Step]:
    """The steps that `who` may take from where the chart stands, those that lead on first."""
    address = reverse("chart-step", args=[chart.code])
    steps = [
        Step(status, verb_of(chart.status, status), f"{address}?to={status}") for status in chart.states_open_to(who)
    ]
    return sorted(steps, key=lambda step: not step.goes_on)


def verb_of(before: str, after: str) -> str:
    """What the button of a step says."""
    is_resumed = (before, after) == (ChartStatus.SUSPENDED, ChartStatus.IN_PROGRESS)
    return RESUME if is_resumed else VERBS[after]


# What a step asks for


def checks_of(chart, to: str) -> list[Check]:
    """What is asked for, or advised, before the chart moves to the state `to`; three queries at most."""
    kinds = {
        ChartStatus.PROPOSED: (_link_check, _parts_checks, _objectives_check),
        ChartStatus.APPROVED: (_parts_checks, _objectives_check),
        ChartStatus.IN_PROGRESS: (_milestones_set_check,),
        ChartStatus.COMPLETED: (_milestones_done_check, _results_check),
    }
    return list(chain.from_iterable(check(chart) for check in kinds.get(to, ())))


def _link_check(chart):
    if chart.links_city_and_partner():
        yield Check(gettext("The City and at least one other partner take part."), True)
    else:
        told = gettext("The City and at least one other partner have to take part.")
        url = reverse("chart-partner-add", args=[chart.code])
        yield Check(told, False, True, url, gettext("Add a partner"))


def _parts_checks(chart):
    parts = chart.participations.select_related("partner").order_by("partner__name_it")
    missing = [part for part in parts if not (part.gives_it and part.gains_it)]
    for part in missing:
        told = gettext("It is not told yet what %(partner)s gives and what it gains.") % {"partner": part.partner}
        yield Check(told, False, False, part_url(chart, part), gettext("Fill in"))
    if not missing:
        yield Check(gettext("It is told what each partner gives and what it gains."), True)


def _objectives_check(chart):
    if chart.objectives.exists():
        yield Check(gettext("It pursues an objective of the Plan."), True)
    else:
        told = gettext("It pursues no objective of the Plan yet.")
        yield Check(told, False, False, desk_url(chart), gettext("Choose at the desk"))


def _milestones_set_check(chart):
    if chart.milestones.exists():
        yield Check(gettext("It has milestones to count its progress by."), True)
    else:
        told = gettext("It has no milestone yet to count its progress by.")
        yield Check(told, False, False, desk_url(chart), gettext("Add at the desk"))


def _milestones_done_check(chart):
    still_open = chart.milestones.filter(done_on=None).count()
    if still_open:
        told = ngettext("%(n)s milestone is still open.", "%(n)s milestones are still open.", still_open)
        url = f"{chart.get_absolute_url()}#milestones"
        yield Check(told % {"n": still_open}, False, False, url, gettext("See the milestones"))
    else:
        yield Check(gettext("No milestone is open."), True)


def _results_check(chart):
    if chart.results_it:
        yield Check(gettext("Its results are written down."), True)
    else:
        told = gettext("Its results are not written down yet.")
        yield Check(told, False, False, desk_url(chart), gettext("Write at the desk"))


def part_url(chart, part) -> str:
    return reverse("chart-part", args=[chart.code, part.partner.code])


def desk_url(chart) -> str:
    return reverse("admin:projects_projectchart_change", args=[chart.pk])
