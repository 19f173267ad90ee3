"""Days as people and programs write them, and what a text tells of the order that its column uses."""

import datetime
import re
from dataclasses import dataclass, field

LONGEST = 60
# Two digits of a year are the century's that POSIX takes them for: 69 to 99 are of the twentieth.
FIRST_OF_TWENTIETH = 69
MONTHS = {
    name: number
    for names in (
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "gen feb mar apr mag giu lug ago set ott nov dic",
        "january february march april may june july august september october november december",
        "jan feb mar apr may jun jul aug sep oct nov dec",
    )
    for number, name in enumerate(names.split(), start=1)
} | {"sett": 9, "sept": 9}
TIME = r"(?:[T ]+\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d{1,9})?)?(?: ?[AaPp]\.?[Mm]\.?)?(?:Z| ?[+-]\d{2}:?\d{2})?)?"
ISO = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){TIME}")
COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
FIGURES = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){TIME}")
WEEKDAY = r"(?:[^\W\d]{3,9}[,. ]+)?"
DAY_AND_NAME = re.compile(rf"{WEEKDAY}(\d{{1,2}})[°º.]?[ \-/]+([^\W\d]{{3,10}})[., \-/]+(\d{{4}}|\d{{2}}){TIME}")
NAME_AND_DAY = re.compile(rf"([^\W\d]{{3,10}})\.? +(\d{{1,2}})(?:st|nd|rd|th)?,? +(\d{{4}}){TIME}")


def date_of(text: str, order: str = "dmy") -> datetime.date | None:
    """Return the day that `text` says, a time of day left out; None if it is not a day.

    Args:
        order: “dmy” (31/12/2016) or “mdy” (12/31/2016), where the month is written in figures and the year is last.
    """
    text = text.strip()
    if len(text) > LONGEST:
        return None
    if match := ISO.fullmatch(text):
        return _day(match[1], match[3], match[4])
    if match := FIGURES.fullmatch(text):
        day, month = (match[1], match[3]) if order == "dmy" else (match[3], match[1])
        return _day(match[4], month, day)
    if match := COMPACT.fullmatch(text):
        return _day(*match.groups())
    if match := DAY_AND_NAME.fullmatch(text):
        return _day(match[3], MONTHS.get(match[2].lower()), match[1])
    if match := NAME_AND_DAY.fullmatch(text):
        return _day(match[3], MONTHS.get(match[1].lower()), match[2])
    return None


def _day(year: str, month: str | int | None, day: str) -> datetime.date | None:
    number = int(year)
    if len(year) == 2:
        number += 1900 if number >= FIRST_OF_TWENTIETH else 2000
    try:
        return datetime.date(number, int(month or 0), int(day))
    except ValueError:
        return None


@dataclass
class DateStyles:
    """What the texts of one column say of its order of day and month: by the order, the first that proves it."""

    clear: dict[str, str] = field(default_factory=dict)

    def add(self, text: str) -> None:
        if not FIGURES.fullmatch(text.strip()[:LONGEST]):
            return
        orders = [order for order in ("dmy", "mdy") if date_of(text, order)]
        if len(orders) == 1:
            self.clear.setdefault(orders[0], text)

    @property
    def proven(self) -> str:
        """The order that the column proves; "" if it proves none, or both."""
        return next(iter(self.clear)) if len(self.clear) == 1 else ""

    @property
    def contradictory(self) -> bool:
        return len(self.clear) == 2
