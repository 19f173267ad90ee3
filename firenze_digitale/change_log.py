"""What systems follow: each change of what the API shows, logged by triggers, in the order of commits.

A statement leaves one row of `partners.Change` for each row that it changed, with who saw that before and who sees it
after, and one `partners.ChangeBatch` for its transaction and kind. Writers never wait for each other: batches get their
positions later, by `registry_settle_changes()`, once they are committed, so that nothing ever appears behind a position
that somebody has read. Of two transactions that touched the same row, the later one has the larger change, which is how
positions are given out. The functions in SQL are made by the migration `partners.0005_changes_and_systems`.
"""

from dataclasses import dataclass

import pgtrigger

from firenze_digitale.base_models import Visibility

#: Stands for the whole registry: keys by which other rows are told have changed, so whoever follows starts anew.
EVERYTHING = "*"
PUBLIC, SIGNED_IN, OWN = range(3)
BY_VISIBILITY = (
    f"CASE {{row}}.visibility WHEN '{Visibility.PUBLIC}' THEN {PUBLIC}"
    f" WHEN '{Visibility.NETWORK}' THEN {SIGNED_IN} ELSE {OWN} END"
)
COLUMNS = "batch_id, kind, object_id, key, was, fields, level_before, partners_before, level_after, partners_after"
DATES = ("created_at", "updated_at")
EVENTS = {"insert": ("new",), "update": ("old", "new"), "delete": ("old",)}
START_ANEW = f"""
    INSERT INTO partners_change ({COLUMNS}) VALUES
        (registry_batch('{EVERYTHING}'), '{EVERYTHING}', 0, '', NULL, NULL, NULL, NULL, NULL, NULL);"""


@dataclass(frozen=True)
class Audience:
    """Who sees a row, as SQL over its alias `{row}`.

    Args:
        level: from which on everybody sees it: `PUBLIC`, `SIGNED_IN`, or `OWN`, which nobody but city staff has.
        partners: array of the ids of the partners who see it whatever the level.
        links: where these are the partners of parts of the row: the table of the parts, and a query of `id`, `row_id`
            and `partner_id` over its rows, called `{rows}`.
    """

    level: str = str(PUBLIC)
    partners: str = "ARRAY[]::bigint[]"
    links: tuple[str, str] | None = None

    def of(self, row: str | None) -> str:
        """SQL of the level and the partners; of no row, of nobody."""
        if row is None:
            return "NULL::smallint, NULL::bigint[]"
        partners = self._linked(row, "{table}") if self.links else self.partners.format(row=row)
        return f"({self.level.format(row=row)})::smallint, {partners}"

    def before(self, row: str, come: bool, gone: bool) -> str:
        """The same, of a row with `links`, before those of `new_rows` had come and those of `old_rows` gone."""
        tables = "{table}" + (" EXCEPT {new_rows}" if come else "") + (" UNION {old_rows}" if gone else "")
        return f"({self.level.format(row=row)})::smallint, {self._linked(row, tables)}"

    def _linked(self, row: str, tables: str) -> str:
        table, query = self.links
        named = {"table": table, "new_rows": "new_rows", "old_rows": "old_rows"}
        united = tables.format(**{name: query.format(rows=rows) for name, rows in named.items()})
        return f"ARRAY(SELECT partner_id FROM ({united}) linked WHERE linked.row_id = {row}.id)"


@dataclass(frozen=True)
class LoggedKind:
    """A resource of the API as the log tells of it.

    Args:
        name: the resource, as addresses of the API have it.
        table: where its rows are.
        key: SQL of the key over `{row}`, and over `{row}_up` where there is `up`.
        audience: who sees a row.
        up: the table that rows hang on, and their column that points there.
        hidden: columns that the API does not show.
        names_others: other bodies hold its keys.
    """

    name: str
    table: str
    key: str = "{row}.code"
    audience: Audience = Audience()
    up: tuple[str, str] | None = None
    hidden: tuple[str, ...] = ()
    names_others: bool = True

    def rows(self, table: str, row: str) -> str:
        """SQL that joins the rows of `table`, called `row`, with what their key needs."""
        if self.up is None:
            return f"{table} {row}"
        above, column = self.up
        return f"{table} {row} JOIN {above} {row}_up ON {row}_up.id = {row}.{column}"

    def key_of(self, row: str) -> str:
        return self.key.format(row=row)

    def log(self, fields: str, before: str, after: str, source: str, row: str = "n", was: str = "NULL") -> str:
        """SQL that logs changes of the rows `row` of `source`; `before` and `after` are level and partners in SQL."""
        return (
            f"batch := registry_batch('{self.name}'); INSERT INTO partners_change ({COLUMNS})"
            f" SELECT batch, '{self.name}', {row}.id, {self.key_of(row)}, {was}, {fields}, {before}, {after}"
            f" FROM {source};"
        )


class ChangeTrigger(pgtrigger.Trigger):
    """Logs what statements do to rows; `kind` is a `LoggedKind`, `event` what happens: insert, update or delete."""

    def __init__(self, *, name: str, event: str, kind: LoggedKind, **options):
        self.kind, self.event = kind, event
        referencing = pgtrigger.Referencing(**{rows: f"{rows}_rows" for rows in EVENTS[event]})
        super().__init__(
            name=f"{name}_{event}",
            when=pgtrigger.After,
            level=pgtrigger.Statement,
            operation=getattr(pgtrigger, event.capitalize()),
            referencing=referencing,
            declare=[("batch", "bigint")],
            **options,
        )

    def get_func(self, model):
        return f"{getattr(self, f'_{self.event}')(model)} RETURN NULL;"

    @staticmethod
    def _if_any(rows: str, then: str) -> str:
        return f"IF EXISTS (SELECT 1 FROM {rows}) THEN {then} END IF;"


