"""Who sees and who changes assets and their parts, and the joins of their lists."""

from django.apps import apps
from django.contrib.postgres.search import TrigramSimilarity
from django.db import connection
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    Func,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, TruncDate

from assets.choices import ExchangeStatus, Kind, PlacementStatus
from assets.freshness import Freshness, days_of
from assets.place_words import ENOUGH, PLACE_WORDS, place_query, place_words
from firenze_digitale.access import ANONYMOUS, access_of
from firenze_digitale.base_models import PlanFactQuerySet, RegistryQuerySet, Visibility
from firenze_digitale.searching import Holds, by_index

#: Units that a search finds one by one; more than that are met soon enough along a list.
FEW = 10_000


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


def known_as(freshness: str, today) -> Q:
    """Condition on assets `with_known_on`: they were last vouched for as long before `today` as `freshness` means."""
    first, last = days_of(freshness, today)
    since = Q(known_on__gte=first) if first else Q()
    return since & Q(known_on__lte=last) if last else since


WITHIN = """
    WITH RECURSIVE below(id) AS (
        SELECT %s::bigint
        UNION SELECT category.id FROM assets_category category JOIN below ON category.parent_id = below.id
    ) SELECT id FROM below
"""
COUNTED_WITHIN = """
    WITH RECURSIVE above(id, ancestor_id) AS (
        SELECT id, id FROM assets_category
        UNION SELECT above.id, category.parent_id FROM assets_category category JOIN above
            ON category.id = above.ancestor_id WHERE category.parent_id IS NOT NULL
    )
    SELECT ancestor.code, count(DISTINCT pairs.counted)
    FROM ({pairs}) AS pairs (category_id, counted) JOIN above ON above.id = pairs.category_id
    JOIN assets_category ancestor ON ancestor.id = above.ancestor_id GROUP BY ancestor.code
"""


