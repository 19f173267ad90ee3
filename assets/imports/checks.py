"""What the rules of the models say of many staged rows at once, each said of its row and column of the file."""

import json

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assets.attributes import AttributeChecker
from assets.imports.staging import Staging, as_copied, copy_rows, execute, fetch, listed
from assets.models import Asset, Category, Distribution
from assets.models.asset import ASSET_KIND_IN_USE, CODE_RESERVED, CONTACT_OF_OWNER, OWNER_STAYS
from assets.models.parts import DISTRIBUTION_NEEDS_IMMATERIAL, PLACEMENT_NEEDS_MATERIAL
from firenze_digitale.access import access_of
from firenze_digitale.set_checks import checks_of

BATCH = 2_000
BAD = ("category_id", "attributes", "column", "field", "expected")
TO_CHECK = "m.state <> 'unchanged'"


class Checks:
    """Asks every rule about the rows in `merged`.

    Args:
        headers: by the name of a field, or of an attribute (“attributes.watt”), the column of the file that gives it.
    """

    #: What is said of a row whose key an earlier one has.
    REPEATED = gettext_lazy("Row %(number)s of the file has it already.")

    def __init__(self, staging: Staging, headers: dict[str, str]):
        self.staging, self.headers = staging, headers
        self.checkers: dict[int, AttributeChecker] = {}

    def run(self) -> None:
        """Fill `problem` with what is wrong; what depends on a value that could not be read is not asked."""
        self._repeated()
        self._taken()
        for field, refused, message in self._relations():
            self._say(f"SELECT m.number FROM merged m WHERE {TO_CHECK} AND {refused}", field, message)
        self._constraints()
        self._attributes()

    def _say(self, numbers: str, field: str, message: str, reads: tuple[str, ...] = ()) -> None:
        """Tell `message` of the rows whose numbers a query gives, unless a field that it reads is known to be wrong."""
        execute(
            f"""INSERT INTO problem SELECT wrong.number, %s, %s, NULL, %s FROM ({numbers}) wrong
            WHERE NOT EXISTS (
                SELECT 1 FROM problem known WHERE known.number = wrong.number AND known.field = ANY(%s))""",
            [self.headers.get(field, ""), field, message, [field, *reads]],
        )

    def _repeated(self) -> None:
        key, last = listed(self.staging.key), self.staging.key[-1]
        present = " AND ".join(f"{name} IS NOT NULL" for name in self.staging.key)
        execute(
            f"""INSERT INTO problem SELECT number, %s, %s, NULL, replace(%s, '%%(number)s', first::text) FROM (
                SELECT number, min(number) OVER (PARTITION BY {key}) AS first FROM incoming WHERE {present}
            ) keyed WHERE number > first""",
            [self.headers.get(last, ""), last, str(self.REPEATED)],
        )

    def _taken(self) -> None:
        """Codes of assets that are not the importer's, all that they may know of these; and those of other pages."""
        if self.staging.model is not Asset:
            return
        self._say(
            f"SELECT number FROM merged m WHERE m.state = 'new' AND m.code = ANY(ARRAY{sorted(Asset.RESERVED_CODES)})",
            "code",
            str(CODE_RESERVED),
        )
        same = " AND ".join(f"e.{name} = m.{name}" for name in self.staging.key)
        self._say(
            f"SELECT m.number FROM merged m JOIN {self.staging.table} e ON {same} WHERE m.state = 'new'",
            "code",
            _("This code is already taken: choose another one."),
        )

    def _relations(self):
        """Rules across tables: the field, a condition that refuses a row “m”, the message."""
        if self.staging.model is Asset:
            yield from self._owners()
            contact_elsewhere = """m.contact_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM partners_referent r
                WHERE r.id = m.contact_id AND r.partner_id = m.owner_id)"""
            other_kind = """m.id IS NOT NULL AND EXISTS (SELECT 1 FROM assets_category c WHERE c.id = m.category_id
                AND CASE c.kind WHEN 'material'
                    THEN EXISTS (SELECT 1 FROM assets_distribution WHERE asset_id = m.id)
                    ELSE EXISTS (SELECT 1 FROM assets_placement WHERE asset_id = m.id) END)"""
            yield "contact", contact_elsewhere, str(CONTACT_OF_OWNER)
            yield "category", other_kind, str(ASSET_KIND_IN_USE)
            return
        needed, message = ("material", PLACEMENT_NEEDS_MATERIAL)
        if self.staging.model is Distribution:
            needed, message = ("immaterial", DISTRIBUTION_NEEDS_IMMATERIAL)
        of_other_kind = f"""m.asset_id IN (SELECT a.id FROM assets_asset a JOIN assets_category c
            ON c.id = a.category_id WHERE c.kind <> '{needed}')"""
        yield "asset", of_other_kind, str(message)

    def _owners(self):
        """Whose assets may be stored: as `Asset.may_be_stored_by` says it of one row, but that no offer counts here."""
        access = access_of(self.staging.who)
        if access.administrator or all(field.name != "owner" for field in self.staging.given):
            return
        own = ", ".join(map(str, sorted(access.partner_ids))) or "NULL"
        anothers = f"(m.owner_id IN ({own})) IS NOT TRUE OR (m.id IS NOT NULL AND m.owner_id <> m.stored_owner_id)"
        yield "owner", f"m.owner_id IS NOT NULL AND ({anothers})", str(OWNER_STAYS)

    def _constraints(self) -> None:
        """Check constraints, as PostgreSQL itself states them."""
        checks = checks_of(self.staging.model)
        together = " AND ".join(f"({check.sql})" for check in checks).replace("%", "%%")
        if not fetch(f"SELECT 1 FROM merged m WHERE {TO_CHECK} AND NOT ({together}) LIMIT 1", ()):
            return
        for check in checks:
            reads = tuple(field.name for field in check.fields)
            field = check.field if check.field in reads or not reads else reads[0]
            self._say(
                f"SELECT m.number FROM merged m WHERE {TO_CHECK} AND NOT ({check.sql.replace('%', '%%')})",
                field,
                str(check.message),
                reads,
            )

    # Attributes

    def _attributes(self) -> None:
        """Check each distinct set of attributes once against its category's schema."""
        if all(field.name != "attributes" for field in self.staging.fields):
            return
        of_assets = self.staging.model is Asset
        owner = "m.category_id" if of_assets else "a.category_id"
        rows = "merged m" if of_assets else "merged m JOIN assets_asset a ON a.id = m.asset_id"
        execute("DROP TABLE IF EXISTS pg_temp.bad")
        execute("""CREATE TEMP TABLE bad
            (category_id bigint, attributes jsonb, "column" text, field text, expected text) ON COMMIT DROP""")
        for batch in self._distinct_attributes(owner, rows):
            copy_rows("bad", BAD, self._broken(batch, of_assets))
        execute(f"""INSERT INTO problem SELECT m.number, bad."column", bad.field, NULL, bad.expected
            FROM {rows} JOIN bad ON bad.category_id = {owner} AND bad.attributes = m.attributes
            WHERE {TO_CHECK} AND NOT EXISTS (
                SELECT 1 FROM problem known WHERE known.number = m.number AND known.column = bad.column
                AND starts_with(known.field, 'attributes'))""")

    @staticmethod
    def _distinct_attributes(owner: str, rows: str):
        with connection.chunked_cursor() as cursor:
            cursor.execute(
                f"SELECT DISTINCT {owner}, m.attributes FROM {rows} WHERE {TO_CHECK} AND {owner} IS NOT NULL"
            )
            while found := cursor.fetchmany(BATCH):
                yield [(category, json.loads(told) if isinstance(told, str) else told) for category, told in found]

    def _broken(self, batch, of_assets: bool):
        """Lines for `bad`: the attributes of `batch` that do not follow their category's schema."""
        for category_id, attributes in batch:
            if category_id not in self.checkers:
                schema = Category.objects.values_list("attribute_schema", flat=True).get(pk=category_id)
                self.checkers[category_id] = AttributeChecker(schema or {}, partial=not of_assets)
            try:
                problems = self.checkers[category_id].problems(attributes)
            except ValidationError as error:
                problems = [("", message) for message in error.messages]
            for name, sentence in problems:
                column = self.headers.get(f"attributes.{name}", self.headers.get("attributes", ""))
                yield map(as_copied, (category_id, attributes, column, "attributes", sentence))
