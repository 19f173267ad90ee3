"""Documents of charts and meetings: a file that the registry keeps, or a link to where it can be read."""

import secrets

from django.core.files.storage import storages
from django.db import models
from django.utils.translation import gettext_lazy as _

from firenze_digitale.access import access_of
from firenze_digitale.base_models import RegistryModel, Sourced, Titled
from firenze_digitale.history import recorded
from projects.models.chart import ProjectChart
from projects.models.meeting import Meeting
from projects.models.parts import ChartPart
from projects.querysets import ChartPartQuerySet, MeetingDocumentQuerySet

FILE_OR_LINK = _("A document is a file or a link: give one of them.")


def documents_storage():
    """Where files of documents lie: a folder that no web server serves."""
    return storages["documents"]


def name_in_storage(document, name: str) -> str:
    """A name that tells nothing, and that nobody guesses; what the file was called is kept beside it."""
    token = secrets.token_hex(16)
    return f"{token[:2]}/{token}"


class Document(Titled, Sourced, RegistryModel):
    """A file of at most 20 MB, or a link. A file stays when its row goes, so that history can bring the row back."""

    url = models.URLField(_("address"), max_length=500, blank=True)
    file = models.FileField(_("file"), storage=documents_storage, upload_to=name_in_storage, max_length=200, blank=True)
    file_name = models.CharField(_("name of the file"), max_length=200, blank=True, editable=False)
    media_type = models.CharField(_("type of the file"), max_length=100, blank=True, editable=False)
    size = models.PositiveIntegerField(_("size in bytes"), null=True, blank=True, editable=False)

    class Meta(RegistryModel.Meta):
        abstract = True


def file_or_link(model: str) -> models.CheckConstraint:
    """Constraint: there is a file or a link, and not both."""
    return models.CheckConstraint(
        name=f"{model}_file_or_link",
        condition=(models.Q(url="") & ~models.Q(file="")) | (~models.Q(url="") & models.Q(file="")),
        violation_error_message=FILE_OR_LINK,
    )


@recorded()
class ChartDocument(Document, ChartPart):
    """A document of a chart."""

    NATURAL_KEY = ("chart__code", "title_it")

    chart = models.ForeignKey(ProjectChart, verbose_name=_("chart"), on_delete=models.CASCADE, related_name="documents")

    objects = ChartPartQuerySet.as_manager()

    class Meta(ChartPart.Meta):
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["chart", "id"]
        constraints = [
            file_or_link("chartdocument"),
            models.UniqueConstraint(
                fields=["chart", "title_it"],
                name="document_title_in_chart",
                violation_error_message=_("The chart already has a document with this title."),
            ),
        ]


@recorded()
class MeetingDocument(Document):
    """A document of a meeting."""

    NATURAL_KEY = ("meeting__code", "title_it")

    meeting = models.ForeignKey(Meeting, verbose_name=_("meeting"), on_delete=models.CASCADE, related_name="documents")

    objects = MeetingDocumentQuerySet.as_manager()

    class Meta(Document.Meta):
        verbose_name = _("document of a meeting")
        verbose_name_plural = _("documents of meetings")
        ordering = ["meeting", "id"]
        constraints = [
            file_or_link("meetingdocument"),
            models.UniqueConstraint(
                fields=["meeting", "title_it"],
                name="document_title_in_meeting",
                violation_error_message=_("The meeting already has a document with this title."),
            ),
        ]

    def shown_with(self):
        return self.meeting

    def may_be_stored_by(self, who) -> bool:
        return access_of(who).steers