class CategoryQuerySet(PlanFactQuerySet):
    def for_list(self):
        return self.select_related("parent")

    def material_ids(self) -> list[int]:
        """Ids of the categories whose assets have units in the field."""
        return list(self.filter(kind=Kind.MATERIAL).order_by().values_list("pk", flat=True))

    @staticmethod
    def ids_within(category) -> list[int]:
        """Ids of a category and of all that are part of it, at any depth."""
        with connection.cursor() as cursor:
            cursor.execute(WITHIN, [category.pk])
            return [row[0] for row in cursor.fetchall()]

    def with_those_above(self, counts: dict[str, int]) -> dict[str, int]:
        """Add up how many there are of each category, by its code, to how many there are in it at any depth."""
        above, within = dict(self.values_list("code", "parent__code")), {}
        for code, count in counts.items():
            while code:
                within[code] = within.get(code, 0) + count
                code = above[code]
        return within

    @staticmethod
    def counted_within(pairs: QuerySet) -> dict[str, int]:
        """Count the distinct rows of each category and of all that are part of it, by the category's code.

        Args:
            pairs: yields the id of a category and the id of a row of it.
        """
        sql, params = pairs.order_by().query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(COUNTED_WITHIN.format(pairs=sql), params)
            return dict(cursor.fetchall())


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
        return self.select_related("owner__successor", "category__parent", "contact", "rights_holder")

    def for_many_changes(self):
        """With the parts of the other kind, of which there are none: checking an asset asks for them."""
        placements, distributions = (
            self.model._meta.get_field(name).related_model.objects for name in ("placements", "distributions")
        )
        return self.select_related("owner", "category", "contact").prefetch_related(
            Prefetch("placements", queryset=placements.exclude(asset__category__kind="material")),
            Prefetch("distributions", queryset=distributions.exclude(asset__category__kind="immaterial")),
        )

    def for_api(self, who):
        contacts = self.model._meta.get_field("contact").related_model.objects
        rows = self.for_list().select_related("rights_holder")
        return rows.prefetch_related(Prefetch("contact", queryset=contacts.visible_to(who)))

    def in_catalogue(self):
        """Those that the catalogue of data tells of: public and immaterial, with at least one distribution."""
        return self.visible_to(ANONYMOUS).filter(
            Exists(self._distributions().filter(asset=OuterRef("pk"))), category__kind=Kind.IMMATERIAL
        )

    def for_catalogue(self, most: int):
        """With all that the catalogue tells of them: of each the first `most` distributions, `told_distributions`."""
        told = self._distributions().order_by("code")[:most]
        rows = self.select_related("owner__successor", "rights_holder", "category")
        return rows.prefetch_related(Prefetch("distributions", queryset=told, to_attr="told_distributions"))

    def _distributions(self):
        return self.model._meta.get_field("distributions").related_model.objects.all()

    def links_hidden_from(self, who):
        """Contacts are people: whoever has signed in sees them."""
        return frozenset() if access_of(who).signed_in else frozenset({"contact"})

    def owners_held(self, ids) -> set[int]:
        """Ids of the owners of the given assets, who stay their owners until the transaction ends."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT owner_id FROM assets_asset WHERE id = ANY(%s) FOR SHARE", [list(ids)])
            return {row[0] for row in cursor.fetchall()}

    def free_code(self, owner, name: str) -> str:
        """Return a code made from the owner and the name that no asset has yet."""
        return self.free_code_from(f"{owner.code}-{name}")

    def within_category(self, category):
        """Assets of a category or of one that is part of it."""
        return self.filter(category__in=type(category).objects.ids_within(category))

    def placed_in(self, district: str):
        """Assets with a unit in the given district of Florence."""
        tallies = apps.get_model("assets", "PlacementTally").objects
        return self.filter(pk__in=tallies.assets_with_units_in(district))

    def counted_by_district(self) -> dict[str, int]:
        """How many of these assets have a unit in each district of Florence."""
        return apps.get_model("assets", "PlacementTally").objects.of_assets(self).counted_by_district()

    def in_use(self, who):
        """Assets that a chart puts to use, as far as `who` may see it."""
        return self.filter(self._put_to_use(who))

    def idle(self, who):
        """Assets that no chart that `who` may see puts to use."""
        return self.filter(~self._put_to_use(who))

    def counted_by_use(self, who) -> dict[str, int]:
        """How many of these are in use, “yes”, and how many idle, “no”, as far as `who` may see it."""
        total, used = self.order_by().count(), self.order_by().in_use(who).count()
        return {"yes": used, "no": total - used}

    def _put_to_use(self, who) -> Exists:
        uses = self.model._meta.get_field("uses").related_model._default_manager
        return Exists(uses.visible_to(who).filter(asset=OuterRef("pk")))

    def shared(self, who, today) -> list[dict]:
        """Count these in one pass by `owner_id`, `category_id` and `freshness`: `total`, and `used` as `who` sees."""
        *ages, oldest = Freshness.values
        known = [When(known_as(freshness, today), then=Value(freshness)) for freshness in ages]
        aged = self.order_by().with_known_on().values("owner_id", "category_id")
        aged = aged.annotate(freshness=Case(*known, default=Value(oldest), output_field=CharField()))
        return list(aged.annotate(total=Count("pk"), used=Count("pk", filter=self._put_to_use(who))))

    def with_known_on(self):
        """Have `known_on` to filter and sort by, as `Asset.known_on` tells it of one row."""
        return self.alias(known_on=Coalesce("last_confirmed_on", "mapped_on", TruncDate("created_at")))

    def of_freshness(self, freshness: str, today):
        """Assets that were last vouched for as long before `today` as `freshness` means."""
        return self.with_known_on().filter(known_as(freshness, today))

    def stale(self, today):
        """Assets that nobody has vouched for in STALE_AFTER_DAYS days."""
        return self.of_freshness(Freshness.STALE, today)

    def confirm(self, today) -> int:
        """Note that these are true as of `today`, and return how many were not known to be.

        What is said to have been mapped on a later day is left as it is: one of the dates is wrong.
        """
        unconfirmed = Q(last_confirmed_on=None) | Q(last_confirmed_on__lt=today)
        return self.filter(unconfirmed).exclude(mapped_on__gt=today).update(last_confirmed_on=today)

    def figures(self, today) -> dict[str, int]:
        """Count these in one go: `total`, `without_contact`, and by each freshness, exchange status and visibility."""
        counted = {"total": Q(), "without_contact": Q(contact=None)}
        counted |= {freshness: known_as(freshness, today) for freshness in Freshness.values}
        counted |= {status: Q(exchange_status=status) for status in ExchangeStatus.values}
        counted |= {visibility: Q(visibility=visibility) for visibility in Visibility.values}
        counts = {name: Count("pk", filter=condition) for name, condition in counted.items()}
        return self.order_by().with_known_on().aggregate(**counts)

    def stale_by_owner(self, today) -> list[tuple[int, int, int]]:
        """For each owner its id, how many of these it has, and how many of them are stale; most stale first."""
        stale = Count("pk", filter=known_as(Freshness.STALE, today))
        counted = self.order_by().with_known_on().values_list("owner_id").annotate(total=Count("pk"), stale=stale)
        return sorted(counted, key=lambda row: (-row[2], -row[1], row[0]))

    def without_contact(self):
        """Assets that nobody in particular can be asked about."""
        return self.filter(contact=None)

    def named_like(self, name_it: str, name_en: str, likeness: float):
        """Assets whose name is like one of the given ones, with `likeness` (0 to 1), the likest first."""
        names = [("name_it", name_it), ("name_en", name_en)]
        scores = [TrigramSimilarity(field, Value(name)) for field, name in names if name]
        score = Greatest(*scores) if len(scores) > 1 else scores[0]
        return self.annotate(likeness=score).filter(likeness__gte=likeness).order_by("-likeness", "id")


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
    def matching(self, text: str):
        """Those of these units whose code and address have all words of a text; where none has, mistyped ones too."""
        words, meant = place_words(text), None
        found, ids = self._holding(words, meant)
        if not ids:
            with by_index("enable_indexscan = off"):
                meant = self._meant_by(words)
            found, ids = self._holding(words, meant)
        # Along the list, in whatever order, the few might be the last of a million.
        return found if len(ids) > FEW else self.filter(pk__in=ids)

    def _holding(self, words: list[str], meant) -> tuple:
        """Those of these units that have all words, and the ids of so many of them as are `FEW`, and one more."""
        found = self.filter(Holds(PLACE_WORDS, place_query(words, meant)))
        with by_index("enable_indexscan = off"):
            return found, list(found.order_by().values_list("pk", flat=True)[: FEW + 1])

    def first_matching(self, text: str, who, most: int, *, thorough: bool) -> list:
        """At most `most` units that `who` may see and that match a text, those that the index of words comes upon.

        What is found depends on rows that `who` may see, but for this: of a word that more than ENOUGH units have, so
        many are picked whoever sees them, and `meant_by` looks at no more than the closest words of all.

        Args:
            thorough: look at all also where only one word is given, and people would rather type the next.
        """
        rows, words = self.visible_to(who), place_words(text)
        thorough = thorough or len(words) > 1
        found = rows.filter(Holds(PLACE_WORDS, place_query(words)))._come_upon(most, thorough)
        if words and not found:
            with by_index("enable_indexscan = off", f"gin_fuzzy_search_limit = {ENOUGH}"):
                meant = rows._meant_by(words)
            if any(meant.values()):
                found = rows.filter(Holds(PLACE_WORDS, place_query(words, meant)))._come_upon(most, thorough)
        return list(self.model.objects.filter(pk__in=found).select_related("asset").order_by("address", "pk"))

    def _meant_by(self, words: list[str]) -> dict[str, list[str]]:
        """Other words of these units that each word may mean."""
        return apps.get_model("assets", "AddressWord").objects.meant_by(words, self)

    def _come_upon(self, most: int, thorough: bool) -> list[int]:
        """Ids of at most `most` of these: where the index has very many, of some of them first, then `thorough`ly."""
        ids = self.order_by().values_list("pk", flat=True)[:most]
        for enough in (ENOUGH, 0):
            with by_index("enable_indexscan = off", f"gin_fuzzy_search_limit = {enough}"):
                found = list(ids.all())
            if len(found) == most or not thorough:
                break
        return found

    def in_box(self, west: float, south: float, east: float, north: float):
        """Units inside a box, its edges included. Degrees, WGS 84; `west` of more than `east` crosses the 180th."""
        if west <= east:
            return self.filter(latitude__range=(south, north), longitude__range=(west, east))
        across = Q(longitude__gte=west) | Q(longitude__lte=east)
        return self.filter(across, latitude__range=(south, north))

    def on_map(self):
        """Units that a map shows: those that have a position and were not removed."""
        return self.filter(latitude__isnull=False).exclude(status=PlacementStatus.REMOVED)

    def by_tile(self, level: int):
        """Column, row, units, and sums of latitudes and longitudes of tiles of any level."""
        column = Func("longitude", Value(level), function="registry_cell_x", output_field=IntegerField())
        row = Func("latitude", Value(level), function="registry_cell_y", output_field=IntegerField())
        return self.order_by().values_list(column, row).annotate(Count("pk"), Sum("latitude"), Sum("longitude"))

    def without_coordinates(self):
        """Units that no map can show, and should."""
        return self.filter(latitude=None).exclude(status=PlacementStatus.REMOVED)


class DistributionQuerySet(AssetPartQuerySet):
    def without_licence(self):
        """Ways to get at an asset that do not say on which terms."""
        return self.filter(licence="")
