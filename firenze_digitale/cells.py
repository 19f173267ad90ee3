"""What the cells of a spreadsheet say: read into values of the registry, and written so that they read back alike.

A cell's `clean` raises `ValueError` with a sentence for the person who made the file; `render` gives plain Python
values, never text that depends on the reader's language.
"""

import datetime
import json
import math
import re

from django.db import models
from django.utils.translation import gettext as _
from import_export.widgets import Widget

# What spreadsheet programs take for a formula, full-width signs included (OWASP, CSV injection). The apostrophe
# that disarms it is their own mark for “this is text”.
DANGEROUS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
DISARMED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
NUMBER = re.compile(r"[+-]?\d{1,30}([.,]\d{1,30})?([eE][+-]?\d{1,3})?")
WHOLE_NUMBER = re.compile(r"([+-]?\d{1,30})([.,]0{1,2})?")
DATE_FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y")
SHOWN = 100


def disarm(text: str) -> str:
    """Return `text` so that no spreadsheet program runs it; `rearm` undoes it."""
    return f"'{text}" if DANGEROUS.match(text) else text


def rearm(text: str) -> str:
    """Return what `disarm` was given."""
    return text[1:] if DISARMED.match(text) else text


def text_of(value: object) -> str:
    """Return what a cell holds as text: a spreadsheet makes numbers of codes and districts."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def is_empty(value: object) -> bool:
    return not text_of(value).strip()


class Cell(Widget):
    """A cell of any kind; an empty one says nothing."""

    #: What an empty cell is stored as.
    empty: object = None

    def clean(self, value, row=None, **kwargs):
        return self.empty if is_empty(value) else self.read(value)

    def read(self, value):
        """Return the value that a cell that is not empty says.

        Raises:
            ValueError: what was found, and what is expected.
        """
        raise NotImplementedError

    def render(self, value, obj=None, **kwargs):
        return "" if value is None else value

    def reads_alike(self, stored, value) -> bool:
        """Whether a file that says `value` only shows what is `stored`, as files show it."""
        return self.clean(self.render(stored)) == value


class TextCell(Cell):
    """Text, safe to open in a spreadsheet program."""

    empty = ""

    def clean(self, value, row=None, **kwargs):
        text = rearm(text_of(value)).strip()
        if UNPRINTABLE.search(text):
            raise ValueError(_("It holds characters that cannot be read: type it anew."))
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def render(self, value, obj=None, **kwargs):
        return disarm(UNPRINTABLE.sub("", value or ""))


class ChoiceCell(Cell):
    """One of the values of a list, as it is stored."""

    empty = ""

    def __init__(self, choices):
        super().__init__()
        self.values = [value for value, _label in choices]

    def read(self, value):
        found = text_of(value).strip()
        if found not in self.values:
            raise ValueError(
                _("“%(found)s” is not known: expected one of %(expected)s.")
                % {"found": found[:SHOWN], "expected": ", ".join(self.values)}
            )
        return found


class NumberCell(Cell):
    """A number with decimals, after a point or a comma."""

    def read(self, value):
        if isinstance(value, str):
            text = value.strip()
            value = float(text.replace(",", ".")) if NUMBER.fullmatch(text) else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(_("It is not a number: expected digits and at most one point or comma, such as 43.7696."))
        return float(value)

    def reads_alike(self, stored, value):
        """Workbooks keep 15 digits."""
        return None not in (stored, value) and f"{stored:.15g}" == f"{value:.15g}"


class WholeNumberCell(Cell):
    """A whole number. One point may mean thousands or decimals, so it is not guessed at."""

    def read(self, value):
        if isinstance(value, str):
            match = WHOLE_NUMBER.fullmatch(value.strip())
            value = int(match[1]) if match else None
        elif isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(_("It is not a whole number: expected digits without separators, such as 220000."))
        return value


class DateCell(Cell):
    """A day, ISO or as it is written in Italy."""

    def read(self, value):
        if isinstance(value, datetime.datetime):
            return value.date()
        if isinstance(value, datetime.date):
            return value
        text = text_of(value).strip()
        for form in DATE_FORMATS:
            try:
                return datetime.datetime.strptime(text, form).date()  # noqa: DTZ007 a day has no time zone
            except ValueError:
                continue
        raise ValueError(_("“%(found)s” is not a date: expected 2016-12-31 or 31/12/2016.") % {"found": text[:SHOWN]})


class BooleanCell(Cell):
    """Yes, no, or unknown where it is empty."""

    WORDS = {
        **dict.fromkeys(("true", "yes", "sì", "si", "vero", "1"), True),
        **dict.fromkeys(("false", "no", "falso", "0"), False),
    }

    def read(self, value):
        found = text_of(value).strip().lower()
        if found not in self.WORDS:
            raise ValueError(
                _("“%(found)s” is not known: expected one of %(expected)s.")
                % {"found": found[:SHOWN], "expected": "true, false"}
            )
        return self.WORDS[found]

    def render(self, value, obj=None, **kwargs):
        return "" if value is None else str(value).lower()


def _no_constant(name: str):
    raise ValueError(name)


# “NaN” and “Infinity” are Python's, not JSON's.
OBJECTS = json.JSONDecoder(parse_constant=_no_constant)


class JsonCell(Cell):
    """An object of JSON: attributes by their names."""

    def clean(self, value, row=None, **kwargs):
        return {} if is_empty(value) else self.read(value)

    def read(self, value):
        try:
            found = value if isinstance(value, dict) else OBJECTS.decode(text_of(value))
            if not isinstance(found, dict):
                raise ValueError
        except (ValueError, RecursionError):
            raise ValueError(_('It is not an object of JSON, such as {"watt": 35}.')) from None
        return found

    def render(self, value, obj=None, **kwargs):
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""


class CodeCell(Cell):
    """Another row of the registry, by its code. What one may not see does not exist, in or out."""

    def __init__(self, field: models.ForeignKey):
        super().__init__()
        self.model, self.required = field.related_model, not field.null
        self.rows, self.seen, self.who = {}, None, None

    def prepare(self, values, joins=()) -> None:
        """Look up in one query all rows that a file names."""
        codes = {text_of(value).strip() for value in values} - {""}
        codes = [code for code in codes if "\x00" not in code and len(code) <= SHOWN]
        rows = self.model._default_manager.visible_to(self.who).filter(code__in=codes).select_related(*joins)
        self.rows = {row.code: row for row in rows}

    def clean(self, value, row=None, **kwargs):
        if is_empty(value):
            if self.required:
                raise ValueError(_("It is missing: give the code."))
            return None
        return self.read(value)

    def read(self, value):
        code = text_of(value).strip()
        if code not in self.rows:
            raise ValueError(
                _("There is no %(what)s with the code “%(code)s”.")
                % {"what": self.model._meta.verbose_name, "code": code[:SHOWN]}
            )
        return self.rows[code]

    def render(self, value, obj=None, **kwargs):
        if value is None:
            return ""
        if self.seen is None:
            self.seen = set(self.model._default_manager.visible_to(self.who).values_list("pk", flat=True))
        return value.code if value.pk in self.seen else ""

    def reads_alike(self, stored, value):
        return False


CELLS: dict[type[models.Field], type[Cell]] = {
    models.JSONField: JsonCell,
    models.BooleanField: BooleanCell,
    models.FloatField: NumberCell,
    models.IntegerField: WholeNumberCell,
    models.DateField: DateCell,
    models.CharField: TextCell,
    models.TextField: TextCell,
}


def cell_for(field: models.Field) -> Cell:
    """Return the cell that a column of `field` is made of."""
    if isinstance(field, models.ForeignKey):
        return CodeCell(field)
    if field.choices:
        return ChoiceCell(field.flatchoices)
    return next(cell for kind, cell in CELLS.items() if isinstance(field, kind))()
