"""Lists of the desk: paged by key, never counted, filtered only by what the asker may see."""

import re

from django.contrib import messages
from django.contrib.admin import FieldListFilter, RelatedFieldListFilter, SimpleListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db import DataError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from firenze_digitale.access import access_of
from firenze_digitale.paging import InvalidCursor, paginate

CURSOR = "cursor"
NUMBER_OF_ROW = re.compile(r"[0-9]{1,18}")


class KeysetChangeList(ChangeList):
    """A page of a list, found by the last row seen; its order is the model admin's `list_key`."""

    def __init__(self, request, *args, **options):
        self.cursor = request.GET.get(CURSOR)
        super().__init__(request, *args, **options)
        self.title = capfirst(self.opts.verbose_name_plural)

    @property
    def is_narrowed(self) -> bool:
        """Whether words or filters leave rows out, beyond those that a link to the list brings along."""
        filters = (spec for spec in self.filter_specs if not getattr(spec, "comes_with_link", False))
        return bool(self.query) or any(spec.used_parameters for spec in filters)

    def get_queryset(self, request, exclude_parameters=None):
        for parameters in (self.params, self.filter_params):
            parameters.pop(CURSOR, None)
        self.root_queryset = self.root_queryset.for_list()
        return super().get_queryset(request, exclude_parameters)

    def apply_select_related(self, qs):
        return qs

    def get_ordering(self, request, queryset):
        return list(self.model_admin.list_key)

    def get_ordering_field_columns(self):
        return {}

    def get_results(self, request):
        try:
            page = paginate(
                self.queryset, key=self.model_admin.list_key, limit=self.list_per_page, cursor=self.cursor or None
            )
        except (InvalidCursor, ValueError, DataError) as error:
            raise IncorrectLookupParameters from error
        self.result_list, self.result_count = page.rows, len(page.rows)
        self.next_link = page.next and self.get_query_string({CURSOR: page.next})
        self.previous_link = page.previous and self.get_query_string({CURSOR: page.previous})
        self.full_result_count = self.paginator = None
        self.show_admin_actions, self.show_full_result_count = True, False
        self.can_show_all = self.multi_page = False


class OfferedOnly:
    """Takes what the desk's own pages offer, and withstands addresses and forms that were made by hand."""

    def lookup_allowed(self, lookup, value, request=None):
        return lookup in lookups_of(self.get_list_filter(request))

    def get_object(self, request, object_id, from_field=None):
        return super().get_object(request, object_id, from_field or None)

    def response_action(self, request, queryset):
        if all(NUMBER_OF_ROW.fullmatch(ticked) for ticked in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            return super().response_action(request, queryset)
        messages.error(request, _("Nothing was done: one of the ticked rows is not of this list. Tick them again."))
        return None


class VisibleRelatedFilter(RelatedFieldListFilter):
    """Offers the related rows that the asker may see, and no others."""

    def field_choices(self, field, request, model_admin):
        rows = field.related_model._default_manager.visible_to(request.user).for_list()
        return [(row.pk, str(row)) for row in rows]


class ChoosableRelatedFilter(RelatedFieldListFilter):
    """Offers the related rows that the asker may choose in the form: a list that holds rows of those alone."""

    def field_choices(self, field, request, model_admin):
        return [(row.pk, str(row)) for row in model_admin.choices[field.name](request.user).for_list()]


FieldListFilter.register(lambda field: field.remote_field is not None, VisibleRelatedFilter, take_priority=True)


class KeptByMeFilter(SimpleListFilter):
    """What the asker keeps, out of all that they may see."""

    title = _("who keeps it")
    parameter_name = "mine"
    comes_with_link = True

    def lookups(self, request, model_admin):
        return [("1", _("my partners"))] if access_of(request.user).partner_ids else []

    def queryset(self, request, queryset):
        return queryset.kept_by(request.user) if self.value() == "1" else queryset


class OfOneParentFilter(SimpleListFilter):
    """The rows of one parent, which is chosen on the parent's own page: there may be thousands of parents."""

    parent: str
    comes_with_link = True

    def __init__(self, request, params, model, model_admin):
        self.parent_model = model._meta.get_field(self.parent).related_model
        self.title = self.parent_model._meta.verbose_name
        super().__init__(request, params, model, model_admin)

    def lookups(self, request, model_admin):
        if not self.value():
            return []
        if not (self.value().isascii() and self.value().isdecimal()):
            raise IncorrectLookupParameters
        chosen = self.parent_model._default_manager.visible_to(request.user).filter(pk=self.value()).first()
        return [(self.value(), str(chosen))] if chosen else [(self.value(), _("none that you may see"))]

    def queryset(self, request, queryset):
        return queryset.filter(**{f"{self.parent}_id": self.value()}) if self.value() else queryset


def lookups_of(list_filter) -> set[str]:
    """Names of the parameters by which a list's filters may be set in its address."""
    names = set()
    for item in list_filter:
        if isinstance(item, type):
            names.add(item.parameter_name)
            continue
        field = item[0] if isinstance(item, tuple) else item
        names |= {field, *(f"{field}__{lookup}" for lookup in ("exact", "id__exact", "isnull", "gte", "lt"))}
    return names
