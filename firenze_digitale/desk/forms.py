"""Forms of the desk: readable refusals, choices within what the asker may see."""

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Q
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext_lazy as _


class KnownValues:
    """Autocomplete that renders only values that can be keys: a forged one is refused by its field, not here."""

    def optgroups(self, name, value, attr=None):
        return super().optgroups(name, [v for v in value if str(v).isascii() and str(v).isdecimal()], attr)


class ScopedSelect(KnownValues, AutocompleteSelect):
    """One related row, looked up by typing."""


class ScopedSelectMultiple(KnownValues, AutocompleteSelectMultiple):
    """Some related rows, looked up by typing."""


class WrittenNumberField(forms.FloatField):
    """A number as people write it, with a decimal point or a comma."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})
    default_error_messages = {"invalid": _("Write a number, for example 43.77 or 43,77.")}

    def to_python(self, value):
        return super().to_python(value.strip().replace(",", ".") if isinstance(value, str) else value)


class ReadableJSONField(forms.JSONField):
    """JSON whose reading fails with a message, however deep or long it is, or if no page can show it."""

    def to_python(self, value):
        try:
            converted = super().to_python(value)
            self.prepare_value(converted).encode()
        except (RecursionError, ValueError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value}) from error
        return converted

    def bound_data(self, data, initial):
        try:
            bound = super().bound_data(data, initial)
            self.prepare_value(bound).encode()
        except (RecursionError, ValueError):
            return InvalidJSONInput(data)
        return bound


def ticked(field: forms.Field, choices: list[tuple[str, str]]) -> forms.MultipleChoiceField:
    """Return the field of a list of words as boxes to tick, with the same label and help; none need be ticked."""
    told = {"label": field.label, "help_text": field.help_text}
    return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, required=False, **told)


class ReadableForm(forms.ModelForm):
    """A form that says what models and database refuse, beside the field where there is one.

    Its class is made for one request: `who` asks; `refusal` is what the database said of the same input a
    moment ago; `typed` is input to show again without judging it.
    """

    who = None
    refusal: ValidationError | None = None
    typed = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, forms.ModelChoiceField):
                self._keep_current_choice(name, field)
        if self.typed is not None and not self.is_bound:
            self.initial |= {name: self.typed[name] for name in self.fields if name in self.typed}

    def _keep_current_choice(self, name, field):
        """Offer what is stored even where the asker could not choose it anew, as far as they may see it."""
        model_field = self._meta.model._meta.get_field(name) if name in self._model_fields() else None
        if model_field is None or model_field.many_to_many or self.instance.pk is None:
            return
        current = getattr(self.instance, model_field.attname)
        rows = field.queryset.model._default_manager.visible_to(self.who)
        field.queryset = rows.filter(Q(pk__in=field.queryset.values("pk")) | Q(pk=current))

    def _model_fields(self) -> set[str]:
        return {field.name for field in self._meta.model._meta.get_fields() if field.concrete}

    def _post_clean(self):
        super()._post_clean()
        for field in self.instance._meta.many_to_many:
            check = getattr(self.instance, f"clean_{field.name}", None)
            if check and not self.errors and field.name in self.cleaned_data:
                try:
                    check(self.cleaned_data[field.name])
                except ValidationError as error:
                    self._update_errors(error)
        if self.refusal is not None:
            self._update_errors(self.refusal)

    def _update_errors(self, errors):
        """Say above the form what belongs to a field that is not in it."""
        by_field = getattr(errors, "error_dict", {NON_FIELD_ERRORS: getattr(errors, "error_list", [])})
        placed = {}
        for field, messages in by_field.items():
            placed.setdefault(field if field in self.fields else NON_FIELD_ERRORS, []).extend(messages)
        super()._update_errors(ValidationError(placed))
