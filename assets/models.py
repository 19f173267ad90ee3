"""What partners share: categories of things, assets, their units in the field, the ways to get at them."""

import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assets.attributes import (
    attribute_fields,
    validate_attribute_schema,
    validate_attributes,
)
from assets.choices import (
    District,
    ExchangeStatus,
    Kind,
    PlacementStatus,
    Unit,
    UpdateFrequency,
    Visibility,
)
from assets.querysets import (
    AssetQuerySet,
    CategoryQuerySet,
    DistributionQuerySet,
    PlacementQuerySet,
)
from firenze_digitale.access import access_of
from firenze_digitale.base_models import (
    Coded,
    Described,
    Named,
    RegistryModel,
    Sourced,
    Titled,
    Translated,
    dates_in_order,
    hidden_by_visibility,
    one_of,
    well_formed_code,
)
from firenze_digitale.history import recorded
from firenze_digitale.rules import Rule
from partners.models import Partner, Referent

PART_CODE_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
part_code_validator = RegexValidator(
    PART_CODE_PATTERN, _("Use letters, digits, points, hyphens and underscores, for example “rastrelliere.892”.")
)

CATEGORY_LOOP = _("A category cannot be part of itself, directly or through others.")
CATEGORY_KIND_OF_PARENT = _("A category is of the same kind as the category that it is part of.")
CATEGORY_KIND_IN_USE = _("The kind cannot change any more: the category has assets or parts of this kind.")
ASSET_KIND_IN_USE = _("The new category is of the other kind, and the asset has placements or distributions.")
CONTACT_OF_OWNER = _("The contact must be a referent of the owner.")
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


