"""What a file's columns as a whole say of how their cells are read: marks of decimals, order of dates, coordinates."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from django.utils.translation import gettext as _

from assets.imports.dates import DateStyles
from assets.imports.limits import Limits
from assets.imports.mapping import Assignment, Mapping
from assets.imports.numbers import MARKS, NumberStyles, number_of
from assets.imports.positions import AXES, PositionEvidence
from assets.imports.questions import ColumnEvidence, Evidence, Question
from assets.imports.targets import Target
from assets.imports.words import ChoiceWords, Translation, text_of_cell, tidy, yes_or_no

__all__ = ["ColumnEvidence", "Evidence", "Question", "gather", "settle"]

CHUNK = 5_000
UNKNOWN_SHOWN = 50
REMEMBERED = 50_000


class Texts:
    """The texts of one column as they come, each told once: what its mapping does not translate."""

    def __init__(self, assignment: Assignment):
        self.translation, self.seen = Translation(assignment.values), set()

    def new(self, cells: Sequence) -> list[str]:
        """Return the texts among `cells` that have not been met before, made tidy and translated."""
        met = {cell for cell in cells if isinstance(cell, str)} - self.seen
        if len(self.seen) < REMEMBERED:
            self.seen |= met
        if not self.translation:
            return [text for text in map(tidy, met) if text]
        return [text for text in (self.translation.of(tidy(raw)).strip() for raw in met) if text]


class NumberEvidence:
    """A column of numbers: which mark stands before its decimals."""

    def __init__(self, target: Target, assignment: Assignment):
        self.target, self.assignment, self.texts = target, assignment, Texts(assignment)
        self.limits = Limits(target)
        self.styles = NumberStyles(self.possible)

    def possible(self, value: int | float) -> bool:
        whole = self.target.kind != "integer" or float(value).is_integer()
        return whole and self.limits.hold_number(value)

    def add(self, cells: Sequence) -> None:
        self.styles.add_all(self.texts.new(cells))

    def tell(self, evidence: Evidence) -> None:
        told = evidence.columns[self.target.name]
        told.decimal = self.styles.proven or self.assignment.decimal or self.styles.decimal
        if not told.decimal and self.styles.doubtful:
            evidence.questions.append(self._question())

    def _question(self) -> Question:
        found, clear = self.styles.doubtful, self.styles.clear
        if len(clear) == 2:
            said = _("decimals after “%(mark)s”, as in “%(example)s”")
            readings = [(mark, said % {"mark": mark, "example": clear[mark]}) for mark in MARKS]
        else:
            readings = [(mark, self._told(found, mark)) for mark in MARKS]
        return Question(self.assignment.column, self.target.name, "decimal", found, tuple(readings))

    @staticmethod
    def _told(found: str, mark: str) -> str:
        """What `found` would be, in figures that nobody takes for something else."""
        value = number_of(found, mark)
        if mark not in found:
            return _("the mark sets off thousands: %(value)s") % {"value": round(value)}
        if isinstance(value, int):
            return _("the mark stands before decimals: %(value)s") % {"value": value}
        return _("the mark stands before decimals: about %(value)s") % {"value": round(value)}


class DateEvidence:
    """A column of days: whether day or month comes first."""

    def __init__(self, target: Target, assignment: Assignment):
        self.target, self.assignment, self.texts = target, assignment, Texts(assignment)
        self.styles = DateStyles()

    def add(self, cells: Sequence) -> None:
        for text in self.texts.new(cells):
            self.styles.add(text)

    def tell(self, evidence: Evidence) -> None:
        told = evidence.columns[self.target.name]
        # In Italy the day comes first, unless the column proves otherwise.
        told.dates = self.styles.proven or self.assignment.dates or ("" if self.styles.contradictory else "dmy")
        if not told.dates:
            clear = self.styles.clear
            said = {"dmy": _("day first, as in “%(example)s”"), "mdy": _("month first, as in “%(example)s”")}
            readings = tuple((order, text % {"example": clear[order]}) for order, text in said.items())
            column, name = self.assignment.column, self.target.name
            evidence.questions.append(Question(column, name, "dates", clear["mdy"], readings))


class WordEvidence:
    """A column of choices, or of yes and no: what it says that is neither known nor translated."""

    def __init__(self, target: Target, assignment: Assignment):
        self.target, self.assignment, self.texts = target, assignment, Texts(assignment)
        self.read = ChoiceWords(target).value_of if target.kind == "choice" else yes_or_no
        self.unknown: list[str] = []

    def add(self, cells: Sequence) -> None:
        if len(self.unknown) >= UNKNOWN_SHOWN:
            return
        texts = [cell if isinstance(cell, str) else text_of_cell(cell) for cell in cells]
        for text in sorted(self.texts.new(texts)):
            try:
                self.read(text)
            except ValueError:
                self.unknown.append(text)

    def tell(self, evidence: Evidence) -> None:
        if self.unknown:
            shown = list(dict.fromkeys(self.unknown))[:UNKNOWN_SHOWN]
            evidence.unknown_values[self.assignment.column, self.target.name] = shown


KINDS = {
    "number": NumberEvidence,
    "integer": NumberEvidence,
    "date": DateEvidence,
    "choice": WordEvidence,
    "boolean": WordEvidence,
}


def gather(
    rows: Iterable[tuple[int, list]],
    headers: list[str],
    mapping: Mapping,
    targets: list[Target],
    table_crs: str | None = None,
) -> Evidence:
    """Return what the columns say, after one pass over the rows.

    Args:
        rows: the number of each and its cells, one for each header.
        mapping: what it says already is not asked again, and stands unless the column proves otherwise, as it does
            when a saved mapping meets a file that is written differently.
        table_crs: the reference system that the file itself declares.
    """
    by_name = {target.name: target for target in targets}
    position = {header: index for index, header in enumerate(headers)}
    evidence, watched = Evidence(crs=mapping.crs, swapped=mapping.swapped), []
    points = _points(mapping, table_crs)
    for assignment in mapping.assignments:
        target = by_name[assignment.target]
        evidence.columns[target.name] = ColumnEvidence(assignment.column, target.name)
        if target.kind in KINDS:
            watched.append((KINDS[target.kind](target, assignment), position[assignment.column]))
    for chunk in _chunks(rows):
        evidence.rows += len(chunk)
        columns = list(zip(*chunk, strict=True))
        for column, index in watched:
            column.add(columns[index])
        if points:
            points.add(*(columns[position[mapping.of_target(axis).column]] for axis in AXES))
    for column, _index in watched:
        column.tell(evidence)
    if points:
        points.tell(evidence)
    return evidence


def _points(mapping: Mapping, table_crs: str | None) -> PositionEvidence | None:
    axes = [mapping.of_target(axis) for axis in AXES]
    return PositionEvidence(*axes, mapping.crs, table_crs) if None not in axes else None


def _chunks(rows: Iterable[tuple[int, list]]) -> Iterator[list[list]]:
    rows = iter(rows)
    while chunk := [cells for _number, cells in islice(rows, CHUNK)]:
        yield chunk


def settle(mapping: Mapping, evidence: Evidence) -> Mapping:
    """Return `mapping` with what the columns decided; what must be asked stays open."""
    assignments = []
    for assignment in mapping.assignments:
        told = evidence.columns[assignment.target]
        assignments.append(
            replace(assignment, decimal=told.decimal or assignment.decimal, dates=told.dates or assignment.dates)
        )
    return replace(
        mapping,
        assignments=assignments,
        crs=evidence.crs,
        swapped=evidence.swapped,
    )
