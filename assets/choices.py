"""Values that assets' fields take: stored in English, shown in the reader's language."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from firenze_digitale.base_models import Visibility

__all__ = [
    "District",
    "ExchangeStatus",
    "HandoverState",
    "ImportState",
    "ImportedKind",
    "ItemState",
    "Kind",
    "PlacementStatus",
    "RowState",
    "Theme",
    "Unit",
    "UpdateFrequency",
    "Visibility",
]


class Kind(TextChoices):
    MATERIAL = "material", _("material")
    IMMATERIAL = "immaterial", _("immaterial")


class ExchangeStatus(TextChoices):
    EXCHANGEABLE = "exchangeable", _("exchangeable")
    ON_CONDITIONS = "on_conditions", _("on conditions")
    NOT_EXCHANGEABLE = "not_exchangeable", _("not exchangeable")


class Unit(TextChoices):
    PIECES = "pieces", _("pieces")
    PLACES = "places", _("places")
    VEHICLES = "vehicles", _("vehicles")
    RECORDS = "records", _("records")
    DATASETS = "datasets", _("datasets")
    KILOMETRES = "km", _("kilometres")
    SQUARE_METRES = "m2", _("square metres")
    OTHER = "other", _("other")


class PlacementStatus(TextChoices):
    ACTIVE = "active", _("active")
    PLANNED = "planned", _("planned")
    OUT_OF_SERVICE = "out_of_service", _("out of service")
    TO_BE_VERIFIED = "to_be_verified", _("to be verified")
    REMOVED = "removed", _("removed")


class District(TextChoices):
    """The five districts (quartieri) of the municipality of Florence; elsewhere the field stays empty."""

    CENTRO_STORICO = "1", _("1 Centro Storico")
    CAMPO_DI_MARTE = "2", _("2 Campo di Marte")
    GAVINANA_GALLUZZO = "3", _("3 Gavinana-Galluzzo")
    ISOLOTTO_LEGNAIA = "4", _("4 Isolotto-Legnaia")
    RIFREDI = "5", _("5 Rifredi")


class UpdateFrequency(TextChoices):
    """How often a distribution is brought up to date, after the EU's frequency authority table."""

    CONTINUOUS = "continuous", _("continuous")
    HOURLY = "hourly", _("hourly")
    DAILY = "daily", _("daily")
    WEEKLY = "weekly", _("weekly")
    MONTHLY = "monthly", _("monthly")
    QUARTERLY = "quarterly", _("quarterly")
    ANNUAL = "annual", _("annual")
    IRREGULAR = "irregular", _("irregular")
    NEVER = "never", _("never")
    UNKNOWN = "unknown", _("unknown")


class Theme(TextChoices):
    """Subjects of the EU's catalogues of data, by the codes of its authority table data-theme."""

    AGRICULTURE = "AGRI", _("agriculture, fisheries, forestry and food")
    ECONOMY = "ECON", _("economy and finance")
    EDUCATION = "EDUC", _("education, culture and sport")
    ENERGY = "ENER", _("energy")
    ENVIRONMENT = "ENVI", _("environment")
    GOVERNMENT = "GOVE", _("government and public sector")
    HEALTH = "HEAL", _("health")
    INTERNATIONAL = "INTR", _("international issues")
    JUSTICE = "JUST", _("justice, legal system and public safety")
    REGIONS = "REGI", _("regions and cities")
    SOCIETY = "SOCI", _("population and society")
    SCIENCE = "TECH", _("science and technology")
    TRANSPORT = "TRAN", _("transport")


class ImportedKind(TextChoices):
    """What a file that is imported holds a row of for each of its own."""

    ASSETS = "assets", _("assets")
    PLACEMENTS = "placements", _("placements")
    DISTRIBUTIONS = "distributions", _("distributions")


class ImportState(TextChoices):
    """How far an import has come."""

    COLUMNS = "columns", _("columns to be told")
    READING = "reading", _("being read")
    PREVIEWED = "previewed", _("preview ready")
    OUTDATED = "outdated", _("preview outdated")
    REFUSED = "refused", _("file refused")
    STORING = "storing", _("being stored")
    STORED = "stored", _("stored")
    UNDOING = "undoing", _("being undone")
    UNDONE = "undone", _("undone")
    INTERRUPTED = "interrupted", _("interrupted: nothing was stored")
    EXPIRED = "expired", _("expired: never confirmed")

    @classmethod
    def at_work(cls) -> set[str]:
        """States in which a worker has something to do."""
        return {cls.READING, cls.STORING, cls.UNDOING}


class RowState(TextChoices):
    """What an import finds about a row."""

    NEW = "new", _("new")
    CHANGED = "changed", _("changed")
    WRONG = "wrong", _("wrong")
    MISSING = "missing", _("missing from the file")


class HandoverState(TextChoices):
    """What came of an offer of assets."""

    OFFERED = "offered", _("offered: awaits an answer")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")


class ItemState(TextChoices):
    """What has become of an asset since it was offered."""

    AS_OFFERED = "as_offered", _("as offered")
    CHANGED = "changed", _("changed since it was offered")
    ADDED = "added", _("added since the offer")
    MOVED = "moved", _("belongs to another partner by now")
    DELETED = "deleted", _("deleted since")
