"""`make messages`: collects what people read from code and templates into the Italian catalogues, and compiles them.

English is the language of the code, so it needs no catalogue. Babel does the work, since a bare machine has no GNU
gettext; compiled catalogues are committed, so that the registry runs without either.
"""

import io
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("partners", "assets", "projects", "firenze_digitale")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
# What `templatize` makes of the words in a template, among the blanked out rest.
CALL = re.compile(r"""\b(?:_|n?p?gettext)\((?:u?'(?:\\.|[^'\\])*'|u?"(?:\\.|[^"\\])*"|,|\s|count)*\)""")
HEADER = "# Italian catalogue of the asset registry: `make messages` brings it up to date.\n"


def collected(app: str) -> Catalog:
    """Return a catalogue of what `app` and its templates say, with no translation."""
    catalog = Catalog(locale="it", fuzzy=False)
    for path in _sources(app):
        text = path.read_text()
        source = "\n".join(CALL.findall(templatize(text))) if path.suffix == ".html" else text
        for _line, message, _comments, context in extract(
            "python", io.BytesIO(source.encode()), keywords=KEYWORDS, options={"encoding": "utf-8"}
        ):
            flags = {"python-format"} if "%(" in str(message) else set()
            catalog.add(message, locations=[(str(path.relative_to(ROOT)), None)], flags=flags, context=context)
    return catalog


def _sources(app: str):
    """Yield the files whose words belong to `app`; templates of no app belong to the project."""
    yield from sorted(path for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)
    templates = sorted((ROOT / "templates").rglob("*.html"))
    for path in templates:
        room = path.relative_to(ROOT / "templates").parts[0]
        if (room if room in APPS else "firenze_digitale") == app:
            yield path


def _path(app: str, suffix: str) -> Path:
    return ROOT / app / "locale" / "it" / "LC_MESSAGES" / f"django.{suffix}"


def stored(app: str) -> Catalog:
    """Return the catalogue of `app` as it is committed; an empty one where there is none."""
    path = _path(app, "po")
    if not path.exists():
        return Catalog(locale="it")
    with path.open("rb") as file:
        return read_po(file, locale="it")


def merged(app: str) -> Catalog:
    """Return what `app` says now, with the translations that are there already; nothing is guessed."""
    catalog, known = collected(app), stored(app)
    catalog.creation_date = known.creation_date
    for message in catalog:
        old = known.get(message.id, message.context) if message.id else None
        if old is not None:
            message.string = old.string
    return catalog


def update() -> None:
    """Write every catalogue, and its compiled form."""
    for app in APPS:
        catalog = merged(app)
        _path(app, "po").parent.mkdir(parents=True, exist_ok=True)
        with _path(app, "po").open("wb") as file:
            file.write(HEADER.encode())
            write_po(file, catalog, sort_output=True, omit_header=False, include_lineno=False, width=110)
        _path(app, "mo").write_bytes(_compiled(catalog))


def _compiled(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def problems() -> list[str]:
    """Return what is amiss: words without a translation, and catalogues that are not compiled."""
    found = []
    for app in APPS:
        catalog = merged(app)
        found += [f"{app}: not translated: {message.id!r}" for message in catalog if message.id and not _said(message)]
        found += [f"{app}: {error}" for message, errors in catalog.check() for error in errors]
        compiled = _path(app, "mo")
        if not compiled.exists() or compiled.read_bytes() != _compiled(catalog):
            found.append(f"{app}: run `make messages`: the catalogue is not compiled or not up to date")
    return found


def _said(message) -> bool:
    return all(message.string) if isinstance(message.string, tuple | list) else bool(message.string)


if __name__ == "__main__":
    update()
    sys.stdout.write("\n".join(problems()) + "\n")
