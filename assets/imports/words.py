"""Words that cells say: texts made tidy, choices by what they are called, yes and no, and what a mapping translates."""

import datetime
import json
import re
import unicodedata

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from assets.imports.mapping import OTHERS
from assets.imports.targets import Target, folded
from firenze_digitale.cells import SHOWN, UNPRINTABLE, rearm, text_of

YES_OR_NO = {
    **dict.fromkeys(("true", "yes", "y", "sì", "si", "s", "vero", "x", "1"), True),
    **dict.fromkeys(("false", "no", "n", "falso", "0"), False),
}
# “3 GAVINANA GALLUZZO”, “Q3”, “Quartiere 3 - Gavinana”
NUMBERED = re.compile(r"(?:q|quartiere)?\.? ?(\d+)(?:[. :,]+[^\W\d].*)?")
CHOICES_TOLD = 20
EXPLANATION = re.compile(r" \([^)]*\)$")
UNTIDY = re.compile(r"[^\S\n]|'")


def text_of_cell(value: object) -> str:
    """Return what a cell holds as text, whatever kind the file gave it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return text_of(value)


def tidy(text: str) -> str:
    """Return the text that a cell means: without the mark that disarms formulas and without blanks around it."""
    return rearm(text.strip()).strip()


def tidy_all(texts: list[str]) -> list[str]:
    """Return the texts that cells mean; where none has anything to tidy, as in columns of numbers, they themselves."""
    return [tidy(text) for text in texts] if UNTIDY.search("\n".join(texts)) else texts


def lines(text: str) -> str:
    """Return a text of several lines as it is stored.

    Raises:
        ValueError: it holds characters that are none.
    """
    if UNPRINTABLE.search(text):
        raise ValueError(_("It holds characters that cannot be read: type it anew."))
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """Return a text of one line as it is stored: each run of blanks is one.

    Raises:
        ValueError: it holds characters that are none.
    """
    return " ".join(lines(text).split())


class Translation:
    """What a mapping takes the texts of a column to say."""

    def __init__(self, values: dict[str, str]):
        self.exact = {text.strip(): said for text, said in values.items()}
        self.alike = {folded(text): said for text, said in values.items() if folded(text)}
        self.others = self.exact.pop(OTHERS, None)
        self.alike.pop(OTHERS, None)

    def __bool__(self):
        return bool(self.exact) or self.others is not None

    def of(self, text: str) -> str:
        """Return what `text`, made tidy, is taken to say; an empty text only what is said of it by name."""
        said = self.exact.get(text)
        if said is None and text:
            said = self.alike.get(folded(text), self.others)
        return text if said is None else said


def in_short(label: str) -> str:
    """Return what a choice is called without what explains it: “pubblico” of “pubblico (chiunque)”."""
    return EXPLANATION.sub("", label)


class ChoiceWords:
    """The values of a choice by all that they are called: as stored, and in either language.

    A choice whose values are numbers, as the districts are, is also known by the number that a text begins with.
    """

    def __init__(self, target: Target):
        stored = (target.schema or {}).get("enum") or [value for value, *_labels in target.choices]
        self.words, numbers = {}, set()
        for value, names in zip(stored, target.choices, strict=True):
            for name in names:
                self.words.setdefault(folded(name), value)
                self.words.setdefault(folded(in_short(name)), value)
            if not target.is_attribute and names[0].isdecimal():
                numbers.add(names[0])
                for label in names[1:]:
                    self.words.setdefault(folded(label).removeprefix(f"{names[0]} "), value)
        self.numbered = len(numbers) == len(target.choices) > 0
        position = 1 if (get_language() or "it").startswith("it") else 2
        told = [in_short(names[position]) for names in target.choices]
        self.told = ", ".join(told[:CHOICES_TOLD]) + (", …" if len(told) > CHOICES_TOLD else "")

    def value_of(self, text: str):
        """Return the stored value that `text` names.

        Raises:
            ValueError: it names none, and which there are.
        """
        # Folding drops hyphens, and with them a minus.
        name = "" if self.numbered and text.lstrip().startswith("-") else folded(text)
        if name in self.words:
            return self.words[name]
        if self.numbered and (match := NUMBERED.fullmatch(name)) and match[1] in self.words:
            return self.words[match[1]]
        raise ValueError(
            _("“%(found)s” is not known: expected one of %(expected)s.")
            % {"found": text[:SHOWN], "expected": self.told}
        )


def yes_or_no(text: str) -> bool:
    """Return whether `text` says yes.

    Raises:
        ValueError: it says neither yes nor no.
    """
    found = text.strip().lower()
    if found not in YES_OR_NO:
        raise ValueError(
            _("“%(found)s” is not known: expected one of %(expected)s.")
            % {"found": text[:SHOWN], "expected": _("yes, no")}
        )
    return YES_OR_NO[found]
