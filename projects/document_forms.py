"""The form of a new document: a file, or a link."""

from functools import partial

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from firenze_digitale.desk.forms import ReadableForm
from firenze_digitale.file_types import TAKEN, TYPES
from projects.models import ChartDocument
from projects.models.document import MAX_BYTES

ACCEPTED = ",".join(extension for kind in TYPES.values() for extension in kind.extensions)
HOW_LARGE = format_lazy(
    _("At most {limit} MB. Taken: {taken}. What the file holds decides, not its name."),
    limit=MAX_BYTES // 2**20,
    taken=TAKEN,
)

TOO_LARGE = format_lazy(
    _("The file is larger than {limit} MB: make it smaller, or give a link."), limit=MAX_BYTES // 2**20
)


class DocumentInput(forms.FileInput):
    """Chooses a file of the kinds that are taken; too large a one is told before it is sent, where scripts run."""

    class Media:
        js = [forms.Script("js/upload.js", type="module")]

    def __init__(self, attrs=None):
        told = {"accept": ACCEPTED, "data-max-bytes": str(MAX_BYTES), "data-too-large": TOO_LARGE}
        super().__init__({**told, **(attrs or {})})


class DocumentForm(ReadableForm):
    """A document as a person adds it on the page of a chart."""

    class Meta:
        model = ChartDocument
        fields = ["title_it", "title_en", "file", "url", "source"]
        widgets = {"file": DocumentInput}
        field_classes = {"url": partial(forms.URLField, assume_scheme="https")}
        labels = {"url": _("or a link")}
        help_texts = {"file": HOW_LARGE, "url": _("Where the document can be read, if the registry need not keep it.")}

    def __init__(self, *args, chart, **kwargs):
        super().__init__(*args, **kwargs)
        self.instance.chart = chart
