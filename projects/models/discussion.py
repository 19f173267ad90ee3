"""What is said of a chart and who moved it along, and the e-mails that tell those concerned."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from firenze_digitale.access import access_of
from firenze_digitale.base_models import RegistryModel
from projects.choices import ChartStatus, NoticeKind
from projects.discussion_querysets import ChartCommentQuerySet, ChartNoticeQuerySet
from projects.models.chart import ProjectChart
from projects.models.parts import ChartPart


class ChartComment(ChartPart):
    """What somebody said of a chart; with the step that it was said at, if it was one. Never rewritten.

    It is a record of its own, for those concerned alone, so history does not repeat it to others.
    """

    NATURAL_KEY = ("chart__code", "pk")

    chart = models.ForeignKey(ProjectChart, verbose_name=_("chart"), on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("author"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="chart_comments",
    )
    author_name = models.CharField(_("name of the author"), max_length=150, blank=True)
    text = models.TextField(_("comment"), blank=True, max_length=5_000)
    status_before = models.CharField(_("status before"), max_length=20, choices=ChartStatus, blank=True)
    status_after = models.CharField(_("status after"), max_length=20, choices=ChartStatus, blank=True)

    objects = ChartCommentQuerySet.as_manager()

    class Meta(ChartPart.Meta):
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["chart", "id"]
        constraints = [
            models.CheckConstraint(
                name="comment_says_something",
                condition=~models.Q(text="") | ~models.Q(status_after=""),
                violation_error_message=_("Write what you want to say."),
            ),
        ]
        triggers = [
            *RegistryModel.Meta.triggers,
            pgtrigger.Protect(
                name="comment_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.text <> NEW.text OR OLD.created_at <> NEW.created_at"),
            ),
        ]

    def __str__(self):
        return self.text[:80]

    @property
    def is_step(self) -> bool:
        return bool(self.status_after)

    @classmethod
    def may_be_added_by(cls, who) -> bool:
        access = access_of(who)
        return access.writes and (access.sees_everything or bool(access.partner_ids))

    def may_be_stored_by(self, who) -> bool:
        """Whoever takes part in the chart has a say, whether or not they may change it."""
        discussed = ProjectChart.objects.all().discussed_by(who)
        return self.may_be_added_by(who) and discussed.filter(pk=self.chart_id).exists()


class ChartNotice(models.Model):
    """Something that one person is to be told of by e-mail; it stays in the queue until the mail server took it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="chart_notices")
    chart = models.ForeignKey(ProjectChart, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20, choices=NoticeKind)
    comment = models.ForeignKey(ChartComment, on_delete=models.CASCADE, null=True, blank=True, related_name="notices")
    told = models.CharField(max_length=300, blank=True)
    author_name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    objects = ChartNoticeQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        verbose_name = _("e-mail about a chart")
        verbose_name_plural = _("e-mails about charts")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(sent_at=None), name="notice_waiting"),
        ]

    def __str__(self):
        return f"{self.kind}: {self.chart_id}"

    @property
    def headline(self) -> str:
        """What happened, in one line without its author."""
        if self.kind == NoticeKind.STEP and self.comment and self.comment.is_step:
            return gettext("it is now: %(status)s") % {"status": self.comment.get_status_after_display()}
        if self.kind == NoticeKind.STEP:
            return gettext("it has moved along")
        if self.kind == NoticeKind.PART:
            return gettext("the part of %(partner)s is written") % {"partner": self.told}
        if self.kind == NoticeKind.DOCUMENT:
            return gettext("a new document: “%(title)s”") % {"title": self.told}
        return gettext("a new comment")

    @property
    def text(self) -> str:
        """What the author wrote: a comment, or the reason of a step."""
        return self.comment.text if self.comment else ""
