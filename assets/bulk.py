"""Many rows of one kind at once, added or changed by their key: compared, checked and stored as sets.

It is the work of an import on rows that need no reading of cells: the same staging tables and checks. The rows that
are named are locked before they are compared, so that nobody's change is lost, and in the order of their ids, so that
two such calls wait for each other and never in a circle.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import NON_FIELD_ERRORS
from django.db import DatabaseError, connection, models, transaction
from django.utils.translation import gettext_lazy as _
from psycopg2 import errorcodes

from assets.bulk_rows import REQUIRED, RowsReader, ToldRows
from assets.imports.checks import Checks
from assets.imports.staging import Staging, anchor_of, column_as_copied, copy_rows, execute, fetch, own_assets, tell
from assets.imports.values import Problem
from assets.models import Asset
from assets.tallies import MANY, settle
from firenze_digitale.problems import FORBIDDEN
from firenze_digitale.rules import readable_refusals

OWNER_STAYS = _("Assets stay with their owner, one that you answer for: offer them to another partner.")
ATTEMPTS = 3
#: Somebody else has just added a row of the same key, or has waited for what we hold: begun again, it goes well.
OVERTAKEN = {errorcodes.UNIQUE_VIOLATION, errorcodes.DEADLOCK_DETECTED}
CREATED, UPDATED, UNCHANGED, REFUSED = OUTCOMES = ("created", "updated", "unchanged", "refused")
OUTCOME_OF_STATE = {"new": CREATED, "changed": UPDATED, "unchanged": UNCHANGED}


@dataclass(frozen=True)
class Answer:
    """What became of one row: where it stands in the request, its key if it says one, and what is wrong with it.

    `errors` are pairs of field (empty: the whole row) and sentence.
    """

    index: int
    key: str | None
    outcome: str
    errors: tuple[tuple[str, str], ...] = ()


class RowsRefused(Exception):
    """Rows are wrong, and nothing was stored.

    Attributes:
        answers: one for each row.
        denied: there is nothing wrong with the rows but that they are not the caller's to store.
    """

    def __init__(self, answers: list[Answer], *, denied: bool):
        super().__init__(answers)
        self.answers, self.denied = answers, denied


class PartialStaging(Staging):
    """Rows each of which says some fields, and leaves the others as they are or, where it is new, as they begin."""

    def __init__(self, model: type[models.Model], rows: ToldRows, who):
        super().__init__(model, set(rows.values), whole_attributes=True, who=who)
        self.rows = rows

    def fill(self) -> None:
        """Put the rows, and what is known to be wrong with them, into the tables."""
        self.create()
        execute("ALTER TABLE pg_temp.incoming ADD told bigint")
        rows, names = self.rows, ["number", "told", *(field.column for field in self.given)]
        values = [rows.numbers, rows.told, *(rows.values[field.attname] for field in self.given)]
        copy_rows("incoming", names, zip(*map(column_as_copied, values), strict=True))
        tell("problem", rows.problems)

    def hold(self) -> None:
        """Lock the rows that are named and the caller's to change, and their assets, until they are stored."""
        own, params = own_assets(self.who)
        execute("ANALYZE pg_temp.incoming")
        if self.model is not Asset:
            execute(
                f"""SELECT count(*) FROM (SELECT id FROM assets_asset
                WHERE id IN (SELECT asset_id FROM incoming) AND id IN ({own}) ORDER BY id FOR SHARE) held""",
                params,
            )
        execute(
            f"""SELECT count(*) FROM (SELECT e.id FROM {self.table} e JOIN incoming i ON {self._same_key("i")}
            WHERE e.{anchor_of(self.model)} IN ({own}) ORDER BY e.id FOR UPDATE OF e) held""",
            params,
        )

    def _match(self):
        """As far as the caller may see rows; whether they may change them is asked later, to be told."""
        visible, params = Asset.objects.visible_to(self.who).order_by().values("pk").query.sql_with_params()
        return f"{self._same_key('i')} AND e.{anchor_of(self.model)} IN ({visible})", params

    def _merged(self, field):
        kept = f"CASE WHEN e.id IS NULL THEN {self._default(field)} ELSE e.{field.column} END"
        if field not in self.given:
            return kept
        return f"CASE WHEN i.told & {self.rows.bits[field.attname]} <> 0 THEN i.{field.column} ELSE {kept} END"