class RowChange(ChangeTrigger):
    """Logs changes of the rows of a kind themselves."""

    def _insert(self, model) -> str:
        kind = self.kind
        after = kind.audience.of("n")
        return self._if_any("new_rows", kind.log("NULL", kind.audience.of(None), after, kind.rows("new_rows", "n")))

    def _delete(self, model) -> str:
        kind = self.kind
        before, source = kind.audience.of("n"), kind.rows("old_rows", "n")
        return self._if_any("old_rows", kind.log("NULL", before, kind.audience.of(None), source))

    def _update(self, model) -> str:
        kind, differ = self.kind, "n IS DISTINCT FROM o"
        pairs = f"{kind.rows('new_rows', 'n')} JOIN {kind.rows('old_rows', 'o')} ON o.id = n.id"
        if kind.up:
            pairs = f"({kind.rows('new_rows', 'n')}) JOIN ({kind.rows('old_rows', 'o')}) ON o.id = n.id"
        moved = f"{kind.key_of('o')} <> {kind.key_of('n')}"
        was = f"CASE WHEN {moved} THEN {kind.key_of('o')} END"
        before, after = kind.audience.of("o"), kind.audience.of("n")
        then = kind.log(self._fields(model), before, after, f"{pairs} WHERE {differ}", was=was)
        if kind.names_others:
            then += f" IF EXISTS (SELECT 1 FROM {pairs} WHERE {moved}) THEN {START_ANEW} END IF;"
        return self._if_any(f"new_rows n JOIN old_rows o ON o.id = n.id WHERE {differ}", then)

    def _fields(self, model) -> str:
        left_out = (*DATES, *self.kind.hidden)
        shown = [f for f in model._meta.concrete_fields if not f.primary_key and f.name not in left_out]
        changed = ", ".join(f"CASE WHEN o.{f.column} IS DISTINCT FROM n.{f.column} THEN '{f.name}' END" for f in shown)
        return f"array_remove(ARRAY[{changed}]::text[], NULL)"


class PartChange(ChangeTrigger):
    """Logs as a change of the row that they hang on what happens to parts and links.

    Args:
        field: of the body, that holds the parts.
        link: column of the parts that points at the row.
    """

    def __init__(self, *, field: str, link: str, **options):
        self.field, self.link = field, link
        super().__init__(**options)

    def _log(self, model, *tables: str) -> str:
        kind, audience = self.kind, self.kind.audience
        before = audience.of("n")
        if audience.links and audience.links[0] == model._meta.db_table:
            before = audience.before("n", come="new_rows" in tables, gone="old_rows" in tables)
        ids = " UNION ".join(f"SELECT {self.link} FROM {table}" for table in tables)
        source = f"{kind.rows(kind.table, 'n')} WHERE n.id IN ({ids})"
        return self._if_any(tables[0], kind.log(f"ARRAY['{self.field}']", before, audience.of("n"), source))

    def _insert(self, model) -> str:
        return self._log(model, "new_rows")

    def _update(self, model) -> str:
        return self._log(model, "new_rows", "old_rows")

    def _delete(self, model) -> str:
        return self._log(model, "old_rows")


class SightChange(ChangeTrigger):
    """Logs what another row brings into sight or takes out of it, or whose body says something of that row.

    Args:
        kind: what is logged.
        columns: of the other row, that decide it.
        reach: SQL that joins the rows to be logged, called `t`, to the other row, called `n`.
        follows: the kind of the other row, where the logged ones are seen by whoever sees it.
        field: of the body, that says something of the other row.
    """

    def __init__(self, *, columns: tuple[str, ...], reach: str, follows: LoggedKind | None = None, field="", **options):
        self.columns, self.reach, self.follows, self.field = columns, reach, follows, field
        super().__init__(event="update", **options)

    def _update(self, model) -> str:
        kind = self.kind
        now, then = (", ".join(f"{row}.{column}" for column in self.columns) for row in ("n", "o"))
        moved = f"new_rows n JOIN old_rows o ON o.id = n.id AND ({now}) IS DISTINCT FROM ({then})"
        above = f" JOIN {kind.up[0]} t_up ON t_up.id = t.{kind.up[1]}" if kind.up else ""
        audience = self.follows.audience if self.follows else kind.audience
        before, after = (audience.of(row) for row in (("o", "n") if self.follows else ("t", "t")))
        fields = f"ARRAY['{self.field}']" if self.field else "NULL"
        return self._if_any(moved, kind.log(fields, before, after, f"{moved} {self.reach}{above}", row="t"))


def logged(kind: LoggedKind, *others: SightChange):
    """Class decorator: changes of the model's rows are logged as of `kind`, and what `others` say besides."""
    return pgtrigger.register(*(RowChange(name="log", event=event, kind=kind) for event in EVENTS), *others)


def logged_part(kind: LoggedKind, field: str, link: str):
    """Class decorator: changes of the model's rows are logged as of the row of `kind` that they hang on.

    Args:
        field, link: as of `PartChange`.
    """
    return pgtrigger.register(*(PartChange(name="log", event=e, kind=kind, field=field, link=link) for e in EVENTS))
