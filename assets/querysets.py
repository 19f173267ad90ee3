"""Who sees and who changes assets and their parts, and the joins of their lists."""

import re

from django.db import connection
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.utils.text import slugify

from firenze_digitale.access import access_of
from firenze_digitale.base_models import PlanFactQuerySet, RegistryQuerySet, Visibility


def visible_assets(who, prefix: str = "") -> Q:
    """The rule of visibility of assets, for rows that reach their asset by `prefix` (“asset__”)."""
    access = access_of(who)
    if access.sees_everything:
        return Q()
    rule = Q(**{f"{prefix}visibility": Visibility.PUBLIC})
    if access.signed_in:
        rule |= Q(**{f"{prefix}visibility": Visibility.NETWORK})
        if access.partner_ids:
            rule |= Q(**{f"{prefix}owner_id__in": access.partner_ids})
    return rule


WITHIN = """
    WITH RECURSIVE below(id) AS (
        SELECT %s::bigint
        UNION SELECT category.id FROM assets_category category JOIN below ON category.parent_id = below.id
    ) SELECT id FROM below
"""


class CategoryQuerySet(PlanFactQuerySet):
    def for_list(self):
        return self.select_related("parent")

    @staticmethod
    def ids_within(category) -> list[int]:
        """Ids of a category and of all that are part of it, at any depth."""
        with connection.cursor() as cursor:
            cursor.execute(WITHIN, [category.pk])
            return [row[0] for row in cursor.fetchall()]


class AssetQuerySet(RegistryQuerySet):
    """Everybody sees the public ones; a partner's referents see and keep their own."""

    def visible_to(self, who):
        return self.filter(visible_assets(who))

    def changeable_by(self, who):
        access = access_of(who)
        if not access.writes:
            return self.none()
        return self.all() if access.administrator else self.filter(owner_id__in=access.partner_ids)

    def for_list(self):
        return self.select_related("owner", "category")

    def for_detail(self):
        return self.select_related("owner__successor", "category__parent", "contact")

    def for_api(self, who):
        contacts = self.model._meta.get_field("contact").related_model.objects
        return self.for_list().prefetch_related(Prefetch("contact", queryset=contacts.visible_to(who)))

    def owners_held(self, ids) -> set[int]:
        """Ids of the owners of the given assets, who stay their owners until the transaction ends."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT owner_id FROM assets_asset WHERE id = ANY(%s) FOR SHARE", [list(ids)])
            return {row[0] for row in cursor.fetchall()}

    def free_code(self, owner, name: str) -> str:
        """Return a code made from the owner and the name that no asset has yet."""
        stem = f"{owner.code}-{slugify(name).replace('_', '-').strip('-')}"[:90].strip("-")
        stem = re.sub("-+", "-", stem)
        taken = set(self.model.objects.filter(code__startswith=stem).values_list("code", flat=True))
        return next(code for code in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if code not in taken)

    def within_category(self, category):
        """Assets of a category or of one that is part of it."""
        return self.filter(category__in=type(category).objects.ids_within(category))

    def placed_in(self, district: str):
        """Assets with a unit in the given district of Florence."""
        placements = self.model._meta.get_field("placements").related_model.objects
        return self.filter(Exists(placements.filter(asset=OuterRef("pk"), district=district)))


class AssetPartQuerySet(RegistryQuerySet):
    """Placements and distributions follow their asset."""

    def visible_to(self, who):
        if access_of(who).sees_everything:
            return self.all()
        # A semi-join on the few assets: the plan walks each visible asset's own part of the key.
        return self.filter(asset__in=self._assets().visible_to(who))

    def changeable_by(self, who):
        access = access_of(who)
        if access.writes and access.administrator:
            return self.all()
        return self.filter(asset__in=self._assets().changeable_by(who))

    def for_list(self):
        return self.select_related("asset__owner", "asset__category")

    def for_api(self, who):
        return self.select_related("asset")

    def of_assets(self, assets):
        """Parts of the given assets, found by the asset's end of the key."""
        return self.filter(asset__in=assets)

    def _assets(self):
        return self.model._meta.get_field("asset").related_model.objects.all()


class PlacementQuerySet(AssetPartQuerySet):
    def in_box(self, west: float, south: float, east: float, north: float):
        """Units inside a box, its edges included. Degrees, WGS 84."""
        return self.filter(latitude__range=(south, north), longitude__range=(west, east))


class OnBehalfQuerySet(RegistryQuerySet):
    """What is done for a partner is its referents' business; city staff see it."""

    def visible_to(self, who):
        access = access_of(who)
        return self.all() if access.sees_everything else self.filter(partner_id__in=access.partner_ids)

    def changeable_by(self, who):
        access = access_of(who)
        if not access.writes:
            return self.none()
        return self.all() if access.administrator else self.filter(partner_id__in=access.partner_ids)


class ImportQuerySet(OnBehalfQuerySet):
    def deletable_by(self, who):
        """None: a receipt is kept."""
        return self.none()

    def for_list(self):
        return self.select_related("partner", "made_by", "undone_by").defer("mapping", "questions")

    def for_detail(self):
        return self.select_related("partner", "made_by", "undone_by")


class ImportMappingQuerySet(OnBehalfQuerySet):
    def for_list(self):
        return self.select_related("partner")
