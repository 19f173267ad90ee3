"""A project chart as a page and a print tell it: its life in steps, its parts in order, its days as a picture."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from firenze_digitale.timeline import WIDTH, Bar, Point, Tick, Timeline, timeline_of, whole_years
from partners.choices import PartnerKind
from projects.choices import ChartStatus, ParticipationRole

#: The steps of a chart's life in order; one that is suspended stands aside of them.
LIFE = (
    ChartStatus.DRAFT,
    ChartStatus.PROPOSED,
    ChartStatus.APPROVED,
    ChartStatus.IN_PROGRESS,
    ChartStatus.COMPLETED,
)
#: Marks on the same line need as much room, in per cent of the picture's width; others go a line lower.
ROOM_OF_A_MARK = 8
BAR, TOP, LANE, FOOT = 42, 66, 29, 22
MOST_YEARS_TOLD = 6
#: A milestone further from the dates of the chart than this is on the list alone: one of the dates is wrong.
MOST_YEARS_BEYOND = 15


@dataclass(frozen=True)
class Step:
    """One step of a chart's life: `done`, `now`, `stopped` (suspended on the way to it) or `ahead`."""

    label: str
    place: str
    told: str


def life_of(chart) -> list[Step]:
    """The steps of a chart's life, and where it stands."""
    suspended = chart.status == ChartStatus.SUSPENDED
    here = LIFE.index(ChartStatus.IN_PROGRESS if suspended else chart.status)
    places = ["done"] * here + ["stopped" if suspended else "now"] + ["ahead"] * (len(LIFE) - here - 1)
    told = {"done": _("done"), "now": _("it stands here"), "stopped": _("suspended"), "ahead": _("still to come")}
    return [Step(str(step.label), place, told[place]) for step, place in zip(LIFE, places, strict=True)]


def parts_in_order(chart) -> list:
    """Its participations: the City, then who leads, then the others by role."""
    roles = ParticipationRole.values
    return sorted(
        chart.participations.all(),
        key=lambda part: (part.partner.kind != PartnerKind.CITY, roles.index(part.role), part.pk),
    )


@dataclass(frozen=True)
class Mark:
    """A milestone on the picture: its number in the list, where it lies, and its state: done, late or due."""

    number: int
    told: str
    state: str
    percent: float
    y: int

    @property
    def stem(self) -> int:
        """Where the line from the mark ends that ties it to the bar."""
        return BAR - self.y


@dataclass(frozen=True)
class Days:
    """The picture of a chart's days. Places across are per cent of its width, so that text keeps its size."""

    marks: list[Mark]
    years: list[Tick]
    bar: tuple[float, float] | None
    open_start: bool
    open_end: bool
    today: float | None
    height: int
    in_words: str


def milestone_state(milestone, today: date) -> str:
    if milestone.done_on:
        return "done"
    return "late" if milestone.due_on < today else "due"


def days_of(chart, today: date) -> Days | None:
    """The picture of the chart's own dates and of its milestones; None where it has none."""
    points = tuple(
        Point(milestone.title, milestone.done_on or milestone.due_on, milestone_state(milestone, today))
        for milestone in chart.milestones.all()
    )
    bar = Bar(chart.title, first_day=chart.starts_on, last_day=chart.ends_on, points=points)
    if not bar.days:
        return None
    own = [day for day in (chart.starts_on, chart.ends_on) if day] or bar.days
    first_day, last_day = whole_years(bar.days, min(own).year, max(own).year, MOST_YEARS_BEYOND)
    timeline = timeline_of([bar], first_day, last_day, today)
    row, marks = timeline.rows[0], _marks(points, timeline)
    return Days(
        marks=marks,
        years=_years(timeline),
        bar=None if row.x is None else (percent(row.x), percent(row.width)),
        open_start=row.open_start,
        open_end=row.open_end,
        today=None if timeline.today_x is None else percent(timeline.today_x),
        height=max([mark.y for mark in marks], default=TOP - LANE) + FOOT,
        in_words=_in_words(chart, points),
    )


def percent(length: float) -> float:
    return round(100 * length / WIDTH, 2)


def _marks(points: tuple[Point, ...], timeline: Timeline) -> list[Mark]:
    """The milestones that fall in the days shown, each on the first line where it has room."""
    numbers = {id(point): number for number, point in enumerate(points, start=1)}
    scale_days = (timeline.last_day - timeline.first_day).days + 1
    marks, ends = [], []
    for point in sorted(points, key=lambda point: point.day):
        place = round(100 * (point.day - timeline.first_day).days / scale_days, 2)
        if not 0 <= place <= 100:
            continue
        lane = next((lane for lane, end in enumerate(ends) if end <= place), len(ends))
        ends[lane : lane + 1] = [place + ROOM_OF_A_MARK]
        marks.append(Mark(numbers[id(point)], point.label, point.state, place, TOP + LANE * lane))
    return marks


def _years(timeline: Timeline) -> list[Tick]:
    """The first days of years, in per cent; of many years, some are told."""
    years = [tick for tick in timeline.ticks if tick.label]
    every = -(-len(years) // MOST_YEARS_TOLD)
    return [Tick(percent(tick.x), tick.label if place % every == 0 else "") for place, tick in enumerate(years)]


def _in_words(chart, points: tuple[Point, ...]) -> str:
    counts = {state: sum(point.state == state for point in points) for state in ("done", "late", "due")}
    return _("Milestones done: %(done)s, overdue: %(late)s, to come: %(due)s.") % counts


def sheet_of(chart, today: date, prefix: str = "") -> dict:
    """What templates show of a chart from `for_page`, on its own page and in a plan's booklet.

    Args:
        prefix: of the ids of its sections, where there are several charts on a page.
    """
    parts = parts_in_order(chart)
    return {
        "chart": chart,
        "today": today,
        "life": life_of(chart),
        "parts": parts,
        "days": days_of(chart, today),
        "contacts": any(part.partner.referents.all() for part in parts),
        "prefix": prefix,
        "level": 2,
    }
