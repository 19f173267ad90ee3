"""Which column of a file fills what, as the person who imports it said or as its headers show."""

import re
from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from difflib import SequenceMatcher

from django.utils.translation import gettext as _

from assets.imports.coordinates import SYSTEMS
from assets.imports.targets import Target, normalised

DECIMALS = ("", ",", ".")
DATE_ORDERS = ("", "dmy", "mdy")
MISSING_ROWS = ("leave", "remove")
#: In the translation of a column's values: whatever else it says.
OTHERS = "*"
#: Header of the column in which a file of wrong rows says what is wrong with them.
REASONS = "Errori / Errors"
KEYS = ("asset", "code")
PREFIX = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,49})?")
MOST_COLUMNS, MOST_VALUES, LONGEST = 2_000, 5_000, 5_000
NEAR = 0.8


@dataclass
class Assignment:
    """A column and what it fills.

    Attributes:
        column: the header as in the file.
        target: the target's name.
        values: what cells are taken to say: {"VERIFICARE": "to_be_verified"}; "" leaves the field empty,
            the key `OTHERS` stands for all other texts.
        decimal: the mark before the decimals; "" while it is to be decided from the column.
        dates: "dmy" or "mdy"; "" while it is to be decided from the column.
    """

    column: str
    target: str
    values: dict[str, str] = field(default_factory=dict)
    decimal: str = ""
    dates: str = ""


@dataclass
class Mapping:
    """How a file is read.

    Attributes:
        assignments: a column may fill several targets, a target is filled by one column.
        skipped: columns that are not wanted.
        fixed: by the target's name, the text that it has in every row, where no column has it.
        crs: reference system of the coordinates, such as “EPSG:3003”; "" while it is to be decided from the values.
        swapped: the column of latitudes holds longitudes and the other way round.
        numbered: the file has no codes: new rows get this prefix and the next number.
        keep_as_attributes: columns that only a category's schema knows are kept as attributes.
        missing: what becomes of rows that the file lacks: "leave" or "remove" (marked removed).
    """

    assignments: list[Assignment] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    fixed: dict[str, str] = field(default_factory=dict)
    crs: str = ""
    swapped: bool = False
    numbered: str | None = None
    keep_as_attributes: bool = False
    missing: str = "leave"

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, data: object) -> "Mapping":
        """Return the mapping that `to_json` told.

        Raises:
            ValueError: it is not one.
        """
        data = _known(cls, data)
        assignments = _listed(data.pop("assignments", []))
        mapping = cls(assignments=[_assignment(told) for told in assignments], **data)
        _check_parts(mapping)
        return mapping

    def of_target(self, name: str) -> Assignment | None:
        """The assignment that fills the target `name`."""
        return next((assignment for assignment in self.assignments if assignment.target == name), None)


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise ValueError(f"not a mapping: {what}")


def _known(cls, data: object) -> dict:
    _require(isinstance(data, dict), f"{cls.__name__} is an object")
    _require(data.keys() <= {told.name for told in fields(cls)}, f"unknown parts of {cls.__name__}")
    return dict(data)


def _listed(value: object) -> list:
    _require(isinstance(value, list) and len(value) <= MOST_COLUMNS, "a list of columns")
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST and "\x00" not in value


def _check_texts(value: object, what: str) -> None:
    _require(isinstance(value, dict) and len(value) <= MOST_VALUES, what)
    _require(all(_is_text(key) and _is_text(text) for key, text in value.items()), what)


def _assignment(told: object) -> Assignment:
    told = _known(Assignment, told)
    _require(_is_text(told.get("column")) and _is_text(told.get("target")), "an assignment names column and target")
    assignment = Assignment(**told)
    _check_texts(assignment.values, "values are texts by texts")
    _require(assignment.decimal in DECIMALS, "the mark of decimals")
    _require(assignment.dates in DATE_ORDERS, "the order of dates")
    return assignment


def _check_parts(mapping: Mapping) -> None:
    _require(all(map(_is_text, _listed(mapping.skipped))), "skipped columns are texts")
    _check_texts(mapping.fixed, "fixed values are texts by targets")
    _require(mapping.crs == "" or (isinstance(mapping.crs, str) and mapping.crs in SYSTEMS), "the reference system")
    _require(isinstance(mapping.swapped, bool) and isinstance(mapping.keep_as_attributes, bool), "yes or no")
    _require(
        mapping.numbered is None or (_is_text(mapping.numbered) and bool(PREFIX.fullmatch(mapping.numbered))),
        "the prefix of numbers",
    )
    _require(mapping.missing in MISSING_ROWS, "what becomes of missing rows")


def recognise(headers: list[str], targets: list[Target], saved: Mapping | None = None) -> Mapping:
    """Return the mapping that the headers themselves show.

    A header names a target by its name, by its label in either language, or as other people's files do, in this
    order; what two targets or two columns could claim alike is left for the person to say.

    Args:
        headers: as in the file.
        targets: what there is to fill.
        saved: a mapping that was used before; it wins for the columns that it names.
    """
    mapping = _remembered(saved, headers, targets) if saved else Mapping(keep_as_attributes=True)
    if not mapping.keep_as_attributes:
        targets = [target for target in targets if not target.is_attribute]
    if REASONS in headers and REASONS not in mapping.skipped:
        mapping.skipped.append(REASONS)
    named = {assignment.column for assignment in mapping.assignments} | set(mapping.skipped)
    taken = {assignment.target for assignment in mapping.assignments} | mapping.fixed.keys()
    for names_of in (_own_names, _labels, lambda target: target.aliases):
        claims = {}
        for header in headers:
            found = [t.name for t in targets if normalised(header) in names_of(t) and t.name not in taken]
            if header not in named and len(found) == 1:
                claims.setdefault(found[0], []).append(header)
        for name, columns in claims.items():
            if len(columns) == 1:
                mapping.assignments.append(Assignment(columns[0], name))
                named.add(columns[0])
                taken.add(name)
    order = {header: position for position, header in enumerate(headers)}
    mapping.assignments.sort(key=lambda assignment: order[assignment.column])
    return mapping


