"""What systems follow: each change of what the API shows, logged by triggers, in the order of commits.

A statement leaves one row of `partners.Change` for each row that it changed, with who saw that before and who sees it
after, and one `partners.ChangeBatch` for its transaction and kind. Nobody waits to get a place in the order: batches
get their positions later, by `registry_settle_changes()`, once they are committed, so that nothing ever appears behind
a position that somebody has read. Of two transactions that touched the same row, the later one has the larger change,
which is how positions are given out. The functions in SQL are made by `partners.0005_changes_and_systems`.

What decides who sees a row is held while the row is logged: the asset of a part, the chart of a participation, whatever
a new link brings into a body. Without that, one of two transactions at once would log what the other is undoing, and
somebody would be told neither by the one nor by the other. Assets are held before charts, charts before meetings.
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


def held(table: str, ids: str, strength: str) -> str:
    """SQL that locks the rows of a table whose `ids` a query yields, until the transaction ends."""
    return f"PERFORM 1 FROM {table} WHERE id IN ({ids}) ORDER BY id {strength}; "


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
        return f"({self.level.format(row=row)})::smallint, {self._partners_of(row)}"

    def shared(self, row: str, other: "Audience", other_row: str) -> str:
        """The same of those who see both of two rows."""
        levels = [f"({each.level.format(row=name)})" for each, name in ((self, row), (other, other_row))]
        ours, theirs = self._partners_of(row), other._partners_of(other_row)
        return (
            f"greatest({levels[0]}, {levels[1]})::smallint, CASE WHEN {levels[1]} < {OWN} THEN {ours}"
            f" WHEN {levels[0]} < {OWN} THEN {theirs}"
            f" ELSE ARRAY(SELECT unnest({ours}) INTERSECT SELECT unnest({theirs})) END"
        )

    def before(self, row: str, come: bool, gone: bool) -> str:
        """The same, of a row with `links`, before those of `new_rows` had come and those of `old_rows` gone."""
        tables = "{table}" + (" EXCEPT {new_rows}" if come else "") + (" UNION {old_rows}" if gone else "")
        return f"({self.level.format(row=row)})::smallint, {self._linked(row, tables)}"

    def _partners_of(self, row: str) -> str:
        return self._linked(row, "{table}") if self.links else self.partners.format(row=row)

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

    def hold_above(self, *tables: str) -> str:
        """SQL that keeps the key and the audience that the rows of `tables` have from above as they are."""
        if self.up is None:
            return ""
        above, column = self.up
        return held(above, " UNION ".join(f"SELECT {column} FROM {table}" for table in tables), "FOR SHARE")

    def hold(self, ids: str) -> str:
        """SQL that keeps who sees the rows of the given `ids` as it is, and has others wait who log the same."""
        return "" if self.audience == Audience() else held(self.table, ids, "FOR NO KEY UPDATE")

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
        then = kind.log("NULL", kind.audience.of(None), kind.audience.of("n"), kind.rows("new_rows", "n"))
        return self._if_any("new_rows", kind.hold_above("new_rows") + then)

    def _delete(self, model) -> str:
        kind = self.kind
        then = kind.log("NULL", kind.audience.of("n"), kind.audience.of(None), kind.rows("old_rows", "n"))
        return self._if_any("old_rows", kind.hold_above("old_rows") + then)

    def _update(self, model) -> str:
        kind, differ = self.kind, "n IS DISTINCT FROM o"
        pairs = f"{kind.rows('new_rows', 'n')} JOIN {kind.rows('old_rows', 'o')} ON o.id = n.id"
        if kind.up:
            pairs = f"({kind.rows('new_rows', 'n')}) JOIN ({kind.rows('old_rows', 'o')}) ON o.id = n.id"
        moved = f"{kind.key_of('o')} <> {kind.key_of('n')}"
        was = f"CASE WHEN {moved} THEN {kind.key_of('o')} END"
        before, after = kind.audience.of("o"), kind.audience.of("n")
        then = kind.hold_above("new_rows", "old_rows")
        then += kind.log(self._fields(model), before, after, f"{pairs} WHERE {differ}", was=was)
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
        names: where the body shows a part only to who sees another row: the kind of that row, and the column of the
            parts that points there. Nobody else is told.
    """

    def __init__(self, *, field: str, link: str, names: tuple[LoggedKind, str] | None = None, **options):
        self.field, self.link, self.names = field, link, names
        super().__init__(**options)

    def _log(self, model, *changed: str, come: bool = False, gone: bool = False) -> str:
        """SQL that logs the rows that parts hang on; each of `changed` is SQL of some of these parts."""
        kind, audience = self.kind, self.kind.audience
        before = audience.of("n")
        if audience.links and audience.links[0] == model._meta.db_table:
            before = audience.before("n", come=come, gone=gone)
        ids = " UNION ".join(f"SELECT {self.link} FROM {parts}" for parts in changed)
        source, after = f"{kind.rows(kind.table, 'n')} WHERE n.id IN ({ids})", audience.of("n")
        if self.names:
            named, column = self.names
            links = " UNION ".join(
                f"SELECT {self.link} AS row_id, {column} AS named_id FROM {parts}" for parts in changed
            )
            source = (
                f"({links}) link JOIN {kind.rows(kind.table, 'n')} ON n.id = link.row_id"
                f" JOIN {named.table} named ON named.id = link.named_id"
            )
            before = after = audience.shared("n", named.audience, "named")
        then = kind.hold(ids) + kind.log(f"ARRAY['{self.field}']", before, after, source)
        return self._if_any(changed[0], then)

    def _hold_named(self, parts: str) -> str:
        """Whoever hides or shows a row that new parts name is to see them, and to log that the body changes again."""
        if self.names is None:
            return ""
        named, column = self.names
        return held(named.table, f"SELECT part.{column} FROM {parts.format(column=column)}", "FOR SHARE")

    def _insert(self, model) -> str:
        return self._hold_named("new_rows part") + self._log(model, "new_rows", come=True)

    def _update(self, model) -> str:
        # What is named as before is not held: who waits for this row may hold it.
        moved = "new_rows part JOIN old_rows o ON o.id = part.id WHERE o.{column} <> part.{column}"
        differ = [
            f"(SELECT r.* FROM {rows} r JOIN {others} other ON other.id = r.id WHERE r IS DISTINCT FROM other) {rows}"
            for rows, others in (("new_rows", "old_rows"), ("old_rows", "new_rows"))
        ]
        return self._hold_named(moved) + self._log(model, *differ, come=True, gone=True)

    def _delete(self, model) -> str:
        return self._log(model, "old_rows", gone=True)


