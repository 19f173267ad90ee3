"""The same change of many rows on the desk: fields are picked, every row is previewed, and all are stored or none."""

import json

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR
from django.core.exceptions import BadRequest, ValidationError
from django.db import models, transaction
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from firenze_digitale.desk.seen import is_number
from firenze_digitale.many_changes import ManyChanges
from firenze_digitale.rules import readable_refusals

MOST_ROWS = 1_000
STEP, WHICH, ROWS = "_step", "_which", "_rows"
PICK = "pick_"


class SameChangeForm(forms.Form):
    """Fields to pick, each with the value that all the rows get."""

    def clean(self):
        """A field that is picked may be emptied; one that is written but not picked was forgotten."""
        cleaned = super().clean()
        for name in self.value_names:
            is_picked, value = cleaned.get(PICK + name), cleaned.get(name)
            if not is_picked and value not in (None, "", [], {}):
                self.add_error(PICK + name, _("You wrote a value, but did not tick the field: tick it, or empty it."))
            elif is_picked and value in (None, "") and not self.may_be_empty[name]:
                self.add_error(name, _("Choose a value: it cannot be empty."))
        if not self.errors and not self.picked():
            raise ValidationError(_("Tick at least one field to change."))
        return cleaned

    @property
    def value_names(self) -> list[str]:
        return [name for name in self.fields if not name.startswith(PICK)]

    def picked(self) -> dict[str, object]:
        """The values of the fields that were picked."""
        return {name: self.cleaned_data[name] for name in self.value_names if self.cleaned_data.get(PICK + name)}

    def pairs(self):
        """The box to tick and the field, for each field."""
        return [(self[PICK + name], self[name]) for name in self.value_names]


