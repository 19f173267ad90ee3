"""Export of a list on the desk: what it shows, filtered and sorted, as a file that is sent while it is being read."""

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db import DataError
from django.http import HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from firenze_digitale.desk.changelist import CURSOR, KeysetChangeList

#: The parameter of the address that asks for the file; the others are the list's.
FORMAT = "as"


class WholeList(KeysetChangeList):
    """All rows that a list shows, page after page."""

    def get_results(self, request):
        """Nothing: the rows are read while the file is sent."""


class Exporting:
    """“Export” on a list."""

    #: Called with rows and who asks; has `formats`, `count`, `file_name()` and `written()`: see `assets.exports`.
    export_class = None
    export_template = "admin/export/export.html"

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        view = self.admin_site.admin_view(require_GET(self.export_view))
        return [path("export/", view, name=name), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        context = {"export_url": self.url_of("export")} if self.has_view_permission(request) else {}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def get_changelist(self, request, **kwargs):
        return WholeList if getattr(request, "exports", False) else super().get_changelist(request, **kwargs)

    def export_view(self, request):
        """Ask for a format, then send the file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        request.GET, request.exports = request.GET.copy(), True
        request.GET.pop(CURSOR, None)
        name = request.GET.pop(FORMAT, [""])[-1]
        file_format = self.export_class.format_named(name)
        try:
            rows = self.get_changelist_instance(request).queryset
            export = self.export_class(rows, request.user) if file_format else None
        except (IncorrectLookupParameters, DataError, ValueError):
            messages.error(request, _("The list has no such filter: filter it anew, then export it."))
            return HttpResponseRedirect(self.url_of("changelist"))
        if export is None:
            refused = _("There is no such format: choose one of these.") if name else ""
            return self.export_page(request, refused)
        if export.count <= (file_format.most_rows or export.count):
            return sent(export, file_format)
        refused = _("%(format)s holds at most %(limit)s rows: choose CSV, or filter the list first.")
        return self.export_page(request, refused % {"format": file_format.label, "limit": file_format.most_rows})

    def export_page(self, request, refused: str):
        context = {
            **self.admin_site.each_context(request),
            "title": _("Export"),
            "opts": self.opts,
            "formats": self.export_class.formats,
            "format_parameter": FORMAT,
            "kept": [(name, value) for name, values in request.GET.lists() for value in values],
            "refused": refused,
        }
        return TemplateResponse(request, self.export_template, context, status=400 if refused else 200)


def sent(export, file_format) -> StreamingHttpResponse:
    """The download. Where reading fails in the middle, the connection is closed, so that nobody takes it for whole."""
    response = StreamingHttpResponse(export.written(file_format), content_type=file_format.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{export.file_name(file_format)}"'
    return response