class SightChange(ChangeTrigger):
    """Logs what another row brings into sight or takes out of it.

    Args:
        kind: what is logged.
        other: the kind of the other row.
        columns: of the other row, that decide who sees it.
        reach: SQL that joins the rows to be logged, called `t`, to the other row, called `n`.
        field: of the body, that names the other row; empty where the rows are seen by whoever sees the other row.
    """

    def __init__(self, *, other: LoggedKind, columns: tuple[str, ...], reach: str, field: str = "", **options):
        self.other, self.columns, self.reach, self.field = other, columns, reach, field
        super().__init__(event="update", **options)

    def _update(self, model) -> str:
        kind, other = self.kind, self.other.audience
        now, then = (", ".join(f"{row}.{column}" for column in self.columns) for row in ("n", "o"))
        moved = f"new_rows n JOIN old_rows o ON o.id = n.id AND ({now}) IS DISTINCT FROM ({then})"
        above = f" JOIN {kind.up[0]} t_up ON t_up.id = t.{kind.up[1]}" if kind.up else ""
        source = f"{moved} {self.reach}{above}"
        if not self.field:
            # What follows a row cannot come or go while that row changes.
            return self._if_any(moved, kind.log("NULL", other.of("o"), other.of("n"), source, row="t"))
        told = kind.hold(f"SELECT t.id FROM {moved} {self.reach}")
        for row in ("o", "n"):  # whoever saw the other row, and whoever sees it now
            seen = kind.audience.shared("t", other, row)
            told += kind.log(f"ARRAY['{self.field}']", seen, seen, source, row="t")
        return self._if_any(moved, told)


class JoinChange(ChangeTrigger):
    """Logs, for partners who join or leave a row that is not everybody's, what else names that row.

    Args:
        kind: what is logged, as changed for these partners alone, as far as they see it.
        joined: the kind that partners join by the rows of this table, with the columns of both.
        reach: SQL that joins the rows to be logged, called `t`, to the row joined, called `j`.
        field: of the body, that names rows joined.
    """

    def __init__(self, *, joined: tuple[LoggedKind, str, str], reach: str, field: str, **options):
        self.joined, self.reach, self.field = joined, reach, field
        super().__init__(**options)

    def _log(self, changed: str) -> str:
        kind, (joined, link, partner) = self.kind, self.joined
        level = f"({kind.audience.level.format(row='t')})"
        source = (
            f"(SELECT DISTINCT {link} AS joined_id, {partner} AS who FROM ({changed}) part) part"
            f" JOIN {joined.table} j ON j.id = part.joined_id AND ({joined.audience.level.format(row='j')}) = {OWN}"
            f" {self.reach}"
        )
        seen = f"{level} < {OWN} OR part.who = ANY({kind.audience.of('t').partition('::smallint, ')[2]})"
        concerned = f"{OWN}::smallint, ARRAY[part.who]"
        hold = kind.hold(f"SELECT t.id FROM {source}")
        then = kind.log(f"ARRAY['{self.field}']", concerned, concerned, f"{source} WHERE {seen}", row="t")
        return self._if_any(source, hold + then)

    def _insert(self, model) -> str:
        return self._log("SELECT * FROM new_rows")

    def _update(self, model) -> str:
        _kind, link, partner = self.joined
        new, old = (f"SELECT {link}, {partner} FROM {rows}" for rows in ("new_rows", "old_rows"))
        return self._log(f"({new} EXCEPT {old}) UNION ({old} EXCEPT {new})")

    def _delete(self, model) -> str:
        return self._log("SELECT * FROM old_rows")


def logged(kind: LoggedKind, *others: SightChange):
    """Class decorator: changes of the model's rows are logged as of `kind`, and what `others` say besides."""
    return pgtrigger.register(*(RowChange(name="log", event=event, kind=kind) for event in EVENTS), *others)


def logged_part(kind: LoggedKind, field: str, link: str, names: tuple[LoggedKind, str] | None = None):
    """Class decorator: changes of the model's rows are logged as of the row of `kind` that they hang on.

    Args:
        field, link, names: as of `PartChange`.
    """
    options = {"kind": kind, "field": field, "link": link, "names": names}
    return pgtrigger.register(*(PartChange(name="log", event=event, **options) for event in EVENTS))
