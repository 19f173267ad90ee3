"""Units of a material asset in the field, and ways to get at an immaterial one."""

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from assets.attributes import (
    validate_attributes,
)
from assets.changes import DISTRIBUTIONS, PLACEMENTS
from assets.choices import (
    District,
    PlacementStatus,
    UpdateFrequency,
)
from assets.models.asset import Asset
from assets.place_words import PLACE_WORDS
from assets.querysets import (
    DistributionQuerySet,
    PlacementQuerySet,
)
from assets.tallies import placement_triggers
from firenze_digitale.access import access_of
from firenze_digitale.base_models import (
    RegistryModel,
    Titled,
    one_of,
)
from firenze_digitale.change_log import logged
from firenze_digitale.history import recorded
from firenze_digitale.rules import Rule

PART_CODE_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
part_code_validator = RegexValidator(
    PART_CODE_PATTERN, _("Use letters, digits, points, hyphens and underscores, for example “rastrelliere.892”.")
)

PLACEMENT_NEEDS_MATERIAL = _("Only a material asset has placements in the field.")
DISTRIBUTION_NEEDS_IMMATERIAL = _("Only an immaterial asset has distributions.")


def needs_kind(name: str, kind: str, message) -> list[Rule]:
    """Rules: rows belong to assets of `kind`. Statement-level, for a million rows at once."""
    refuses = f"""EXISTS (SELECT 1 FROM (SELECT DISTINCT asset_id FROM new_rows) part
        JOIN assets_asset asset ON asset.id = part.asset_id
        JOIN assets_category category ON category.id = asset.category_id WHERE category.kind <> '{kind}')"""
    return [
        Rule(
            name=f"{name}_{suffix}",
            refuses=refuses,
            message=message,
            field="asset",
            # Foreign keys are checked at commit: until then nothing else keeps the assets' categories as they are.
            before="PERFORM 1 FROM assets_asset WHERE id IN (SELECT asset_id FROM new_rows) FOR KEY SHARE;",
            when=pgtrigger.After,
            level=pgtrigger.Statement,
            operation=operation,
            referencing=pgtrigger.Referencing(new="new_rows"),
        )
        for suffix, operation in (("insert", pgtrigger.Insert), ("update", pgtrigger.Update))
    ]


class AssetPart(RegistryModel):
    """What placements and distributions share: they belong to an asset and follow its owner."""

    NATURAL_KEY = ("asset__code", "code")

    asset: models.ForeignKey
    code = models.CharField(_("code"), max_length=100, validators=[part_code_validator])

    class Meta(RegistryModel.Meta):
        abstract = True

    def shown_with(self):
        return self.asset

    @classmethod
    def may_be_added_by(cls, who) -> bool:
        return Asset.may_be_added_by(who)

    @classmethod
    def not_storable_by(cls, rows, who) -> set[int]:
        """The assets keep their owners until the rows are stored."""
        Asset.objects.owners_held({row.asset_id for row in rows})
        return super().not_storable_by(rows, who)

    def may_be_stored_by(self, who) -> bool:
        access = access_of(who)
        if not access.writes or access.administrator:
            return access.writes
        assets = {self.asset_id, *type(self).objects.filter(pk=self.pk).values_list("asset_id", flat=True)}
        owners = Asset.objects.owners_held(assets)
        return bool(owners) and owners <= access.partner_ids


