"""Empty spreadsheets on the desk: one for each category, to fill in and import."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from assets.blank_tables import blank_table, kind_of_parts
from assets.choices import Kind
from assets.models import Asset, Category, Distribution, Placement
from firenze_digitale.tables.workbook_writing import XLSX_TYPE


def tables_of(category: Category) -> list[tuple[str, str]]:
    """What a category's empty tables are of, and where they are."""
    models = (Asset, Placement if category.kind == Kind.MATERIAL else Distribution)
    return [
        (
            model._meta.verbose_name_plural,
            f"{reverse(f'admin:assets_{model._meta.model_name}_template')}?category={category.code}",
        )
        for model in models
    ]


class GivesBlankTables:
    """“Empty spreadsheet” on a list that is exported (`Exporting`)."""

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}_template"
        view = self.admin_site.admin_view(require_GET(self.template_view))
        return [path("template/", view, name=name), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        context = {"template_url": self.url_of("template")} if self.has_view_permission(request) else {}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def template_view(self, request):
        """Ask for a category, then send its table."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        categories = [row for row in Category.objects.visible_to(request.user) if self.has_rows_of(row)]
        code = request.GET.get("category")
        if code is None:
            return self.choose_category(request, categories)
        category = next((row for row in categories if row.code == code), None)
        if category is None:
            raise Http404
        response = HttpResponse(blank_table(self.export_class.kind, category, request.user), content_type=XLSX_TYPE)
        name = f"{slugify(_('template'))}-{slugify(self.opts.verbose_name_plural)}-{category.code}.xlsx"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def has_rows_of(self, category: Category) -> bool:
        return self.export_class.kind in ("assets", kind_of_parts(category))

    def choose_category(self, request, categories: list[Category]):
        context = {
            **self.admin_site.each_context(request),
            "title": _("Empty spreadsheet"),
            "opts": self.opts,
            "categories": categories,
        }
        return TemplateResponse(request, "admin/export/template.html", context)
