"""What every row of the registry has: dates, a natural key, text in two languages, and an answer to who may."""

import re
from functools import reduce
from operator import and_

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Coalesce, Now
from django.utils.text import format_lazy, slugify
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from firenze_digitale.access import access_of
from firenze_digitale.asking import asked
from firenze_digitale.rules import touch_trigger
from firenze_digitale.states import last_states_of_the_gone, states_of, version_of

NAMED_USES = 3
CODE_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
code_validator = RegexValidator(
    CODE_PATTERN,
    _("Use lower-case letters, digits and single hyphens, for example “publiacqua-fontanelli”."),
)


class RegistryQuerySet(models.QuerySet):
    """Deny by default: a model says in its queryset who sees and who changes its rows.

    `who` is whatever `access_of` understands: a user, a partner's system, an `Access`.
    """

    def visible_to(self, who):
        """Rows that `who` may know of; the others do not exist for them."""
        return self.none()

    def changeable_by(self, who):
        """Rows that `who` may change."""
        return self.none()

    def deletable_by(self, who):
        """Rows that `who` may delete."""
        return self.changeable_by(who)

    def gone_for(self, who):
        """Last states of the rows that are gone and that `who` could change while they were there."""
        return last_states_of_the_gone(states_of(self.model).changeable_by(who))

    def kept_by(self, who):
        """Rows that are `who`'s business, out of those that they may see."""
        return self.changeable_by(who)

    def for_list(self):
        """Joins that a list of these rows needs."""
        return self

    def for_detail(self):
        """Joins that the page of one row needs."""
        return self.for_list()

    def with_count_of(self, relation: str, who):
        """Add `<relation>_count`: how many rows of a reverse relation `who` may see."""
        link = self.model._meta.get_field(relation)
        rows = link.related_model._default_manager.visible_to(who).filter(**{link.field.name: models.OuterRef("pk")})
        counted = rows.order_by().values(link.field.name).annotate(count=models.Count("pk", distinct=True))
        return self.annotate(**{f"{relation}_count": Coalesce(models.Subquery(counted.values("count")), 0)})

    def for_many_changes(self):
        """Joins that checking many changed rows needs, so that none is asked about by itself."""
        return self.for_list()

    def for_api(self, who):
        """Joins of the API's body of these rows; of related rows, those that `who` may see."""
        return self.for_list()

    def links_hidden_from(self, who) -> frozenset[str]:
        """Names of the foreign keys of these rows that `who` does not see where they lead."""
        return frozenset()

    def free_code_from(self, text: str) -> str:
        """Return a code made from `text` that no row has yet."""
        stem = re.sub("-+", "-", slugify(text).replace("_", "-"))[:90].strip("-") or self.model._meta.model_name
        taken = set(self.model.objects.filter(code__startswith=stem).values_list("code", flat=True))
        taken |= self.model.RESERVED_CODES
        return next(code for code in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if code not in taken)

    def get_by_natural_key(self, *key):
        return self.get(**dict(zip(self.model.NATURAL_KEY, key, strict=True)))

    def matching(self, text: str):
        """Rows in which all words of a text occur, mistyped if need be; the model says where in `SEARCHED`."""
        return self.model.SEARCHED.matching(self, asked(text))

    def by_key(self, key: str):
        """Return the row whose `key` is the given one.

        Raises:
            DoesNotExist: there is none.
        """
        parts, lookups = key.split(":"), self.model.NATURAL_KEY
        if len(parts) != len(lookups) or "\x00" in key:
            raise self.model.DoesNotExist
        joins = [lookup.rpartition("__")[0] for lookup in lookups if "__" in lookup]
        try:
            row = (self.select_related(*joins) if joins else self).get_by_natural_key(*parts)
        except ValueError as error:
            raise self.model.DoesNotExist from error
        if row.key != key:
            raise self.model.DoesNotExist
        return row


class PlanFactQuerySet(RegistryQuerySet):
    """Rows that tell of the Plan itself: everybody reads them, city staff keep them."""

    def visible_to(self, who):
        return self.all()

    def changeable_by(self, who):
        return self.all() if access_of(who).steers else self.none()


