"""Bodies of categories, assets, placements and distributions."""

from rest_framework import serializers

from assets.models import Asset, Category, Distribution, Placement
from firenze_digitale.api.serializers import DATES_OF_ROW, RegistrySerializer


class CategorySerializer(RegistrySerializer):
    """A kind of thing that partners share, and the JSON Schema of what is asked of each."""

    class Meta:
        model = Category
        fields = ("code", "name_it", "name_en", "kind", "parent", "attribute_schema", "source", *DATES_OF_ROW)


class AssetSerializer(RegistrySerializer):
    """Something that a partner has and another could use."""

    kind = serializers.CharField(source="category.kind", read_only=True, help_text="Material or immaterial.")

    class Meta:
        model = Asset
        fields = (
            "code",
            "name_it",
            "name_en",
            "description_it",
            "description_en",
            "owner",
            "category",
            "kind",
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
            *DATES_OF_ROW,
        )


class PlacementSerializer(RegistrySerializer):
    """One unit of a material asset in the field."""

    class Meta:
        model = Placement
        fields = (
            "key",
            "asset",
            "code",
            "address",
            "district",
            "latitude",
            "longitude",
            "status",
            "attributes",
            *DATES_OF_ROW,
        )


class DistributionSerializer(RegistrySerializer):
    """One way to get at an immaterial asset."""

    class Meta:
        model = Distribution
        fields = (
            "key",
            "asset",
            "code",
            "title_it",
            "title_en",
            "format",
            "access_url",
            "licence",
            "update_frequency",
            "has_personal_data",
            *DATES_OF_ROW,
        )
