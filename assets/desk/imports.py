"""Imports on the desk: a file is brought, its columns told, its preview confirmed, its receipt kept, and undone."""

from datetime import datetime

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect, JsonResponse
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from assets.choices import ImportedKind, ImportState
from assets.desk import import_pages
from assets.desk.import_columns import ColumnsTable, keep_as_attributes, mapping_told, newly_asked
from assets.desk.import_files import FORMATS, file_of_wrong_rows
from assets.desk.import_forms import OptionsForm, UploadForm
from assets.desk.import_words import Labels, mapping_in_words, what_would_be_stored
from assets.imports import services
from assets.imports.mapping import MISSING_ROWS, Mapping, problems_of
from assets.models import Asset, Import, ImportMapping
from firenze_digitale.desk.base import RegistryAdmin
from firenze_digitale.desk.changelist import NUMBER_OF_ROW, KeptByMeFilter
from firenze_digitale.tables import UnreadableFile

#: States in which the columns can be told, or told anew.
TELLING = {
    ImportState.COLUMNS,
    ImportState.PREVIEWED,
    ImportState.OUTDATED,
    ImportState.INTERRUPTED,
    ImportState.REFUSED,
}
LEFT_OUT = ("_add", "_delete", "_history")


class BringsFiles:
    """“Import” on a list: a file or pasted cells become an import of their own."""

    imported_kind: ImportedKind

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}_import"
        return [path("import/", self.admin_site.admin_view(self.import_view), name=name), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        context = {"import_url": self.url_of("import")} if self.has_add_permission(request) else {}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def import_view(self, request):
        """Take a file or pasted cells, and go on to the page of their import."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        asset = self.asset_of_file(request)
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        form = UploadForm(*sent, who=request.user, kind=self.imported_kind, asset=asset)
        if form.is_valid():
            imported = services.begin(kind=self.imported_kind, made_by=request.user, **form.brought())
            return HttpResponseRedirect(imported.get_absolute_url())
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import"),
            "opts": self.opts,
            "form": form,
            "asset": asset,
            "template_url": self.url_of("template") + (f"?category={asset.category.code}" if asset else ""),
            "limit": filesizeformat(settings.MAX_UPLOAD_SIZE),
            "steps": import_pages.STEPS,
            "step": 0,
        }
        return TemplateResponse(request, "admin/assets/import/upload.html", context)

    def asset_of_file(self, request) -> Asset | None:
        """The one asset, named in the address, that all rows of the file belong to."""
        given = request.GET.get("asset", "")
        if self.imported_kind == ImportedKind.ASSETS or not given:
            return None
        if not NUMBER_OF_ROW.fullmatch(given):
            raise Http404
        asset = Asset.objects.visible_to(request.user).for_list().filter(pk=given).first()
        if asset is None or asset.is_material != (self.imported_kind == ImportedKind.PLACEMENTS):
            raise Http404
        if not asset.may_be_changed_by(request.user):
            raise PermissionDenied
        return asset


@admin.register(Import)
class ImportAdmin(RegistryAdmin):
    list_key = ("-id",)
    list_display = ("file_name", "kind", "partner", "state", "told", "who", "when")
    list_filter = (KeptByMeFilter, "kind", "state", "partner")
    change_list_template = "admin/assets/import/list.html"

    @admin.display(description=_("rows"))
    def told(self, imported):
        return what_would_be_stored(imported.counts) or "–"

    @admin.display(description=_("begun"))
    def when(self, imported):
        return date_format(timezone.localtime(imported.created_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("made by"))
    def who(self, imported):
        return imported.made_by.get_username() if imported.made_by else "–"

    def has_add_permission(self, request):
        """No: an import begins with its file, on the list of what it brings."""
        return False

    def changelist_view(self, request, extra_context=None):
        context = {"may_import": Import.may_be_added_by(request.user)}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def get_urls(self):
        steps = {
            "columns": self.columns_view,
            "preview": require_POST(self.preview_view),
            "confirm": require_POST(self.confirm_view),
            "undo": self.undo_view,
            "abandon": require_POST(self.abandon_view),
            "progress": require_GET(self.progress_view),
            "wrong": require_GET(self.wrong_view),
        }
        own = [
            path(f"<int:pk>/{step}/", self.admin_site.admin_view(view), name=f"assets_import_{step}")
            for step, view in steps.items()
        ]
        return own + [url for url in super().get_urls() if not (url.name or "").endswith(LEFT_OUT)]

    # One import

    def imported(self, request, pk) -> Import:
        """The import at hand, as far as it has come; changed only by who may."""
        found = self.get_queryset(request).for_detail().filter(pk=pk).first()
        if found is None:
            raise Http404
        if request.method == "POST" and not self.has_change_permission(request, found):
            raise PermissionDenied
        return services.settle(found)

    def page(self, request, imported: Import, name: str, **context):
        asset = import_pages.asset_of(imported, request.user)
        part = imported.kind.removesuffix("s")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import of %(kind)s: %(file)s")
            % {"kind": imported.get_kind_display(), "file": imported.file_name},
            "opts": self.opts,
            "imported": imported,
            "asset": asset,
            "again_url": reverse(f"admin:assets_{part}_import") + (f"?asset={asset.pk}" if asset else ""),
            "list_url": reverse(f"admin:assets_{part}_changelist") + (f"?asset__id__exact={asset.pk}" if asset else ""),
            "may_change": self.has_change_permission(request, imported),
            "steps": import_pages.STEPS,
            "step": import_pages.step_of(imported),
            **context,
        }
        return TemplateResponse(request, f"admin/assets/import/{name}.html", context)

    def back(self, imported: Import):
        return HttpResponseRedirect(imported.get_absolute_url())

    def refused(self, request, imported: Import, why):
        """Tell why nothing was done, on the page that shows how far the import has come."""
        messages.error(request, why)
        return self.back(imported)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """The page of an import: its progress, its preview or its receipt."""
        if not NUMBER_OF_ROW.fullmatch(object_id):
            raise Http404
        imported = self.imported(request, object_id)
        if imported.is_at_work:
            return self.page(request, imported, "progress", progress=import_pages.progress_of(imported))
        if imported.state == ImportState.PREVIEWED:
            return self.page(request, imported, "preview", **import_pages.preview(request, imported))
        if imported.state in (ImportState.STORED, ImportState.UNDONE):
            return self.page(request, imported, "receipt", **import_pages.receipt(request, imported))
        if imported.state == ImportState.COLUMNS and self.has_change_permission(request, imported):
            return HttpResponseRedirect(self.url_of("columns", imported.pk))
        return self.page(request, imported, "stopped")

    def progress_view(self, request, pk):
        """How far the work has come, for the script that asks."""
        return JsonResponse(import_pages.progress_of(self.imported(request, pk)))

    # Columns

    def columns_view(self, request, pk):
        """Ask what the columns hold; as they are told, go on to the preview."""
        imported = self.imported(request, pk)
        if not self.has_change_permission(request, imported):
            raise PermissionDenied
        if imported.state not in TELLING:
            return self.back(imported)
        try:
            if request.method == "POST":
                return self.columns_told(request, imported)
            sample = services.sample_of(imported, request.user)
        except UnreadableFile as refusal:
            messages.error(request, str(refusal))
            return self.page(request, imported, "stopped")
        return self.columns_page(request, imported, sample, sample.mapping, proposing=not imported.questions)

    def columns_told(self, request, imported: Import):
        """Ask for a preview with the columns as told, or show again what is still to be told."""
        try:
            mapping, asked = mapping_told(request.POST)
        except ValueError:
            return self.refused(request, imported, _("The form was not filled in by its own page: fill it in again."))
        form = self.options_form(request, imported, mapping, request.POST)
        is_understood = form.is_valid()
        form.tell(mapping)
        imported.mapping = mapping.to_json()
        sample = services.sample_of(imported, request.user)
        if mapping.keep_as_attributes:
            keep_as_attributes(mapping, sample)
        problems = problems_of(mapping, sample.headers, sample.targets)
        if not is_understood or problems or newly_asked(mapping, sample, asked):
            return self.columns_page(request, imported, sample, mapping, form=form, problems=problems)
        try:
            services.ask_preview(imported, mapping, request.user)
        except ValidationError as refusal:
            return self.refused(request, imported, " ".join(refusal.messages))
        form.save_mapping(mapping)
        return self.back(imported)

    def options_form(self, request, imported: Import, mapping: Mapping, data=None):
        return OptionsForm(data, imported=imported, who=request.user, mapping=mapping)

    def columns_page(self, request, imported, sample, mapping, *, form=None, problems=None, proposing=False):
        """The form, with nothing lost of what was told."""
        table = ColumnsTable(sample, mapping, imported.questions, proposing=proposing)
        return self.page(
            request,
            imported,
            "columns",
            table=table,
            form=form or self.options_form(request, imported, mapping),
            problems=problems,
            asks_values=form is not None and form.is_valid() and not problems,
        )

    # What is done with a preview or a receipt

    def preview_view(self, request, pk):
        """Have the file read again: after an interruption, with coordinates swapped, with missing rows removed."""
        imported = self.imported(request, pk)
        mapping = Mapping.from_json(imported.mapping)
        if request.POST.get("missing") in MISSING_ROWS:
            mapping.missing = request.POST["missing"]
        if "swap" in request.POST:
            mapping.swapped = not mapping.swapped
        return self.tried(request, imported, lambda: services.ask_preview(imported, mapping, request.user))

    def confirm_view(self, request, pk):
        """Store what was previewed: the very preview that was seen."""
        imported = self.imported(request, pk)
        if imported.state in (ImportState.STORING, ImportState.STORED):
            messages.info(request, _("This import has been confirmed already."))
            return self.back(imported)
        try:
            seen = datetime.fromisoformat(request.POST.get("seen", ""))
        except ValueError:
            return self.refused(request, imported, _("Look at the preview, then confirm it."))
        return self.tried(request, imported, lambda: services.confirm(imported, request.user, seen=seen))

    def undo_view(self, request, pk):
        """Ask before an import is taken back, naming what stays; then take it back."""
        imported = self.imported(request, pk)
        if not self.has_change_permission(request, imported):
            raise PermissionDenied
        if not imported.may_be_undone:
            return self.back(imported)
        if request.method == "POST":
            rest = "rest" in request.POST
            return self.tried(request, imported, lambda: services.undo(imported, request.user, rest=rest))
        return self.page(request, imported, "undo", kept=import_pages.kept_rows(imported, request.user))

    def abandon_view(self, request, pk):
        """Give up an import that was not stored; its file is forgotten."""
        imported = self.imported(request, pk)
        return self.tried(request, imported, lambda: services.abandon(imported))

    def tried(self, request, imported: Import, step):
        """Take a step, or tell why it cannot be taken any more; either way show how far the import has come."""
        try:
            step()
        except ValidationError as refusal:
            return self.refused(request, imported, " ".join(refusal.messages))
        return self.back(imported)

    def wrong_view(self, request, pk):
        """The wrong rows as a file, to be mended and brought back."""
        imported = self.imported(request, pk)
        suffix = request.GET.get("format", "csv")
        if suffix not in FORMATS or imported.state != ImportState.PREVIEWED or not imported.counts.get("wrong"):
            raise Http404
        return file_of_wrong_rows(imported, Labels(imported.kind), suffix)


@admin.register(ImportMapping)
class ImportMappingAdmin(RegistryAdmin):
    """Saved mappings are made on the page of an import's columns; here they get another name, or go."""

    list_key = ("name", "id")
    list_display = ("name", "kind", "partner", "updated_at")
    list_filter = (KeptByMeFilter, "kind")
    search_fields = ("name",)
    fields = ("name", "kind", "partner", "in_words")
    change_form_template = "admin/assets/import/mapping_form.html"
    readonly_fields = ("kind", "partner", "in_words")
    #: It has no page of its history to come back from.
    is_restorable = False

    def has_add_permission(self, request):
        """No: a mapping is saved with the file that it was made for."""
        return False

    def get_urls(self):
        return [url for url in super().get_urls() if not (url.name or "").endswith(("_add", "_history"))]

    @admin.display(description=_("How the columns are read"))
    def in_words(self, saved):
        told = mapping_in_words(Mapping.from_json(saved.mapping), Labels(saved.kind))
        return format_html("<dl>{}</dl>", format_html_join("", "<dt>{}</dt><dd>{}</dd>", told))
