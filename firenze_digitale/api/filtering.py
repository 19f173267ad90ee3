"""The pages' filters, on the API: what is not understood is refused, not passed over."""

from collections.abc import Set as AbstractSet

import django_filters
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend

from firenze_digitale.api import since
from firenze_digitale.api.fields import KEY_SCHEMA
from firenze_digitale.api.formats import PARAMETER, parameter_of
from firenze_digitale.filters import KeyFilter, YearFilter

NO_SUCH = _("There is no such parameter. Known: %(known)s.")
NONE_AT_ALL = _("This address takes no parameters.")


class RegistryFilterBackend(BaseFilterBackend):
    """Applies the view's `filterset_class`, and `updated_since`, which every list has."""

    def filter_queryset(self, request, queryset, view):
        check_names(request, parameters_of(view))
        if (moment := request.query_params.get(since.SINCE)) is not None:
            queryset = since.updated_since(queryset, since.moment_told(moment))
        filters = view.filterset_class(request.query_params, queryset=queryset, request=request)
        if not filters.is_valid():
            raise ValidationError(filters.errors)
        return filters.qs

    def get_schema_operation_parameters(self, view):
        filters = [
            {
                "name": name,
                "in": "query",
                "description": force_str(filter_.label),
                "schema": schema_of(filter_),
            }
            for name, filter_ in view.filterset_class.base_filters.items()
        ]
        return [*filters, since.PARAMETER, parameter_of(view.formats)]


def parameters_of(view) -> set[str]:
    """Names of all that the address of a list may ask for."""
    return {*view.filterset_class.base_filters, *view.pagination_class.parameters, PARAMETER, since.SINCE}


def check_names(request, known: AbstractSet[str]) -> None:
    """Let an address pass that asks by `known` names, each of them once.

    Raises:
        ValidationError: with the names that are amiss.
    """
    errors = {}
    for name, values in request.GET.lists():
        if name not in known:
            told = {"known": ", ".join(sorted(known))}
            errors[name] = [NO_SUCH % told if known else NONE_AT_ALL]
        elif len(values) > 1:
            errors[name] = [_("It is given twice.")]
        elif not values[0].strip():
            errors[name] = [_("It is empty: say what to look for, or leave it out.")]
    if errors:
        raise ValidationError(errors)


def schema_of(filter_: django_filters.Filter) -> dict:
    """Return the OpenAPI schema of the values that a filter takes."""
    if isinstance(filter_, YearFilter):
        limits = filter_.extra
        return {
            "type": "integer",
            "format": "int32",
            "minimum": limits["min_value"],
            "maximum": limits["max_value"],
        }
    if isinstance(filter_, KeyFilter):
        return KEY_SCHEMA
    if isinstance(filter_, django_filters.ChoiceFilter):
        return {"type": "string", "enum": [value for value, _label in filter_.extra["choices"]]}
    return {"type": "string", "minLength": 1, "maxLength": filter_.extra.get("max_length", 300)}