class Translated:
    """`name` of `name_it` and `name_en`: in the reader's language, in Italian where English is missing."""

    def __init__(self, field: str):
        self.field = field

    def __get__(self, row, owner=None):
        if row is None:
            return self
        italian = getattr(row, f"{self.field}_it")
        if (get_language() or "it").startswith("it"):
            return italian
        return getattr(row, f"{self.field}_en") or italian


class RegistryModel(models.Model):
    """Base of every table of the registry."""

    #: Look-ups that identify a row in fixtures, addresses and the API.
    NATURAL_KEY: tuple[str, ...] = ("code",)

    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("updated at"), db_default=Now(), editable=False)

    objects = RegistryQuerySet.as_manager()

    class Meta:
        abstract = True
        triggers = [touch_trigger()]

    def natural_key(self) -> tuple:
        key = []
        for lookup in self.NATURAL_KEY:
            value = self
            for name in lookup.split("__"):
                value = getattr(value, name)
            key.append(value)
        return tuple(key)

    @property
    def version(self) -> str:
        """Which state of the row this is; every change moves it, whatever the door.

        It tells of the row as it was read: one that was just saved has to be read again.
        """
        return version_of(self.updated_at)

    @property
    def key(self) -> str:
        """The natural key as one word, as addresses and the API write it."""
        return ":".join(str(part) for part in self.natural_key())

    def validate_constraints(self, exclude=None):
        """Ask all checks in one query; only where one of them does not hold, each by itself, for its message."""
        self._checks_hold = self._hold_all_checks()
        try:
            super().validate_constraints(exclude)
        finally:
            del self._checks_hold

    def get_constraints(self):
        found = super().get_constraints()
        if not getattr(self, "_checks_hold", False):
            return found
        return [(model, [c for c in rules if not isinstance(c, models.CheckConstraint)]) for model, rules in found]

    def _hold_all_checks(self) -> bool:
        held = [
            models.Q(Coalesce(constraint.condition, True, output_field=models.BooleanField()))
            for _model, constraints in self.get_constraints()
            for constraint in constraints
            if isinstance(constraint, models.CheckConstraint)
        ]
        return not held or reduce(and_, held).check(self._get_field_expression_map(meta=self._meta))

    def may_be_changed_by(self, who) -> bool:
        """Whether `who` may change the row as it is stored."""
        return type(self)._default_manager.changeable_by(who).filter(pk=self.pk).exists()

    def may_be_stored_by(self, who) -> bool:
        """Whether `who` may store the row as it now stands, new or changed. Asked just before saving."""
        return access_of(who).steers

    @classmethod
    def not_storable_by(cls, rows, who) -> set[int]:
        """Ids of those of `rows` that `who` may not store, changed or not, where none passes to another partner."""
        keys = {row.pk for row in rows}
        return keys - set(cls._default_manager.changeable_by(who).filter(pk__in=keys).values_list("pk", flat=True))

    @classmethod
    def may_be_added_by(cls, who) -> bool:
        """Whether `who` may add any row of this kind at all."""
        return access_of(who).steers

    @classmethod
    def fields_changeable_by(cls, who) -> frozenset[str] | None:
        """Names of the fields that `who` may change in a row that they may change; None: all of them."""
        return None

    def shown_with(self) -> "RegistryModel":
        """The row whose visibility decides whether this one is seen: itself, unless it is a part of another."""
        return self

    def states_hidden_from(self, who) -> models.Q | None:
        """In which of its states the row is not for `who` to see, as a condition on its fields; None: in none."""
        return None

    def uses_by(self, who) -> tuple[list[str], bool]:
        """Tell what keeps the row from being deleted.

        Returns:
            Lines such as “placements: 241 (F001, F002, F003, …)” for what `who` may see, and whether anything at all
            is in the way.
        """
        seen, in_use = [], False
        for relation in self._meta.related_objects:
            if relation.on_delete is not models.PROTECT:
                continue
            rows = relation.related_model._default_manager.filter(**{relation.field.name: self})
            if not rows.exists():
                continue
            in_use = True
            shown = rows.visible_to(who)
            if count := shown.count():
                named = ", ".join(row.told_as_use() for row in shown.for_list()[:NAMED_USES])
                more = ", …" if count > NAMED_USES else ""
                seen.append(f"{relation.related_model._meta.verbose_name_plural}: {count} ({named}{more})")
        return seen, in_use

    def told_as_use(self) -> str:
        """The row as it is named where it keeps another one from being deleted."""
        return str(self)


