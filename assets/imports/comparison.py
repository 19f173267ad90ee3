"""A file beside the registry: read, compared and checked in one transaction, then reported or stored."""

from collections.abc import Callable
from itertools import chain

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assets.choices import RowState
from assets.imports.checks import Checks
from assets.imports.evidence import Evidence, gather, settle
from assets.imports.mapping import Mapping, problems_of
from assets.imports.numbering import Numbering
from assets.imports.spool import BATCH, Spool
from assets.imports.staging import Staging, as_copied, copy_rows, execute, fetch
from assets.imports.targets import Target, model_of, targets_of
from assets.imports.values import RowReader
from assets.models import Asset, Category, Import
from firenze_digitale.tables import UnreadableFile

#: Shares of the whole work at which its parts end.
GATHERED, READ, COMPARED, CHECKED, WRITTEN = 0.2, 0.6, 0.7, 0.8, 0.98
NAMED = 10
MOST_MISSING_LISTED = 10_000


class Unanswered(Exception):
    """The file can be read in more than one way; `questions` are to be asked."""

    def __init__(self, questions):
        super().__init__(questions)
        self.questions = questions


class ChangedMeanwhile(Exception):
    """Rows are no longer as the preview has shown them; the text names them."""


def categories_for(kind: str, mapping: Mapping, who) -> list[Category]:
    """The categories whose attributes a file of `kind` may have columns for."""
    categories = Category.objects.all()
    if kind == "distributions":
        return []
    if kind == "assets":
        named = categories.filter(code=mapping.fixed.get("category", ""))
        return list(named or categories)
    assets = Asset.objects.changeable_by(who)
    named = assets.filter(code=mapping.fixed.get("asset", ""))
    return list(categories.filter(pk__in=(named if named.exists() else assets).values("category")))


def targets_for(kind: str, mapping: Mapping, who) -> list[Target]:
    return targets_of(kind, categories_for(kind, mapping, who))


