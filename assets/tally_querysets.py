"""What triggers count of placements, for reading: by tile of the map, and by asset and district."""

from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.fields.tuple_lookups import Tuple, TupleIn
from django.db.models.functions import Coalesce

from assets.choices import District
from assets.querysets import visible_assets
from assets.tallies import ANY_CATEGORY, ANY_DISTRICT


class AssetTallyQuerySet(QuerySet):
    """Units by asset and district; a sum over an asset's rows is what it has."""

    def of_assets(self, assets):
        return self.filter(asset_id__in=assets.order_by().values("pk"))

    def assets_with_units_in(self, district: str):
        """Ids of the assets that have a unit in a district."""
        summed = self.order_by().values("asset_id").annotate(units=Sum(f"district_{district}"))
        return summed.filter(units__gt=0).values("asset_id")

    def counted_by_district(self) -> dict[str, int]:
        """How many assets have a unit in each district."""
        summed = self.order_by().values("asset_id").annotate(**{f"in_{d}": Sum(f"district_{d}") for d in District})
        return summed.aggregate(**{d: Count("asset_id", filter=Q(**{f"in_{d}__gt": 0})) for d in District.values})

    def by_district(self) -> dict[str, int]:
        """How many units lie in each district; under “”, those outside of Florence's."""
        columns = {"outside": "", **{f"district_{district}": district for district in District.values}}
        summed = self.aggregate(**{f"{column}_sum": Sum(column, default=0) for column in columns})
        return {district: summed[f"{column}_sum"] for column, district in columns.items()}

    def units(self) -> dict[int, int]:
        """How many units each asset has, by its id."""
        return dict(self.order_by().values_list("asset_id").annotate(units=_all_units()))

    def total(self) -> int:
        """How many units all these assets have."""
        return self.order_by().aggregate(total=Coalesce(_all_units(), 0))["total"]


def _all_units():
    return sum((Sum(f"district_{district}") for district in District.values), Sum("outside"))


class PlacementCellQuerySet(QuerySet):
    """Units by tile of the map; sums over the rows of a tile are what lies in it."""

    def visible_to(self, who):
        """Of assets that `who` may see: a cell is of one owner and one visibility."""
        return self.filter(visible_assets(who))

    def within(self, tiles):
        """Cells of the tallied level and the rectangle of `tiles`."""
        columns, rows = (tiles.west, tiles.east), (tiles.north, tiles.south)
        return self.filter(level=tiles.level, x__range=columns, y__range=rows)

    def of_all_kinds(self):
        """Cells that count units of all categories and districts together."""
        return self.filter(category_id=ANY_CATEGORY, district=ANY_DISTRICT)

    def of_kinds(self, category_ids, districts):
        """Cells of some categories and districts; one of all together is not among them."""
        return self.filter(category_id__in=category_ids, district__in=districts)

    def of_keys(self, keys, districts):
        """Cells of assets with one of these owners, categories, exchange statuses and visibilities."""
        names = ("owner_id", "category_id", "exchange_status", "visibility")
        cells = self.of_kinds({category for _owner, category, *_ in keys}, districts)
        return cells.filter(TupleIn(Tuple(*names), list(keys)))

    def extents(self, level: int):
        """Each category, ANY_CATEGORY for all together, its units, and the west, north, east and south of its tiles."""
        counted = self.filter(level=level).order_by().values_list("category_id").annotate(Sum("count"))
        return counted.filter(count__sum__gt=0).annotate(Min("x"), Min("y"), Max("x"), Max("y"))

    def units(self) -> int:
        """How many units all these cells count."""
        return self.order_by().aggregate(units=Coalesce(Sum("count"), 0))["units"]

    def by_tile(self, halvings: int = 0):
        """Column, row, units, and sums of latitudes and longitudes of tiles that are so many times coarser."""
        side = 1 << halvings
        summed = self.order_by().values_list(F("x") / side, F("y") / side)
        return summed.annotate(Sum("count"), Sum("latitude_sum"), Sum("longitude_sum"))
