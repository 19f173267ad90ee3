"""Deletion on the desk: what is in use stays, and the page says what uses it."""

import copy

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, models
from django.db.models import ProtectedError
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext

from firenze_digitale.desk.seen import SEEN, Seen
from firenze_digitale.encounters import Meanwhile
from firenze_digitale.history import state_shown_at


class Deletion:
    """How rows of one kind are deleted: asked for, never in use, with parts counted and not collected."""

    delete_confirmation_template = "admin/delete.html"
    delete_selected_confirmation_template = "admin/delete_selected.html"

    @staticmethod
    def told(refusal: ValidationError | ProtectedError) -> str:
        """A refusal that came too late for the page that asks."""
        if isinstance(refusal, ValidationError):
            return " ".join(refusal.messages)
        return gettext("It has come into use meanwhile, so it was not deleted.")

    def get_deleted_objects(self, objs, request):
        """Tell what would go, of what kinds, for which rows there is no right, and what is in use."""
        rows = list(objs)
        keys = self.deletable(request, [row.pk for row in rows])
        forbidden = [str(row) for row in rows if row.pk not in keys]
        in_use = [use for row in rows if (use := self.use_of(row, request.user))]
        counts = {self.opts.verbose_name_plural: len(rows)}
        for row in rows:
            for name, count in parts_of(row, request.user).items():
                counts[name] = counts.get(name, 0) + count
        return [str(row) for row in rows], counts, forbidden, in_use

    def deletable(self, request, keys) -> set:
        rows = self.model._default_manager.deletable_by(request.user).filter(pk__in=keys)
        return set(rows.values_list("pk", flat=True))

    @staticmethod
    def use_of(row, who) -> dict | None:
        """What keeps a row from being deleted, as far as `who` may see it."""
        if not hasattr(row, "uses_by"):
            return None
        seen, in_use = row.uses_by(who)
        return {"row": str(row), "uses": [capfirst(line) for line in seen]} if in_use else None

    def _delete_view(self, request, object_id, extra_context):
        """Ask again where the row, or what would go with it, is no longer what the question was about."""
        if request.method == "POST" and SEEN in request.POST:
            row, seen = self.get_object(request, unquote(object_id)), Seen.read(request.POST[SEEN])
            if self.has_delete_permission(request, row) and seen != Seen.with_what_goes(row, request.user):
                kept = Meanwhile(state_shown_at(row, seen.version, request.user), row, request.user).told([])
                asked_again = copy.copy(request)
                asked_again.method, asked_again.POST = "GET", QueryDict()
                response = super()._delete_view(
                    asked_again, object_id, {**(extra_context or {}), "changed": True, "kept": kept}
                )
                response.status_code = 409
                return response
        return super()._delete_view(request, object_id, extra_context)

    def render_delete_form(self, request, context):
        context["is_restorable"] = self.is_restorable
        context["seen"] = Seen.with_what_goes(context["object"], request.user)
        response = super().render_delete_form(request, context)
        if request.method == "POST" and context["protected"]:
            response.status_code = 409
        return response

    def delete_model(self, request, obj):
        super().delete_model(request, obj)
        connection.check_constraints()

    def delete_queryset(self, request, queryset):
        keys = [row.pk for row in queryset]
        rows = self.model._default_manager.filter(pk__in=keys).order_by("pk").select_for_update()
        versions = {f"{row.pk}:{getattr(row, 'version', '')}": row for row in rows}
        if SEEN in request.POST and (changed := versions.keys() - set(request.POST.getlist(SEEN))):
            named = ", ".join(str(versions[key]) for key in sorted(changed))
            told = gettext(
                "Nothing was deleted: these were changed while you were asked. Look at them first: %(rows)s."
            )
            raise ValidationError(told % {"rows": named})
        if self.deletable(request, keys) != set(keys):
            raise PermissionDenied
        self.model._default_manager.filter(pk__in=keys).delete()
        connection.check_constraints()


def parts_of(row, who) -> dict[str, int]:
    """How many parts that `who` may see would be deleted with a row, by their kind."""
    counts = {}
    for relation in row._meta.related_objects:
        rows = relation.related_model._default_manager
        if relation.on_delete is models.CASCADE and hasattr(rows, "visible_to"):
            parts = rows.visible_to(who).filter(**{relation.field.name: row})
            counts[str(relation.related_model._meta.verbose_name_plural)] = parts.count()
    return {name: count for name, count in counts.items() if count}
