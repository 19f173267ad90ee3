"""The little Markdown that the OpenAPI document's descriptions are written in, as HTML."""

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

CODE = re.compile(r"`([^`]+)`")
STRONG = re.compile(r"\*\*([^*]+)\*\*")
ITEM = "* "


def prose(text: str) -> SafeString:
    """Return paragraphs and lists; `code` and **strong** words are marked, all else is shown as it is written."""
    blocks = (block.strip() for block in re.split(r"\n\s*\n", text))
    return mark_safe("".join(_block(block) for block in blocks if block))


def _block(block: str) -> str:
    lines = block.split("\n")
    if all(line.startswith(ITEM) for line in lines):
        return f"<ul>{''.join(f'<li>{_line(line.removeprefix(ITEM))}</li>' for line in lines)}</ul>"
    return f"<p>{_line(' '.join(lines))}</p>"


def _line(text: str) -> str:
    return STRONG.sub(r"<strong>\1</strong>", CODE.sub(r"<code>\1</code>", str(escape(text))))
