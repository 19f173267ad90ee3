"""The filter `updated_since` of every list: rows that were added or changed at a moment or later."""

import re
from datetime import UTC, datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError

SINCE = "updated_since"
#: RFC 3339, where seconds and the zone may be left out.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII | re.IGNORECASE)
FIRST_YEAR, LAST_YEAR = 1900, 2200
NO_MOMENT = _("Write a moment such as 2026-03-01T09:30:00Z. In an address, a plus sign has to be escaped.")
#: So many rows are found and then put in order; more than that are met soon enough along the list.
FEW = 20_000
PARAMETER = {
    "name": SINCE,
    "in": "query",
    "description": "Rows that were added or changed at this moment (RFC 3339; UTC where it names no zone) or later. "
    "What was deleted, or committed late, is told by the changes feed.",
    "schema": {"type": "string", "format": "date-time", "maxLength": 40},
}


def moment_told(text: str) -> datetime:
    """Return the moment that a parameter tells.

    Raises:
        ValidationError: it tells none.
    """
    try:
        moment = datetime.fromisoformat(text.upper()) if MOMENT.fullmatch(text) else None
    except ValueError:
        moment = None
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValidationError({SINCE: [NO_MOMENT]})
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def updated_since(rows: QuerySet, moment: datetime) -> QuerySet:
    """Those of `rows` that were added or changed at `moment` or later.

    Where they are few, they are found by when they changed: along the list they might be the last of a million.
    """
    changed = rows.model.objects.filter(updated_at__gte=moment).order_by().values("pk")[: FEW + 1]
    return rows.filter(updated_at__gte=moment) if changed.count() > FEW else rows.filter(pk__in=changed)
