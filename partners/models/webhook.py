"""Addresses of partners' systems that are told of changes, and what was sent to them."""

import secrets
import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from firenze_digitale.access import access_of
from firenze_digitale.base_models import RegistryModel, one_of
from firenze_digitale.history import recorded
from partners.choices import DeliveryState
from partners.models.partner import Partner
from partners.models.people import User
from partners.querysets import WebhookDeliveryQuerySet, WebhookQuerySet


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

    @classmethod
    def may_be_added_by(cls, who) -> bool:
        access = access_of(who)
        return access.writes and (access.administrator or bool(access.partner_ids))

    def may_be_stored_by(self, who) -> bool:
        access = access_of(who)
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
