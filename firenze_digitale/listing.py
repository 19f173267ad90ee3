"""What the pages of all lists share: filters kept in the address, paging by key, and a plain word where it fails."""

from django.shortcuts import render
from django.utils.translation import gettext as _

from firenze_digitale.paging import InvalidCursor, Page, paginate

ROWS_A_PAGE = 25
NOTHING = Page([], next=None, previous=None)


def page_of(request, queryset, key: tuple[str, ...], limit: int = ROWS_A_PAGE) -> tuple[Page, str]:
    """Return the page of `queryset` that the address asks for, and what was wrong with the asking."""
    try:
        return paginate(queryset, key=key, limit=limit, cursor=request.GET.get("cursor")), ""
    except InvalidCursor:
        return NOTHING, _("This page of the list no longer exists. Start again from the first page.")


def render_list(request, template: str, filters, key: tuple[str, ...], **context):
    """Render a list that people filter.

    Args:
        filters: a filter set over the rows that the reader may see.
        key: as `paginate` takes it.
    """
    page, problem, total = NOTHING, "", None
    if filters.is_valid():
        page, problem = page_of(request, filters.qs, key)
        total = filters.qs.count()
    else:
        problem = _("A filter was not understood. Correct it below, or clear the filters.")
    context |= {
        "filters": filters,
        "page": page,
        "problem": problem,
        "total": total,
        "filtered": any(value for name, value in request.GET.items() if name in filters.form.fields),
        "in_use": _in_use(request, filters.form),
        "folded": [field for field in filters.form if field.name != "q"],
    }
    return render(request, template, context, status=400 if problem else 200)


def _in_use(request, form) -> list[tuple[str, object, str]]:
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
