"""What partners' systems ask of the API: how much in a minute, how much in a day, and what was answered to them."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.models.people import ApiCredential


class RequestWindow(models.Model):
    """How many requests a credential, or an address without one, made in a minute. A crash may lose it."""

    pk = models.CompositePrimaryKey("subject", "minute")
    #: `credential:<id>` or `address:<IP address>`.
    subject = models.CharField(max_length=80)
    #: Minutes since 1970.
    minute = models.IntegerField()
    requests = models.IntegerField()

    class Meta:
        verbose_name = _("requests in a minute")
        verbose_name_plural = _("requests by minute")

    def __str__(self):
        return f"{self.subject} {self.minute}"


class CredentialDay(models.Model):
    """How many requests a credential made on a day."""

    credential = models.ForeignKey(
        ApiCredential, verbose_name=_("API credential"), on_delete=models.CASCADE, related_name="days"
    )
    day = models.DateField(_("day"))
    requests = models.BigIntegerField(_("requests"), default=0)

    class Meta:
        verbose_name = _("requests of a day")
        verbose_name_plural = _("requests by day")
        constraints = [models.UniqueConstraint(fields=["credential", "day"], name="credentialday_once")]

    def __str__(self):
        return f"{self.day}: {self.requests}"


def requests_by_day(credential: ApiCredential, days: int) -> list[tuple[date, int]]:
    """How many requests a credential made on each of the last days, in local time, today first."""
    today = timezone.localdate()
    made = Counter(dict(credential.days.filter(day__gt=today - timedelta(days)).values_list("day", "requests")))
    # The minutes that are not over, or not added to their day yet.
    windows = RequestWindow.objects.filter(subject=f"credential:{credential.pk}")
    for minute, requests in windows.values_list("minute", "requests"):
        made[timezone.localdate(datetime.fromtimestamp(60 * minute, UTC))] += requests
    return [(day, made[day]) for day in (today - timedelta(ago) for ago in range(days))]


class KeptAnswer(models.Model):
    """The answer to a request with an `Idempotency-Key`, which a repeated one gets again for a day."""

    credential = models.ForeignKey(
        ApiCredential, verbose_name=_("API credential"), on_delete=models.CASCADE, related_name="kept_answers"
    )
    key = models.CharField(max_length=255)
    #: SHA-256 of method, address and body: another request under the same key is refused.
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        constraints = [models.UniqueConstraint(fields=["credential", "key"], name="keptanswer_once")]
        indexes = [models.Index(fields=["created_at"], name="keptanswer_by_age")]

    def __str__(self):
        return self.key
