"""What an import says in words: labels, values, differences, what is wrong, how columns are read."""

from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from assets.choices import ImportState
from assets.imports.coordinates import SYSTEMS, WGS84
from assets.imports.mapping import OTHERS, Assignment, Mapping
from assets.imports.targets import ATTRIBUTE, Target, targets_of
from assets.models import Category, Import, ImportRow
from firenze_digitale.differences import NOTHING


def choices_of(target: Target) -> dict[str, str]:
    """The stored values that `target` may have, and what they are called in the reader's language."""
    if target.kind == "boolean":
        return {"true": _("yes"), "false": _("no")}
    position = 1 if (get_language() or "it").startswith("it") else 2
    return {choice[0]: choice[position] for choice in target.choices}


def counted(number: int) -> str:
    return number_format(number, force_grouping=True)


def what_would_be_stored(counts: dict) -> str:
    """“12 new rows, 3 changed rows”: what a confirmation will do."""
    told = [
        (counts.get("new"), lambda n: ngettext("%(number)s new row", "%(number)s new rows", n)),
        (counts.get("changed"), lambda n: ngettext("%(number)s changed row", "%(number)s changed rows", n)),
        (
            counts.get("removed"),
            lambda n: ngettext("%(number)s row marked removed", "%(number)s rows marked removed", n),
        ),
    ]
    return _listed(told)


def what_was_undone(counts: dict) -> str:
    """“3 rows deleted again, 1 row stayed as it was”: what taking an import back has done."""
    deleted, restored = counts.get("deleted", 0), counts.get("restored", 0)
    stayed = sum(counts.get(name, 0) for name in ("new", "changed", "removed")) - deleted - restored
    told = [
        (deleted, lambda n: ngettext("%(number)s row deleted again", "%(number)s rows deleted again", n)),
        (restored, lambda n: ngettext("%(number)s row put back", "%(number)s rows put back", n)),
        (max(0, stayed), lambda n: ngettext("%(number)s row left as it is", "%(number)s rows left as they are", n)),
    ]
    return _listed(told)


def _listed(told) -> str:
    return ", ".join(words(number) % {"number": counted(number)} for number, words in told if number)


@dataclass(frozen=True)
class ToldProblem:
    """What is wrong in one cell: where, what was found, what is expected."""

    where: str
    found: str
    expected: str

    def __str__(self):
        is_told = not self.found or f"“{self.found}”" in self.expected
        found = "" if is_told else _("found “%(found)s”.") % {"found": self.found}
        told = " ".join(filter(None, (found, self.expected)))
        return f"{self.where}: {told}" if self.where else told


class Labels:
    """What fields and choices of imports of one kind are called in the reader's language."""

    def __init__(self, kind: str):
        self.targets = {target.name: target for target in targets_of(kind, Category.objects.all())}

    def of(self, name: str) -> str:
        target = self.targets.get(name)
        return target.label if target else name.removeprefix(ATTRIBUTE)

    def problems(self, row: ImportRow) -> list[ToldProblem]:
        """What is wrong, or odd, with a row; what was found is told as it stands in the file."""
        return [self._problem(problem, row.cells or {}) for problem in row.problems]

    def _problem(self, problem: dict, cells: dict) -> ToldProblem:
        column = problem.get("column") or ""
        found = cells.get(column, problem.get("found"))
        where = column or (self.of(problem["field"]) if problem.get("field") else "")
        return ToldProblem(where, "" if found is None else str(found), problem.get("expected") or "")


def mapping_in_words(mapping: Mapping, labels: Labels) -> list[tuple[str, str]]:
    """How the columns of a file are read: pairs of column and sentence."""
    told = [(assignment.column, _assignment_in_words(assignment, labels)) for assignment in mapping.assignments]
    told += [(column, _("skipped")) for column in mapping.skipped]
    told += [(NOTHING, f"{labels.of(name)}: {text} ({_('in all rows')})") for name, text in mapping.fixed.items()]
    told += [(_("Coordinates"), note) for note in notes_on_places(mapping)]
    if mapping.numbered is not None:
        told.append(
            (
                NOTHING,
                _("rows recognised by their place, new ones numbered “%(prefix)s…”") % {"prefix": mapping.numbered},
            )
        )
    if mapping.missing == "remove":
        told.append((NOTHING, _("what the file lacks is marked as removed")))
    return told


def notes_on_places(mapping: Mapping) -> list[str]:
    """What is done to the coordinates of a file before they are stored."""
    notes = []
    if mapping.crs and mapping.crs != WGS84:
        notes.append(_("They are read as %(system)s.") % {"system": SYSTEMS[mapping.crs].label})
    if mapping.swapped:
        notes.append(_("Latitude and longitude are swapped in the file: they are put right."))
    return notes


def _assignment_in_words(assignment: Assignment, labels: Labels) -> str:
    target = labels.targets.get(assignment.target)
    said = [labels.of(assignment.target)]
    choices = choices_of(target) if target else {}
    for found, means in assignment.values.items():
        told = _("all other values") if found == OTHERS else f"“{found}”"
        said.append(f"{told} = {choices.get(means, means) or _('empty')}")
    if assignment.decimal:
        said.append({",": _("decimal comma"), ".": _("decimal point")}[assignment.decimal])
    if assignment.dates:
        said.append({"dmy": _("dates as day/month/year"), "mdy": _("dates as month/day/year")}[assignment.dates])
    return "; ".join(said)


def progress_in_words(imported: Import, *, waiting: bool) -> str:
    """What is being done; or that nobody has begun with it."""
    if waiting:
        return _("No worker has taken it up yet. If this lasts, tell those who look after the registry.")
    return {
        ImportState.READING: _("The file is being read and compared with the registry."),
        ImportState.STORING: _("The rows are being stored."),
        ImportState.UNDOING: _("The import is being undone."),
    }.get(imported.state, "")


def percent_done(imported: Import) -> int | None:
    return min(100, 100 * imported.done // imported.total) if imported.total else None
