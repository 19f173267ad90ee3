"""Import and export on the desk: a preview before anything is stored, within what the importer may do."""

import os
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core import signing
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from import_export.admin import ImportExportMixin
from import_export.forms import ConfirmImportForm, ExportForm, ImportForm
from import_export.tmp_storages import BaseStorage

from firenze_digitale.rules import readable_refusals

MAX_EXPORTED_ROWS = 100_000
PREVIEWED_ROWS = 200
HEADER_ROWS = 1
# What django-import-export shows for a column that the file lacks.
NOT_IN_FILE = "---"
PREVIEW_LIFETIME = 60 * 60
SIGNATURE = "firenze_digitale.import"


class PreviewStorage(BaseStorage):
    """Keeps an uploaded file between preview and confirmation: in a folder of its own, for an hour."""

    @staticmethod
    def folder() -> Path:
        folder = Path(tempfile.gettempdir()) / f"firenze-digitale-imports-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.getuid() or folder.is_symlink():
            raise PermissionError(f"{folder} belongs to somebody else")
        return folder

    @property
    def path(self) -> Path:
        if not re.fullmatch(r"[0-9a-f]{32}", self.name):
            raise FileNotFoundError(self.name)
        return self.folder() / self.name

    def save(self, data):
        self.forget_old_ones()
        self.name = uuid4().hex
        with open(self.path, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(data)

    def read(self):
        return self.path.read_bytes()

    def remove(self):
        self.path.unlink(missing_ok=True)

    def forget_old_ones(self):
        for file in self.folder().iterdir():
            if file.stat().st_mtime < time.time() - PREVIEW_LIFETIME:
                file.unlink(missing_ok=True)


class BoundedImportForm(ImportForm):
    """The file to import, bounded in size."""

    def clean_import_file(self):
        file = self.cleaned_data["import_file"]
        if file.size > settings.MAX_UPLOAD_SIZE:
            raise ValidationError(
                _("The file is too large: %(size)s, at most %(limit)s. Split it and import the parts.")
                % {"size": filesizeformat(file.size), "limit": filesizeformat(settings.MAX_UPLOAD_SIZE)}
            )
        return file


class SignedConfirmForm(ConfirmImportForm):
    """Confirms the very file that its importer has seen the preview of, in the format it was read in."""

    importer = None

    def __init__(self, formats, importer, **kwargs):
        super().__init__(**kwargs)
        self.importer = importer
        choices = [(str(position), "") for position in range(len(formats))]
        self.fields["format"] = forms.ChoiceField(choices=choices, widget=forms.HiddenInput)
        self.fields["resource"] = forms.CharField(required=False, widget=forms.HiddenInput)

    @staticmethod
    def signed(name: str, file_format: str, importer) -> str:
        return signing.dumps([name, file_format, importer.pk], salt=SIGNATURE)

    def clean_import_file_name(self):
        try:
            name, *seen = signing.loads(self.cleaned_data["import_file_name"], salt=SIGNATURE, max_age=PREVIEW_LIFETIME)
        except signing.BadSignature as error:
            raise ValidationError(_("This preview has expired. Choose the file again.")) from error
        if seen != [self["format"].data, self.importer.pk] or not PreviewStorage(name=name).path.exists():
            raise ValidationError(_("This preview has expired. Choose the file again."))
        return name

    def clean_resource(self):
        return "0"


@dataclass(frozen=True)
class WrongRow:
    """A row of a file that cannot be stored: its number as spreadsheets count, and why."""

    number: int
    told: list[tuple[str, str]]
    values: tuple


def wrong_rows(result) -> list[WrongRow]:
    """Every row that keeps a file from being stored, in the file's order."""
    rows = []
    for row in result.invalid_rows:
        told = [
            ("" if field == NON_FIELD_ERRORS else field, text)
            for field, texts in row.error_dict.items()
            for text in texts
        ]
        values = tuple("" if value == NOT_IN_FILE else value for value in row.values)
        rows.append(WrongRow(row.number + HEADER_ROWS, told, values))
    failed = [
        WrongRow(row.number + HEADER_ROWS, [("", str(error.error)) for error in row.errors], ())
        for row in result.error_rows
    ]
    return sorted(rows + failed, key=lambda row: row.number)


class Exchange(ImportExportMixin):
    """Import and export buttons of a list."""

    import_form_class = BoundedImportForm
    confirm_form_class = SignedConfirmForm
    export_form_class = ExportForm
    tmp_storage_class = PreviewStorage
    import_template_name = "admin/import_export/import_rows.html"
    export_template_name = "admin/import_export/export_rows.html"
    import_export_change_list_template = "admin/import_export/change_list_exchange.html"
    exchange_formats: list = []

    @property
    def import_formats(self):
        return self.exchange_formats

    @property
    def export_formats(self):
        return self.exchange_formats

    def has_import_permission(self, request):
        return self.has_add_permission(request)

    def has_export_permission(self, request):
        return self.has_view_permission(request)

    def get_resource_kwargs(self, request, *args, **kwargs):
        return {"user": request.user}

    def get_import_context_data(self, **kwargs):
        return {"previewed_rows": PREVIEWED_ROWS, "limit": filesizeformat(settings.MAX_UPLOAD_SIZE)}

    def get_confirm_form_kwargs(self, request, import_form=None):
        options = super().get_confirm_form_kwargs(request, import_form)
        return {**options, "formats": self.get_import_formats(), "importer": request.user}

    def get_confirm_form_initial(self, request, import_form):
        initial = super().get_confirm_form_initial(request, import_form)
        if import_form is not None:
            name, file_format = initial["import_file_name"], initial["format"]
            initial["import_file_name"] = SignedConfirmForm.signed(name, file_format, request.user)
        return initial

    def add_data_read_fail_error_to_form(self, form, e):
        form.add_error("import_file", str(e) or _("The file cannot be read: choose the format that it is in."))

    def process_import(self, request, **kwargs):
        """Store the file whose preview was confirmed; back to the start where the preview is over."""
        try:
            with readable_refusals():
                response = super().process_import(request, **kwargs)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
            return HttpResponseRedirect(self.url_of("import"))
        if isinstance(response, TemplateResponse) and "confirm_form" in response.context_data:
            for errors in response.context_data["confirm_form"].errors.values():
                messages.error(request, " ".join(errors))
            return HttpResponseRedirect(self.url_of("import"))
        return response

    def import_action(self, request, **kwargs):
        """Preview a file, or list the rows of it that are wrong."""
        response = super().import_action(request, **kwargs)
        return self.with_told_result(response)

    @staticmethod
    def with_told_result(response):
        context = getattr(response, "context_data", None)
        if context and context.get("result"):
            context["shown_rows"] = context["result"].valid_rows()[:PREVIEWED_ROWS]
            wrong = wrong_rows(context["result"])
            context |= {"wrong_rows": wrong[:PREVIEWED_ROWS], "wrong_total": len(wrong)}
        return response

    def process_result(self, result, request):
        """Tell what was stored, or show what has gone wrong since the preview."""
        if not result.has_errors() and not result.has_validation_errors():
            return super().process_result(result, request)
        messages.error(request, _("Nothing was stored: what the file changes has itself changed meanwhile."))
        context = {
            **self.admin_site.each_context(request),
            **self.get_import_context_data(),
            "title": _("Import"),
            "opts": self.opts,
            "result": result,
            "form": self.get_import_form_class(request)(
                self.get_import_formats(), self.get_import_resource_classes(request)
            ),
        }
        return self.with_told_result(TemplateResponse(request, self.import_template_name, context))

    def add_success_message(self, result, request):
        told = _("Imported: %(new)s new, %(update)s changed, %(skip)s as they were.")
        messages.success(request, told % result.totals)

    def get_valid_export_item_pks(self, request):
        """None: what is exported is what the list shows."""
        return []

    def get_export_queryset(self, request):
        return super().get_export_queryset(request).order_by(*self.list_key)

    def export_action(self, request):
        try:
            if request.method != "POST" or not self.get_export_queryset(request)[MAX_EXPORTED_ROWS:].exists():
                return super().export_action(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(self.url_of("changelist"))
        told = _("More than %(limit)s rows: filter the list first, for example by one asset.")
        messages.error(request, told % {"limit": MAX_EXPORTED_ROWS})
        return HttpResponseRedirect(request.get_full_path())
