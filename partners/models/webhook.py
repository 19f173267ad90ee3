"""Addresses of partners' systems that are told of changes, and what was sent to them."""

import json
import secrets
import uuid
from http import HTTPStatus

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from firenze_digitale.access import Access, access_of
from firenze_digitale.base_models import RegistryModel, one_of
from firenze_digitale.history import recorded
from firenze_digitale.resource_names import RESOURCES
from firenze_digitale.states import version_by_events
from firenze_digitale.webhooks.addresses import destination_of
from firenze_digitale.webhooks.sending import Outcome
from firenze_digitale.webhooks.signing import secret_of
from partners.choices import DeliveryState, WebhookState
from partners.models.partner import Partner
from partners.models.people import User
from partners.querysets import WebhookDeliveryQuerySet, WebhookQuerySet

HTTP_PHRASES = {status.value: status.phrase for status in HTTPStatus}
MOST_OF_A_PARTNER = 20
MOST_TESTS_WAITING = 3
TOO_MANY = _("A partner has at most %(most)s webhooks: change one, or delete it.")
TESTS_WAIT = _("Test messages wait already, and go out as soon as the worker runs: try again later.")
FAILED_TEST = _("failed")
PARTNER_STAYS = _("A webhook stays with its partner: delete this one, and add another.")


def new_salt() -> str:
    return secrets.token_hex(16)


@recorded(exclude=("secret_salt", "position", "change_id", "failing_since", "updated_at"))
class Webhook(RegistryModel):
    """An address of a partner's system that is told what changes, as far as the partner may see it."""

    NATURAL_KEY = ("public_id",)

    public_id = models.UUIDField(_("identifier"), default=uuid.uuid4, unique=True, editable=False)
    partner = models.ForeignKey(Partner, verbose_name=_("partner"), on_delete=models.PROTECT, related_name="webhooks")
    url = models.URLField(_("address"), max_length=500, help_text=_("It begins with https://."))
    kinds = ArrayField(
        models.CharField(max_length=20),
        verbose_name=_("kinds of change"),
        blank=True,
        default=list,
        help_text=_("Which resources it is told about; none: all."),
    )
    active = models.BooleanField(_("active"), default=True)
    #: With the registry's own key it makes the secret that deliveries are signed with; a new one makes a new secret.
    secret_salt = models.CharField(max_length=32, default=new_salt, editable=False)
    #: Up to where in the order of changes it was told: position of the batch, and the change in it.
    position = models.BigIntegerField(default=0, editable=False)
    change_id = models.BigIntegerField(default=0, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        User, verbose_name=_("created by"), on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )

    objects = WebhookQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["partner", "url", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "url"],
                name="webhook_address_once",
                violation_error_message=_("This address is already told: change its webhook instead."),
            )
        ]

    def __str__(self):
        return self.url

    @property
    def version(self) -> str:
        """By its events: being told something touches the row, and is no change that anybody would miss."""
        return version_by_events(self)

    @property
    def secret(self) -> str:
        """What its messages are signed with; only for who may change the webhook."""
        return secret_of(self.public_id, self.secret_salt)

    @property
    def access(self) -> Access:
        """What it may tell: what a system of its partner sees that only reads."""
        return Access(signed_in=True, partner_ids=Partner.objects.all().ids_answered_for_by_partner(self.partner_id))

    @property
    def state(self) -> WebhookState:
        if not self.active:
            return WebhookState.OFF
        if self.failing_since:
            return WebhookState.FAILING
        return WebhookState.WAITING if self.is_waiting else WebhookState.IN_STEP

    @property
    def is_waiting(self) -> bool:
        """Whether a message waits to be delivered; lists have read it with the row."""
        waits = self.__dict__.get("waits")
        return self.deliveries.waiting().exists() if waits is None else waits

    def clean(self):
        super().clean()
        stored = type(self).objects.filter(pk=self.pk).values("partner_id", "url").first() or {}
        if stored and stored["partner_id"] != self.partner_id:
            raise ValidationError({"partner": PARTNER_STAYS})
        if not stored and type(self).objects.filter(partner_id=self.partner_id).count() >= MOST_OF_A_PARTNER:
            raise ValidationError(TOO_MANY % {"most": MOST_OF_A_PARTNER})
        if unknown := set(self.kinds) - RESOURCES.keys():
            told = _("There is no such kind: %(kinds)s.") % {"kinds": ", ".join(sorted(unknown))}
            raise ValidationError({"kinds": told})
        self.kinds = [kind for kind in RESOURCES if kind in self.kinds]
        if self.url and self.url != stored.get("url"):
            self._check_url()

    def _check_url(self):
        try:
            destination_of(self.url)
        except ValidationError as refusal:
            raise ValidationError({"url": refusal}) from refusal

    def save(self, *args, **kwargs):
        """A new webhook is told what happens from now on; one that leads elsewhere or is switched on, tries at once."""
        if self._state.adding:
            self._begin_now()
        elif type(self).objects.filter(pk=self.pk).exclude(url=self.url, active=self.active).exists() and self.active:
            self.failing_since = None
            self.deliveries.waiting().update(due_at=timezone.now(), attempts=0)
        super().save(*args, **kwargs)

    def _begin_now(self):
        from firenze_digitale.changes import latest_place

        place = latest_place()
        self.position, self.change_id = place.position, place.change_id

    def renew_secret(self) -> None:
        """Make another secret: from the next message on, the old one is good for nothing."""
        self.secret_salt = new_salt()
        self.save(update_fields=["secret_salt"])

    def send_test(self) -> "WebhookDelivery":
        """Queue a message that says nothing but that it comes; it is sent once, also where the webhook is off.

        Raises:
            ValidationError: others wait to be sent already.
        """
        if self.deliveries.waiting().filter(changes=0).count() >= MOST_TESTS_WAITING:
            raise ValidationError(TESTS_WAIT)
        body = json.dumps({"type": "ping", "webhook": str(self.public_id)})
        return self.deliveries.create(body=body, changes=0)

    @classmethod
    def may_be_added_by(cls, who) -> bool:
        access = access_of(who)
        return access.writes and (access.administrator or bool(access.partner_ids))

    def may_be_stored_by(self, who) -> bool:
        """A credential that reaches some resources only has no webhook that tells of more."""
        access = access_of(who)
        if not all(access.reaches(kind) for kind in self.kinds or RESOURCES):
            return False
        return access.writes and (access.administrator or self.partner_id in access.partner_ids)