@recorded()
@logged(PLACEMENTS)
class Placement(AssetPart):
    """One unit of a material asset in the field: a luminaire on its pole, a drinking fountain."""

    #: The column that decides what the keys of `attributes` mean.
    ATTRIBUTES_FOLLOW = "asset_id"

    asset = models.ForeignKey(
        Asset,
        verbose_name=_("asset"),
        on_delete=models.PROTECT,
        related_name="placements",
        # The unique key begins with it.
        db_index=False,
    )
    address = models.CharField(_("address"), max_length=200, blank=True)
    district = models.CharField(_("district"), max_length=1, choices=District, blank=True)
    latitude = models.FloatField(
        _("latitude"),
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
        help_text=_("Degrees, WGS 84: in Florence about 43.77."),
    )
    longitude = models.FloatField(
        _("longitude"),
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
        help_text=_("Degrees, WGS 84: in Florence about 11.25."),
    )
    status = models.CharField(_("status"), max_length=20, choices=PlacementStatus, default=PlacementStatus.ACTIVE)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)

    objects = PlacementQuerySet.as_manager()

    class Meta(AssetPart.Meta):
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        ordering = ["asset_id", "code"]
        constraints = [
            one_of("placement", "status", PlacementStatus),
            models.CheckConstraint(
                name="placement_district_known",
                condition=models.Q(district__in=["", *District.values]),
                violation_error_message=_("The district is a number from 1 to 5, or empty outside Florence."),
            ),
            models.UniqueConstraint(
                fields=["asset", "code"],
                name="placement_code_in_asset",
                violation_error_message=_("The asset already has a placement with this code."),
            ),
            models.CheckConstraint(
                name="placement_code_well_formed",
                condition=models.Q(code__regex=PART_CODE_PATTERN),
                violation_error_message=part_code_validator.message,
            ),
            models.CheckConstraint(
                name="placement_both_coordinates",
                condition=models.Q(latitude__isnull=True, longitude__isnull=True)
                | models.Q(latitude__isnull=False, longitude__isnull=False),
                violation_error_message=_("Give both latitude and longitude, or neither."),
            ),
            models.CheckConstraint(
                name="placement_latitude_in_range",
                condition=models.Q(latitude__isnull=True) | models.Q(latitude__range=(-90, 90)),
                violation_error_message=_("Latitude is between -90 and 90 degrees."),
            ),
            models.CheckConstraint(
                name="placement_longitude_in_range",
                condition=models.Q(longitude__isnull=True) | models.Q(longitude__range=(-180, 180)),
                violation_error_message=_("Longitude is between -180 and 180 degrees."),
            ),
        ]
        indexes = [
            models.Index(fields=["updated_at", "id"], name="placement_by_change"),
            models.Index(fields=["latitude", "longitude"], name="placement_by_position"),
            models.Index(fields=["district", "latitude", "longitude"], name="placement_by_district"),
            # As `without_coordinates` says it: few rows of a million.
            models.Index(
                fields=["asset", "code"],
                condition=models.Q(latitude=None) & ~models.Q(status=PlacementStatus.REMOVED),
                name="placement_without_coordinates",
            ),
            GinIndex(PLACE_WORDS, name="placement_words"),
        ]
        triggers = [
            *RegistryModel.Meta.triggers,
            *needs_kind("placement_needs_material", "material", PLACEMENT_NEEDS_MATERIAL),
            *placement_triggers(),
        ]

    def __str__(self):
        return f"{self.code} {self.address}".strip()

    @property
    def is_on_map(self) -> bool:
        """Whether a map shows it, as `PlacementQuerySet.on_map` says of many."""
        return self.latitude is not None and self.status != PlacementStatus.REMOVED

    @classmethod
    def attribute_labels(cls, ids) -> dict[int, dict[str, str]]:
        """Labels of the attributes by the id of the asset whose category asks for them."""
        assets = dict(Asset.objects.filter(pk__in=ids).values_list("pk", "category_id"))
        labels = Asset.attribute_labels(set(assets.values()))
        return {asset: labels[category] for asset, category in assets.items()}

    def clean(self):
        super().clean()
        if not hasattr(self, "asset"):
            return
        if not self.asset.is_material:
            raise ValidationError({"asset": PLACEMENT_NEEDS_MATERIAL})
        try:
            validate_attributes(self.attributes, self.asset.category.attribute_schema, partial=True)
        except ValidationError as error:
            raise ValidationError({"attributes": error}) from error


@recorded()
@logged(DISTRIBUTIONS)
class Distribution(Titled, AssetPart):
    """One way to get at an immaterial asset: a file, a service, a document."""

    asset = models.ForeignKey(
        Asset, verbose_name=_("asset"), on_delete=models.PROTECT, related_name="distributions", db_index=False
    )
    format = models.CharField(_("format"), max_length=50, blank=True, help_text=_("For example CSV, WMS, PDF."))
    access_url = models.URLField(_("access address"), blank=True, max_length=500)
    licence = models.CharField(_("licence"), max_length=100, blank=True, help_text=_("For example CC BY 4.0."))
    update_frequency = models.CharField(
        _("update frequency"), max_length=20, choices=UpdateFrequency, default=UpdateFrequency.UNKNOWN
    )
    has_personal_data = models.BooleanField(
        _("holds personal data"), null=True, blank=True, help_text=_("Leave unknown rather than guess.")
    )

    objects = DistributionQuerySet.as_manager()

    class Meta(AssetPart.Meta):
        verbose_name = _("distribution")
        verbose_name_plural = _("distributions")
        ordering = ["asset_id", "code"]
        constraints = [
            one_of("distribution", "update_frequency", UpdateFrequency),
            models.UniqueConstraint(
                fields=["asset", "code"],
                name="distribution_code_in_asset",
                violation_error_message=_("The asset already has a distribution with this code."),
            ),
            models.CheckConstraint(
                name="distribution_code_well_formed",
                condition=models.Q(code__regex=PART_CODE_PATTERN),
                violation_error_message=part_code_validator.message,
            ),
        ]
        triggers = [
            *RegistryModel.Meta.triggers,
            *needs_kind("distribution_needs_immaterial", "immaterial", DISTRIBUTION_NEEDS_IMMATERIAL),
        ]

    def clean(self):
        super().clean()
        if hasattr(self, "asset") and self.asset.is_material:
            raise ValidationError({"asset": DISTRIBUTION_NEEDS_IMMATERIAL})
