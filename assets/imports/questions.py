"""What a file's columns say of how they are read, and what only the person who imports it can say."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Question:
    """Something that only the person can say.

    Attributes:
        column: the header; "" for the reference system, which is the whole file's.
        target: the target that the column fills; "" likewise.
        subject: what is asked: “decimal”, “dates” or “crs”, as the part of the mapping that takes the answer.
        found: an example from the file.
        readings: possible answers, each with what it would mean.
    """

    column: str
    target: str
    subject: str
    found: str
    readings: tuple[tuple[str, str], ...]


@dataclass
class ColumnEvidence:
    """How the cells of one column are read for one target; "" where it does not matter or must be asked."""

    column: str
    target: str
    decimal: str = ""
    dates: str = ""


@dataclass
class Evidence:
    """What the columns of a file say.

    Attributes:
        columns: by the target's name.
        rows: how many rows there are.
        crs: the reference system of the coordinates; "" if there are none or it must be asked.
        swapped: the column of latitudes holds longitudes and the other way round.
        questions: what must be asked before the file can be read.
        unknown_values: by column and target, the first texts that are none of the target's choices.
    """

    columns: dict[str, ColumnEvidence] = field(default_factory=dict)
    rows: int = 0
    crs: str = ""
    swapped: bool = False
    questions: list[Question] = field(default_factory=list)
    unknown_values: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    @property
    def crs_question(self) -> Question | None:
        """The question after the reference system, if it must be asked."""
        return next((question for question in self.questions if question.subject == "crs"), None)
