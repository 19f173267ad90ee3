"""The map of units in the field: a page that works by itself, and what its script asks for as people move it."""

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from assets.filters import BoxField, MapFilter
from assets.maps import MOST_ZOOM, Selection, View, view_of, whole_of
from assets.models import Asset, Placement
from assets.outlines import as_geojson
from assets.pictures import city_box, drawn
from assets.tiles import Box, box_around, zoom_for
from firenze_digitale.listing import NOTHING, filters_in_use, page_of
from firenze_digitale.templatetags.registry import grouped

UNITS_A_PAGE = 10
BY_POSITION = ("latitude", "longitude", "id")
#: Pixels of a map where the asking does not say, and the most that a view may have.
USUAL_SIZE, LARGEST_SIZE = (860, 600), (4096, 4096)
PLACE_ZOOM = 18


class ViewForm(forms.Form):
    """Which part of the map is asked for."""

    bbox = BoxField(required=False)
    zoom = forms.IntegerField(required=False, min_value=0, max_value=MOST_ZOOM)


class NotUnderstood(ValueError):
    """An address asks something that the map has no answer to: in plain words, with the status of the answer."""

    def __init__(self, message: str, status: int = 400):
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Asked:
    """What an address asks of the map, and what there is to be seen of it in `box`."""

    selection: Selection
    box: Box
    view: View
    place: Placement | None

    @property
    def told(self) -> str:
        count = self.view.total
        return ngettext("%(n)s unit in view", "%(n)s units in view", count) % {"n": grouped(count)}

    def page(self, request):
        """The list beside the map; nothing is looked for where the tallies know of nothing."""
        view = self.view
        if not view.total:
            return NOTHING, ""
        units = self.selection.units_in(view.box, near=view.near, total=view.total).select_related("asset__owner")
        return page_of(request, units, key=BY_POSITION, limit=UNITS_A_PAGE)


def filters_of(request) -> MapFilter:
    return MapFilter(request.GET, queryset=Asset.objects.visible_to(request.user), request=request)


def asked_of(request, filters: MapFilter) -> Asked:
    """Read an address.

    Raises:
        Http404: it names a place that the reader may not see, or that there is not.
        NotUnderstood: it asks something that cannot be answered.
    """
    form, place = ViewForm(request.GET), _place(request)
    if not filters.is_valid():
        status = 404 if "asset" in filters.form.errors else 400
        raise NotUnderstood(_("A filter was not understood. Correct it below, or clear the filters."), status)
    if not form.is_valid():
        raise NotUnderstood(_("This part of the map was not understood: the address is damaged."))
    chosen = {name: value for name, value in filters.form.cleaned_data.items() if name in MapFilter.KNOWN_TO_TALLIES}
    selection = Selection(request.user, **chosen, assets=filters.qs if filters.needs_assets else None)
    box, zoom = form.cleaned_data["bbox"], form.cleaned_data["zoom"]
    if box:
        box = Box(*box)
        zoom = zoom_for(box, *USUAL_SIZE, MOST_ZOOM) if zoom is None else min(zoom, zoom_for(box, *LARGEST_SIZE, zoom))
        return Asked(selection, box, view_of(selection, box, zoom), place)
    if place and place.is_on_map:
        box = box_around(place.latitude, place.longitude, PLACE_ZOOM, *USUAL_SIZE)
        return Asked(selection, box, view_of(selection, box, PLACE_ZOOM), place)
    return Asked(selection, *_usual_view(selection), place)


def _place(request) -> Placement | None:
    if not (key := request.GET.get("place")):
        return None
    try:
        return Placement.objects.visible_to(request.user).by_key(key)
    except Placement.DoesNotExist as error:
        raise Http404 from error


def _usual_view(selection: Selection) -> tuple[Box, View]:
    """The city; or wherever the units are, where the city has none."""
    view = _fitted(selection, city_box())
    elsewhere = None if view.total else whole_of(selection)
    return (elsewhere, _fitted(selection, elsewhere)) if elsewhere else (city_box(), view)


def _fitted(selection: Selection, box: Box) -> View:
    return view_of(selection, box, zoom_for(box, *USUAL_SIZE, MOST_ZOOM))