@recorded()
class Category(Coded, Named, Sourced, RegistryModel):
    """A kind of thing that partners share: luminaires, geographic systems. It says what to ask of each."""

    parent = models.ForeignKey(
        "self", verbose_name=_("part of"), on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    attribute_schema = models.JSONField(
        _("attribute schema"),
        default=dict,
        blank=True,
        validators=[validate_attribute_schema],
        help_text=_("JSON Schema of the attributes that forms ask for and imports check."),
    )

    objects = CategoryQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["kind", "name_it", "id"]
        constraints = [
            well_formed_code("category"),
            one_of("category", "kind", Kind),
            models.CheckConstraint(
                name="category_schema_is_object",
                condition=models.Q(attribute_schema__isnull=False),
                violation_error_message=_("The schema must be an object."),
            ),
        ]
        triggers = [
            *RegistryModel.Meta.triggers,
            Rule(
                name="category_without_loop",
                before="PERFORM pg_advisory_xact_lock(hashtext('category_tree'));",
                refuses="""EXISTS (
                    WITH RECURSIVE above(id) AS (
                        SELECT NEW.parent_id
                        UNION SELECT c.parent_id FROM assets_category c JOIN above ON c.id = above.id
                    ) SELECT 1 FROM above WHERE id = NEW.id)""",
                condition=pgtrigger.Condition("NEW.parent_id IS NOT NULL"),
                message=CATEGORY_LOOP,
                field="parent",
            ),
            Rule(
                name="category_kind_of_parent",
                before="PERFORM 1 FROM assets_category WHERE id = NEW.parent_id FOR KEY SHARE;",
                refuses="EXISTS (SELECT 1 FROM assets_category c WHERE c.id = NEW.parent_id AND c.kind <> NEW.kind)",
                condition=pgtrigger.Condition("NEW.parent_id IS NOT NULL"),
                message=CATEGORY_KIND_OF_PARENT,
                field="kind",
            ),
            Rule(
                name="category_kind_in_use",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.kind IS DISTINCT FROM NEW.kind"),
                # Waits for whoever is adding an asset to this category.
                before="PERFORM 1 FROM assets_category WHERE id = NEW.id FOR UPDATE;",
                refuses="""EXISTS (SELECT 1 FROM assets_asset WHERE category_id = NEW.id)
                    OR EXISTS (SELECT 1 FROM assets_category WHERE parent_id = NEW.id AND kind <> NEW.kind)""",
                message=CATEGORY_KIND_IN_USE,
                field="kind",
            ),
        ]

    def clean(self):
        super().clean()
        above, seen = self.parent, {self.pk} - {None}
        while above is not None:
            if above.pk in seen:
                raise ValidationError({"parent": CATEGORY_LOOP})
            seen.add(above.pk)
            above = above.parent
        if self.parent_id and self.parent.kind != self.kind:
            raise ValidationError({"kind": CATEGORY_KIND_OF_PARENT})
        stored = type(self).objects.filter(pk=self.pk).values_list("kind", flat=True).first()
        if stored and stored != self.kind and (self.assets.exists() or self.children.exists()):
            raise ValidationError({"kind": CATEGORY_KIND_IN_USE})

    def attribute_fields(self):
        """What forms ask and pages show of an asset of this category."""
        return attribute_fields(self.attribute_schema or {})


@recorded()
class Asset(Coded, Named, Described, Sourced, RegistryModel):
    """Something that a partner has and another could use: its cameras, its customer records."""

    owner = models.ForeignKey(Partner, verbose_name=_("owner"), on_delete=models.PROTECT, related_name="assets")
    category = models.ForeignKey(Category, verbose_name=_("category"), on_delete=models.PROTECT, related_name="assets")
    quantity = models.PositiveIntegerField(
        _("declared quantity"), null=True, blank=True, validators=[MaxValueValidator(2_000_000_000)]
    )
    unit = models.CharField(_("unit"), max_length=20, choices=Unit, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    exchange_status = models.CharField(
        _("exchange status"), max_length=20, choices=ExchangeStatus, default=ExchangeStatus.EXCHANGEABLE
    )
    conditions_it = models.TextField(_("conditions (Italian)"), blank=True, max_length=5_000)
    conditions_en = models.TextField(_("conditions (English)"), blank=True, max_length=5_000)
    conditions = Translated("conditions")
    visibility = models.CharField(_("visibility"), max_length=20, choices=Visibility, default=Visibility.NETWORK)
    contact = models.ForeignKey(
        Referent, verbose_name=_("contact"), on_delete=models.PROTECT, null=True, blank=True, related_name="assets"
    )
    mapped_on = models.DateField(_("mapped on"), null=True, blank=True)
    last_confirmed_on = models.DateField(_("last confirmed on"), null=True, blank=True)

    objects = AssetQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("asset")
        verbose_name_plural = _("assets")
        ordering = ["name_it", "id"]
        constraints = [
            well_formed_code("asset"),
            one_of("asset", "exchange_status", ExchangeStatus),
            one_of("asset", "visibility", Visibility),
            dates_in_order(
                "asset",
                "mapped_on",
                "last_confirmed_on",
                _("An asset cannot be confirmed before it has been mapped: correct the dates."),
            ),
            models.CheckConstraint(
                name="asset_conditions_told",
                condition=~models.Q(exchange_status=ExchangeStatus.ON_CONDITIONS) | ~models.Q(conditions_it=""),
                violation_error_message=_("It is exchangeable on conditions: say which, in Italian."),
            ),
        ]
        indexes = [
            models.Index(fields=["name_it", "id"], name="asset_by_name"),
            models.Index(fields=["owner", "name_it", "id"], name="asset_by_owner"),
            models.Index(fields=["category", "name_it", "id"], name="asset_by_category"),
        ]
        triggers = [
            *RegistryModel.Meta.triggers,
            pgtrigger.Trigger(
                name="hold_category",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("category_id"),
                # The foreign key is checked at commit: until then nothing else keeps the category's kind as it is.
                func="PERFORM 1 FROM assets_category WHERE id = NEW.category_id FOR KEY SHARE; RETURN NEW;",
            ),
            Rule(
                name="asset_contact_of_owner",
                refuses="NOT EXISTS (SELECT 1 FROM partners_referent r"
                " WHERE r.id = NEW.contact_id AND r.partner_id = NEW.owner_id)",
                condition=pgtrigger.Condition("NEW.contact_id IS NOT NULL"),
                message=CONTACT_OF_OWNER,
                field="contact",
            ),
            Rule(
                name="asset_kind_in_use",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.category_id <> NEW.category_id"),
                # Waits for whoever is adding a placement or a distribution to this asset.
                before="PERFORM 1 FROM assets_asset WHERE id = NEW.id FOR UPDATE;",
                refuses="""EXISTS (SELECT 1 FROM assets_category c WHERE c.id = NEW.category_id AND (
                    (c.kind <> 'material' AND EXISTS (SELECT 1 FROM assets_placement WHERE asset_id = NEW.id))
                    OR (c.kind <> 'immaterial'
                        AND EXISTS (SELECT 1 FROM assets_distribution WHERE asset_id = NEW.id))))""",
                message=ASSET_KIND_IN_USE,
                field="category",
            ),
        ]

    def clean(self):
        super().clean()
        errors = {}
        if self.contact_id and self.owner_id and self.contact.partner_id != self.owner_id:
            errors["contact"] = CONTACT_OF_OWNER
        if self.category_id:
            try:
                validate_attributes(self.attributes, self.category.attribute_schema)
            except ValidationError as error:
                errors["attributes"] = error
            if self.pk and self._has_parts_of_other_kind():
                errors["category"] = ASSET_KIND_IN_USE
        if errors:
            raise ValidationError(errors)

    def states_hidden_from(self, who):
        access = access_of(who)
        is_own = access.sees_everything or self.owner_id in access.partner_ids
        return None if is_own else hidden_by_visibility(who)

    def _has_parts_of_other_kind(self) -> bool:
        parts = self.distributions if self.category.kind == Kind.MATERIAL else self.placements
        return parts.exists()

    @property
    def is_material(self) -> bool:
        return self.category.kind == Kind.MATERIAL

    def attribute_values(self):
        """The attributes by their labels, for reading: pairs of label and value, unnamed ones last."""
        named = {field.name: field.label for field in self.category.attribute_fields()}
        known = [(label, self.attributes[name]) for name, label in named.items() if name in self.attributes]
        return known + [(name, value) for name, value in self.attributes.items() if name not in named]

    def get_absolute_url(self):
        return reverse("asset-detail", args=[self.code])

    @classmethod
    def may_be_added_by(cls, who) -> bool:
        access = access_of(who)
        return access.writes and (access.administrator or bool(access.partner_ids))

    def may_be_stored_by(self, who) -> bool:
        """A partner's own, and it stays its own: only an administrator gives an asset to another owner."""
        access = access_of(who)
        if not access.writes or access.administrator:
            return access.writes
        stored = type(self).objects.filter(pk=self.pk).values_list("owner_id", flat=True).first()
        return self.owner_id in access.partner_ids and stored in (None, self.owner_id)


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

    def may_be_stored_by(self, who) -> bool:
        access = access_of(who)
        if not access.writes or access.administrator:
            return access.writes
        assets = {self.asset_id, *type(self).objects.filter(pk=self.pk).values_list("asset_id", flat=True)}
        owners = Asset.objects.owners_held(assets)
        return bool(owners) and owners <= access.partner_ids


@recorded()
class Placement(AssetPart):
    """One unit of a material asset in the field: a luminaire on its pole, a drinking fountain."""

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
        triggers = [
            *RegistryModel.Meta.triggers,
            *needs_kind("placement_needs_material", "material", PLACEMENT_NEEDS_MATERIAL),
        ]

    def __str__(self):
        return f"{self.code} {self.address}".strip()

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
