"""Filters that pages and API share: related rows by their key, words looked for in several fields."""

import operator
from functools import reduce

import django_filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_filters.fields import ModelChoiceField

from firenze_digitale.base_models import RegistryModel
from firenze_digitale.facets import FacetRule

ALL = _("All")
MAX_SEARCH_LENGTH = 200


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


class SearchFilter(django_filters.CharFilter):
    """Words that all occur, each in any of the given fields."""

    def __init__(self, *fields, **kwargs):
        kwargs.setdefault("label", _("Search"))
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "search"}))
        super().__init__(max_length=MAX_SEARCH_LENGTH, **kwargs)
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
        return type(self)(data, queryset=self.queryset, request=self.request)

    def labels_of(self, name: str) -> dict:
        """What the values of a filter are called, in the order in which people read them."""
        field = self.form.fields[name]
        if isinstance(field, KeyChoiceField):
            return {row.key: field.label_from_instance(row) for row in field.queryset}
        return {value: label for value, label in field.choices if value not in field.empty_values}

    @property
    def who(self):
        """Whoever is asking; nobody where there is no request."""
        return getattr(self.request, "user", None)
