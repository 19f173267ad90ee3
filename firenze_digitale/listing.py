"""What the pages of all lists share: filters kept in the address, paging by key, and a plain word where it fails."""

from dataclasses import dataclass

from django.shortcuts import render
from django.utils.translation import gettext as _

from firenze_digitale.facets import facets_of
from firenze_digitale.paging import InvalidCursor, Page, paginate

ROWS_A_PAGE = 25
NOTHING = Page([], next=None, previous=None)


def page_of(request, queryset, key: tuple[str, ...], limit: int = ROWS_A_PAGE) -> tuple[Page, str]:
    """Return the page of `queryset` that the address asks for, and what was wrong with the asking."""
    try:
        return paginate(queryset, key=key, limit=limit, cursor=request.GET.get("cursor")), ""
    except InvalidCursor:
        return NOTHING, _("This page of the list no longer exists. Start again from the first page.")


@dataclass(frozen=True)
class Sort:
    """An order in which a list can be read: what it is called, and its key as `paginate` takes it."""

    label: str
    key: tuple[str, ...]


def render_list(request, template: str, filters, sorts: dict[str, Sort], joined=None, **context):
    """Render a list that people filter and sort.

    Args:
        filters: a filter set over the rows that the reader may see, without joins.
        sorts: the orders on offer by their name in the address; the first one is the usual one.
        joined: adds to the rows what the page shows of them; `for_list` where nothing is given.
    """
    usual = next(iter(sorts))
    chosen = request.GET.get("sort") or usual
    page, problem, total, facets = NOTHING, "", None, []
    if not filters.is_valid():
        problem = _("A filter was not understood. Correct it below, or clear the filters.")
    elif chosen not in sorts:
        problem = _("The list cannot be sorted like that. Start again.")
    else:
        rows = joined(filters.qs) if joined else filters.qs.for_list()
        page, problem = page_of(request, rows, sorts[chosen].key)
        total, facets = filters.qs.count(), facets_of(request, filters)
    context |= {
        "filters": filters,
        "page": page,
        "problem": problem,
        "total": total,
        "filtered": any(value for name, value in request.GET.items() if name in filters.form.fields),
        "in_use": filters_in_use(request, filters.form),
        "facets": facets,
        "folded": [field for field in filters.form if field.name not in _shown_otherwise(filters)],
        "sorts": [(name, sort.label, name == chosen) for name, sort in sorts.items()] if len(sorts) > 1 else [],
        "kept": _kept(request, filters),
    }
    return render(request, template, context, status=400 if problem else 200)


def _shown_otherwise(filters) -> set[str]:
    return {"q", *(rule.name for rule in filters.FACETS)}


def _kept(request, filters) -> list[tuple[str, str]]:
    """What the form of search and filters does not ask for but keeps in the address: the facets in use."""
    return [(rule.name, request.GET[rule.name]) for rule in filters.FACETS if request.GET.get(rule.name)]


def filters_in_use(request, form) -> list[tuple[str, object, str]]:
    """Label and value of each filter in use, and the address of the list without it."""
    told = []
    for name, value in form.cleaned_data.items():
        if name == "q" or value in form.fields[name].empty_values:
            continue
        others = request.GET.copy()
        for dropped in (name, "cursor"):
            others.pop(dropped, None)
        told.append((form.fields[name].label, _shown(form.fields[name], value), f"{request.path}?{others.urlencode()}"))
    return told


def _shown(field, value):
    if hasattr(field, "label_from_instance"):
        return field.label_from_instance(value)
    return dict(getattr(field, "choices", ())).get(value, value)