def _own_names(target: Target) -> set[str]:
    return {normalised(target.name)} - {""}


def _labels(target: Target) -> set[str]:
    return {normalised(target.label_it), normalised(target.label_en)} - {""}


def _remembered(saved: Mapping, headers: list[str], targets: list[Target]) -> Mapping:
    """What of a saved mapping fits this file: its columns may be written a little differently."""
    known = {target.name for target in targets}
    mapping = Mapping.from_json(saved.to_json())
    exact, alike = set(headers), {}
    for header in headers:
        alike.setdefault(normalised(header), []).append(header)

    def here(column: str) -> str | None:
        same = alike.get(normalised(column), [])
        return column if column in exact else same[0] if len(same) == 1 else None

    for assignment in mapping.assignments:
        assignment.column = here(assignment.column)
    mapping.assignments = [a for a in mapping.assignments if a.column is not None and a.target in known]
    mapping.skipped = [column for column in map(here, mapping.skipped) if column is not None]
    mapping.fixed = {name: text for name, text in mapping.fixed.items() if name in known}
    return mapping


def suggest(header: str, targets: list[Target]) -> Target | None:
    """Return the target that `header` most resembles, for a form to propose; nothing is decided by it."""
    wanted, best, closest = normalised(header), None, NEAR
    for target in targets:
        for name in _own_names(target) | _labels(target) | target.aliases:
            alike = _likeness(wanted, name)
            if alike > closest:
                best, closest = target, alike
    return best


def _likeness(wanted: str, name: str) -> float:
    if min(len(wanted), len(name)) >= 4 and (wanted.startswith(name) or wanted.endswith(name)):
        # “INDIRIZZO_IMPIANTO”, “TIPO_LAMPADA”: one name within the other.
        return NEAR + 0.1 * len(name) / len(wanted)
    matcher = SequenceMatcher(None, wanted, name)
    return matcher.ratio() if matcher.real_quick_ratio() > NEAR and matcher.quick_ratio() > NEAR else 0.0


def problems_of(mapping: Mapping, headers: list[str], targets: list[Target]) -> list[str]:
    """Return what keeps a file with these headers from being read by `mapping`, in sentences for its owner."""
    by_name = {target.name: target for target in targets}
    return [
        *_problems_of_columns(mapping, headers),
        *_problems_of_targets(mapping, by_name),
        *_missing_keys(mapping, by_name),
    ]


def _named(columns) -> str:
    return ", ".join(f"“{column}”" for column in columns)


def _problems_of_columns(mapping: Mapping, headers: list[str]) -> list[str]:
    assigned = list(dict.fromkeys(assignment.column for assignment in mapping.assignments))
    told, problems = {*assigned, *mapping.skipped}, []
    if left := [header for header in headers if header not in told]:
        problems.append(_("Say what these columns hold, or skip them: %(columns)s.") % {"columns": _named(left)})
    if absent := [column for column in dict.fromkeys([*assigned, *mapping.skipped]) if column not in headers]:
        problems.append(_("The file has no such columns: %(columns)s.") % {"columns": _named(absent)})
    if both := [column for column in assigned if column in mapping.skipped]:
        problems.append(_("These columns are both used and skipped: %(columns)s.") % {"columns": _named(both)})
    return problems


def _problems_of_targets(mapping: Mapping, by_name: dict[str, Target]) -> list[str]:
    assigned = Counter(assignment.target for assignment in mapping.assignments)
    problems = []
    if unknown := [name for name in {**assigned, **mapping.fixed} if name not in by_name]:
        problems.append(_("There are no such fields: %(fields)s.") % {"fields": _named(unknown)})
    twice = [name for name, count in assigned.items() if name in by_name and count + (name in mapping.fixed) > 1]
    for name in twice:
        columns = [assignment.column for assignment in mapping.assignments if assignment.target == name]
        columns += [mapping.fixed[name]] if name in mapping.fixed else []
        problems.append(
            _("“%(field)s” can be filled from one place only, not from all of these: %(columns)s.")
            % {"field": by_name[name].label, "columns": _named(columns)}
        )
    filled = assigned.keys() | mapping.fixed.keys()
    if "attributes" in filled and any(name in filled and target.is_attribute for name, target in by_name.items()):
        problems.append(_("The column of all attributes holds each of them: skip it, or the columns of single ones."))
    if len(filled & {"latitude", "longitude"}) == 1 and {"latitude", "longitude"} <= by_name.keys():
        problems.append(_("Give both latitude and longitude, or neither."))
    return problems


def _missing_keys(mapping: Mapping, by_name: dict[str, Target]) -> list[str]:
    filled = {assignment.target for assignment in mapping.assignments} | mapping.fixed.keys()
    missing = [key for key in KEYS if key in by_name and key not in filled]
    if mapping.numbered is not None and "code" in missing:
        missing.remove("code")
    elif mapping.numbered is not None:
        return [_("The rows have codes of their own: they cannot be numbered as well.")]
    problems = []
    if "asset" in missing:
        problems.append(_("Say which asset the rows belong to: one for all rows, or the column that tells it."))
    if "code" in missing and {"latitude", "longitude"} <= by_name.keys():
        problems.append(_("Say which column holds the codes of the rows, or that the file has no codes."))
    elif "code" in missing:
        problems.append(_("Say which column holds the codes of the rows."))
    if "code" in mapping.fixed:
        problems.append(_("A code tells one row from another: it cannot be the same in all of them."))
    return problems
