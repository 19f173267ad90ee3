"""Two people at one row: what the first changed while the second was writing, and what the second is asked about it."""

from dataclasses import dataclass, field

from django.db import models

from firenze_digitale.differences import Difference, Wording
from firenze_digitale.history import Entry, changes_since
from firenze_digitale.three_ways import Choice


@dataclass
class Told:
    """What somebody else did to the row, or to its part `where`: the fields that differ, or `what` in a word."""

    where: str = ""
    differences: list[Difference] = field(default_factory=list)
    by: Entry | None = None
    what: str = ""


@dataclass
class Encounter:
    """What is kept of the first one's changes, what the second one is asked, and what the form has no field for.

    `files` are the names of files that the second one sent, and has to choose again.
    """

    kept: list[Told] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    lost: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def __bool__(self):
        return bool(self.kept or self.choices)


class Meanwhile:
    """What happened to one row since it was seen: every difference, and who made it."""

    def __init__(self, seen: models.Model | None, now: models.Model, who):
        """Read it from history.

        Args:
            seen: the event that left the row as it was seen; None where history does not tell.
            who: who reads it.
        """
        entries = changes_since(now, seen, who) if seen else []
        self.differences = Wording(type(now), [seen, now], who).differences(seen, now) if seen else []
        self.authors: dict[tuple[str, ...], Entry] = {}
        for entry in entries:
            for difference in entry.changes:
                self.authors.setdefault(difference.path, entry)

    def signed(self, choices: list[Choice]) -> list[Choice]:
        """The same choices, with who stored what is stored."""
        for choice in choices:
            found = (by for path, by in self.authors.items() if path[: len(choice.path)] == choice.path)
            choice.by = choice.by or next(found, None)
        return choices

    def told(self, choices: list[Choice], where: str = "") -> list[Told]:
        """What is left beside `choices`, by who did it."""
        asked = [choice.path for choice in choices]
        by_author: dict[int, Told] = {}
        for difference in self.differences:
            if not any(difference.path[: len(path)] == path for path in asked):
                by = self.authors.get(difference.path)
                by_author.setdefault(id(by), Told(where, by=by)).differences.append(difference)
        return list(by_author.values())