class WebhookDelivery(models.Model):
    """One message to a webhook: what it says, and what came of sending it."""

    message_id = models.UUIDField(_("message"), default=uuid.uuid4, unique=True, editable=False)
    webhook = models.ForeignKey(
        Webhook, verbose_name=_("webhook"), on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    body = models.TextField(_("body"))
    changes = models.PositiveIntegerField(_("changes told"))
    state = models.CharField(_("state"), max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"), null=True, db_default=Now())
    sent_at = models.DateTimeField(_("last attempt"), null=True)
    status = models.PositiveSmallIntegerField(_("status of the answer"), null=True)
    outcome = models.CharField(_("what came of it"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        constraints = [one_of("webhookdelivery", "state", DeliveryState)]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="delivery_by_webhook"),
            models.Index(fields=["due_at"], condition=models.Q(state="waiting"), name="delivery_due"),
        ]

    def __str__(self):
        return str(self.message_id)

    @property
    def is_test(self) -> bool:
        return self.changes == 0

    @property
    def state_told(self) -> str:
        """The state in words: a test is sent once, so nothing is given up where it fails."""
        return str(FAILED_TEST) if self.is_test and self.state == DeliveryState.FAILED else self.get_state_display()

    def send_again(self) -> None:
        """Queue the message once more, as it is and under the same name; one that waits is tried at once."""
        self.state, self.attempts, self.due_at = DeliveryState.WAITING, 0, timezone.now()
        self.save(update_fields=["state", "attempts", "due_at"])

    @property
    def told(self) -> str:
        """What came of the last attempt, in words."""
        code, _colon, said = self.outcome.partition(": ")
        if code not in Outcome.values:
            return ""
        if self.status is None:
            return str(Outcome(code).label)
        phrase = HTTP_PHRASES.get(self.status, "")
        return " ".join(filter(None, (str(self.status), phrase))) + (f": {said}" if said else "")
