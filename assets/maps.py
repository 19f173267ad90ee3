"""What a map shows: units close together as one mark with their number, counted by the server.

From afar the tallies are read (assets/tallies.py), near by the units themselves through the index of their positions:
what a view costs depends on what it shows and not on how many units there are.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import Max, QuerySet
from django.db.models.expressions import RawSQL

from assets.choices import Kind
from assets.marks import Mark, apart
from assets.models import Asset, Category, Placement, PlacementCell, PlacementTally
from assets.tallies import DISTRICT_COLUMNS, FINEST, LEVELS
from assets.tiles import WORLD, Box, Tiles

MOST_ZOOM = 19
#: So many units in view are shown one by one.
FEW_UNITS = 300
#: Assets with so many units between them are read through their own part of the units' key.
UNITS_OF_FEW_ASSETS = 20_000
#: A view in which about so many units lie, whoever may see them, is the largest in which they are read themselves.
MOST_UNITS_READ = 25_000
KEY = ("owner_id", "category_id", "exchange_status", "visibility")


@dataclass(frozen=True)
class Selection:
    """Which units a map shows: those that `who` may see and that all of the given narrow.

    `assets`, where it is given, narrows by what the tallies do not know: a query of assets that `who` may see.
    """

    who: object
    owner: object = None
    category: Category | None = None
    exchange_status: str = ""
    district: str = ""
    assets: QuerySet | None = None

    @cached_property
    def category_ids(self) -> list[int]:
        return Category.objects.ids_within(self.category) if self.category else []

    @property
    def districts(self) -> list[str]:
        """Districts of the units, where the empty one is outside of the city."""
        return [self.district] if self.district else list(DISTRICT_COLUMNS)

    @cached_property
    def candidates(self) -> QuerySet:
        """Material assets that the tallies can tell from others."""
        assets = Asset.objects.visible_to(self.who).filter(category__kind=Kind.MATERIAL).order_by()
        if self.owner:
            assets = assets.filter(owner=self.owner)
        if self.category:
            assets = assets.filter(category_id__in=self.category_ids)
        return assets.filter(exchange_status=self.exchange_status) if self.exchange_status else assets

    @cached_property
    def chosen(self) -> QuerySet:
        """The assets whose units are shown."""
        if self.assets is None:
            return self.candidates
        return self.candidates.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [list(self.asset_ids)]))

    @cached_property
    def asset_ids(self) -> set[int]:
        """Ids of `assets`, looked for once: words are searched, and several queries need what was found."""
        return set(self.assets.order_by().values_list("pk", flat=True))

    @property
    def is_narrowed(self) -> bool:
        """Whether some of the assets that the reader may see are left out."""
        return bool(self.owner or self.category or self.exchange_status or self.assets is not None)

    @cached_property
    def ids_of_few_assets(self) -> list[int] | None:
        """Ids of the chosen assets where they have few units between them; None where they have many."""
        units = PlacementTally.objects.of_assets(self.chosen).total()
        return list(self.chosen.values_list("pk", flat=True)) if units <= UNITS_OF_FEW_ASSETS else None

    def units_in(self, box: Box, *, near: bool, total: int | None = None) -> QuerySet:
        """The units in a box.

        Args:
            near: the box is so small that all units in it can be read.
            total: how many units there are, where that is known.
        """
        units = self._in_district(Placement.objects.visible_to(self.who).on_map().in_box(*box))
        may_be_few = total is not None and total <= (UNITS_OF_FEW_ASSETS if self.is_narrowed else FEW_UNITS)
        if not near and may_be_few and self.ids_of_few_assets is not None:
            return units.filter(asset_id__in=self.ids_of_few_assets)
        if self.assets is not None:
            # A list of ids is looked up in a hash, where a query of them would be walked for each unit.
            return units.filter(asset_id__in=list(self.chosen.values_list("pk", flat=True)))
        return units.of_assets(self.chosen.values("pk")) if self.is_narrowed else units

    def tallied(self, tiles: Tiles, halvings: int = 0) -> dict:
        """Sum units and positions by tile.

        Args:
            tiles: of a level that is tallied.
            halvings: how many times coarser the result is.
        """
        cells = PlacementCell.objects.visible_to(self.who).within(tiles)
        if self.assets is not None:
            return self._tallied_by_asset(cells, tiles, halvings)
        if self.owner:
            cells = cells.filter(owner_id=self.owner.pk)
        if self.exchange_status:
            cells = cells.filter(exchange_status=self.exchange_status)
        if self.category or self.district:
            cells = cells.of_kinds(self.category_ids or Category.objects.material_ids(), self.districts)
        else:
            cells = cells.of_all_kinds()
        return _summed((1, cells.by_tile(halvings)))

    def _tallied_by_asset(self, cells, tiles: Tiles, halvings: int) -> dict:
        """Sum what the tallies know of all assets alike, with the units of those that are fewer put in or taken out."""
        parts = self._parts
        level = tiles.level - halvings
        in_reach = self._in_district(Placement.objects.on_map().in_box(*tiles.box))
        return _summed(
            (1, cells.of_keys(parts.keys, self.districts).by_tile(halvings) if parts.keys else ()),
            (1, in_reach.filter(asset_id__in=parts.added).by_tile(level) if parts.added else ()),
            (-1, in_reach.filter(asset_id__in=parts.taken).by_tile(level) if parts.taken else ()),
        )

    @cached_property
    def _parts(self) -> "Parts":
        """How the chosen assets are made up of all assets that tallies count together, at the least cost."""
        parts, by_key = Parts(), defaultdict(lambda: ([], []))
        for *key, pk in self.candidates.values_list(*KEY, "pk"):
            by_key[tuple(key)][pk not in self.asset_ids].append(pk)
        units = PlacementTally.objects.of_assets(self.candidates).units()
        for key, (chosen, others) in by_key.items():
            if sum(units.get(pk, 0) for pk in others) < sum(units.get(pk, 0) for pk in chosen):
                parts.keys.append(key)
                parts.taken.extend(pk for pk in others if units.get(pk))
            else:
                parts.added.extend(pk for pk in chosen if units.get(pk))
        return parts

    def _in_district(self, units):
        return units.filter(district=self.district) if self.district else units


@dataclass(frozen=True)
class Parts:
    """Chosen assets as the tallies know them: whole keys, single assets to add, and single ones to take away."""

    keys: list[tuple] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)


def _summed(*signed_rows) -> dict[tuple[int, int], tuple]:
    """Units, sum of latitudes and sum of longitudes by column and row, where any are left."""
    sums = {}
    for sign, rows in signed_rows:
        for column, row, *added in rows:
            known = sums.get((column, row), (0, 0.0, 0.0))
            sums[column, row] = tuple(old + sign * new for old, new in zip(known, added, strict=True))
    return {tile: values for tile, values in sums.items() if values[0] > 0}


@dataclass(frozen=True)
class View:
    """What a map shows of a selection: `box` is where units were looked for, `total` how many there are in it.

    `near`: so near that the units in it can be read.
    """

    box: Box
    zoom: int
    near: bool
    total: int
    marks: list[Mark]


def view_of(selection: Selection, box: Box, zoom: int) -> View:
    """Return the marks of a map of `box` at `zoom` (0 to MOST_ZOOM).

    From afar the box is that of all tiles in it that hold units, so that marks, their number and the list beside them
    tell the same, and the list is not looked for where there is nothing.
    """
    tiles, halvings = _tallied_tiles(box, zoom)
    near = PlacementCell.objects.within(tiles).of_all_kinds().units() * tiles.share_in(box) <= MOST_UNITS_READ
    if near:
        marks = _counted(selection.units_in(box, near=True), zoom)
    else:
        sums = selection.tallied(tiles, halvings)
        box = _box_of(sums, tiles.level - halvings) or tiles.box
        marks = [Mark(south / count, east / count, count) for count, south, east in sums.values()]
    total = sum(mark.count for mark in marks)
    if 0 < total <= FEW_UNITS and (near or selection.ids_of_few_assets is not None):
        units = selection.units_in(box, near=near, total=total).select_related("asset__owner")
        marks = [Mark(unit.latitude, unit.longitude, 1, [unit]) for unit in units]
    return View(box, zoom, near, sum(mark.count for mark in marks), _with_single_units(apart(marks, zoom)))


def _counted(units: QuerySet, zoom: int) -> list[Mark]:
    """Count units by tiles of a quarter of the width of a map's own."""
    rows = units.by_tile(zoom + 2).annotate(Max("pk"))
    return [Mark(south / count, east / count, count, only=only) for _x, _y, count, south, east, only in rows]


