"""Base of every page of the desk: rights from the models, readable refusals, deletion as policy, history."""

import copy

from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.options import csrf_protect_m
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, models, transaction
from django.db.models import ProtectedError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from firenze_digitale.desk.bulk_edit import BulkEdit
from firenze_digitale.desk.changelist import KeysetChangeList, OfferedOnly
from firenze_digitale.desk.conflicts import Conflicts
from firenze_digitale.desk.deletion import Deletion
from firenze_digitale.desk.forms import (
    ReadableForm,
    ReadableJSONField,
    ScopedSelect,
    ScopedSelectMultiple,
    WrittenNumberField,
)
from firenze_digitale.desk.gone import GoneMeanwhile
from firenze_digitale.desk.restore import Restore
from firenze_digitale.desk.rights import Rights
from firenze_digitale.history import history_with_parts
from firenze_digitale.rules import readable_refusals

MAX_SEARCH_LENGTH = 200


class OnePageActionForm(ActionForm):
    """An action is on the rows that are ticked, never on all that were not counted."""

    def clean_select_across(self):
        return False


class ScopedFields:
    """Fields of a form: related rows by typing, out of those that the asker may choose."""

    form = ReadableForm
    formfield_overrides = {
        models.FloatField: {"form_class": WrittenNumberField},
        models.JSONField: {"form_class": ReadableJSONField},
        models.URLField: {"assume_scheme": "https"},
    }

    def get_autocomplete_fields(self, request):
        relations = (f for f in self.opts.get_fields() if f.concrete and f.is_relation)
        return [f.name for f in relations if self.admin_site.is_registered(f.related_model)]

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        scoped = self.scope(db_field, request, ScopedSelect, kwargs)
        return super().formfield_for_foreignkey(db_field, request, **scoped)

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        scoped = self.scope(db_field, request, ScopedSelectMultiple, kwargs)
        return super().formfield_for_manytomany(db_field, request, **scoped)

    def scope(self, db_field, request, widget, options):
        rows = self.admin_site.rows_to_choose(db_field, request.user)
        options.setdefault("queryset", rows)
        if self.admin_site.is_registered(db_field.related_model):
            options.setdefault("widget", widget(db_field, self.admin_site))
        return options

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and hasattr(field.widget, "can_change_related"):
            field.widget.can_change_related = field.widget.can_delete_related = field.widget.can_view_related = False
        return field


