"""Timelines: where bars, points, years and today lie, and what becomes of days that are not known or not shown."""

from datetime import date

import pytest

from firenze_digitale.timeline import AXIS, ROW, SHORTEST, WIDTH, Bar, Point, timeline_of, whole_years

FIRST, LAST = date(2016, 1, 1), date(2018, 12, 31)
TODAY = date(2017, 7, 2)


def laid_out(*bars, first=FIRST, last=LAST, today=TODAY):
    return timeline_of(list(bars), first, last, today)


def row_of(bar, **days):
    return laid_out(bar, **days).rows[0]


def test_a_bar_over_all_days_fills_the_picture():
    row = row_of(Bar("Tutto", first_day=FIRST, last_day=LAST))
    assert (row.x, row.width, row.end) == (0, WIDTH, WIDTH)
    assert (row.open_start, row.open_end) == (False, False)


def test_a_bar_ends_where_its_last_day_ends():
    row = row_of(Bar("Anno", first_day=date(2017, 1, 1), last_day=date(2017, 12, 31)))
    ticks = {tick.label: tick.x for tick in laid_out().ticks if tick.label}
    assert row.x == ticks["2017"]
    assert row.end == pytest.approx(ticks["2018"], abs=0.02)


@pytest.mark.parametrize(
    ("days", "x", "end", "open_start", "open_end"),
    [
        ({"first_day": date(2014, 5, 1), "last_day": LAST}, 0, WIDTH, True, False),
        ({"first_day": FIRST, "last_day": date(2030, 1, 1)}, 0, WIDTH, False, True),
        ({"first_day": FIRST}, 0, WIDTH, False, True),
        ({"last_day": LAST}, 0, WIDTH, True, False),
    ],
)
def test_a_bar_that_goes_on_beyond_the_picture_is_cut_and_says_so(days, x, end, open_start, open_end):
    row = row_of(Bar("Lungo", **days))
    assert (row.x, row.end, row.open_start, row.open_end) == (x, end, open_start, open_end)


@pytest.mark.parametrize(
    "bar",
    [
        Bar("Senza giorni"),
        Bar("Prima", first_day=date(2010, 1, 1), last_day=date(2011, 1, 1)),
        Bar("Dopo", first_day=date(2030, 1, 1)),
    ],
)
def test_a_bar_without_days_or_outside_of_those_shown_is_a_row_without_a_bar(bar):
    row = row_of(bar)
    assert (row.x, row.width, row.end) == (None, None, None)


@pytest.mark.parametrize("day", [FIRST, date(2017, 3, 3), LAST])
def test_a_bar_of_one_day_can_be_seen_and_stays_in_the_picture(day):
    row = row_of(Bar("Un giorno", first_day=day, last_day=day))
    assert row.width == SHORTEST
    assert 0 <= row.x <= row.end <= WIDTH


def test_points_lie_on_their_day_and_those_outside_are_left_out():
    points = (Point("Fatta", FIRST, "done"), Point("Dopo", date(2019, 1, 1), "due"), Point("Tardi", TODAY, "late"))
    row = row_of(Bar("Scheda", points=points))
    assert [(point.label, point.x) for point in row.points] == [("Fatta", 0), ("Tardi", laid_out().today_x)]


def test_rows_stand_below_each_other_under_the_years():
    timeline = laid_out(Bar("Una"), Bar("Due"))
    assert [row.y for row in timeline.rows] == [AXIS, AXIS + ROW]
    assert timeline.rows[1].bar_y + timeline.bar_height <= timeline.foot < timeline.height
    assert laid_out().rows == []


@pytest.mark.parametrize(("today", "shown"), [(FIRST, True), (LAST, True), (date(2019, 1, 1), False)])
def test_todays_line_is_drawn_where_today_is_shown(today, shown):
    x = laid_out(today=today).today_x
    assert (x is not None) == shown
    assert x is None or 0 <= x <= WIDTH


def test_the_axis_tells_years_and_quarters_and_of_many_years_the_years_alone():
    ticks = laid_out().ticks
    assert [tick.label for tick in ticks if tick.label] == ["2016", "2017", "2018"]
    assert len(ticks) == 12
    assert len(laid_out(last=date(2030, 12, 31)).ticks) == 15
    assert [tick.x for tick in ticks] == sorted(tick.x for tick in ticks)


def test_the_axis_begins_with_a_year_wherever_the_days_begin():
    ticks = laid_out(first=date(2016, 5, 9), last=date(2016, 6, 1)).ticks
    assert [(tick.x, tick.label) for tick in ticks] == [(0, "2016")]


def test_a_timeline_does_not_end_before_it_begins():
    with pytest.raises(ValueError, match="before it begins"):
        laid_out(first=LAST, last=FIRST)


def test_a_name_that_would_leave_the_picture_is_cut():
    assert row_of(Bar("Breve")).label == "Breve"
    cut = row_of(Bar("x" * 300)).label
    assert (len(cut), cut[-1]) == (100, "…")


def test_whole_years_hold_the_days_but_not_one_that_was_mistyped():
    assert whole_years([], 2016, 2018) == (FIRST, LAST)
    assert whole_years([date(2015, 7, 1), date(2020, 2, 1)], 2016, 2018) == (date(2015, 1, 1), date(2020, 12, 31))
    assert whole_years([date(1, 1, 1), date(9999, 1, 1)], 2016, 2018) == (date(2013, 1, 1), date(2021, 12, 31))
