"""What changed in the API, the latest first: additions do not break, and what breaks is a new version."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _

#: Months from the day on which the end of a version is announced to its last day.
MONTHS_OF_NOTICE = 12


@dataclass(frozen=True)
class Release:
    """A version of the API as its document tells it, the day of it, and what is new."""

    version: str
    day: date
    news: tuple[object, ...]


RELEASES = (
    Release(
        "1.0.0",
        date(2026, 11, 22),
        (
            _("First version: 15 resources to read, of which partners' systems write what is theirs."),
            _("Conditional requests, Idempotency-Key, many rows at once, imports, changes feed and webhooks."),
            _("CSV, GeoJSON, OGC API - Features, and the catalogue of data in DCAT-AP_IT."),
        ),
    ),
)
