"""Rows that were deleted, or passed out of reach, while somebody was writing: said plainly, with what was typed."""

import re

from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from firenze_digitale.differences import NOTHING, Wording
from firenze_digitale.history import last_entry
from firenze_digitale.states import is_recorded, row_from

INPUT = re.compile(r"(?:(?P<part>[a-z_]+)-(?P<number>[0-9]+)-)?(?P<field>[a-z][a-z_0-9]*)")


class GoneMeanwhile:
    """What is answered to a form whose row is no longer there."""

    def gone_state(self, request, object_id):
        """The last state of a row that is gone; None where the asker could not change it, for whom it never was."""
        key = unquote(object_id)
        if not (is_recorded(self.model) and key.isascii() and key.isdecimal() and len(key) < 19):
            return None
        return self.model._default_manager.all().gone_for(request.user).filter(pgh_obj_id=key).first()

    def gone_page(self, request, object_id):
        """The page that says so, if there is somebody to say it to."""
        state = self.gone_state(request, object_id)
        if state is None:
            return None
        row = row_from(state)
        told = _("“%(row)s” has been deleted while you were writing. Nothing was stored.") % {"row": row}
        restore_url = self.restore_url_of_gone(request, state)
        return self.typed_page(request, row, _("It has been deleted meanwhile"), told, 410, restore_url)

    def closed_page(self, request, row):
        """The page for who could change a row when the form was opened, and cannot any more."""
        told = _("“%(row)s” is no longer yours to change: it moved on while you were writing. Nothing was stored.")
        title = _("It is no longer yours to change")
        return self.typed_page(request, row, title, told % {"row": row}, 403)

    def typed_page(self, request, row, title, told, status, restore_url=None):
        """A page that says why nothing was stored, and shows what was typed."""
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "subtitle": str(row),
            "opts": self.opts,
            "told": told,
            "entry": last_entry(self.model, row.pk, request.user) if is_recorded(self.model) else None,
            "typed": self.typed_told(row, request),
            "restore_url": restore_url,
        }
        return TemplateResponse(request, "admin/gone.html", context, status=status)

    def restore_url_of_gone(self, request, state) -> str | None:
        """Where the row could be brought back, if it can."""
        return None

    def typed_told(self, row, request) -> list[tuple[str, str]]:
        """What was typed: labels and values, of the row and of its parts."""
        parts = {relation.get_accessor_name(): relation.related_model for relation in row._meta.related_objects}
        deciding = getattr(self.model, "ATTRIBUTES_FOLLOW", None)
        labels = next(iter(self.model.attribute_labels({getattr(row, deciding)}).values()), {}) if deciding else {}
        told = []
        for name, texts in request.POST.lists():
            found = INPUT.fullmatch(name)
            text = ", ".join(text for text in texts if text.strip())
            if not found or not text or name.startswith(("csrf", "choose", "index", "action")):
                continue
            model = parts.get(found["part"]) if found["part"] else self.model
            if model is not None and found["field"] != "id":
                told.append(self._input_told(model, found, text, request.user, labels))
        return [line for line in told if line]

    @staticmethod
    def _input_told(model, found, text, who, labels) -> tuple[str, str] | None:
        fields = {field.name: field for field in model._meta.get_fields() if field.concrete}
        field, name = fields.get(found["field"]), found["field"]
        if field is None and not name.startswith("attribute_"):
            return None
        attribute = name.removeprefix("attribute_")
        label = capfirst(str(field.verbose_name)) if field else labels.get(attribute, attribute)
        if found["part"]:
            label = f"{capfirst(str(model._meta.verbose_name))} {int(found['number']) + 1}: {label}"
        if field is not None and not field.many_to_many:
            try:
                state = model(**{field.attname: field.to_python(text)})
                text = Wording(model, [state], who).of(field, getattr(state, field.attname))
            except (ValidationError, ValueError):
                pass
        return (label, text) if text != NOTHING else None
