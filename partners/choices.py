"""Values that partners' fields take: stored in English, shown in the reader's language."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class PartnerKind(TextChoices):
    CITY = "city", _("city administration")
    REGION = "region", _("region")
    CHAMBER_OF_COMMERCE = "chamber_of_commerce", _("chamber of commerce")
    ASSOCIATION = "association", _("association")
    PARTICIPATED_AGENCY = "participated_agency", _("participated agency")
    OTHER = "other", _("other")


class Sector(TextChoices):
    WATER = "water", _("water")
    ENERGY = "energy", _("energy")
    WASTE = "waste", _("waste")
    TRANSPORT = "transport", _("transport")
    PARKING = "parking", _("parking")
    ROADS = "roads", _("roads and mobility services")
    HOUSING = "housing", _("public housing")
    LIGHTING = "lighting", _("lighting")
    PHARMACIES = "pharmacies", _("municipal pharmacies")
    FOOD = "food", _("food")
    DIGITAL_SERVICES = "digital_services", _("digital services")
    EDUCATION = "education", _("education and research")
    OTHER = "other", _("other")


class CredentialAccess(TextChoices):
    READ = "read", _("read")
    WRITE = "write", _("read and write")


class CredentialState(TextChoices):
    """What may be said of a credential today; it is worked out, not stored."""

    IN_FORCE = "in_force", _("in force")
    ENDING = "ending", _("ends soon")
    EXPIRED = "expired", _("expired")
    REVOKED = "revoked", _("revoked")


class SignatureRole(TextChoices):
    SIGNATORY = "signatory", _("signatory")
    PROJECT_MANAGER = "project_manager", _("project manager")
    ADHERING_AGENCY = "adhering_agency", _("adhering agency")


class NoticePace(TextChoices):
    """How somebody wants to be told of what happens to their charts."""

    AT_ONCE = "at_once", _("at once")
    DAILY = "daily", _("once a day, together")
    NEVER = "never", _("never")


class DeliveryState(TextChoices):
    WAITING = "waiting", _("waiting")
    DELIVERED = "delivered", _("delivered")
    FAILED = "failed", _("given up")


class WebhookState(TextChoices):
    """How a webhook is doing."""

    IN_STEP = "in_step", _("in step")
    WAITING = "waiting", _("a message waits")
    FAILING = "failing", _("failing")
    OFF = "off", _("off")
