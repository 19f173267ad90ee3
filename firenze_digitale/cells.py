"""Text in the cells of a spreadsheet: what no program runs, what none can show, what they make of codes."""

import re

# What spreadsheet programs take for a formula, full-width signs included (OWASP, CSV injection). The apostrophe
# that disarms it is their own mark for “this is text”.
DANGEROUS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
DISARMED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
#: Characters of a cell that a message repeats.
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
