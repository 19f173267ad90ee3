"""The table of a file's columns: what each of them fills, as its importer tells it on a form.

The form needs no script: each column has a second select for a second target, and what is asked of a target is asked
again when another one is chosen. Names of its fields: `column-3` the header, `target-3-0` what it fills, `decimal-3-0`
and `dates-3-0` how it is written, `found-3-0` and `means-3-0` its texts and what they mean, one after the other,
`empty-3-0` one more text that stands for an empty cell, `for-3-0` the target for which all this was asked.
"""

from collections import Counter
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from assets.desk.import_words import choices_of
from assets.imports.mapping import OTHERS, Assignment, Mapping, recognise
from assets.imports.targets import ATTRIBUTE, Target

UNDECIDED, SKIPPED = "", "-"
#: Before a stored value, so that “leave it empty” is not “nothing chosen yet”.
MEANS = "="
STYLES = {
    "decimal": {",": _("decimal comma: 1.234,56"), ".": _("decimal point: 1,234.56")},
    "dates": {"dmy": _("day first: 31/12/2016"), "mdy": _("month first: 12/31/2016")},
}
MOST_COLUMNS, MOST_SLOTS = 2_000, 6
EXAMPLES, EXAMPLE_LENGTH = 3, 60


@dataclass
class Value:
    """A text of a column and what it is taken to mean."""

    found: str
    means: str

    @property
    def is_others(self) -> bool:
        return self.found == OTHERS


@dataclass
class Slot:
    """One thing that a column fills, or may fill."""

    number: int
    target: Target | None = None
    is_proposed: bool = False
    styles: list["Style"] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)

    @property
    def number_told(self) -> str:
        return str(self.number)

    @property
    def asks_empty(self) -> bool:
        """Whether any text could be meant, so that one that stands for nothing has to be typed."""
        return self.target is not None and not self.is_proposed and not self.target.choices

    @property
    def asks_values(self) -> bool:
        return any(not value.means for value in self.values if not value.is_others)

    @property
    def choices(self) -> dict[str, str]:
        told = {value.means: value.means.removeprefix(MEANS) for value in self.values if len(value.means) > len(MEANS)}
        return {**told, **{MEANS + value: label for value, label in choices_of(self.target).items()}}


@dataclass
class Style:
    """How the cells of a column are written: “decimal” or “dates”; `found` is an example that can be read two ways."""

    about: str
    told: str
    choices: dict[str, str]
    found: str = ""


@dataclass
class Column:
    """A column of the file on the form."""

    number: int
    header: str
    examples: list[str]
    slots: list[Slot]
    is_skipped: bool

    @property
    def first(self) -> Slot:
        return self.slots[0]

    @property
    def others(self) -> list[Slot]:
        return self.slots[1:]

    @property
    def is_undecided(self) -> bool:
        return not self.is_skipped and (self.first.target is None or self.first.is_proposed)


class ColumnsTable:
    """The columns of a sample of a file, under a mapping.

    Args:
        sample: headers, first rows, targets, texts that are no known choice.
        mapping: what is said so far; not that of the sample, where the form has been filled in.
        questions: what the preview could not decide.
        proposing: whether near misses are put forward, which they are until the form has been filled in.
    """

    def __init__(self, sample, mapping: Mapping, questions=(), *, proposing: bool):
        self.sample, self.mapping, self.questions, self.proposing = sample, mapping, questions, proposing
        self.targets = {target.name: target for target in sample.targets}
        self.groups = groups_of(sample.targets)
        self.columns = [self._column(number, header) for number, header in enumerate(sample.headers)]

    def _column(self, number: int, header: str) -> Column:
        slots = [
            self._slot(slot_number, header, assignment)
            for slot_number, assignment in enumerate(a for a in self.mapping.assignments if a.column == header)
        ]
        is_skipped = header in self.mapping.skipped
        proposed = self.targets.get(self.sample.suggestions.get(header)) if self.proposing and not is_skipped else None
        if not slots:
            slots.append(Slot(0, proposed, is_proposed=proposed is not None))
        slots.append(Slot(len(slots)))
        return Column(number, header, self._examples(number), slots, is_skipped)

    def _examples(self, number: int) -> list[str]:
        texts = (as_text(cells[number]) for _number, cells in self.sample.rows if number < len(cells))
        return list(dict.fromkeys(text[:EXAMPLE_LENGTH] for text in texts if text))[:EXAMPLES]

    def _slot(self, number: int, header: str, assignment: Assignment) -> Slot:
        target = self.targets.get(assignment.target)
        slot = Slot(number, target)
        if target is None:
            return slot
        asked = {q["about"]: q for q in self.questions if (q["column"], q["target"]) == (header, target.name)}
        for about, readings in STYLES.items():
            told = getattr(assignment, about)
            if told or about in asked:
                question = asked.get(about, {})
                choices = dict(question.get("choices", ())) or readings
                slot.styles.append(Style(about, told, choices, question.get("found", "")))
        if target.choices or target.kind == "boolean" or assignment.values:
            told = {found: MEANS + means for found, means in assignment.values.items()}
            unknown = self.sample.unknown_values.get(assignment.column, {}).get(target.name, [])
            texts = list(dict.fromkeys([*(text for text in told if text != OTHERS), *unknown]))
            slot.values = [Value(text, told.get(text, "")) for text in texts]
            if texts:
                slot.values.append(Value(OTHERS, told.get(OTHERS, "")))
        return slot


