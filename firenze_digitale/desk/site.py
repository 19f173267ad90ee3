"""The referent's desk: who has one, what is on it, and how related rows are looked up."""

from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from firenze_digitale.access import access_of
from firenze_digitale.desk.home import Home

LEFT_OUT = ("view_on_site", "password_change_done")
APPS_IN_ORDER = ("assets", "projects", "partners", "axes")


class ScopedAutocompleteView(AutocompleteJsonView):
    """Looks up the rows that the asker may put into a field, without counting them."""

    deepest_page = 50

    def get(self, request, *args, **kwargs):
        self.term, self.model_admin, self.source_field, to_field = self.process_request(request)
        if not self.source_field.concrete or not self.has_perm(request):
            raise PermissionDenied
        start = (self.page_asked_for(request) - 1) * self.paginate_by
        rows = list(self.get_queryset()[start : start + self.paginate_by + 1])
        results = [self.serialize_result(row, to_field) for row in rows[: self.paginate_by]]
        return JsonResponse({"results": results, "pagination": {"more": len(rows) > self.paginate_by}})

    def get_queryset(self):
        rows = self.admin_site.rows_to_choose(self.source_field, self.request.user).for_list()
        rows, may_repeat = self.model_admin.get_search_results(self.request, rows, self.term)
        rows = rows.order_by(*self.model_admin.list_key)
        return rows.distinct() if may_repeat else rows

    def page_asked_for(self, request) -> int:
        page = request.GET.get("page", "1")
        if not (page.isascii() and page.isdecimal() and 1 <= int(page[:9]) <= self.deepest_page):
            raise Http404
        return int(page)


class RegistryAdminSite(AdminSite):
    """The admin for whoever answers for a partner or steers the Plan; Django's own permissions play no part."""

    site_title = "Firenze Digitale"
    site_header = "Firenze Digitale"
    index_title = _("Desk")
    empty_value_display = "–"
    final_catch_all_view = True

    def register(self, model_or_iterable, admin_class=None, **options):
        """Leave out what other packages register: the desk holds what was put on it here."""
        if getattr(admin_class, "on_the_desk", False):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request) -> bool:
        return request.user.is_active and access_of(request.user).has_a_desk

    def admin_view(self, view, cacheable=False):
        guarded = super().admin_view(view, cacheable)

        def desk_view(request, *args, **kwargs):
            if request.user.is_authenticated and not self.has_permission(request):
                return self.no_desk(request)
            return guarded(request, *args, **kwargs)

        desk_view.__dict__.update(guarded.__dict__)
        return desk_view

    def get_urls(self):
        """Without the short cut by content type, which tells of rows that the asker may not see."""
        return [url for url in super().get_urls() if getattr(url, "name", "") not in LEFT_OUT]

    @method_decorator(never_cache)
    @login_not_required
    def login(self, request, extra_context=None):
        """Log in as everywhere else on the site, and come back."""
        if request.user.is_authenticated and not self.has_permission(request):
            return self.no_desk(request)
        desk = reverse("admin:index", current_app=self.name)
        if request.user.is_authenticated:
            return HttpResponseRedirect(desk)
        return HttpResponseRedirect(f"{reverse('login')}?{urlencode({'next': request.GET.get('next', desk)})}")

    def password_change(self, request, extra_context=None):
        return HttpResponseRedirect(reverse("password_change"))

    def no_desk(self, request):
        """Tell an account that answers for nobody why the desk is empty."""
        context = {"title": _("No desk for this account"), "has_permission": False, "site_header": self.site_header}
        return TemplateResponse(request, "admin/no_desk.html", context, status=403)

    def autocomplete_view(self, request):
        return ScopedAutocompleteView.as_view(admin_site=self)(request)

    def rows_to_choose(self, field, who):
        """Rows that `who` may put into `field`, whichever form asks."""
        try:
            source = self.get_model_admin(field.model)
        except NotRegistered:
            source = None
        offered = getattr(source, "choices", {}).get(field.name)
        return offered(who) if offered else field.related_model._default_manager.visible_to(who)

    def get_app_list(self, request, app_label=None):
        on_the_desk = self._build_app_dict(request, app_label)
        return sorted(on_the_desk.values(), key=lambda app: APPS_IN_ORDER.index(app["app_label"]))

    def index(self, request, extra_context=None):
        """What the account answers for, and the few things that are done every day."""
        context = {**Home(request.user).context(), "shortcuts": self.shortcuts(request)}
        return super().index(request, {**context, **(extra_context or {})})

    def shortcuts(self, request) -> list[dict]:
        if not access_of(request.user).partner_ids:
            return []
        assets = reverse("admin:assets_asset_changelist", current_app=self.name)
        charts = reverse("admin:projects_projectchart_changelist", current_app=self.name)
        return [
            {"url": f"{assets}?mine=1", "title": _("My assets"), "told": _("What your partners share.")},
            {"url": f"{assets}add/", "title": _("Add an asset"), "told": _("One at a time, in a form.")},
            {"url": f"{assets}import/", "title": _("Import assets"), "told": _("Many at once, from a spreadsheet.")},
            {"url": f"{charts}?mine=1", "title": _("My charts"), "told": _("Those that your partners take part in.")},
        ]

    def get_log_entries(self, request):
        """None: the registry's own history tells of every door, Django's log only of this one."""
        return ()
