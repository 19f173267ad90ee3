"""Forms of assets and placements: one field for each attribute that the category asks for."""

from datetime import date

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import ValidationError
from django.utils.html import conditional_escape
from django.utils.translation import gettext_lazy as _

from assets.attributes import AttributeField
from assets.desk.twins import TwinsForm
from assets.models import Asset
from firenze_digitale.dcat.vocabularies import LICENCES, SUGGESTED_FORMATS
from firenze_digitale.desk.forms import ReadableForm, ReadableJSONField, WrittenNumberField

ATTRIBUTE = "attribute_"
YES_OR_NO = [("", "–"), ("true", _("yes")), ("false", _("no"))]


class ChosenValueField(forms.TypedChoiceField):
    """One of a few values of any type, each chosen by how it is written."""

    def __init__(self, *, values: dict[str, object], labels: dict[str, str], **kwargs):
        choices = [("", "–"), *labels.items()]
        super().__init__(choices=choices, coerce=values.__getitem__, empty_value=None, **kwargs)
        self.written = {repr(value): text for text, value in values.items()}

    def prepare_value(self, value):
        return self.written.get(repr(value), value)

    def has_changed(self, initial, data):
        """Compare as written: what is stored is no text to choose by, and may be no choice any more."""
        written = self.prepare_value(initial)
        return not self.disabled and (data or "") != ("" if written is None else str(written))


class ISODateField(forms.DateField):
    """A date that is stored as ISO 8601 text."""

    widget = AdminDateWidget

    def prepare_value(self, value):
        try:
            return date.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            return value

    def clean(self, value):
        cleaned = super().clean(value)
        return cleaned and cleaned.isoformat()


def form_field(attribute: AttributeField, *, required: bool) -> forms.Field:
    """Return the form's field for one attribute of a category."""
    # The admin prints help as HTML.
    options = {"label": attribute.label, "help_text": conditional_escape(attribute.help_text), "required": required}
    if attribute.choices:
        values = {str(value): value for value in attribute.choices}
        return ChosenValueField(values=values, labels={text: text for text in values}, **options)
    if attribute.type == "boolean":
        return ChosenValueField(values={"true": True, "false": False}, labels=dict(YES_OR_NO[1:]), **options)
    if attribute.type in ("integer", "number"):
        kind = forms.IntegerField if attribute.type == "integer" else WrittenNumberField
        return kind(min_value=attribute.minimum, max_value=attribute.maximum, **options)
    if attribute.type == "date":
        return ISODateField(**options)
    if attribute.type == "string":
        return forms.CharField(max_length=1_000, **options)
    return ReadableJSONField(widget=forms.Textarea(attrs={"rows": 3}), **options)


def attribute_form(base: type[ReadableForm], category, *, partial: bool) -> type[ReadableForm]:
    """Return `base` with one field for each attribute that `category` asks for (None: no category yet).

    Args:
        partial: nothing is required, as on a placement.
    """
    asked = category.attribute_fields() if category else []
    fields = {ATTRIBUTE + field.name: form_field(field, required=field.required and not partial) for field in asked}
    fields["attributes_to_remove"] = forms.MultipleChoiceField(
        label=_("Other attributes"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The category does not ask for these. Tick those to remove."),
    )
    names = [field.name for field in asked]
    return type(base)("CategoryForm", (AttributesMixin, base), {**fields, "asked": names})


def whole_where_it_is(value):
    """Write 35 and not 35.0, as people do."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


class AttributesMixin:
    """Reads attributes out of their own fields, and keeps those that the category does not name."""

    asked: list[str] = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        stored = stored_attributes(self.instance)
        for name in self.asked:
            if name in stored:
                self.initial.setdefault(ATTRIBUTE + name, stored[name])
        self.others = {name: value for name, value in stored.items() if name not in self.asked}
        choices = [(name, f"{name}: {value}") for name, value in self.others.items()]
        self.fields["attributes_to_remove"].choices = choices

    def _post_clean(self):
        removed = self.cleaned_data.get("attributes_to_remove") or ()
        attributes = {name: value for name, value in self.others.items() if name not in removed}
        for name in self.asked:
            value = self.cleaned_data.get(ATTRIBUTE + name)
            if value is not None and value != "":
                attributes[name] = whole_where_it_is(value)
        self.instance.attributes = attributes
        super()._post_clean()

    def _update_errors(self, errors):
        """Leave out what the schema says again of an attribute whose own field has said it."""
        by_field = getattr(errors, "error_dict", {})
        if "attributes" in by_field and any(name.startswith(ATTRIBUTE) for name in self.errors):
            errors = ValidationError({name: told for name, told in by_field.items() if name != "attributes"})
        super()._update_errors(errors)


def stored_attributes(row) -> dict:
    """The attributes of an asset or placement, new ones included."""
    return row.attributes if row is not None and isinstance(row.attributes, dict) else {}


class PlacementForm(TwinsForm, ReadableForm):
    """A unit in the field, which may be there already."""


class SuggestedInput(forms.TextInput):
    """A text field that offers `suggestions` while one types, and takes others as well."""

    template_name = "admin/assets/suggested_input.html"

    def __init__(self, suggestions, attrs=None):
        self.suggestions = suggestions
        super().__init__(attrs)

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        listed = f"{context['widget']['attrs'].get('id', name)}-suggestions"
        context["widget"]["attrs"] |= {"list": listed, "autocomplete": "off"}
        return {**context, "listed": listed, "suggestions": self.suggestions}


class DistributionForm(ReadableForm):
    """A way to get at an asset, whose format and licence other catalogues should know."""

    SUGGESTED = {"format": SUGGESTED_FORMATS, "licence": [licence.name for licence in LICENCES]}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in self.SUGGESTED.keys() & self.fields.keys():
            field = self.fields[name]
            field.widget = SuggestedInput(self.SUGGESTED[name], field.widget.attrs)


class AssetForm(TwinsForm, ReadableForm):
    """An asset, whose code is suggested where it is left empty."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "update_frequency" in self.fields:
            self.fields["update_frequency"].required = False
        if "code" in self.fields and self.instance.pk is None:
            self.fields["code"].required = False
            self.fields["code"].help_text = _("Leave it empty to have it made from the owner and the name.")

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("code") and "code" not in self.errors and cleaned.get("owner") and cleaned.get("name_it"):
            cleaned["code"] = Asset.objects.free_code(cleaned["owner"], cleaned["name_it"])
        return cleaned
