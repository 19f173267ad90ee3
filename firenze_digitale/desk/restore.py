"""Earlier states and deleted rows on the desk: what they held, what would change, and bringing them back."""

from dataclasses import replace

from django.contrib import messages
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _

from firenze_digitale.desk.changelist import CURSOR, OfOneParentFilter
from firenze_digitale.desk.seen import SEEN
from firenze_digitale.history import name_of_author, names_of_authors, parts_of, states_shown
from firenze_digitale.paging import InvalidCursor, paginate
from firenze_digitale.restoring import EarlierState, GoneRow, told
from firenze_digitale.rules import readable_refusals
from firenze_digitale.states import event_model_of, is_wholly_recorded, row_from

PARTS = "_parts"
ROWS_A_PAGE = 50


def differs(row, state, names) -> bool:
    """Whether a row differs from one of its states in the fields that are named."""
    columns = [row._meta.get_field(name).attname for name in names]
    return any(getattr(row, column) != getattr(state, column) for column in columns)


def fields_of_part(model, link) -> list[str]:
    """The fields of a part that go back with a state of it: all but the one that makes it a part."""
    return [f.name for f in model._meta.concrete_fields if f.editable and not f.primary_key and f.name != link.name]


def is_shown(state, link, who) -> bool:
    """Whether `who` may read a state of a part, and see all that it points at."""
    part = row_from(state)
    pointing = [f for f in part._meta.concrete_fields if f.is_relation and f.name != link.name]
    return states_shown(part, who).filter(pgh_id=state.pgh_id).exists() and all(
        column.related_model._default_manager.visible_to(who).filter(pk=getattr(part, column.attname)).exists()
        for column in pointing
        if getattr(part, column.attname) is not None
    )