def _with_single_units(marks: list[Mark]) -> list[Mark]:
    """The marks, of which those of one unit know it."""
    single = [mark for mark in marks if mark.count == 1 and mark.only]
    units = Placement.objects.select_related("asset__owner").in_bulk([mark.only for mark in single])
    for mark in single:
        mark.units = [units[mark.only]] if mark.only in units else []
    return marks


def whole_of(selection: Selection) -> Box | None:
    """A box that holds all units of a selection, wherever they are; None where there are none."""
    return _box_of(selection.tallied(Tiles.touched_by(WORLD, LEVELS[0])), LEVELS[0])


def _box_of(tiles, level: int) -> Box | None:
    if not tiles:
        return None
    columns, rows = zip(*tiles, strict=True)
    return Tiles(level, min(columns), min(rows), max(columns), max(rows)).box


def _tallied_tiles(box: Box, zoom: int) -> tuple[Tiles, int]:
    """The tiles of a tallied level that show `box`, and how many times coarser a map from afar shows them."""
    level = next((level for level in LEVELS if zoom < level), FINEST)
    halvings = max(0, level - zoom - 2)
    coarse = Tiles.touched_by(box, level - halvings)
    edges = (coarse.west, coarse.north, coarse.east + 1, coarse.south + 1)
    west, north, east, south = (edge << halvings for edge in edges)
    return Tiles(level, west, north, east - 1, south - 1), halvings
