"""What triggers count of placements: by cell of the map, by asset and district, and the words of their addresses."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models

from assets.place_words import AddressWordQuerySet
from assets.tally_querysets import AssetTallyQuerySet, PlacementCellQuerySet


class PlacementCell(models.Model):
    """How many units that a map may show lie in a tile, by what decides who sees them and how they are filtered.

    Written by triggers alone (assets/tallies.py). `category_id` 0 and `district` “*” stand for all together.
    """

    level = models.SmallIntegerField()
    x = models.IntegerField()
    y = models.IntegerField()
    owner_id = models.BigIntegerField()
    category_id = models.BigIntegerField()
    exchange_status = models.CharField(max_length=20)
    visibility = models.CharField(max_length=20)
    district = models.CharField(max_length=1)
    count = models.IntegerField()
    latitude_sum = models.FloatField()
    longitude_sum = models.FloatField()
    settled = models.BooleanField()

    objects = PlacementCellQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "level",
                    "x",
                    "y",
                    "owner_id",
                    "category_id",
                    "exchange_status",
                    "visibility",
                    "district",
                ],
                condition=models.Q(settled=True),
                name="cell_settled_once",
            )
        ]
        indexes = [
            models.Index(fields=["level", "category_id", "district", "x", "y"], name="cell_by_place"),
            models.Index(fields=["id"], condition=models.Q(settled=False), name="cell_unsettled"),
        ]

    def __str__(self):
        return f"{self.level}/{self.x}/{self.y}: {self.count}"


class PlacementTally(models.Model):
    """How many units an asset has in each district. Written by triggers alone (assets/tallies.py)."""

    asset_id = models.BigIntegerField()
    outside = models.BigIntegerField()
    district_1 = models.BigIntegerField()
    district_2 = models.BigIntegerField()
    district_3 = models.BigIntegerField()
    district_4 = models.BigIntegerField()
    district_5 = models.BigIntegerField()
    settled = models.BooleanField()

    objects = AssetTallyQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["asset_id"], condition=models.Q(settled=True), name="tally_settled_once")
        ]
        indexes = [
            models.Index(fields=["asset_id"], name="tally_by_asset"),
            models.Index(fields=["id"], condition=models.Q(settled=False), name="tally_unsettled"),
        ]

    def __str__(self):
        return f"{self.asset_id}"


class AddressWord(models.Model):
    """A word that occurs in an address: what a mistyped one may have meant. Words are never taken away."""

    word = models.TextField()

    objects = AddressWordQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["word"], name="address_word"),
            GinIndex(OpClass("word", name="gin_trgm_ops"), name="address_word_likeness"),
        ]

    def __str__(self):
        return self.word
