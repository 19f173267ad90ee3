"""Columns of the spreadsheets in which referents keep their assets, placements and distributions."""

from django.utils.translation import gettext as _

from assets.models import Asset, Distribution, Placement
from firenze_digitale.formats import FORMATS
from firenze_digitale.resources import RegistryResource

__all__ = ["FORMATS", "AssetResource", "DistributionResource", "PlacementResource"]


class AssetResource(RegistryResource):
    RIGHTS_FOLLOW = ("owner",)
    CHECKED_WITH = ("owner", "category", "contact")

    class Meta(RegistryResource.Meta):
        model = Asset
        import_id_fields = ["code"]
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
            "mapped_on",
            "last_confirmed_on",
            "source",
        )

    def taken_keys(self, keys):
        """Codes of assets that are not the importer's: all that they may know of these."""
        codes = [code for (code,) in keys]
        return set(Asset.objects.filter(code__in=codes).values_list("code"))

    def validate_instance(self, instance, import_validation_errors=None, validate_unique=True):
        if instance.pk and not self._is_changed(self.fields["category"], instance):
            # What hangs on the asset only matters when its category changes: spare a query for every row.
            instance._prefetched_objects_cache = {
                "placements": Placement.objects.none(),
                "distributions": Distribution.objects.none(),
            }
        super().validate_instance(instance, import_validation_errors, validate_unique)

    def forbidden_message(self):
        return _("An asset belongs to a partner that you answer for, and stays with it.")


class AssetPartResource(RegistryResource):
    """What placements and distributions share: they are found by their asset and their code in it."""

    RIGHTS_FOLLOW = ("asset",)
    CHECKED_WITH = ("asset",)
    NAMED_WITH = {"asset": ("category",)}

    class Meta(RegistryResource.Meta):
        import_id_fields = ["asset", "code"]

    def forbidden_message(self):
        return _("The asset belongs to a partner that you do not answer for.")


class PlacementResource(AssetPartResource):
    class Meta(AssetPartResource.Meta):
        model = Placement
        fields = ("asset", "code", "address", "district", "latitude", "longitude", "status", "attributes")


class DistributionResource(AssetPartResource):
    class Meta(AssetPartResource.Meta):
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
