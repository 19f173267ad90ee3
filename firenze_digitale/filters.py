"""Filters that pages and API share: related rows by their key, words looked for in several fields."""

import operator
from copy import copy
from datetime import date, datetime, time
from functools import reduce

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_filters.fields import ModelChoiceField

from firenze_digitale.asking import MAX_LENGTH
from firenze_digitale.base_models import RegistryModel
from firenze_digitale.facets import FacetRule

ALL = _("All")


class KeyChoiceField(ModelChoiceField):
    """A related row, named by its natural key.

    Args:
        describe: what a choice is called; the row itself by default.
    """

    default_error_messages = {"invalid_choice": _("There is no “%(value)s”: check the code.")}

    def __init__(self, *args, describe=str, **kwargs):
        super().__init__(*args, **kwargs)
        self.describe = describe

    def prepare_value(self, value):
        return value.key if isinstance(value, RegistryModel) else value

    def label_from_instance(self, obj):
        return self.describe(obj)

    def to_python(self, value):
        if value in self.empty_values:
            return None
        try:
            return self.queryset.by_key(str(value))
        except self.queryset.model.DoesNotExist as error:
            params = {"value": str(value)[:100]}
            raise forms.ValidationError(self.error_messages["invalid_choice"], "invalid_choice", params) from error


class KeyFilter(django_filters.ModelChoiceFilter):
    """A related row by its natural key, among those that the reader may see.

    Args:
        model: the related model.
        typed: the key is typed in, where there are too many rows to choose from a list.
    """

    field_class = KeyChoiceField

    def __init__(self, *args, model, typed=False, order_by=(), **kwargs):
        if typed:
            kwargs["widget"] = forms.TextInput
        kwargs.setdefault("empty_label", ALL)
        self.order_by = order_by
        super().__init__(*args, queryset=model.objects.all(), **kwargs)

    def get_queryset(self, request):
        rows = self.queryset.visible_to(getattr(request, "user", None)).for_list()
        return rows.order_by(*self.order_by) if self.order_by else rows


class ValueFilter(django_filters.ChoiceFilter):
    """One of the values that a field takes."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("empty_label", ALL)
        super().__init__(*args, **kwargs)


class YesNoFilter(ValueFilter):
    """Yes or no, written `true` and `false` in addresses."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, choices=(("true", _("Yes")), ("false", _("No"))), **kwargs)

    def filter(self, queryset, value):
        return super().filter(queryset, value == "true") if value else queryset


class YearFilter(django_filters.Filter):
    """A year of four digits."""

    field_class = forms.IntegerField

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("label", _("Year"))
        super().__init__(*args, min_value=1900, max_value=2200, **kwargs)


class DayFilter(django_filters.DateFilter):
    """A day, written as ISO 8601 does."""

    def __init__(self, **kwargs):
        years = [MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(2200, 12, 31))]
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(input_formats=["%Y-%m-%d"], validators=years, widget=widget, **kwargs)


def start_of(day: date) -> datetime:
    """The moment at which a day begins here."""
    return timezone.make_aware(datetime.combine(day, time.min))


class WordsFilter(django_filters.CharFilter):
    """Words that all occur, stemmed and mistyped if need be, as the search box of every page finds them."""

    def __init__(self, **kwargs):
        kwargs.setdefault("label", _("Search"))
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "search"}))
        super().__init__(max_length=MAX_LENGTH, **kwargs)

    def filter(self, queryset, value):
        return queryset.matching(value) if value else queryset


class SearchFilter(WordsFilter):
    """Words that all occur, each in any of the given fields: for tables of some tens of rows."""

    def __init__(self, *fields, **kwargs):
        super().__init__(**kwargs)
        self.fields = fields

    def filter(self, queryset, value):
        for word in (value or "").split():
            anywhere = (Q(**{f"{field}__icontains": word}) for field in self.fields)
            queryset = queryset.filter(reduce(operator.or_, anywhere))
        return queryset


class RegistryFilterSet(django_filters.FilterSet):
    """Base of the filters of every list."""

    #: Filters that pages offer as facets, in this order.
    FACETS: tuple[FacetRule, ...] = ()

    def without(self, name: str) -> "RegistryFilterSet":
        """The same filters over the same rows, but for one."""
        data = self.data.copy()
        data.pop(name, None)
        others = type(self)(data, queryset=self.queryset, request=self.request)
        # What was understood of the other filters is not asked of the database once more.
        others._form = copy(self.form)
        others._form.cleaned_data = {**self.form.cleaned_data, name: None}
        return others

    def labels_of(self, name: str) -> dict:
        """What the values of a filter are called, in the order in which people read them; nothing of a number."""
        field = self.form.fields[name]
        if isinstance(field, KeyChoiceField):
            return {row.key: field.label_from_instance(row) for row in field.queryset}
        return {value: label for value, label in getattr(field, "choices", ()) if value not in field.empty_values}

    @property
    def who(self):
        """Whoever is asking; nobody where there is no request."""
        return getattr(self.request, "user", None)
