"""Documents of charts and meetings: a file that the registry keeps, or a link to where it can be read."""

import re
import secrets
import unicodedata
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.files.storage import storages
from django.db import models
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from firenze_digitale.access import access_of
from firenze_digitale.base_models import RegistryModel, Sourced, Titled
from firenze_digitale.change_log import logged_part
from firenze_digitale.file_types import TYPES, FileType, NotTaken, type_of
from firenze_digitale.history import recorded
from firenze_digitale.states import event_model_of
from projects.changes import CHARTS
from projects.meeting_querysets import MeetingDocumentQuerySet
from projects.models.chart import ProjectChart
from projects.models.meeting import Meeting
from projects.models.parts import ChartPart
from projects.querysets import ChartDocumentQuerySet
from projects.uploads import note_upload

MAX_BYTES = 20 * 2**20
LONGEST_STEM = 120
#: Characters that steer what is seen instead of being seen, and those that no file system or address takes in a name.
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
UNFIT = re.compile(r'[<>:"|?*%;]+')
EXTENSION = re.compile(r"\.(?=[a-z0-9]*[a-z])[a-z0-9]{1,4}$", re.IGNORECASE)
FILE_OR_LINK = _("A document is a file or a link: give one of them.")


def documents_storage():
    """Where files of documents lie: a folder that no web server serves."""
    return storages["documents"]


def name_in_storage(document, name: str) -> str:
    """A name that tells nothing, and that nobody guesses; what the file was called is kept beside it."""
    token = secrets.token_hex(16)
    return f"{token[:2]}/{token}"


def name_for_people(name: str, kind: FileType) -> str:
    """What a file is called where it is downloaded: no path, nothing unseen, and the extension of what it holds."""
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    name = "".join(" " if c.isspace() else c for c in name if c.isspace() or unicodedata.category(c) not in UNSEEN)
    name = " ".join(UNFIT.sub("_", name).split()).strip(". ")
    stem = name
    while (found := EXTENSION.search(stem)) and found.start():
        stem, extension = stem[: found.start()], found.group().lower()
        if extension in kind.extensions:
            return f"{_short(stem)}{extension}"
    stem = EXTENSION.sub("", name, count=1) if EXTENSION.search(name) else name
    return f"{_short(stem)}{kind.extensions[0]}"


def _short(stem: str) -> str:
    return stem[:LONGEST_STEM].strip(". ") or "documento"


class Document(Titled, Sourced, RegistryModel):
    """A file of at most 20 MB, or a link. A file stays when its row goes, so that history can bring the row back."""

    url = models.URLField(_("address"), max_length=500, blank=True)
    file = models.FileField(_("file"), storage=documents_storage, upload_to=name_in_storage, max_length=200, blank=True)
    file_name = models.CharField(_("name of the file"), max_length=200, blank=True, editable=False)
    media_type = models.CharField(_("type of the file"), max_length=100, blank=True, editable=False)
    size = models.PositiveIntegerField(_("size in bytes"), null=True, blank=True, editable=False)

    class Meta(RegistryModel.Meta):
        abstract = True

    @classmethod
    def from_db(cls, db, field_names, values):
        document = super().from_db(db, field_names, values)
        document._described = document.__dict__.get("file")
        return document

    def clean(self):
        super().clean()
        if self.url and urlsplit(self.url).scheme not in ("http", "https"):
            raise ValidationError({"url": _("A link begins with https:// or http://.")})
        self.describe_file()

    def save(self, *args, **options):
        """Store the file before its row; whoever began the transaction removes it if that comes to nothing."""
        self.describe_file()
        is_new = bool(self.file) and not self.file._committed
        try:
            super().save(*args, **options)
        finally:
            if is_new and self.file._committed:
                self._described = self.file.name
                note_upload(self.file.name)

    def describe_file(self) -> None:
        """Say of the file what it is called, what it is and how large: from what it holds, never from its sender.

        Raises:
            ValidationError: it is too large, or of no kind that is taken.
        """
        if not self.file:
            self.file_name, self.media_type, self.size = "", "", None
        elif not self.file._committed:
            self._describe_upload()
        elif str(self.file) != getattr(self, "_described", None):
            self._describe_as_recorded()

    def _describe_upload(self) -> None:
        if self.file.size > MAX_BYTES:
            told = _("The file is too large: %(size)s. At most %(limit)s are taken: make it smaller, or give a link.")
            params = {"size": filesizeformat(self.file.size), "limit": filesizeformat(MAX_BYTES)}
            raise ValidationError({"file": ValidationError(told, params=params)})
        try:
            kind = type_of(self.file.file, self.file.name)
        except NotTaken as error:
            raise ValidationError({"file": str(error)}) from error
        self.file_name, self.media_type = name_for_people(self.file.name, kind), kind.media_type
        self.size = self.file.size

    def _describe_as_recorded(self) -> None:
        """A file that history brings back is described as it was."""
        recorded_as = event_model_of(type(self)).objects.filter(file=str(self.file)).order_by("-pgh_id")
        found = recorded_as.values_list("file_name", "media_type", "size").first()
        if found is None:
            raise ValidationError({"file": _("This file was never kept here: choose it anew.")})
        self.file_name, self.media_type, self.size = found
        self._described = str(self.file)

    @property
    def type_label(self) -> str:
        """The kind of the file, for people."""
        return TYPES[self.media_type].label if self.media_type in TYPES else self.media_type

    @property
    def download_path(self) -> str:
        """Where the file is downloaded; empty for a link."""
        return self.download_url if self.file else ""

    @property
    def host(self) -> str:
        """Where a link leads."""
        return urlsplit(self.url).hostname or ""


def file_or_link(model: str) -> models.CheckConstraint:
    """Constraint: there is a file or a link, and not both."""
    return models.CheckConstraint(
        name=f"{model}_file_or_link",
        condition=(models.Q(url="") & ~models.Q(file="")) | (~models.Q(url="") & models.Q(file="")),
        violation_error_message=FILE_OR_LINK,
    )


@recorded()
@logged_part(CHARTS, "documents", "chart_id")
class ChartDocument(Document, ChartPart):
    """A document of a chart."""

    NATURAL_KEY = ("chart__code", "title_it")

    chart = models.ForeignKey(ProjectChart, verbose_name=_("chart"), on_delete=models.CASCADE, related_name="documents")

    objects = ChartDocumentQuerySet.as_manager()

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

    @property
    def download_url(self) -> str:
        return reverse("chart-document", args=[self.chart.code, self.pk])

    @property
    def removal_url(self) -> str:
        return reverse("chart-document-remove", args=[self.chart.code, self.pk])


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

    @property
    def download_url(self) -> str:
        return reverse("meeting-document", args=[self.meeting.code, self.pk])

    def shown_with(self):
        return self.meeting

    def may_be_stored_by(self, who) -> bool:
        return access_of(who).steers
