"""The two columns of coordinates of a file: their marks of decimals, reference system, and order."""

from collections.abc import Sequence
from itertools import product

from django.utils.translation import gettext as _

from assets.imports.coordinates import SYSTEMS, WGS84, recognise_crs, same_system, votes_of
from assets.imports.mapping import Assignment
from assets.imports.numbers import MARKS, NumberStyles, number_of
from assets.imports.questions import Evidence, Question
from assets.imports.words import text_of_cell, tidy, tidy_all

AXES = ("longitude", "latitude")
#: Points that are kept, evenly from the whole file.
POINTS = 4_096


class PositionEvidence:
    """Longitudes and latitudes as the file has them, whatever they are measured in.

    Args:
        crs: the reference system that the person declared; "" for none.
        table_crs: the one that the file declares; None for none.
    """

    def __init__(self, longitude: Assignment, latitude: Assignment, crs: str, table_crs: str | None):
        self.assignments = (longitude, latitude)
        self.crs, self.table_crs = crs, table_crs if table_crs in SYSTEMS else None
        self.styles = [NumberStyles(lambda value: True) for _axis in AXES]
        self.points: list[tuple[object, object]] = []
        self.step = 1

    def add(self, longitudes: Sequence, latitudes: Sequence) -> None:
        for styles, cells in zip(self.styles, (longitudes, latitudes), strict=True):
            styles.add_all(tidy_all([cell for cell in cells if isinstance(cell, str)]))
        pairs = zip(longitudes[:: self.step], latitudes[:: self.step], strict=True)
        self.points += [pair for pair in pairs if None not in pair and "" not in pair]
        while len(self.points) > POINTS:
            self.points, self.step = self.points[::2], 2 * self.step

    def tell(self, evidence: Evidence) -> None:
        marks = self._marks()
        if marks is None:
            marks = tuple(self._sure_mark(axis) for axis in range(2))
            self._ask_for_marks(evidence, marks)
        for axis, name in enumerate(AXES):
            evidence.columns[name].decimal = marks[axis] if self._shown_marks(axis) else self._sure_mark(axis)
        if "" not in marks:
            self._tell_system(evidence, *self._read(marks))

    def _sure_mark(self, axis: int) -> str:
        return self.styles[axis].proven or self.assignments[axis].decimal

    def _shown_marks(self, axis: int) -> bool:
        return bool(self.styles[axis].clear or self.styles[axis].unclear)

    def _candidates(self, axis: int) -> tuple[str, ...]:
        if sure := self._sure_mark(axis):
            return (sure,)
        return MARKS if self._shown_marks(axis) else MARKS[:1]

    def _marks(self) -> tuple[str, str] | None:
        """The marks of decimals under which the points are places, near Florence or at least on Earth."""
        candidates = list(product(*(self._candidates(axis) for axis in range(2))))
        if len(candidates) == 1:
            return candidates[0]
        if any(len(self.styles[axis].clear) == 2 and not self._sure_mark(axis) for axis in range(2)):
            return None
        near = {marks: max(votes_of(*self._read(marks)).values(), default=0) for marks in candidates}
        best = [marks for marks in candidates if near[marks] == max(near.values())]
        if max(near.values()) == 0:
            best = [marks for marks in candidates if self._on_earth(*self._read(marks))]
        return best[0] if len(best) == 1 else None

    def _on_earth(self, xs: list[float], ys: list[float]) -> bool:
        if self.crs not in ("", WGS84):
            return False
        return bool(xs) and max(map(abs, xs)) <= 180 and max(map(abs, ys)) <= 90

    def _read(self, marks: tuple[str, str]) -> tuple[list[float], list[float]]:
        pairs = [tuple(map(_number, pair, marks)) for pair in self.points]
        pairs = [pair for pair in pairs if None not in pair]
        return [x for x, _y in pairs], [y for _x, y in pairs]

    def _ask_for_marks(self, evidence: Evidence, marks: tuple[str, ...]) -> None:
        for assignment, styles, mark in zip(self.assignments, self.styles, marks, strict=True):
            if not mark and styles.doubtful:
                said = _("decimals after “%(mark)s”")
                readings = tuple((mark, said % {"mark": mark}) for mark in MARKS)
                evidence.questions.append(
                    Question(assignment.column, assignment.target, "decimal", styles.doubtful, readings)
                )

    def _tell_system(self, evidence: Evidence, xs: list[float], ys: list[float]) -> None:
        known, votes, declared = recognise_crs(xs, ys), votes_of(xs, ys), self.crs or self.table_crs
        system = same_system(declared) if declared else None
        straight, swapped = votes.get((system, False), 0), votes.get((system, True), 0)
        if declared and (known is None or known[0] == system or (self.crs and straight + swapped)):
            evidence.crs = declared
            if straight + swapped:
                evidence.swapped = swapped > straight
        elif known and (self.crs or not self.table_crs):
            evidence.crs, evidence.swapped = known
        elif xs:
            readings = tuple((crs, str(system.label)) for crs, system in SYSTEMS.items())
            found = " ".join(text_of_cell(cell) for cell in self.points[0])
            evidence.questions.append(Question("", "", "crs", found, readings))


def _number(cell: object, mark: str) -> int | float | None:
    if isinstance(cell, str):
        return number_of(tidy(cell), mark)
    return cell if isinstance(cell, int | float) and not isinstance(cell, bool) else None
