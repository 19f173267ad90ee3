"""A plan as a picture: its years by its objectives, each action in its cell, and its charts on a timeline."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from django.utils.translation import gettext as _

from firenze_digitale.templatetags.registry import day as told_day
from firenze_digitale.timeline import Bar, Point, Timeline, timeline_of, whole_years
from partners.models import Memorandum
from projects.models import Action, Objective, Plan, ProjectChart


@dataclass
class Progress:
    """Milestones done, out of all of some charts."""

    milestones_done: int = 0
    milestone_count: int = 0


@dataclass(frozen=True)
class Cell:
    """What is done in a year."""

    year: int
    actions: list[Action] = field(default_factory=list)


@dataclass(frozen=True)
class Lane:
    """An objective (None: none of them) year by year, and how far the charts that pursue it have come."""

    objective: Objective | None
    cells: list[Cell]
    progress: Progress


class Roadmap:
    """What a plan's page draws of it, for one reader on one day.

    Args:
        plan: from `for_page`.
    """

    def __init__(self, plan: Plan, who, today: date):
        self.plan, self.today = plan, today
        self.charts = list(ProjectChart.objects.visible_to(who).of_plan(plan).for_timeline())

    @cached_property
    def action_plans(self) -> dict:
        """The plan of action of each year; None where it is still to be typed in."""
        by_year = {action_plan.year: action_plan for action_plan in self.plan.action_plans.all()}
        return {year: by_year.get(year) for year in self.plan.years}

    @cached_property
    def lanes(self) -> list[Lane]:
        """A row for each objective, and one for actions without any, where there are such."""
        lanes = [self._lane(objective) for objective in self.plan.objectives.all()]
        without = self._lane(None)
        return [*lanes, without] if any(cell.actions for cell in without.cells) else lanes

    def _lane(self, objective: Objective | None) -> Lane:
        cells = [
            Cell(year, [action for action in _actions_of(action_plan) if _pursues(action, objective)])
            for year, action_plan in self.action_plans.items()
        ]
        return Lane(objective, cells, self._progress(objective))

    def _progress(self, objective: Objective | None) -> Progress:
        progress = Progress()
        for chart in self.charts:
            if objective in chart.objectives.all():
                done, count = chart.milestones_progress()
                progress.milestones_done += done
                progress.milestone_count += count
        return progress

    @cached_property
    def bars(self) -> list[Bar]:
        """Charts of which some day is known, the earliest first."""
        bars = [bar_of(chart, self.today) for chart in self.charts]
        return sorted((bar for bar in bars if bar.days), key=lambda bar: (min(bar.days), bar.label))

    @cached_property
    def timeline(self) -> Timeline | None:
        """Charts and milestones over the plan's years; nothing where no day is known."""
        if not self.bars:
            return None
        days = [day for bar in self.bars for day in bar.days]
        first, last = whole_years(days, self.plan.start_year, self.plan.end_year)
        return timeline_of(self.bars, first, last, self.today)

    @property
    def undated(self) -> list[ProjectChart]:
        """Charts that no timeline can show."""
        return [chart for chart in self.charts if not bar_of(chart, self.today).days]

    @cached_property
    def memoranda(self) -> list[Memorandum]:
        """The plan's memorandum between those that it renews and those that renew it, the earliest first."""
        memorandum = self.plan.memorandum
        return list(Memorandum.objects.in_line_with(memorandum).prefetch_related("plans")) if memorandum else []


def bar_of(chart: ProjectChart, today: date) -> Bar:
    """A chart as a bar, with its milestones as points."""
    return Bar(
        label=chart.title,
        url=chart.get_absolute_url(),
        state=chart.status,
        state_label=chart.get_status_display(),
        first_day=chart.starts_on,
        last_day=chart.ends_on,
        points=tuple(point_of(milestone, today) for milestone in chart.milestones.all()),
    )


def point_of(milestone, today: date) -> Point:
    """A milestone as a point: on the day on which it was done, or else on which it is due."""
    if milestone.done_on:
        told = _("Done on %(day)s") % {"day": told_day(milestone.done_on)}
        return Point(milestone.title, milestone.done_on, "done", told)
    late = milestone.due_on < today
    told = (_("Overdue since %(day)s") if late else _("Due on %(day)s")) % {"day": told_day(milestone.due_on)}
    return Point(milestone.title, milestone.due_on, "late" if late else "due", told)


def _actions_of(action_plan) -> list[Action]:
    return list(action_plan.actions.all()) if action_plan else []


def _pursues(action: Action, objective: Objective | None) -> bool:
    pursued = action.objectives.all()
    return objective in pursued if objective else not pursued
