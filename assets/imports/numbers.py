"""Numbers as people and programs write them, and what a text tells of the marks that its column uses."""

import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

GROUP_MARKS = " \u00a0\u2009\u202f'’"
MARKS = (".", ",")
LONGEST = 60


def _form(decimal: str) -> re.Pattern:
    """Numbers whose decimals follow `decimal`: the other mark, a blank or an apostrophe sets off thousands."""
    thousands = f"[{re.escape(MARKS[decimal == '.'])}{GROUP_MARKS}]"
    return re.compile(
        rf"([+-]?)([1-9]\d{{0,2}}(?:{thousands}\d{{3}})+|\d*)(?:{re.escape(decimal)}(\d*))?(?:[eE]([+-]?\d{{1,3}}))?",
        re.ASCII,
    )


FORMS = {decimal: _form(decimal) for decimal in MARKS}
# In a column that has shown one mark, texts that could still show the other, each on a line of its own.
TELLS_MORE = {".": re.compile(r",|\.[^\n.]*\."), ",": re.compile(r"\.|,[^\n,]*,")}
# Numbers with thousands set off by the other mark; the second, with decimals as well, can only be read one way.
GROUPED = {mark: re.compile(rf"-?[1-9]\d{{0,2}}(?:[{other}]\d{{3}})*(?:[{mark}]\d*)?") for mark, other in (".,", ",.")}
GROUPED_WITH_DECIMALS = {
    mark: re.compile(rf"-?[1-9]\d{{0,2}}(?:[{other}]\d{{3}})+[{mark}]\d+") for mark, other in (".,", ",.")
}
NOT_DIGIT = re.compile(r"\D")


def number_of(text: str, decimal: str) -> int | float | None:
    """Return the number that `text` says if `decimal` (“.” or “,”) stands before the decimals; None if none.

    A number without decimals, or with zeros only, is whole.
    """
    text = text.strip().replace("\u2212", "-")
    match = FORMS[decimal].fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        return None
    sign, whole, fraction, exponent = match.groups()
    whole, fraction = NOT_DIGIT.sub("", whole), fraction or ""
    if not whole and not fraction:
        return None
    if not exponent and not fraction.strip("0"):
        return int(f"{sign}{whole or 0}")
    value = float(f"{sign}{whole or 0}.{fraction or 0}e{exponent or 0}")
    return value if math.isfinite(value) else None


def readings_of(text: str) -> dict[str, int | float]:
    """Return what `text` says under each mark of decimals under which it is a number."""
    readings = {mark: number_of(text, mark) for mark in MARKS}
    return {mark: value for mark, value in readings.items() if value is not None}


@dataclass
class NumberStyles:
    """What the texts of one column say of its mark of decimals.

    Attributes:
        possible: whether the column's field could hold a number.
        clear: texts that can only be read one way, by the mark; the first one found.
        unclear: texts that can be read both ways, by the mark under which their field could hold them ("" for both).
    """

    possible: Callable[[int | float], bool]
    clear: dict[str, str] = field(default_factory=dict)
    unclear: dict[str, str] = field(default_factory=dict)

    def add_all(self, texts: Collection[str]) -> None:
        if len(self.clear) == 2:
            return
        joined = "\n".join(texts)
        if any(TELLS_MORE[mark].search(joined) is None for mark in self.clear):
            return
        for mark in self.clear:
            texts = [text for text in texts if not GROUPED_WITH_DECIMALS[mark].fullmatch(text)]
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        readings = readings_of(text) if "." in text or "," in text else {}
        if len(readings) == 1:
            self.clear.setdefault(next(iter(readings)), text)
        elif len(readings) == 2 and readings["."] != readings[","]:
            sensible = [mark for mark, value in readings.items() if self.possible(value)]
            if sensible:
                self.unclear.setdefault(sensible[0] if len(sensible) == 1 else "", text)

    @property
    def proven(self) -> str:
        """The mark of decimals of all texts that can only be read one way; "" if there are none or they differ."""
        return next(iter(self.clear)) if len(self.clear) == 1 else ""

    @property
    def decimal(self) -> str:
        """The mark of decimals that all texts agree on; "" if they do not say."""
        marks = set(self.unclear) - {""} if not self.clear else set()
        return self.proven or (marks.pop() if len(marks) == 1 else "")

    @property
    def doubtful(self) -> str:
        """A text for which the person must be asked how the column is read; "" if there is none."""
        if self.decimal:
            return ""
        if len(self.clear) == 2:
            return self.clear["."]
        return next(iter(self.unclear.values()), "")