class Sourced(models.Model):
    """Something that the registry was told by a document."""

    source = models.CharField(
        _("source"), max_length=200, blank=True, help_text=_("The document that says so, for the reader to check.")
    )

    class Meta:
        abstract = True


class Coded(models.Model):
    """Something with a code of its own in the whole registry."""

    #: Codes that no new row takes.
    RESERVED_CODES: frozenset[str] = frozenset()

    code = models.SlugField(
        _("code"),
        max_length=100,
        unique=True,
        validators=[code_validator],
        help_text=_("Lower-case letters, digits and hyphens. It stays the same when the name changes."),
    )

    class Meta:
        abstract = True


class Named(models.Model):
    """Something with a name in both languages."""

    name_it = models.CharField(_("name (Italian)"), max_length=200)
    name_en = models.CharField(_("name (English)"), max_length=200, blank=True)
    name = Translated("name")

    class Meta:
        abstract = True

    def __str__(self):
        return self.name


class Titled(models.Model):
    """Something with a title in both languages."""

    title_it = models.CharField(_("title (Italian)"), max_length=300)
    title_en = models.CharField(_("title (English)"), max_length=300, blank=True)
    title = Translated("title")

    class Meta:
        abstract = True

    def __str__(self):
        return self.title


class Described(models.Model):
    """Something that is told at length in both languages."""

    description_it = models.TextField(_("description (Italian)"), blank=True, max_length=20_000)
    description_en = models.TextField(_("description (English)"), blank=True, max_length=20_000)
    description = Translated("description")

    class Meta:
        abstract = True


class Visibility(models.TextChoices):
    """Who may see an asset, a chart or a meeting."""

    PUBLIC = "public", _("public: anybody")
    NETWORK = "network", _("network: any signed-in account")
    RESTRICTED = "restricted", _("restricted: its own partners and city staff")


def hidden_by_visibility(who) -> models.Q:
    """Condition on a row that is not one's own: its visibility keeps it from `who`."""
    shown = [Visibility.PUBLIC, *([Visibility.NETWORK] if access_of(who).signed_in else [])]
    return ~models.Q(visibility__in=shown)


def dates_in_order(model: str, first: str, last: str, message) -> models.CheckConstraint:
    """Constraint: `last`, where both are known, is not before `first`."""
    return models.CheckConstraint(
        name=f"{model}_{last}_not_before_{first}",
        condition=models.Q(**{f"{first}__isnull": True})
        | models.Q(**{f"{last}__isnull": True})
        | models.Q(**{f"{last}__gte": models.F(first)}),
        violation_error_message=message,
    )


def one_of(
    model: str, field: str, choices: type[models.TextChoices], *, or_empty: bool = False
) -> models.CheckConstraint:
    """Constraint: `field` holds one of `choices`, whichever door it came through; or nothing, `or_empty`."""
    values = choices.values + [""] * or_empty
    return models.CheckConstraint(
        name=f"{model}_{field}_known",
        condition=models.Q(**{f"{field}__in": values}),
        violation_error_message=format_lazy(
            _("“{field}” must be one of: {values}."), field=field, values=", ".join(choices.values)
        ),
    )


def well_formed_code(model: str) -> models.CheckConstraint:
    """Constraint: the code is written as codes are."""
    return models.CheckConstraint(
        name=f"{model}_code_well_formed",
        condition=models.Q(code__regex=CODE_PATTERN),
        violation_error_message=code_validator.message,
    )