class BulkEdit:
    """Lists of rows of which some may be changed alike."""

    #: Fields that make sense alike for many rows.
    bulk_fields: tuple[str, ...] = ()

    def get_actions(self, request):
        actions = super().get_actions(request)
        if self.bulk_fields and IS_POPUP_VAR not in request.GET and self.has_change_permission(request):
            told = gettext_lazy("Change fields of the chosen rows…")
            actions["change_fields"] = (type(self).change_fields, "change_fields", told)
        return actions

    def change_fields(self, request, queryset):
        """Ask for fields and values, show what would become of each row, and store it."""
        step, keys = request.POST.get(STEP), self.chosen_keys(request)
        if len(keys) > MOST_ROWS:
            told = _("These are more than %(most)s rows: narrow the list with words or filters.")
            messages.error(request, told % {"most": MOST_ROWS})
            return None
        rows = self.rows_for_change(request, keys, lock=step == "store")
        if not rows:
            messages.error(request, _("None of the chosen rows is there any more."))
            return None
        form = self.same_change_form(request, rows)
        if step in (None, "back") or not form.is_valid():
            return self.fields_page(request, rows, form, is_judged=step not in (None, "back"))
        changes = ManyChanges(rows, self.values_of(form.picked()), request.user)
        if step == "without":
            return self.preview(request, form, self.without_refused(request, form, changes))
        return self.store(request, form, changes, keys) if step == "store" else self.preview(request, form, changes)

    # Which rows

    def chosen_keys(self, request) -> list[int]:
        """The rows ticked, or all of the list as it is filtered; on later pages, those that the first one told of."""
        if ROWS in request.POST:
            return list(self.read_rows(request))
        if request.POST.get(WHICH) == "all":
            listed = self.get_changelist_instance(request)
            return list(listed.queryset.order_by(*self.list_key).values_list("pk", flat=True)[: MOST_ROWS + 1])
        return [int(key) for key in request.POST.getlist(ACTION_CHECKBOX_NAME)]

    @staticmethod
    def read_rows(request) -> dict[int, str]:
        """The rows that a page told of, with the version of each that it showed."""
        try:
            rows = json.loads(request.POST[ROWS])
            if not all(is_number(key) and is_number(version) for key, version in rows.items()):
                raise BadRequest("these rows are not a page's of the desk")
        except (KeyError, ValueError, AttributeError, RecursionError) as error:
            raise BadRequest("these rows are not a page's of the desk") from error
        return {int(key): version for key, version in rows.items()}

    def rows_for_change(self, request, keys, *, lock: bool) -> list:
        rows = self.model._default_manager.visible_to(request.user).filter(pk__in=keys).for_many_changes()
        rows = rows.order_by("pk").select_for_update(of=("self",)) if lock else rows.order_by(*self.list_key)
        return list(rows)

    # Which fields

    def same_change_form(self, request, rows) -> SameChangeForm:
        fields, may_be_empty = {}, {}
        for name, (form_field, is_optional) in self.bulk_form_fields(request, rows).items():
            form_field.required, form_field.initial = False, None
            if isinstance(form_field, forms.TypedChoiceField) and form_field.choices[0][0] != "":
                form_field.choices = [("", "–"), *form_field.choices]
            if hasattr(form_field.widget, "can_add_related"):
                form_field.widget.can_add_related = False
            fields[PICK + name] = forms.BooleanField(required=False, label=form_field.label)
            fields[name], may_be_empty[name] = form_field, is_optional
        form_class = type("SameChange", (SameChangeForm,), {**fields, "may_be_empty": may_be_empty})
        return form_class(request.POST if STEP in request.POST else None, prefix="to")

    def bulk_form_fields(self, request, rows) -> dict[str, tuple[forms.Field, bool]]:
        """Form fields by name, each with whether it may be emptied."""
        changeable = self.fields_changeable_by(request)
        model_fields = [self.opts.get_field(name) for name in self.bulk_fields]
        return {
            field.name: (self.formfield_for_dbfield(field, request), field.blank or field.null)
            for field in model_fields
            if changeable is None or field.name in changeable
        }

    def values_of(self, picked: dict[str, object]) -> dict[str, object]:
        """What the rows are to hold, by field of the model."""
        empty = {
            name: "" for name in picked if isinstance(self.opts.get_field(name), models.CharField | models.TextField)
        }
        return {name: empty.get(name) if value is None else value for name, value in picked.items()}

    # Pages

    def page_context(self, request, rows, form, title) -> dict:
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "rows": rows,
            "count": len(rows),
            "here": request.get_full_path(),
            "versions": json.dumps({str(row.pk): row.version for row in rows}, separators=(",", ":")),
            "first": rows[0].pk,
            "media": self.media + form.media,
        }

    def fields_page(self, request, rows, form, *, is_judged: bool):
        """The page that asks for fields and values."""
        if not is_judged and form.is_bound:
            form._errors = forms.utils.ErrorDict()
        context = self.page_context(request, rows, form, _("Change fields of the chosen rows"))
        context |= {"most": MOST_ROWS, "may_choose_all": ROWS not in request.POST, "which": request.POST.get(WHICH)}
        return TemplateResponse(request, "admin/bulk_fields.html", context)

    def preview(self, request, form, changes: ManyChanges, *, told=(), status=200):
        """The page that shows what would become of each row."""
        rows = [line.row for line in changes.lines]
        context = self.page_context(request, rows, form, _("What would change"))
        typed = [(name, value) for name, values in request.POST.lists() if name.startswith("to-") for value in values]
        context |= {"changes": changes, "told": told, "typed": typed}
        return TemplateResponse(request, "admin/bulk_preview.html", context, status=status)

    def without_refused(self, request, form, changes: ManyChanges) -> ManyChanges:
        keys = [line.row.pk for line in changes.lines if not line.refusals]
        rows = self.rows_for_change(request, keys, lock=False)
        return ManyChanges(rows, self.values_of(form.picked()), request.user) if rows else changes

    def store(self, request, form, changes: ManyChanges, keys):
        """Store all the rows, if they are those of the preview and none is refused; else a new preview says why."""
        seen = self.read_rows(request)
        now = {line.row.pk: line.row.version for line in changes.lines}
        told = [
            _("“%(row)s” was changed meanwhile.") % {"row": line.row}
            for line in changes.lines
            if now[line.row.pk] != seen[line.row.pk]
        ]
        if gone := len(seen.keys() - now.keys()):
            told.append(
                ngettext("%(count)s row is no longer there.", "%(count)s rows are no longer there.", gone)
                % {"count": gone}
            )
        if told or changes.refused:
            return self.preview(request, form, changes, told=told, status=409)
        try:
            with readable_refusals(), transaction.atomic():
                count = changes.store()
        except ValidationError as refusal:
            return self.preview(request, form, changes, told=refusal.messages, status=409)
        messages.success(
            request, ngettext("%(count)s row was changed.", "%(count)s rows were changed.", count) % {"count": count}
        )
        return None