class PartialChecks(Checks):
    """The rules, and beside them what new rows must say and which rows are the caller's."""

    REPEATED = _("rows.%(number)s has the same key: name each row once.")

    def __init__(self, staging: PartialStaging, required: list[str]):
        super().__init__(staging, headers={})
        self.required = required
        #: By the number of a row that is not the caller's to store, the field and the sentence that say so.
        self.denied: dict[int, tuple[str, str]] = {}

    def run(self) -> None:
        self._rights()
        self._require()
        super().run()

    def _rights(self) -> None:
        anchor, (own, params) = anchor_of(self.staging.model), own_assets(self.staging.who)
        self._deny(f"m.{anchor} IS NOT NULL AND NOT (m.{anchor} IN ({own}))", params, "", FORBIDDEN)
        for field, refused, _message in super()._owners():
            self._deny(refused, None, field, OWNER_STAYS)

    def _owners(self):
        """Said already, with the other rights."""
        return ()

    def _deny(self, refused: str, params, field: str, message: object) -> None:
        found = fetch(f"SELECT m.number FROM merged m WHERE {refused}", params)
        tell("problem", [Problem(number, "", field, "", str(message)) for (number,) in found])
        self.denied = dict.fromkeys((number for (number,) in found), (field, str(message))) | self.denied

    def _require(self) -> None:
        bits, meta = self.staging.rows.bits, self.staging.model._meta
        for name in self.required:
            bit = bits.get(meta.get_field(name).attname, 0)
            numbers = f"""SELECT m.number FROM merged m JOIN incoming i USING (number)
                WHERE m.state = 'new' AND i.told & {bit} = 0"""
            self._say(numbers, name, str(REQUIRED))


def store_rows(reader: RowsReader, rows: list, who, *, each: bool) -> list[Answer]:
    """Add or change `rows` by their key, and return an answer for each, in their order.

    Args:
        rows: anything that JSON can say.
        each: store what is right even where other rows are wrong; else all of them or none.

    Raises:
        RowsRefused: not `each`, and rows are wrong.
        ValidationError: the database refuses the rows together.
    """
    return _in_one_go(lambda: _stored(reader, rows, who, each=each))


def _in_one_go(work: Callable):
    """Do `work` in a transaction; once or twice more if it was overtaken by somebody else's."""
    with readable_refusals():
        for left in reversed(range(ATTEMPTS)):
            try:
                with transaction.atomic():
                    return work()
            except DatabaseError as error:
                if not left or getattr(error.__cause__, "pgcode", None) not in OVERTAKEN:
                    raise
    raise AssertionError("the last attempt either returns or raises")


def _stored(reader: RowsReader, rows: list, who, *, each: bool) -> list[Answer]:
    read = reader.read(rows)
    staging = PartialStaging(reader.model, read, who)
    staging.fill()
    staging.hold()
    staging.merge()
    checks = PartialChecks(staging, reader.required_of_new)
    checks.run()
    answers = _answers(read, len(rows), checks.denied)
    wrong = {answer.index for answer in answers if answer.outcome == REFUSED}
    if wrong and not each:
        raise RowsRefused(answers, denied=wrong <= checks.denied.keys())
    staging.leave_out_wrong()
    staging.store(remove_missing=False, order=staging.key)
    connection.check_constraints()
    if reader.model is not Asset and len(answers) - len(wrong) >= MANY:
        settle()
    return answers


def _answers(read: ToldRows, count: int, denied: dict[int, tuple[str, str]]) -> list[Answer]:
    """What became of each row; of one that is not the caller's, nothing else that is wrong with it."""
    outcomes = {number: OUTCOME_OF_STATE[state] for number, state in fetch("SELECT number, state FROM merged")}
    errors: dict[int, list[tuple[str, str]]] = {}
    for number, field, sentence in fetch("SELECT number, field, expected FROM problem ORDER BY number"):
        errors.setdefault(number, []).append(("" if field == NON_FIELD_ERRORS else field, sentence))
    errors |= {number: [told] for number, told in denied.items()}
    return [
        Answer(index, read.keys.get(index), REFUSED, tuple(dict.fromkeys(errors[index])))
        if index in errors
        else Answer(index, read.keys[index], outcomes[index])
        for index in range(count)
    ]