@login_not_required
@require_safe
def map_page(request):
    """The map with all that it shows, as a picture and as a list: a script, where one runs, makes it move."""
    filters, asked, problem, status = filters_of(request), None, "", 200
    try:
        asked = asked_of(request, filters)
    except NotUnderstood as error:
        problem, status = str(error), error.status
    page, problem_of_page = asked.page(request) if asked else (NOTHING, "")
    context = {
        "filters": filters,
        "folded": [field for field in filters.form if field.name != "q"],
        "filtered": any(value for name, value in request.GET.items() if name in filters.form.fields),
        "in_use": [] if problem else filters_in_use(request, filters.form),
        "kept": [(name, request.GET[name]) for name in ("bbox", "zoom") if request.GET.get(name) and not problem],
        "search_label": _("Search the assets on the map"),
        "problem": problem or problem_of_page,
        "asked": asked,
        "page": page,
        "picture": asked and drawn(asked.view, asked.box),
        "moves": _moves(request, asked) if asked else [],
        "most_zoom": MOST_ZOOM,
        "tiles": {"url": settings.MAP_TILES_URL, "attribution": settings.MAP_TILES_ATTRIBUTION},
    }
    return render(request, "assets/map.html", context, status=400 if problem_of_page else status)


def _moves(request, asked: Asked) -> list[tuple[str, str]]:
    """What a step over the map is called, and the address it leads to, where no script runs."""
    steps = (
        (_("Zoom in"), 0, 0, 1),
        (_("Zoom out"), 0, 0, -1),
        (_("North"), 0, 0.5, 0),
        (_("South"), 0, -0.5, 0),
        (_("West"), -0.5, 0, 0),
        (_("East"), 0.5, 0, 0),
    )
    parameters, moves = request.GET.copy(), []
    parameters.pop("cursor", None)
    parameters.pop("place", None)
    for label, east, north, nearer in steps:
        zoom = asked.view.zoom + nearer
        if 0 <= zoom <= MOST_ZOOM:
            parameters["bbox"], parameters["zoom"] = str(asked.box.moved(east, north, 2.0**-nearer)), str(zoom)
            moves.append((label, f"{request.path}?{parameters.urlencode()}"))
    return moves


@login_not_required
@require_safe
@cache_control(private=True, no_cache=True)
def unit_list(request):
    """The list beside the map, for a view that a script has moved to."""
    try:
        asked = asked_of(request, filters_of(request))
    except NotUnderstood as error:
        return JsonResponse({"problem": str(error)}, status=error.status)
    page, problem = asked.page(request)
    if problem:
        return JsonResponse({"problem": problem}, status=400)
    return render(request, "assets/_map_list.html", {"asked": asked, "page": page})


@login_not_required
@require_safe
@cache_control(private=True, no_cache=True)
def clusters(request):
    """Marks of a view as JSON.

    A mark is its latitude and longitude, number of units, that number as it is written, diameter in pixels, and the
    indexes of those of `units` that are known one by one.
    """
    try:
        asked = asked_of(request, filters_of(request))
    except NotUnderstood as error:
        return JsonResponse({"problem": str(error)}, status=error.status)
    assets, units, marks = {}, [], []
    for mark in asked.view.marks:
        known = range(len(units), len(units) + len(mark.units))
        units += [_unit(unit, assets) for unit in mark.units]
        at = (round(mark.latitude, 6), round(mark.longitude, 6))
        marks.append([*at, mark.count, mark.told, mark.diameter, list(known)])
    body = {"total": asked.view.total, "told": asked.told, "marks": marks, "units": units}
    return JsonResponse({**body, "assets": [told for _index, told in assets.values()]})


def _unit(unit: Placement, assets: dict) -> list:
    """Code, address, status in words, position, and the index of its asset, which is put among `assets` once."""
    asset = unit.asset
    told = [asset.code, asset.name, asset.get_absolute_url(), asset.owner.name]
    index, _told = assets.setdefault(asset.pk, (len(assets), told))
    return [unit.code, unit.address, unit.get_status_display(), unit.latitude, unit.longitude, index]


@login_not_required
@require_safe
@cache_control(public=True, max_age=86_400)
@condition(etag_func=lambda request: f'"{as_geojson()[1]}"')
def outlines(request):
    """Outlines of the city and its districts as GeoJSON: the same for everybody."""
    return HttpResponse(as_geojson()[0], content_type="application/geo+json")
