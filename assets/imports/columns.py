"""One column of a file, read into the values of one field: whole columns at once where nothing in them is odd."""

import datetime
import json
import math
import re
import unicodedata
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from assets.attributes import validate_json
from assets.imports.dates import date_of
from assets.imports.limits import Limits
from assets.imports.mapping import Assignment
from assets.imports.numbers import GROUPED, number_of, readings_of
from assets.imports.targets import Target
from assets.imports.words import ChoiceWords, Translation, lines, one_line, text_of_cell, tidy, yes_or_no
from firenze_digitale.cells import SHOWN, UNPRINTABLE

REMEMBERED = 20_000
NOTHING = type(None)
ODD_BLANKS = re.compile(r"[^\S\n ]|  |^ | $", re.MULTILINE)
DISARMED_LINES = re.compile(r"^[^\S\n]*'", re.MULTILINE)
NOT_NUMERIC = {".": re.compile(r"[^0-9.,\n-]"), ",": re.compile(r"[^0-9.,\n-]"), "": re.compile(r"[^0-9\n-]")}
EXAMPLES = {".": "1234.5", ",": "1234,5", "": "1234"}


def _no_constant(name: str):
    raise ValueError(name)


# “NaN” and “Infinity” are Python's, not JSON's.
OBJECTS = json.JSONDecoder(parse_constant=_no_constant)


class _Default:
    """What an empty cell says of a field that is never empty: for a new row the default, else what it was."""

    def __repr__(self):
        return "DEFAULT"


DEFAULT = _Default()


class Refusal:
    """A cell that could not be read: what it says and what is expected."""

    __slots__ = ("expected", "found")

    def __init__(self, found: object, expected: str):
        self.found, self.expected = text_of_cell(found)[:SHOWN], expected


class Answers(dict):
    """What the texts of one column were read as, for as many as are worth remembering."""

    def __init__(self, read):
        super().__init__()
        self.read = read

    def __missing__(self, text):
        if len(self) >= REMEMBERED:
            self.clear()
        answer = self[text] = self.read(text)
        return answer


class Column:
    """Reads the cells of a column for one target.

    Attributes:
        refused: whether any cell so far could not be read.
        left_as_text: whether any cell so far stayed text, since it is not what the attribute should be.
    """

    #: What an empty cell is stored as, where the field does not ask for more.
    nothing: object = None

    def __init__(self, target: Target, assignment: Assignment):
        self.target, self.assignment = target, assignment
        self.lenient = target.is_attribute
        self.limits = Limits(target)
        self.translation = Translation(assignment.values)
        self.empty, self.refused, self.left_as_text = self._empty(), False, False
        self.answers = Answers(self._answer)

    def _empty(self):
        field = self.target.model_field
        if field is None:
            return None
        if self.target.required:
            return Refusal("", _("It is missing: fill it in."))
        return DEFAULT if not field.blank and field.has_default() else self.nothing

    def read(self, cells: Sequence) -> list:
        """Return the value of each cell; a `Refusal` in place of what could not be read."""
        kinds = set(map(type, cells))
        if kinds <= {str, NOTHING}:
            texts = [cell or "" for cell in cells] if NOTHING in kinds else cells
            values = None if self.translation else self.read_plain(texts)
            if values is None:
                values = list(map(self.answers.__getitem__, texts))
        else:
            values = [self._answer_to(cell) for cell in cells]
        return values

    def read_plain(self, texts: Sequence[str]) -> list | None:
        """Return the values of texts none of which is odd, without looking at each of them; None: look at each."""
        return None

    def _answer_to(self, cell: object):
        if cell is None or isinstance(cell, str):
            return self.answers[cell or ""]
        text = text_of_cell(cell)
        if self.translation and self.translation.of(text) != text:
            return self._answer(text)
        return self._guarded(self.read_cell, cell, cell)

    def _answer(self, raw: str):
        text = self.translation.of(tidy(raw)).strip()
        return self._guarded(self.read_text, text, raw) if text else self._told(self.empty)

    def _guarded(self, read, value, found):
        try:
            return read(value)
        except ValueError as error:
            return self._lenient_text(value) or self._told(Refusal(found, str(error)))

    def _lenient_text(self, value) -> str | None:
        """An attribute that its schema cannot type stays text: the schema says what is wrong with it."""
        text = text_of_cell(value)
        if not self.lenient or UNPRINTABLE.search(text):
            return None
        self.left_as_text = True
        return one_line(text)

    def _told(self, answer):
        self.refused = self.refused or isinstance(answer, Refusal)
        return answer

    def read_text(self, text: str):
        """Return the value that a text says.

        Raises:
            ValueError: what is expected.
        """
        raise NotImplementedError

    def read_cell(self, cell: object):
        """Return the value of a cell that is no text: a number, a day, yes or no.

        Raises:
            ValueError: what is expected.
        """
        return self.read_text(text_of_cell(cell))


class TextColumn(Column):
    """Texts of one line, codes among them."""

    @property
    def nothing(self):
        return None if self.target.model_field.null else ""

    def read_text(self, text):
        value = one_line(text)
        self.limits.check(value)
        return value

    def read_plain(self, texts):
        joined = "\n".join(texts)
        if UNPRINTABLE.search(joined) or DISARMED_LINES.search(joined):
            return None
        if ODD_BLANKS.search(joined) or joined.count("\n") != len(texts) - 1:
            texts = [" ".join(text.split()) for text in texts]
        if not unicodedata.is_normalized("NFC", joined):
            texts = [unicodedata.normalize("NFC", text) for text in texts]
        if not self.limits.hold_texts(texts):
            return None
        if self.empty == "" or "" not in texts:
            return list(texts)
        empty = self._told(self.empty)
        return [text or empty for text in texts]


