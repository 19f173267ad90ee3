"""What happened to the rows that the API shows, for systems that keep in step. Triggers write it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ChangeBatch(models.Model):
    """What one transaction changed of one kind; its position says where it comes in the order of commits."""

    kind = models.CharField(_("kind"), max_length=20)
    position = models.BigIntegerField(_("position"), null=True, editable=False)
    started_at = models.DateTimeField(_("started at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("batch of changes")
        verbose_name_plural = _("batches of changes")
        constraints = [models.UniqueConstraint(fields=["position"], name="changebatch_position_once")]
        indexes = [
            models.Index(fields=["kind", "position"], name="changebatch_by_kind"),
            models.Index(fields=["id"], condition=models.Q(position=None), name="changebatch_unsettled"),
        ]

    def __str__(self):
        return f"{self.kind} {self.position}"


class Change(models.Model):
    """One row that was added, changed or deleted: who saw it before, and who sees it after."""

    batch = models.ForeignKey(
        ChangeBatch, on_delete=models.DO_NOTHING, related_name="changes", db_constraint=False, db_index=False
    )
    kind = models.CharField(_("kind"), max_length=20)
    object_id = models.BigIntegerField()
    key = models.TextField(_("key"))
    #: The key that the row had before, if it has another one now.
    was = models.TextField(null=True)  # noqa: DJ001 - triggers write NULL, which costs nothing a row
    #: Fields of the body that changed; NULL where the row came, went, or is only seen by others now.
    fields = ArrayField(models.TextField(), null=True)
    level_before = models.PositiveSmallIntegerField(null=True)
    partners_before = ArrayField(models.BigIntegerField(), null=True)
    level_after = models.PositiveSmallIntegerField(null=True)
    partners_after = ArrayField(models.BigIntegerField(), null=True)

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        indexes = [models.Index(fields=["batch", "id"], name="change_by_batch")]

    def __str__(self):
        return f"{self.kind} {self.key}"
