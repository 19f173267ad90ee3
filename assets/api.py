"""Categories, assets, placements and distributions on the API."""

from functools import partial

from assets import filters, models, serializers
from assets.geojson import feature_collection
from firenze_digitale.api.formats import GEOJSON
from firenze_digitale.api.viewsets import READ_AND_WRITE, RegistryViewSet


class CategoryViewSet(RegistryViewSet):
    """Kinds of things that partners share, and what is asked of each."""

    model = models.Category
    serializer_class = serializers.CategorySerializer
    filterset_class = filters.CategoryFilter


class AssetViewSet(RegistryViewSet):
    """What partners share."""

    model = models.Asset
    serializer_class = serializers.AssetSerializer
    filterset_class = filters.AssetFilter
    http_method_names = READ_AND_WRITE


class PlacementViewSet(RegistryViewSet):
    """Units of material assets in the field."""

    model = models.Placement
    serializer_class = serializers.PlacementSerializer
    filterset_class = filters.PlacementFilter
    list_key = ("asset_id", "code")
    formats = (*RegistryViewSet.formats, GEOJSON)
    http_method_names = READ_AND_WRITE

    def written(self, name, rows):
        if name != GEOJSON:
            return super().written(name, rows)
        return feature_collection(rows, partial(self.get_serializer, many=True), self.request.user)


class DistributionViewSet(RegistryViewSet):
    """Ways to get at immaterial assets."""

    model = models.Distribution
    serializer_class = serializers.DistributionSerializer
    filterset_class = filters.DistributionFilter
    list_key = ("asset_id", "code")
    http_method_names = READ_AND_WRITE
