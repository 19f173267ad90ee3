"""Columns of the spreadsheets in which referents keep their assets, placements and distributions."""

from import_export.resources import ModelResource

from assets.models import Asset, Distribution, Placement

__all__ = ["AssetResource", "DistributionResource", "PlacementResource"]


class AssetResource(ModelResource):
    class Meta:
        model = Asset
        fields = (
            "code",
            "owner",
            "category",
            "name_it",
            "name_en",
            "description_it",
            "description_en",
            "quantity",
            "unit",
            "attributes",
            "exchange_status",
            "conditions_it",
            "conditions_en",
            "visibility",
            "contact",
            "theme",
            "update_frequency",
            "rights_holder",
            "mapped_on",
            "last_confirmed_on",
            "source",
        )


class PlacementResource(ModelResource):
    class Meta:
        model = Placement
        fields = ("asset", "code", "address", "district", "latitude", "longitude", "status", "attributes")


class DistributionResource(ModelResource):
    class Meta:
        model = Distribution
        fields = (
            "asset",
            "code",
            "title_it",
            "title_en",
            "format",
            "access_url",
            "licence",
            "update_frequency",
            "has_personal_data",
        )
