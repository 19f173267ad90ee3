"""A file's rows beside the registry's, in temporary tables: what is new, what changes, what is missing.

`incoming` holds what the file says, `merged` each row as it would be stored, `problem` and `warning` what there is to
say of rows. All of them end with the transaction.
"""

import io
import json
import re
from collections.abc import Iterable
from datetime import date

from django.db import connection, models
from psycopg2.extensions import adapt

from assets.imports.values import DEFAULT
from assets.models import Asset

KEPT_BY_DATABASE = {"id", "created_at", "updated_at"}
# A tenth of a millimetre: less than what workbooks, with their 15 digits, lose of a degree.
SAME_PLACE = 1e-9
ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\x00": ""})
ESCAPED = re.compile(r"[\\\t\n\r\x00]")
JSON = json.JSONEncoder(ensure_ascii=False)
PLAIN = {int, float, date, type(None)}
TOLD = ("number", "column", "field", "found", "expected")


def execute(sql: str, params=None) -> int:
    """Run a statement; return how many rows it was about."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.rowcount


def fetch(sql: str, params=None) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def quoted(value: object) -> str:
    """A constant of ours as SQL text."""
    return adapt(json.dumps(value) if isinstance(value, dict) else value).getquoted().decode().replace("%", "%%")


def listed(names) -> str:
    return ", ".join(connection.ops.quote_name(name) for name in names)


def as_copied(value: object) -> str:
    """A value as the text format of COPY writes it."""
    if value is None or value is DEFAULT:
        return r"\N"
    if isinstance(value, str):
        return value.translate(ESCAPES)
    if isinstance(value, dict | list):
        return JSON.encode(value).translate(ESCAPES)
    return str(value)


def column_as_copied(values: list) -> list[str]:
    """Values of one column as COPY writes them: what needs no escape, as most does not, is taken as it is."""
    kinds = set(map(type, values))
    if kinds == {str} and not ESCAPED.search("".join(values)):
        return values
    if kinds <= PLAIN:
        return [r"\N" if value is None else str(value) for value in values]
    # Cells that say the same are often one object, as attributes that have been read are.
    known = {id(value): value for value in values}
    known = {key: as_copied(value) for key, value in known.items()}
    return [known[id(value)] for value in values]


def copy_rows(table: str, names, rows) -> None:
    """Add `rows` of texts, as COPY writes them, to a temporary table."""
    text = "".join(["\t".join(row) + "\n" for row in rows])
    if text:
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY pg_temp.{table} ({listed(names)}) FROM STDIN", io.StringIO(text))


def tell(table: str, told) -> None:
    """Add to `problem` or `warning`: things with a `number`, `column`, `field`, `found` and `expected`."""
    copy_rows(table, TOLD, ([as_copied(getattr(one, name)) for name in TOLD] for one in told))


def own_assets(who) -> tuple[str, tuple]:
    """SQL and parameters of the ids of the assets that `who` may change."""
    return Asset.objects.changeable_by(who).order_by().values("pk").query.sql_with_params()


def anchor_of(model: type[models.Model]) -> str:
    """The column that points at the asset by which rights on a row are known."""
    return "id" if model is Asset else "asset_id"


class Staging:
    """Temporary tables for one import.

    Args:
        model: whose rows the file holds.
        columns: columns of its table that the file or the mapping gives.
        whole_attributes: the file gives attributes as a whole, and not some of them by name.
        who: on whose rights rows are found and stored.
    """

    def __init__(self, model: type[models.Model], columns: set[str], *, whole_attributes: bool, who):
        self.model, self.who, self.whole_attributes = model, who, whole_attributes
        self.table = connection.ops.quote_name(model._meta.db_table)
        self.key = ("code",) if model is Asset else ("asset_id", "code")
        self.fields = [field for field in model._meta.concrete_fields if field.name not in KEPT_BY_DATABASE]
        self.given = [field for field in self.fields if field.attname in columns]

    # What the file says

    def create(self) -> None:
        """Make the tables, empty."""
        names = listed(field.column for field in self.given)
        # A hundred thousand rows are sorted in memory, and too few to gain from compiled queries.
        execute("SET LOCAL work_mem = '64MB'")
        execute("SET LOCAL jit = off")
        for table in ("incoming", "merged", "held", "problem", "warning", "missing"):
            execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
        execute(f"""CREATE TEMP TABLE incoming ON COMMIT DROP AS
            SELECT 0 AS number, {names}, NULL::text[] AS attributes_removed FROM {self.table} LIMIT 0""")
        for table in ("problem", "warning"):
            execute(f"""CREATE TEMP TABLE {table}
                (number int, "column" text, field text, found text, expected text) ON COMMIT DROP""")

    def copy(self, batch) -> None:
        """Add a batch of rows that have been read."""
        names, columns = ["number"], [[str(number) for number in batch.numbers]]
        for field in self.given:
            names.append(field.column)
            columns.append(column_as_copied(batch.values[field.attname]))
            if field.name == "attributes":
                names.append("attributes_removed")
                columns.append([self._removed(value) for value in batch.values[field.attname]])
        copy_rows("incoming", names, zip(*columns, strict=True))
        tell("problem", batch.problems)
        tell("warning", batch.warnings)

    def has_told(self) -> bool:
        """Whether there is anything to say of the rows so far."""
        return bool(fetch("SELECT 1 WHERE EXISTS (SELECT FROM problem) OR EXISTS (SELECT FROM warning)"))

    def _removed(self, attributes) -> str:
        """Names of attributes whose cell is empty, as an array of COPY."""
        names = [] if self.whole_attributes else [name for name, value in (attributes or {}).items() if value is None]
        if not names:
            return r"\N"
        array = ",".join(json.dumps(name, ensure_ascii=False) for name in names)
        return as_copied(f"{{{array}}}")

    # Beside the registry's rows

    def _changeable(self) -> tuple[str, tuple]:
        """Condition under which the importer may change “e”, and its parameters."""
        sql, params = own_assets(self.who)
        return f"e.{anchor_of(self.model)} IN ({sql})", params

    def _match(self) -> tuple[str, tuple]:
        """Condition under which “e” is the row of the registry that “i” names, and its parameters."""
        changeable, params = self._changeable()
        return f"{self._same_key('i')} AND {changeable}", params

    def _same_key(self, other: str) -> str:
        return " AND ".join(f"e.{name} = {other}.{name}" for name in self.key)

    def merge(self) -> None:
        """Make `merged`: each row of the file as it would be stored, and what it would be to the registry."""
        match, params = self._match()
        columns = ", ".join(f"{self._merged(field)} AS {field.column}" for field in self.fields)
        differs = " OR ".join(f"{f.column} IS DISTINCT FROM stored_{f.column}" for f in self.given) or "FALSE"
        stored = ", ".join(f"e.{field.column} AS stored_{field.column}" for field in self.given)
        execute(f"ANALYZE pg_temp.incoming ({listed(self.key)})")
        execute(
            f"""CREATE TEMP TABLE merged ON COMMIT DROP AS
            SELECT *, CASE WHEN id IS NULL THEN 'new' WHEN {differs} THEN 'changed' ELSE 'unchanged' END AS state
            FROM (SELECT i.number, e.id, e.updated_at AS seen_at, {stored}, {columns}
                FROM incoming i LEFT JOIN {self.table} e ON {match}) beside""",
            params,
        )
        execute("ANALYZE pg_temp.merged (number, id, state)")

    def hold(self) -> list[str]:
        """Lock the rows that the file names, and their assets, until they are stored.

        Returns:
            Codes of rows that somebody has changed since they were compared, or of assets that have moved on.
        """
        if self.model is not Asset and (moved := self._hold_assets()):
            return moved
        execute("CREATE TEMP TABLE held ON COMMIT DROP AS SELECT id, seen_at, code FROM merged WHERE id IS NOT NULL")
        execute(f"""SELECT count(*) FROM (SELECT id FROM {self.table}
            WHERE id IN (SELECT id FROM held) ORDER BY id FOR UPDATE) held""")
        changed = fetch(f"""SELECT held.code FROM held LEFT JOIN {self.table} e USING (id)
            WHERE e.updated_at IS DISTINCT FROM held.seen_at ORDER BY 1""")
        return [code for (code,) in changed]

    def _hold_assets(self) -> list[str]:
        """Lock the assets that rows belong to; return the codes of those that are another partner's by now."""
        execute("""SELECT count(*) FROM (SELECT id FROM assets_asset
            WHERE id IN (SELECT asset_id FROM merged) ORDER BY id FOR SHARE) held""")
        own, params = own_assets(self.who)
        moved = fetch(
            f"""SELECT code FROM assets_asset WHERE id IN (SELECT asset_id FROM merged)
            AND NOT (id IN ({own})) ORDER BY 1""",
            params,
        )
        return [code for (code,) in moved]

    def _merged(self, field: models.Field) -> str:
        """SQL of what a field of the row will be."""
        default, stored, coming = self._default(field), f"e.{field.column}", f"i.{field.column}"
        if field not in self.given:
            return f"CASE WHEN e.id IS NULL THEN {default} ELSE {stored} END"
        if field.name == "attributes":
            base = "'{}'::jsonb" if self.whole_attributes else f"COALESCE({stored}, '{{}}'::jsonb)"
            return f"({base} || COALESCE({coming}, '{{}}'::jsonb)) - COALESCE(i.attributes_removed, '{{}}')"
        if isinstance(field, models.FloatField):
            return f"CASE WHEN abs({coming} - {stored}) < {SAME_PLACE} THEN {stored} ELSE {coming} END"
        if isinstance(field, models.CharField | models.TextField) and not field.choices:
            return f"CASE WHEN {coming} = {self._as_read(field, stored)} THEN {stored} ELSE {coming} END"
        if not field.null and field.has_default():
            return f"COALESCE({coming}, {stored}, {default})"
        return coming

    @staticmethod
    def _as_read(field: models.Field, stored: str) -> str:
        """SQL of a stored text as it comes back from a file; worked out only where the two differ."""
        if isinstance(field, models.TextField):
            plain = rf"replace(btrim({stored}, E' \t\r\n'), E'\r\n', E'\n')"
        else:
            plain = rf"btrim(regexp_replace({stored}, '\s+', ' ', 'g'))"
        return f"CASE WHEN i.{field.column} = {stored} THEN {stored} ELSE normalize({plain}) END"

    @staticmethod
    def _default(field: models.Field) -> str:
        value = None if field.null else field.get_default()
        return "NULL" if value is None else f"{quoted(value)}::{field.db_type(connection)}"

    # What is missing

    def _scope(self) -> str:
        """Condition on rows “e” that a whole file would name: those of the assets, or of the owners, in it."""
        column = "owner_id" if self.model is Asset else "asset_id"
        return f"e.{column} IN (SELECT DISTINCT {column} FROM merged WHERE {column} IS NOT NULL)"

    def find_missing(self) -> None:
        """Make `missing`: ids of rows that the file could have named and does not."""
        changeable, params = self._changeable()
        removed = "AND e.status <> 'removed'" if self.can_be_removed else ""
        execute(
            f"""CREATE TEMP TABLE missing ON COMMIT DROP AS SELECT e.id, e.updated_at AS seen_at
            FROM {self.table} e WHERE {self._scope()} {removed} AND {changeable}
            AND NOT EXISTS (SELECT 1 FROM merged m WHERE m.id = e.id)""",
            params,
        )

    @property
    def can_be_removed(self) -> bool:
        """Whether rows of this kind can be marked removed."""
        return any(field.name == "status" for field in self.fields)

    # Storing

    def leave_out_wrong(self) -> None:
        """Store nothing of the rows that something is wrong with."""
        execute("DELETE FROM merged WHERE number IN (SELECT number FROM problem)")

    def store(self, *, remove_missing: bool, order: Iterable[str] = ("number",)) -> None:
        """Write what is new and what changes, each in one statement, as history wants it; new rows in an `order`."""
        names = listed(field.column for field in self.fields)
        new = f"SELECT {names} FROM merged WHERE state = 'new' ORDER BY {listed(order)}"
        self._write(f"INSERT INTO {self.table} ({names}) {new}")
        written = ", ".join(f"{f.column} = m.{f.column}" for f in self.given if f.column not in self.key)
        if written:
            self._write(f"UPDATE {self.table} e SET {written} FROM merged m WHERE m.id = e.id AND m.state = 'changed'")
        if remove_missing and self.can_be_removed:
            self._write(f"UPDATE {self.table} SET status = 'removed' WHERE id IN (SELECT id FROM missing)")

    @staticmethod
    def _write(sql: str) -> None:
        """Run a statement whose triggers are planned for as many rows as it has: the plans of this connection may be
        those of a single row, which are slower for each of many."""
        execute("DISCARD PLANS")
        execute(sql)

    def hold_missing(self) -> list[str]:
        """Lock the rows in `missing` too; return the codes of those that somebody has changed since they were found."""
        execute(f"""SELECT count(*) FROM (SELECT id FROM {self.table}
            WHERE id IN (SELECT id FROM missing) ORDER BY id FOR UPDATE) held""")
        changed = fetch(f"""SELECT e.code FROM missing JOIN {self.table} e USING (id)
            WHERE e.updated_at <> missing.seen_at ORDER BY 1""")
        return [code for (code,) in changed]