def groups_of(targets: list[Target]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Names and labels as a select offers them: what a row needs first, then the rest, then attributes."""
    labels = Counter(target.label for target in targets)
    groups = [
        (_("Needed"), [target for target in targets if target.required]),
        (_("Other fields"), [target for target in targets if not target.required and not target.is_attribute]),
        (_("Attributes of the category"), [target for target in targets if target.is_attribute]),
    ]
    return [(group, [(one.name, _told(one, labels)) for one in members]) for group, members in groups if members]


def _told(target: Target, labels: Counter) -> str:
    """The label of a target; attributes that share theirs are told apart by their names."""
    if labels[target.label] == 1:
        return target.label
    return f"{target.label} ({target.name.removeprefix(ATTRIBUTE)})"


def as_text(cell: object) -> str:
    """A cell as an example of its column."""
    if cell is None:
        return ""
    return {True: _("yes"), False: _("no")}[cell] if isinstance(cell, bool) else str(cell).strip()


def mapping_told(posted) -> tuple[Mapping, set[tuple[str, str]]]:
    """Read the table as it was filled in.

    Args:
        posted: the form's data, a QueryDict; what does not belong there is passed over.

    Returns:
        The mapping, and the pairs of header and target whose texts have been asked for already.

    Raises:
        ValueError: no mapping says such things.
    """
    mapping, asked = Mapping(), set()
    for number in range(MOST_COLUMNS):
        header = posted.get(f"column-{number}")
        if header is None:
            break
        targets = []
        for slot in range(MOST_SLOTS):
            name, place = posted.get(f"target-{number}-{slot}", UNDECIDED), f"{number}-{slot}"
            if name in (UNDECIDED, SKIPPED) or name in targets:
                continue
            targets.append(name)
            if posted.get(f"for-{place}") == name:
                asked.add((header, name))
                mapping.assignments.append(_assignment(posted, place, header, name))
            else:
                mapping.assignments.append(Assignment(header, name))
        if not targets and posted.get(f"target-{number}-0") == SKIPPED:
            mapping.skipped.append(header)
    return Mapping.from_json(mapping.to_json()), asked


def _assignment(posted, place: str, header: str, target: str) -> Assignment:
    pairs = zip(posted.getlist(f"found-{place}"), posted.getlist(f"means-{place}"), strict=False)
    values = {found: means.removeprefix(MEANS) for found, means in pairs if means.startswith(MEANS)}
    if empty := posted.get(f"empty-{place}", "").strip():
        values[empty] = ""
    decimal, dates = posted.get(f"decimal-{place}", ""), posted.get(f"dates-{place}", "")
    return Assignment(header, target, values, decimal, dates)


def keep_as_attributes(mapping: Mapping, sample) -> None:
    """Give columns that nothing was said of to the attributes that they name."""
    told = {assignment.column for assignment in mapping.assignments} | set(mapping.skipped)
    filled = {assignment.target for assignment in mapping.assignments}
    free = [target for target in sample.targets if target.is_attribute and target.name not in filled]
    left = [header for header in sample.headers if header not in told]
    mapping.assignments += recognise(left, free, Mapping(keep_as_attributes=True)).assignments


def newly_asked(mapping: Mapping, sample, asked: set[tuple[str, str]]) -> bool:
    """Whether there are texts to be translated that the form did not show yet."""
    pairs = {(assignment.column, assignment.target) for assignment in mapping.assignments} - asked
    return any(sample.unknown_values.get(header, {}).get(name) for header, name in pairs)
