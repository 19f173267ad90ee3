"""Which layers there are: one of all units on the map, and one of each category, as far as the caller may see them.

How many units each has, and where they lie, is read off the tallies of the map.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from assets.attributes import attribute_fields
from assets.geojson import features, spread
from assets.models import Asset, Category, Placement, PlacementCell
from assets.tallies import ANY_CATEGORY, FINEST
from assets.tiles import Box, Tiles

ALL = "placements"


@dataclass(frozen=True)
class Collection:
    """A layer.

    Args:
        category: of all its units; None where they are of several.
        count: how many units the caller sees in it.
        box: where they lie; None where there are none.
    """

    category: Category | None
    count: int
    box: Box | None

    @property
    def id(self) -> str:
        return self.category.code if self.category else ALL

    @property
    def title(self) -> str:
        return self.category.name if self.category else _("Units in the field")

    @property
    def description(self) -> str:
        if self.category:
            return _("Units of this category, each attribute in a column of its own.")
        return _("Units of all categories that have a position and were not removed.")

    def units(self, who):
        """Its units, as far as `who` may see them. All have a position, which the standard's boxes ask for."""
        units = Placement.objects.visible_to(who).on_map()
        return units.of_assets(Asset.objects.filter(category=self.category)) if self.category else units

    def features(self, bodies: list[dict]) -> list[dict]:
        """The features of bodies of placements."""
        if self.category:
            names = [field.name for field in attribute_fields(self.category.attribute_schema)]
            bodies = [spread(body, names) for body in bodies]
        return features(bodies)


def collections_of(who) -> list[Collection]:
    """Return the layers in which `who` sees units; that of all units comes first, with or without any."""
    found = {
        category: Collection(None, count, Tiles(FINEST, west, north, east, south).box)
        for category, count, west, north, east, south in PlacementCell.objects.visible_to(who).extents(FINEST)
    }
    whole = found.pop(ANY_CATEGORY, Collection(None, 0, None))
    categories = Category.objects.filter(pk__in=found).order_by("code")
    return [whole, *(Collection(row, found[row.pk].count, found[row.pk].box) for row in categories)]


def collection_of(who, name: str) -> Collection | None:
    """Return the layer that is called `name`, if `who` sees it."""
    return next((each for each in collections_of(who) if each.id == name), None)
