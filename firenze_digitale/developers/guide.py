"""What the guide tells beside its words: its chapters, and figures that are read where they are decided."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from assets import bulk_api
from firenze_digitale.api.changes import MOST
from firenze_digitale.api.pagination import KeysetPagination
from firenze_digitale.developers.changelog import MONTHS_OF_NOTICE
from firenze_digitale.openapi.about import LICENCE
from firenze_digitale.resource_names import RESOURCES
from firenze_digitale.webhooks.sending import SECONDS
from firenze_digitale.webhooks.signing import WINDOW_SECONDS
from partners.tokens import PATTERN

MIB = 2**20


@dataclass(frozen=True)
class Chapter:
    """A part of the guide, told by the template `developers/_<name>.html`."""

    name: str
    title: object

    @property
    def id(self) -> str:
        return self.name.replace("_", "-")

    @property
    def template(self) -> str:
        return f"developers/_{self.name}.html"


CHAPTERS = (
    Chapter("start", _("Quick start")),
    Chapter("credentials", _("Credentials")),
    Chapter("paging", _("Lists and pages")),
    Chapter("writing", _("Writing without losing anything")),
    Chapter("many", _("Many rows, and files")),
    Chapter("changes", _("Following changes")),
    Chapter("webhooks", _("Webhooks")),
    Chapter("errors", _("Errors")),
    Chapter("limits", _("Limits")),
    Chapter("formats", _("Other formats")),
    Chapter("versions", _("Versions and changelog")),
    Chapter("contact", _("Terms and contact")),
)


def figures() -> dict:
    """Return the figures that the chapters name, as settings and code have them today."""
    return {
        "resources": len(RESOURCES),
        "default_page": KeysetPagination.default_limit,
        "largest_page": KeysetPagination.max_limit,
        "per_credential": settings.API_LIMIT_PER_CREDENTIAL,
        "per_address": settings.API_LIMIT_PER_ADDRESS,
        "body_mib": settings.DATA_UPLOAD_MAX_MEMORY_SIZE // MIB,
        "bulk_rows": bulk_api.MOST_ROWS,
        "bulk_mib": bulk_api.MOST_BYTES // MIB,
        "file_mib": settings.MAX_UPLOAD_SIZE // MIB,
        "changes_page": MOST,
        "changes_days": settings.CHANGES_KEPT_DAYS,
        "message_seconds": SECONDS,
        "message_minutes": WINDOW_SECONDS // 60,
        "months": MONTHS_OF_NOTICE,
        "token_pattern": PATTERN,
        "licence": LICENCE,
    }
