"""Timelines that templates render as inline SVG: bars over days, points on them, the years, and today's line.

Lengths are units of the picture's own, `WIDTH` of them from the first day to the last; nothing here knows of charts.
"""

from dataclasses import dataclass, field, replace
from datetime import date

WIDTH = 1100
AXIS = 40  # the room of the years, above the first row
ROW = 54
BAR = 18  # how thick a bar is, at the foot of its row
FOOT = 12
SHORTEST = 6
#: With more years than this, quarters would stand too close to be told apart.
YEARS_WITH_QUARTERS = 5
LABEL_LENGTH = 100


@dataclass(frozen=True)
class Point:
    """Something that happens on one day: what it is called, and its state as a word that the picture has a shape for.

    `told` says it in full to whoever points at it. `x` is where it lies; None: outside the days shown.
    """

    label: str
    day: date
    state: str
    told: str = ""
    x: float | None = None


@dataclass(frozen=True)
class Bar:
    """What lasts from a day to a day; None where it is not known when it begins or ends.

    `state` is a word that the picture has a fill for, `state_label` the same in the reader's language.
    """

    label: str
    url: str = ""
    state: str = ""
    state_label: str = ""
    first_day: date | None = None
    last_day: date | None = None
    points: tuple[Point, ...] = ()

    @property
    def days(self) -> list[date]:
        """Every day that is known of it."""
        return [day for day in (self.first_day, self.last_day, *(point.day for point in self.points)) if day]


@dataclass(frozen=True)
class Row:
    """A bar laid out. `x` and `width` are None where no part of it falls in the days shown, or none is known.

    `open_start` and `open_end`: it goes on beyond what is drawn, or nobody said until when.
    """

    bar: Bar
    y: int
    x: float | None = None
    width: float | None = None
    open_start: bool = False
    open_end: bool = False
    points: list[Point] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Its name, cut where it would leave the picture."""
        name = self.bar.label
        return name if len(name) <= LABEL_LENGTH else f"{name[: LABEL_LENGTH - 1].rstrip()}…"

    @property
    def label_anchor(self) -> str:
        """Names begin above their bars, or end above them where they would leave the picture."""
        return "end" if (self.x or 0) > WIDTH / 2 else "start"

    @property
    def label_x(self) -> float:
        """Where the name begins, or ends: within sight of the bar, or else at the left."""
        if self.x is None:
            return self.points[0].x if self.points and self.points[0].x <= WIDTH / 2 else 0
        return self.end if self.label_anchor == "end" else self.x

    @property
    def arrow_x(self) -> float:
        """Where the sign of a bar that goes on begins."""
        return round(self.end - 10, 2)

    @property
    def label_y(self) -> int:
        return self.y + 22

    @property
    def bar_y(self) -> int:
        return self.y + ROW - BAR - 4

    @property
    def middle(self) -> float:
        return self.bar_y + BAR / 2

    @property
    def end(self) -> float | None:
        return None if self.x is None else round(self.x + self.width, 2)


@dataclass(frozen=True)
class Tick:
    """A line of the axis: the first day of a year, with its number, or of a quarter."""

    x: float
    label: str = ""


@dataclass(frozen=True)
class Timeline:
    """Rows from the first day to the last. `today_x` is None where today lies outside."""

    first_day: date
    last_day: date
    rows: list[Row]
    ticks: list[Tick]
    today_x: float | None
    width: int = WIDTH
    top: int = AXIS
    bar_height: int = BAR

    @property
    def today_anchor(self) -> str:
        """On which side of today's line its name finds room."""
        if self.today_x < 40:
            return "start"
        return "end" if self.today_x > WIDTH - 40 else "middle"

    @property
    def height(self) -> int:
        return AXIS + ROW * len(self.rows) + FOOT

    @property
    def foot(self) -> int:
        return self.height - FOOT


def timeline_of(bars: list[Bar], first_day: date, last_day: date, today: date) -> Timeline:
    """Lay out `bars` in their order, a row each; what lies outside the days shown is cut.

    Raises:
        ValueError: the last day is before the first one.
    """
    if last_day < first_day:
        raise ValueError("a timeline cannot end before it begins")
    scale = _Scale(first_day, last_day)
    rows = [_row(bar, scale, AXIS + ROW * place) for place, bar in enumerate(bars)]
    today_x = scale.x(today) if scale.holds(today) else None
    return Timeline(first_day, last_day, rows, _ticks(scale), today_x)


def whole_years(days: list[date], first_year: int, last_year: int, most: int = 3) -> tuple[date, date]:
    """First and last day of the years that hold `days`: the given years, and at most `most` before and after them."""
    years = [first_year, last_year, *(day.year for day in days)]
    first = max(min(years), first_year - most, date.min.year)
    last = min(max(years), last_year + most, date.max.year)
    return date(first, 1, 1), date(last, 12, 31)


class _Scale:
    """Days to lengths; the last day shown is drawn to its end."""

    def __init__(self, first_day: date, last_day: date):
        self.first_day, self.last_day = first_day, last_day
        self.days = (last_day - first_day).days + 1

    def holds(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day

    def x(self, day: date) -> float:
        """Where a day begins."""
        return round(WIDTH * (day - self.first_day).days / self.days, 2)

    def end(self, day: date) -> float:
        """Where a day ends."""
        return round(WIDTH * ((day - self.first_day).days + 1) / self.days, 2)


def _row(bar: Bar, scale: _Scale, y: int) -> Row:
    points = [replace(point, x=scale.x(point.day)) for point in bar.points if scale.holds(point.day)]
    if bar.first_day is None and bar.last_day is None:
        return Row(bar, y, points=points)
    first, last = bar.first_day or scale.first_day, bar.last_day or scale.last_day
    if first > scale.last_day or last < scale.first_day:
        return Row(bar, y, points=points)
    x, end = scale.x(max(first, scale.first_day)), scale.end(min(last, scale.last_day))
    return Row(
        bar,
        y,
        x=min(x, WIDTH - SHORTEST),
        width=round(max(end - x, SHORTEST), 2),
        open_start=bar.first_day is None or first < scale.first_day,
        open_end=bar.last_day is None or last > scale.last_day,
        points=points,
    )


def _ticks(scale: _Scale) -> list[Tick]:
    """The first days of years and, where there is room, of quarters, that lie within the days shown."""
    years = range(scale.first_day.year, scale.last_day.year + 1)
    months = (1, 4, 7, 10) if len(years) <= YEARS_WITH_QUARTERS else (1,)
    days = [date(year, month, 1) for year in years for month in months]
    ticks = [Tick(scale.x(day), str(day.year) if day.month == 1 else "") for day in days if scale.holds(day)]
    if not ticks or not ticks[0].label:
        ticks.insert(0, Tick(0, str(scale.first_day.year)))
    return ticks
