"""What partners share: categories of things, assets, their units in the field, the ways to get at them."""

from assets.models.asset import Asset
from assets.models.category import Category
from assets.models.exchange import Import, ImportChunk, ImportMapping, ImportRow
from assets.models.handover import Handover, HandoverItem
from assets.models.parts import AssetPart, Distribution, Placement
from assets.models.tally import AddressWord, PlacementCell, PlacementTally

__all__ = [
    "AddressWord",
    "Asset",
    "AssetPart",
    "Category",
    "Distribution",
    "Handover",
    "HandoverItem",
    "Import",
    "ImportChunk",
    "ImportMapping",
    "ImportRow",
    "Placement",
    "PlacementCell",
    "PlacementTally",
]