class Restore:
    """Bringing back rows, and states of rows, for who may change them."""

    @property
    def is_restorable(self) -> bool:
        return is_wholly_recorded(self.model)

    def get_urls(self):
        if not self.is_restorable:
            return super().get_urls()
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        pages = [
            ("deleted/", self.deleted_view, "deleted"),
            ("deleted/<int:event>/", self.undelete_view, "undelete"),
            ("<path:object_id>/history/<int:event>/", self.restore_view, "restore"),
            ("<path:object_id>/history/<slug:part>/<int:event>/", self.restore_part_view, "restore_part"),
        ]
        own = [path(route, self.admin_site.admin_view(view), name=f"{name}_{page}") for route, view, page in pages]
        return own + super().get_urls()

    def changelist_view(self, request, extra_context=None):
        """Lead to the rows that are gone, those who could bring one back."""
        offered = {}
        if self.is_restorable and self.has_add_permission(request):
            within = "&".join(f"{name}={value}" for name, value in self.within(request)[0].items())
            offered = {"deleted_url": self.url_of("deleted") + (f"?{within}" if within else "")}
        return super().changelist_view(request, {**offered, **(extra_context or {})})

    def within(self, request) -> tuple[dict, dict]:
        """The one parent whose rows are listed: as the address names it, and as a condition."""
        for item in self.get_list_filter(request):
            if isinstance(item, type) and issubclass(item, OfOneParentFilter):
                value = request.GET.get(item.parameter_name, "")
                if value.isascii() and value.isdecimal() and len(value) < 19:
                    return {item.parameter_name: value}, {f"{item.parent}_id": int(value)}
        return {}, {}

    # Earlier states

    def with_ways_back(self, request, row, entries: list) -> list:
        """Entries of history, each with the address that brings its state back, where that changes anything."""
        if not (self.is_restorable and self.has_change_permission(request, row)):
            return entries
        names = self.fields_that_go_back(request, row)
        parts = {
            part: (link, {found.pk: found for found in part._base_manager.filter(**{link.name: row})})
            for part, link, _label in parts_of(row)
            if not part._meta.auto_created
        }
        brought_back: set = set()
        return [replace(entry, restore_url=self._way_back(row, entry, names, parts, brought_back)) for entry in entries]

    def _way_back(self, row, entry, names, parts, brought_back) -> str | None:
        model, state = entry.state.pgh_tracked_model, entry.state
        if model is self.model:
            return self.url_of("restore", row.pk, state.pgh_id) if differs(row, state, names) else None
        if model not in parts:
            return None
        link, there = parts[model]
        part = there.get(state.pgh_obj_id)
        if part is None:
            offered = (model, state.pgh_obj_id) not in brought_back
            brought_back.add((model, state.pgh_obj_id))
        else:
            offered = differs(part, state, fields_of_part(model, link))
        return self.url_of("restore_part", row.pk, model._meta.model_name, state.pgh_id) if offered else None

    def fields_that_go_back(self, request, row) -> list[str]:
        """The fields of the row itself that the asker may change in its form."""
        fixed, columns = self.get_readonly_fields(request, row), {field.name for field in self.opts.concrete_fields}
        named = flatten_fieldsets(self.get_fieldsets(request, row))
        return [name for name in named if name in columns and name not in fixed]

    def restore_view(self, request, object_id, event):
        """Ask before a state comes back, showing each field before and after; then store it."""
        row = self.get_object(request, unquote(object_id))
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        state = states_shown(row, request.user).filter(pgh_id=event).first()
        if state is None:
            raise Http404
        fields = self.fields_that_go_back(request, row)
        return self.bring_back(request, EarlierState(row, state, fields, request.user), row)

    def restore_part_view(self, request, object_id, part, event):
        """The same of a part of a row, there or gone."""
        row = self.get_object(request, unquote(object_id))
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        model, link, state = self._state_of_part(request, row, part, event)
        found = model._default_manager.visible_to(request.user).filter(pk=state.pgh_obj_id, **{link.name: row}).first()
        if found is None:
            if state.pgh_label != "delete" or model._base_manager.filter(pk=state.pgh_obj_id).exists():
                raise Http404
            return self.bring_back_gone(request, GoneRow(state, request.user), row)
        earlier = EarlierState(found, state, fields_of_part(model, link), request.user)
        return self.bring_back(request, earlier, row)

    @staticmethod
    def _state_of_part(request, row, name: str, event: int):
        """The model of a part, its link to the row, and the state that is asked for, if the asker may see it."""
        for model, link, _label in parts_of(row):
            if model._meta.model_name == name and not model._meta.auto_created:
                state = event_model_of(model).objects.filter(pgh_id=event, **{link.attname: row.pk}).first()
                if state and is_shown(state, link, request.user):
                    return model, link, state
        raise Http404

    def bring_back(self, request, earlier: EarlierState, whole):
        """Ask, or store what was asked for; ask again where the row, `whole` or a part of it, has changed meanwhile."""
        row = earlier.row
        context = {"earlier": earlier, "row": row, "version": row.version, "object": whole}
        if request.method != "POST":
            return self.restore_page(request, context)
        try:
            with readable_refusals(), transaction.atomic():
                stored = type(row)._base_manager.select_for_update().filter(pk=row.pk).first()
                if stored is None or not stored.version == row.version == request.POST.get(SEEN):
                    return self.restore_page(request, {**context, "changed": True}, status=409)
                if earlier.refusals:
                    return self.restore_page(request, context, status=409)
                earlier.store()
        except ValidationError as refusal:
            earlier.refusals = told(refusal, type(row))
            return self.restore_page(request, context, status=409)
        messages.success(request, _("The earlier state of “%(row)s” is back.") % {"row": row})
        return HttpResponseRedirect(self.url_of("history", whole.pk))

    def restore_page(self, request, context, status=200):
        context = {
            **self.admin_site.each_context(request),
            "title": _("Restore an earlier state"),
            "subtitle": str(context["object"]),
            "opts": self.opts,
            "history_url": self.url_of("history", context["object"].pk),
            **context,
        }
        return TemplateResponse(request, "admin/restore.html", context, status=status)

    # Rows that are gone

    def deleted_view(self, request):
        """The rows that are gone and that the asker could bring back, latest first."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not self.has_add_permission(request):
            raise PermissionDenied
        joins = [field.name for field in self.opts.concrete_fields if field.is_relation]
        states = self.model._default_manager.all().gone_for(request.user).filter(**self.within(request)[1])
        try:
            page = paginate(
                states.select_related("pgh_context", *joins),
                key=("-pgh_id",),
                limit=ROWS_A_PAGE,
                cursor=request.GET.get(CURSOR) or None,
            )
        except InvalidCursor:
            return HttpResponseRedirect(self.url_of("deleted"))
        users = names_of_authors(page.rows)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Deleted: %(rows)s") % {"rows": self.opts.verbose_name_plural},
            "opts": self.opts,
            "rows": [(state, row_from(state), name_of_author(state, users)) for state in page.rows],
            "page": page,
            "within": self.within(request)[0],
        }
        return TemplateResponse(request, "admin/deleted.html", context)

    def undelete_view(self, request, event):
        """Ask before a row that is gone comes back, with what went with it; then store it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        state = self.model._default_manager.all().gone_for(request.user).filter(pgh_id=event).first()
        if state is None:
            return self._there_again(request, event)
        return self.bring_back_gone(request, GoneRow(state, request.user), None)

    def _there_again(self, request, event):
        """Where somebody else has brought it back meanwhile, lead there."""
        state = event_model_of(self.model).objects.filter(pgh_id=event).first()
        if state is None or not self.get_queryset(request).filter(pk=state.pgh_obj_id).exists():
            raise Http404
        messages.info(request, _("It is there again already."))
        return HttpResponseRedirect(self.url_of("change", state.pgh_obj_id))

    def bring_back_gone(self, request, gone: GoneRow, whole):
        """Ask, or store what was asked for; `whole` is the row that a part belongs to."""
        chosen = set(request.POST.getlist(PARTS)) if request.method == "POST" else {p.name for p in gone.parts}
        context = {"gone": gone, "chosen": chosen, "object": whole}
        if request.method != "POST":
            return self.undelete_page(request, context)
        if gone.refusals:
            return self.undelete_page(request, context, status=409)
        try:
            with readable_refusals(), transaction.atomic():
                row = gone.store(chosen)
        except ValidationError as refusal:
            gone.refusals = told(refusal, gone.model)
            return self.undelete_page(request, context, status=409)
        messages.success(request, _("“%(row)s” is back.") % {"row": row})
        return HttpResponseRedirect(self.url_of("change", whole.pk if whole else row.pk))

    def undelete_page(self, request, context, status=200):
        gone, whole = context["gone"], context["object"]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Restore what was deleted"),
            "subtitle": str(gone.row),
            "opts": self.opts,
            "back_url": self.url_of("history", whole.pk) if whole else self.url_of("deleted"),
            **context,
        }
        return TemplateResponse(request, "admin/undelete.html", context, status=status)

    def restore_url_of_gone(self, request, state):
        return (
            self.url_of("undelete", state.pgh_id) if self.is_restorable and self.has_add_permission(request) else None
        )
