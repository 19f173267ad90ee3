"""What kinds of things there are, and what to ask of each."""

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from assets.attributes import (
    attribute_fields,
    validate_attribute_schema,
)
from assets.changes import CATEGORIES
from assets.choices import (
    Kind,
)
from assets.querysets import (
    CategoryQuerySet,
)
from firenze_digitale.base_models import (
    Coded,
    Named,
    RegistryModel,
    Sourced,
    one_of,
    well_formed_code,
)
from firenze_digitale.change_log import logged
from firenze_digitale.history import recorded
from firenze_digitale.rules import Rule

CATEGORY_LOOP = _("A category cannot be part of itself, directly or through others.")
CATEGORY_KIND_OF_PARENT = _("A category is of the same kind as the category that it is part of.")
CATEGORY_KIND_IN_USE = _("The kind cannot change any more: the category has assets or parts of this kind.")


@recorded()
@logged(CATEGORIES)
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
