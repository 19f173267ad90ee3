"""Documents on the desk: parts of a chart or a meeting, each a file or a link."""

from django.contrib import admin
from django.db import models
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from firenze_digitale.desk.base import PartInline, ScopedFields
from firenze_digitale.desk.forms import ReadableForm
from projects.document_forms import HOW_LARGE, DocumentInput
from projects.models import ChartDocument, MeetingDocument


class DocumentPartForm(ReadableForm):
    """A document as a part: what is there stays until another file is chosen."""

    class Meta:
        labels = {"file": _("File"), "url": _("or a link")}
        help_texts = {"file": HOW_LARGE}


class DocumentInline(PartInline):
    """Documents of the row."""

    form = DocumentPartForm
    fields = [("title_it", "title_en"), "kept_file", "file", "url", "source"]
    readonly_fields = ["kept_file"]
    formfield_overrides = {**ScopedFields.formfield_overrides, models.FileField: {"widget": DocumentInput}}

    @admin.display(description=_("file that is kept"))
    def kept_file(self, document):
        if not document.file or document.pk is None:
            return "–"
        address, name = document.download_url, document.file_name
        return format_html('<a href="{}">{}</a> ({})', address, name, filesizeformat(document.size))


class ChartDocumentInline(DocumentInline):
    model = ChartDocument


class MeetingDocumentInline(DocumentInline):
    model = MeetingDocument
