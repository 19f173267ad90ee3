"""What partners share."""

from datetime import date

import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.attributes import (
    validate_attributes,
)
from assets.changes import ASSETS, parts_shown
from assets.choices import (
    ExchangeStatus,
    Kind,
    Theme,
    Unit,
    UpdateFrequency,
    Visibility,
)
from assets.freshness import Freshness, age_told, freshness_at
from assets.models.category import Category
from assets.querysets import (
    AssetQuerySet,
)
from assets.tallies import asset_triggers
from firenze_digitale.access import access_of
from firenze_digitale.base_models import (
    Coded,
    Described,
    Named,
    RegistryModel,
    Sourced,
    Translated,
    dates_in_order,
    hidden_by_visibility,
    one_of,
    well_formed_code,
)
from firenze_digitale.change_log import logged
from firenze_digitale.history import recorded
from firenze_digitale.rules import Rule
from firenze_digitale.searching import Searched, search_indexes, words_of
from partners.models import Partner, Referent

ASSET_LIKENESS = ("name_it", "name_en")
ASSET_WORDS = words_of(
    ("name_it", "name_en"), ("description_it", "description_en", "conditions_it", "conditions_en"), ("code",)
)

ASSET_KIND_IN_USE = _("The new category is of the other kind, and the asset has placements or distributions.")
CODE_RESERVED = _("This code is the address of another page: choose another one.")
CONTACT_OF_OWNER = _("The contact must be a referent of the owner.")
CODE_RESERVED = _("This code is the address of another page: choose another one.")
OWNER_STAYS = _("An import leaves assets with their owner, one that you answer for: offer them to another partner.")


@recorded()
@logged(ASSETS, *parts_shown())
class Asset(Coded, Named, Described, Sourced, RegistryModel):
    """Something that a partner has and another could use: its cameras, its customer records."""

    #: The column that decides what the keys of `attributes` mean.
    ATTRIBUTES_FOLLOW = "category_id"
    RESERVED_CODES = frozenset({"bulk", "export"})

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
    theme = models.CharField(
        _("EU theme"),
        max_length=4,
        choices=Theme,
        blank=True,
        help_text=_("The subject under which people look for it in catalogues of data."),
    )
    update_frequency = models.CharField(
        _("update frequency"), max_length=20, choices=UpdateFrequency, default=UpdateFrequency.UNKNOWN
    )
    rights_holder = models.ForeignKey(
        Partner,
        verbose_name=_("rights holder"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="assets_held",
        help_text=_("Who may say how it is used. Leave it empty where that is the owner."),
    )
    mapped_on = models.DateField(_("mapped on"), null=True, blank=True)
    last_confirmed_on = models.DateField(_("last confirmed on"), null=True, blank=True)

    SEARCHED = Searched(ASSET_WORDS, ASSET_LIKENESS)
    objects = AssetQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("asset")
        verbose_name_plural = _("assets")
        ordering = ["name_it", "id"]
        constraints = [
            well_formed_code("asset"),
            one_of("asset", "exchange_status", ExchangeStatus),
            one_of("asset", "visibility", Visibility),
            one_of("asset", "theme", Theme, or_empty=True),
            one_of("asset", "update_frequency", UpdateFrequency),
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
            models.Index(fields=["updated_at", "id"], name="asset_by_change"),
            *search_indexes("asset", words=ASSET_WORDS, likeness=ASSET_LIKENESS),
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
            *asset_triggers(),
        ]

    def clean(self):
        super().clean()
        errors = {}
        if self._state.adding and self.code in self.RESERVED_CODES:
            errors["code"] = CODE_RESERVED
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

    @property
    def known_on(self) -> date:
        """The day on which somebody last vouched for the asset: confirmed it, else mapped it, else recorded it."""
        return self.last_confirmed_on or self.mapped_on or timezone.localdate(self.created_at)

    @property
    def confirmed_age(self) -> int:
        """Days that have passed since, in Florence."""
        return max((timezone.localdate() - self.known_on).days, 0)

    @property
    def is_stale(self) -> bool:
        """Whether it has gone unconfirmed for more than STALE_AFTER_DAYS days."""
        return freshness_at(self.confirmed_age) == Freshness.STALE

    @property
    def age_told(self) -> str:
        return age_told(self.confirmed_age)

    @classmethod
    def attribute_labels(cls, ids) -> dict[int, dict[str, str]]:
        """Labels of the attributes by the id of the category that asks for them."""
        rows = Category.objects.filter(pk__in=ids)
        return {row.pk: {field.name: field.label for field in row.attribute_fields()} for row in rows}

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
        """A partner's own, and it stays its own: until it is offered to another partner, who takes it over.

        An administrator gives it to any owner.
        """
        access = access_of(who)
        if not access.writes or access.administrator:
            return access.writes
        if self.owner_id not in access.partner_ids:
            return False
        stored = type(self).objects.filter(pk=self.pk).values_list("owner_id", flat=True).first()
        return stored in (None, self.owner_id) or self.handover_items.open_between(stored, self.owner_id).exists()