class RegistryAdmin(
    Conflicts, Restore, GoneMeanwhile, BulkEdit, Rights, Deletion, OfferedOnly, ScopedFields, admin.ModelAdmin
):
    """One kind of row on the desk."""

    on_the_desk = True
    #: Fields that order the list, as `paging.paginate` takes them.
    list_key: tuple[str, ...] = ("code",)
    #: For a related field, the rows that one may choose there; for others, those that one may see.
    choices: dict = {}
    #: Related fields that an address may fill in for a new row.
    preset_fields: tuple[str, ...] = ()

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    action_form = OnePageActionForm
    object_history_template = "admin/history.html"

    # What one sees

    def get_queryset(self, request):
        return self.model._default_manager.visible_to(request.user)

    def get_object(self, request, object_id, from_field=None):
        row = super().get_object(request, object_id, from_field)
        if row is None:
            raise Http404
        return self.locked(request, row) if request.method == "POST" and connection.in_atomic_block else row

    def locked(self, request, row):
        """The row as it is now, and stays until it is stored: whoever else changes it waits."""
        found = self.get_queryset(request).select_for_update(of=("self",)).filter(pk=row.pk).first()
        if found is None:
            raise Http404
        return found

    def get_changelist(self, request, **kwargs):
        return KeysetChangeList

    def get_search_results(self, request, queryset, search_term):
        if "\x00" in search_term:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term[:MAX_SEARCH_LENGTH])

    def get_view_on_site_url(self, obj=None):
        return obj.get_absolute_url() if hasattr(obj, "get_absolute_url") else None

    def changelist_view(self, request, extra_context=None):
        """Carry an action out whole or not at all, and tell what the database refuses of it."""
        if request.method != "POST":
            return super().changelist_view(request, extra_context)
        try:
            with readable_refusals(), transaction.atomic():
                return super().changelist_view(request, extra_context)
        except (ValidationError, ProtectedError) as refusal:
            messages.error(request, self.told(refusal))
            return HttpResponseRedirect(request.get_full_path())

    def history_view(self, request, object_id, extra_context=None):
        row = self.get_object(request, unquote(object_id))
        context = {
            **self.admin_site.each_context(request),
            "title": _("History"),
            "subtitle": str(row),
            "object": row,
            "opts": self.opts,
            "entries": self.with_ways_back(request, row, history_with_parts(row, request.user)),
        }
        return TemplateResponse(request, self.object_history_template, context)

    # What one changes

    def get_readonly_fields(self, request, obj=None):
        fixed = list(super().get_readonly_fields(request, obj))
        changeable = self.fields_changeable_by(request)
        if obj is None or changeable is None:
            return fixed
        named = flatten_fieldsets(self.get_fieldsets(request, obj))
        return fixed + [name for name in named if name not in changeable and name not in fixed]

    def fields_changeable_by(self, request):
        return self.model.fields_changeable_by(request.user)

    def get_fieldsets(self, request, obj=None):
        """Leave out what points at rows of a kind that is not for the asker to see."""
        hidden = {
            field.name
            for field in self.opts.concrete_fields
            if isinstance(field, models.ForeignKey)
            and hasattr(field.related_model._default_manager, "visible_to")
            and field.related_model._default_manager.visible_to(request.user).query.is_empty()
        }
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name not in hidden]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        form.who = request.user
        form.refusal = getattr(request, "refusal", None)
        form.typed = getattr(request, "typed", None)
        return form

    def get_changeform_initial_data(self, request):
        presets = {name: request.GET.get(name, "") for name in self.preset_fields}
        initial = {name: value for name, value in presets.items() if value.isascii() and value.isdecimal()}
        for name in self.choices:
            only = list(self.choices[name](request.user)[:2])
            if len(only) == 1:
                initial.setdefault(name, only[0].pk)
        return initial

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Say plainly where the row that was written is no longer there."""
        try:
            return self.form_or_refusal(request, object_id, form_url, extra_context)
        except Http404:
            gone = self.gone_page(request, object_id) if request.method == "POST" and object_id else None
            if gone is None:
                raise
            return gone

    def form_or_refusal(self, request, object_id, form_url, extra_context):
        """Show the form again, with what was typed, where the database refuses it."""
        if "_show" in request.POST:
            shown = copy.copy(request)
            shown.method, shown.typed = "GET", request.POST
            return self._changeform_view(shown, object_id, form_url, extra_context)
        try:
            with readable_refusals():
                return super().changeform_view(request, object_id, form_url, extra_context)
        except ValidationError as refusal:
            request.refusal = refusal
            return self._changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request, obj, form, change):
        if not self.may_store(request, obj):
            raise PermissionDenied
        super().save_model(request, obj, form, change)

    def may_store(self, request, row) -> bool:
        return row.may_be_stored_by(request.user)

    def save_related(self, request, form, formsets, change):
        """Store the parts, each asked for first, and let deferred rules speak before success is told."""
        for formset in formsets:
            self.check_parts(request, form.instance, formset)
        super().save_related(request, form, formsets, change)
        connection.check_constraints()

    def check_parts(self, request, whole, formset):
        removed = [form.instance for form in formset.deleted_forms if form.instance.pk]
        deletable = formset.model._default_manager.deletable_by(request.user)
        if removed and deletable.filter(pk__in=[part.pk for part in removed]).count() < len(removed):
            raise PermissionDenied
        for form in formset.forms:
            if form.has_changed() and form not in formset.deleted_forms:
                setattr(form.instance, formset.fk.name, whole)
                if not form.instance.may_be_stored_by(request.user):
                    raise PermissionDenied

    # History is the registry's own: see firenze_digitale.history

    def log_addition(self, request, obj, message):
        """Nothing: triggers have recorded it."""

    def log_change(self, request, obj, message):
        """Nothing: triggers have recorded it."""

    def log_deletions(self, request, queryset):
        """Nothing: triggers have recorded it."""

    def url_of(self, page: str, *args) -> str:
        """Address of one of this model's pages: “changelist”, “add”, “change”, “history”, “import”."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=args, current_app=self.admin_site.name)

    @csrf_protect_m
    def delete_view(self, request, object_id, extra_context=None):
        try:
            with readable_refusals():
                return super().delete_view(request, object_id, extra_context)
        except (ValidationError, ProtectedError) as refusal:
            messages.error(request, self.told(refusal))
            return HttpResponseRedirect(self.url_of("change", object_id))
        except Http404:
            if request.method != "POST" or self.gone_state(request, object_id) is None:
                raise
            messages.info(request, _("It has been deleted already."))
            return HttpResponseRedirect(self.url_of("changelist"))


class PartInline(Rights, ScopedFields, admin.StackedInline):
    """Parts of a row, changed by who may change the whole."""

    extra = 0

    @property
    def judged_model(self):
        return self.parent_model

    def get_queryset(self, request):
        return self.model._default_manager.visible_to(request.user).for_list()

    def get_formset(self, request, obj=None, **kwargs):
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.who = request.user
        return formset

    def has_add_permission(self, request, obj=None) -> bool:
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request, obj=None) -> bool:
        if obj is None:
            return self.parent_model.may_be_added_by(request.user)
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None) -> bool:
        return self.has_change_permission(request, obj)