class Comparison:
    """What a file would do to the registry. Within a transaction, whose end takes the temporary tables along.

    Args:
        kind: “assets”, “placements” or “distributions”.
        who: on whose rights.
        advance: told now and then which share of the work is done, from 0 to 1.
        settled: the mapping leaves nothing to be decided from the columns.

    Raises:
        UnreadableFile: the mapping does not fit the file, or the file cannot be read to its end.
        Unanswered: see there.
    """

    def __init__(
        self, kind: str, spool: Spool, mapping: Mapping, who, advance: Callable[[float], None], *, settled: bool
    ):
        self.spool, self.headers, self.who, self.advance = spool, spool.table.headers, who, advance
        self.targets = targets_for(kind, mapping, who)
        if problems := problems_of(mapping, self.headers, self.targets):
            raise UnreadableFile(" ".join(problems))
        #: The mapping with everything decided that the columns themselves decide.
        self.asked = self.mapping = mapping
        self.evidence, self.is_guessed = Evidence(), False
        if not settled:
            self._settle_by_beginning()
        self.model = model_of(kind)
        self.staging = Staging(self.model, self._columns(), whole_attributes="attributes" in self._filled(), who=who)

    def _settle_by_beginning(self) -> None:
        """Decide by the first rows alone; the others are asked if something in them is odd."""
        beginning = next(self.spool.batches(), [])
        self.evidence = self._gathered(beginning)
        self.is_guessed = len(beginning) == BATCH
        if self.evidence.questions:
            self._settle()
        else:
            self.mapping = settle(self.asked, self.evidence)

    def _settle(self) -> None:
        self.is_guessed, self.evidence = False, self._gathered(chain.from_iterable(self._told(0, GATHERED)))
        if self.evidence.questions:
            raise Unanswered(self.evidence.questions)
        self.mapping = settle(self.asked, self.evidence)

    def _gathered(self, rows) -> Evidence:
        return gather(rows, self.headers, self.asked, self.targets, self.spool.table.crs)

    def _filled(self) -> set[str]:
        return {assignment.target for assignment in self.mapping.assignments} | self.mapping.fixed.keys()

    def _columns(self) -> set[str]:
        """Columns of the model's table that the file or the mapping fills."""
        filled = self._filled()
        fields = {target.field for target in self.targets if target.name in filled}
        fields |= {"code"} if self.mapping.numbered is not None else set()
        return {self.model._meta.get_field(name).attname for name in fields}

    def _told(self, start: float, end: float):
        """Yield the file's rows in batches, and tell how far the file has been read."""
        for batch in self.spool.batches():
            yield batch
            self.advance(start + (end - start) * self.spool.share_read())

    def make(self, *, hold: bool = False) -> None:
        """Read the file, compare it and check it.

        Args:
            hold: keep what is compared from being changed until the transaction ends.
        """
        is_odd = self._read()
        if self.is_guessed and is_odd:
            guess = self.mapping
            self._settle()
            if self.mapping != guess:
                self._read()
        self.staging.merge()
        if hold and (changed := self.staging.hold()):
            raise ChangedMeanwhile(named_rows(changed))
        self.staging.find_missing()
        if hold and self.removes_missing and (changed := self.staging.hold_missing()):
            raise ChangedMeanwhile(named_rows(changed))
        self._require_columns_of_new_rows()
        self.advance(COMPARED)
        Checks(self.staging, self._columns_by_field()).run()
        self.advance(CHECKED)

    def _read(self) -> bool:
        """Read the rows; return whether there is anything odd in them."""
        self.staging.create()
        reader = RowReader(self.targets, self.mapping, self.headers, self.who)
        numbering = Numbering(self.mapping.numbered) if self.mapping.numbered is not None else None
        for batch in self._told(GATHERED, READ):
            read = reader.read(batch)
            if numbering:
                numbering.number(read)
            self.staging.copy(read)
        return reader.left_as_text or self.staging.has_told()

    def _columns_by_field(self) -> dict[str, str]:
        """By target and by field, the column that fills it."""
        headers = {assignment.target: assignment.column for assignment in self.mapping.assignments}
        for target in self.targets:
            if target.name in headers:
                headers.setdefault(target.field, headers[target.name])
        return headers

    def _require_columns_of_new_rows(self) -> None:
        given = {field.name for field in self.staging.given}
        missing = [target.label for target in self.targets if target.required and target.field not in given]
        if missing and fetch("SELECT 1 FROM merged WHERE state = 'new' LIMIT 1"):
            raise UnreadableFile(
                _("The file has new rows, and these need more columns: %(names)s.") % {"names": ", ".join(missing)}
            )

    # What was found

    @property
    def removes_missing(self) -> bool:
        return self.mapping.missing == "remove" and self.staging.can_be_removed

    def counts(self) -> dict[str, int]:
        """How many rows are new, changed, unchanged, wrong; missing from the file; to be removed; with warnings."""
        found = dict(
            fetch("""SELECT CASE WHEN number IN (SELECT number FROM problem) THEN 'wrong' ELSE state END, count(*)
            FROM merged GROUP BY 1""")
        )
        [(missing,)] = fetch("SELECT count(*) FROM missing")
        [(warned,)] = fetch("""SELECT count(DISTINCT number) FROM warning
            WHERE number IN (SELECT number FROM merged WHERE state <> 'unchanged')""")
        counts = {state: found.get(state, 0) for state in ("new", "changed", "unchanged", "wrong")}
        return {
            "rows": sum(counts.values()),
            **counts,
            "missing": missing,
            "removed": missing if self.removes_missing else 0,
            "warnings": warned,
        }

    def problems(self) -> list[tuple[int, str, str]]:
        """What is wrong: the number of the row, its column, a sentence."""
        return fetch('SELECT number, "column", expected FROM problem ORDER BY number')

    def facts(self) -> dict:
        """What is to be kept of the columns beside the mapping."""
        unknown = self.evidence.unknown_values.items()
        return {"unknown_values": [[column, target, list(values)] for (column, target), values in unknown]}

    def report(self, imported: Import) -> None:
        """Keep what was found of each row that is not as it was, for the preview."""
        imported.rows.all().delete()
        self._report_wrong(imported)
        self._report_changes(imported)
        self._report_missing(imported)

    def leave_out_wrong(self, imported: Import) -> None:
        """Go on without the rows that are wrong, and keep which they are."""
        imported.rows.all().delete()
        self._report_wrong(imported)
        self.staging.leave_out_wrong()

    def _report_wrong(self, imported) -> None:
        numbers = {number for (number,) in fetch("SELECT DISTINCT number FROM problem")}
        if not numbers:
            return
        execute("DROP TABLE IF EXISTS pg_temp.wrong_cells")
        execute("CREATE TEMP TABLE wrong_cells (number int PRIMARY KEY, cells jsonb) ON COMMIT DROP")
        for batch in self.spool.batches():
            shown = ((number, self._shown(cells)) for number, cells in batch if number in numbers)
            copy_rows("wrong_cells", ("number", "cells"), (map(as_copied, row) for row in shown))
        execute(
            f"""INSERT INTO assets_importrow (of_id, number, state, key, target_id, problems, cells)
            SELECT %s, c.number, '{RowState.WRONG}', COALESCE({self._key("m")}, ''), m.id, p.told, c.cells
            FROM wrong_cells c LEFT JOIN merged m USING (number) JOIN (
                SELECT number, jsonb_agg(jsonb_build_object('column', "column", 'field', field, 'expected', expected,
                    'found', COALESCE(NULLIF(found, ''), wrong_cells.cells->>"column", ''))) AS told
                FROM problem JOIN wrong_cells USING (number) GROUP BY number
            ) p USING (number) ORDER BY c.number""",
            [imported.pk],
        )

    def _shown(self, cells) -> dict[str, object]:
        """A row of the file as it is shown again to the person who made it."""
        plain = (cell if cell is None or isinstance(cell, str | int | float) else str(cell) for cell in cells)
        return dict(zip(self.headers, plain, strict=True))

    def _report_changes(self, imported) -> None:
        given = self.staging.given
        pairs = ", ".join(f"('{f.attname}', to_jsonb(m.stored_{f.column}), to_jsonb(m.{f.column}))" for f in given)
        new = ", ".join(f"'{field.attname}', m.{field.column}" for field in given)
        differing = f"""(SELECT jsonb_object_agg(name, {{}}) FROM (VALUES {pairs}) field (name, old, coming)
            WHERE old IS DISTINCT FROM coming)"""
        execute(
            f"""INSERT INTO assets_importrow
                (of_id, number, state, key, target_id, seen_at, before, after, problems)
            SELECT %s, m.number, m.state, {self._key("m")}, m.id, m.seen_at,
                CASE WHEN m.id IS NOT NULL THEN {differing.format("old")} END,
                CASE WHEN m.id IS NULL THEN jsonb_build_object({new}) ELSE {differing.format("coming")} END,
                COALESCE(w.told, '[]')
            FROM merged m LEFT JOIN (
                SELECT number, jsonb_agg(jsonb_build_object('column', "column", 'field', field,
                    'found', found, 'expected', expected)) AS told FROM warning GROUP BY number
            ) w USING (number)
            WHERE m.state <> 'unchanged' AND NOT EXISTS (SELECT 1 FROM problem p WHERE p.number = m.number)
            ORDER BY m.number""",
            [imported.pk],
        )

    def _report_missing(self, imported) -> None:
        most = "ALL" if self.removes_missing else MOST_MISSING_LISTED
        execute(
            f"""INSERT INTO assets_importrow (of_id, state, key, target_id, seen_at, problems)
            SELECT %s, '{RowState.MISSING}', {self._key("e")}, e.id, missing.seen_at, '[]'
            FROM missing JOIN {self.staging.table} e USING (id) ORDER BY {", ".join(f"e.{n}" for n in self.staging.key)}
            LIMIT {most}""",
            [imported.pk],
        )

    def _key(self, row: str) -> str:
        """SQL of the natural key as one word."""
        if self.model is Asset:
            return f"{row}.code"
        return f"(SELECT a.code FROM assets_asset a WHERE a.id = {row}.asset_id) || ':' || {row}.code"

    # Storing

    def require_as_previewed(self, imported: Import) -> None:
        """Refuse to store anything but what the preview has shown.

        Raises:
            ChangedMeanwhile: see there.
        """
        # What the file itself says is the same as before; codes that it does not say are given anew.
        given, was_given = (self._key("m"), "key") if self.mapping.numbered is not None else ("NULL", "NULL")
        found = f"""SELECT number, state::text, id AS target_id, seen_at, {given}::text AS key
            FROM merged m WHERE state <> 'unchanged'"""
        states = [RowState.NEW, RowState.CHANGED]
        seen = f"""SELECT number, state::text, target_id, seen_at,
            CASE WHEN number IS NOT NULL THEN {was_given}::text END FROM assets_importrow
            WHERE of_id = %s AND state = ANY(%s)"""
        if self.removes_missing:
            found += " UNION ALL SELECT NULL, 'missing', id, seen_at, NULL FROM missing"
            states.append(RowState.MISSING)
        params = [imported.pk, states]
        other = fetch(
            f"""SELECT DISTINCT COALESCE({self._key("e")}, {self._key("m")}, '') FROM (
                (({found}) EXCEPT ALL ({seen})) UNION ALL (({seen}) EXCEPT ALL ({found}))
            ) other LEFT JOIN merged m USING (number) LEFT JOIN {self.staging.table} e ON e.id = other.target_id
            ORDER BY 1""",
            params * 2,
        )
        if other or fetch("SELECT 1 FROM problem LIMIT 1"):
            raise ChangedMeanwhile(named_rows([key for (key,) in other]))

    def store(self) -> None:
        """Write it all, and let deferred rules speak."""
        self.staging.store(remove_missing=self.removes_missing)
        self.advance(WRITTEN)
        connection.check_constraints()


def named_rows(keys: list[str]) -> str:
    """Say which rows are no longer as they were."""
    if not keys:
        return _("Rules of the registry have changed since the preview.")
    named = ", ".join(keys[:NAMED]) + (", …" if len(keys) > NAMED else "")
    told = ngettext(
        "%(count)s row was changed by somebody else since the preview: %(named)s.",
        "%(count)s rows were changed by somebody else since the preview: %(named)s.",
        len(keys),
    )
    return told % {"count": len(keys), "named": named}
