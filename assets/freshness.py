"""How long ago what is said of an asset was last vouched for, and when that is too long ago."""

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

DAYS_A_MONTH = 30.44
MONTHS_TOLD_UNTIL = 24


class Freshness(models.TextChoices):
    """How much of the time that an asset may go without being confirmed has passed: a quarter, half, all, more."""

    FRESH = "fresh"
    RECENT = "recent"
    AGEING = "ageing"
    STALE = "stale"


def bounds() -> list[int]:
    """Greatest ages in days of what is fresh, recent and ageing; whatever is older is stale."""
    term = settings.STALE_AFTER_DAYS
    return [term // 4, term // 2, term]


def freshness_at(age: int) -> Freshness:
    """The freshness of what was vouched for `age` days ago."""
    older_than = sum(age > bound for bound in bounds())
    return list(Freshness)[older_than]


def days_of(freshness: str, today: date) -> tuple[date | None, date | None]:
    """First and last day on which what is now of that freshness was vouched for; None: without end."""
    place = Freshness.values.index(freshness)
    ages = bounds()
    first = today - timedelta(days=ages[place]) if place < len(ages) else None
    last = today - timedelta(days=ages[place - 1] + 1) if place else None
    return first, last


def label_of(freshness: str) -> str:
    """A freshness in words: “3 to 6 months”."""
    ages = [span_told(days) for days in bounds()]
    place = Freshness.values.index(freshness)
    if place == 0:
        return _("up to %(span)s") % {"span": ages[0]}
    if place == len(ages):
        return _("over %(span)s: stale") % {"span": ages[-1]}
    return _("from %(first)s to %(last)s") % {"first": ages[place - 1], "last": ages[place]}


def span_told(days: int) -> str:
    """A number of days as people say it: “12 days”, “5 months”, “3 years”."""
    months = round(days / DAYS_A_MONTH)
    if months < 2:
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
    if months < MONTHS_TOLD_UNTIL:
        return ngettext("%(count)s month", "%(count)s months", months) % {"count": months}
    years = months // 12
    return ngettext("%(count)s year", "%(count)s years", years) % {"count": years}


def age_told(days: int) -> str:
    """An age as people say it: “today”, “5 months ago”."""
    return _("%(span)s ago") % {"span": span_told(days)} if days > 0 else _("today")