class LinesColumn(TextColumn):
    """Texts of several lines."""

    def read_text(self, text):
        value = lines(text)
        self.limits.check(value)
        return value

    def read_plain(self, texts):
        return None


class ChoiceColumn(Column):
    """One of the values of a list."""

    def __init__(self, target, assignment):
        super().__init__(target, assignment)
        self.words = ChoiceWords(target)

    @property
    def nothing(self):
        return None if self.target.model_field.null else ""

    def read_text(self, text):
        return self.words.value_of(text)


class NumberColumn(Column):
    """Numbers with decimals."""

    def read_text(self, text):
        mark = self.assignment.decimal
        if mark:
            value = number_of(text, mark)
        else:
            values = set(readings_of(text).values())
            if len(values) > 1:
                raise ValueError(_("It can be read in two ways: say which mark stands before the decimals."))
            value = values.pop() if values else None
        if value is None:
            raise ValueError(self.expected())
        return self.read_cell(value)

    def expected(self) -> str:
        return _("It is not a number: expected one such as %(example)s.") % {
            "example": EXAMPLES[self.assignment.decimal]
        }

    def read_cell(self, cell):
        if isinstance(cell, bool) or not isinstance(cell, int | float) or not math.isfinite(cell):
            raise ValueError(self.expected())
        value = self.typed(cell)
        self.limits.check(value)
        return value

    def typed(self, value: int | float) -> int | float:
        """The number as it is stored: attributes, which are JSON, keep whole numbers whole."""
        if self.lenient:
            return int(value) if isinstance(value, float) and value.is_integer() else value
        return float(value)

    def read_plain(self, texts):
        mark, joined = self.assignment.decimal, "\n".join(texts)
        if self.lenient or NOT_NUMERIC[mark].search(joined):
            return None
        thousands = "." if mark == "," else ","
        if thousands in joined and not all(map(GROUPED[mark].fullmatch, filter(None, texts))):
            return None
        if mark:
            joined = joined.replace(thousands, "").replace(mark, ".")
        try:
            values = self.parsed(joined.split("\n")) if texts else []
        except (ValueError, OverflowError):
            return None
        plain = len(values) == len(texts) and math.inf not in values and -math.inf not in values
        return values if plain and self.limits.hold_numbers(values) else None

    def parsed(self, texts: Sequence[str]) -> list[float | None]:
        return [float(text) for text in texts] if "" not in texts else [float(t) if t else None for t in texts]


class WholeNumberColumn(NumberColumn):
    """Whole numbers."""

    def expected(self):
        return _("It is not a whole number: expected digits without separators, such as 220000.")

    def typed(self, value):
        if isinstance(value, float) and not value.is_integer():
            raise ValueError(self.expected())
        return int(value)

    def parsed(self, texts):
        return [int(text) if text else None for text in texts]


class DateColumn(Column):
    """Days."""

    def read_text(self, text):
        day = date_of(text, self.assignment.dates or "dmy")
        if day is None:
            raise ValueError(
                _("“%(found)s” is not a date: expected 2016-12-31 or 31/12/2016.") % {"found": text[:SHOWN]}
            )
        return self.read_cell(day)

    def read_cell(self, cell):
        if isinstance(cell, datetime.datetime):
            cell = cell.date()
        if not isinstance(cell, datetime.date):
            return self.read_text(text_of_cell(cell))
        return cell.isoformat() if self.lenient else cell


class BooleanColumn(Column):
    """Yes, no, or unknown where it is empty."""

    def read_text(self, text):
        return yes_or_no(text)


class JsonColumn(Column):
    """All attributes in one column, or one attribute that is a list or an object."""

    @property
    def nothing(self):
        return {}

    def read_text(self, text):
        if self.lenient and self.target.schema.get("type") == "array" and not text.startswith("["):
            mark = ";" if ";" in text else ","
            return [one_line(part) for part in text.split(mark) if part.strip()]
        try:
            return self.read_cell(OBJECTS.decode(text))
        except (ValueError, RecursionError):
            raise ValueError(_('It is not an object of JSON, such as {"watt": 35}.')) from None

    def read_cell(self, cell):
        if not isinstance(cell, dict | list if self.lenient else dict):
            raise ValueError(_('It is not an object of JSON, such as {"watt": 35}.'))
        try:
            validate_json(cell)
        except ValidationError as error:
            raise ValueError(" ".join(error.messages)) from error
        return cell


class PositionColumn(NumberColumn):
    """Latitudes or longitudes as the file has them: their limits are those of degrees, asked of the point."""

    def __init__(self, target, assignment):
        super().__init__(target, assignment)
        self.limits = Limits(Target(target.name, target.field, "", "", frozenset(), target.kind, required=False))


COLUMNS: dict[str, type[Column]] = {
    "text": TextColumn,
    "code": TextColumn,
    "choice": ChoiceColumn,
    "number": NumberColumn,
    "integer": WholeNumberColumn,
    "date": DateColumn,
    "boolean": BooleanColumn,
    "latitude": PositionColumn,
    "longitude": PositionColumn,
    "json": JsonColumn,
}


def column_for(target: Target, assignment: Assignment) -> Column:
    """Return what reads a column for `target`, which is not a related row."""
    if isinstance(target.model_field, models.TextField):
        return LinesColumn(target, assignment)
    return COLUMNS[target.kind](target, assignment)
