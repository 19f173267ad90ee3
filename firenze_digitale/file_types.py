"""What a file is, by what it holds: the few kinds that the registry keeps, and a word for those that it does not."""

import re
from codecs import getincrementaldecoder
from dataclasses import dataclass
from typing import BinaryIO

import puremagic
from django.utils.functional import lazystr
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from firenze_digitale.tables.limits import BROKEN, CHUNK_BYTES, UnreadableFile
from firenze_digitale.tables.packages import ENCRYPTED, Package

HEAD_BYTES = 4_096
#: Of a part of a package that tells what the package is.
MOST_TOLD = 2**20
MOST_PARTS = 10_000
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
#: What browsers and programs run, however it is called: markup, scripts, PostScript, RTF.
RUNS = re.compile(r"\s*(?:<[a-z!?/%]|#!|%!ps|\{\\rtf)", re.IGNORECASE)
MARKUP = re.compile(r"<(?:!doctype|html|head|body|script|svg|iframe|object|embed)[\s>/]", re.IGNORECASE)

OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
OFFICE = "application/vnd.openxmlformats-officedocument."


@dataclass(frozen=True)
class FileType:
    """A kind of file that is taken: its media type (IANA), the extensions that it goes by, and its name for people."""

    media_type: str
    extensions: tuple[str, ...]
    label: str


TYPES = {
    kind.media_type: kind
    for kind in (
        FileType("application/pdf", (".pdf",), lazystr("PDF")),
        FileType("image/png", (".png",), gettext_lazy("PNG image")),
        FileType("image/jpeg", (".jpg", ".jpeg"), gettext_lazy("JPEG image")),
        FileType("image/webp", (".webp",), gettext_lazy("WebP image")),
        FileType(f"{OPEN_DOCUMENT}text", (".odt",), gettext_lazy("OpenDocument text")),
        FileType(f"{OPEN_DOCUMENT}spreadsheet", (".ods",), gettext_lazy("OpenDocument spreadsheet")),
        FileType(f"{OPEN_DOCUMENT}presentation", (".odp",), gettext_lazy("OpenDocument presentation")),
        FileType(f"{OFFICE}wordprocessingml.document", (".docx",), gettext_lazy("Word document")),
        FileType(f"{OFFICE}spreadsheetml.sheet", (".xlsx",), gettext_lazy("Excel workbook")),
        FileType(f"{OFFICE}presentationml.presentation", (".pptx",), gettext_lazy("PowerPoint presentation")),
        FileType("text/plain", (".txt", ".md"), gettext_lazy("plain text")),
        FileType("text/csv", (".csv",), gettext_lazy("CSV table")),
    )
}
BEGINNINGS = {
    "application/pdf": re.compile(rb"%PDF-"),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),  # sounds and films are RIFF too
}
TAKEN = gettext_lazy(
    "PDF, PNG, JPEG or WebP images, OpenDocument (odt, ods, odp), Office (docx, xlsx, pptx), text, CSV"
)


class NotTaken(ValueError):
    """The file is of no kind that is taken; the text says what was found, and what is taken."""


def type_of(file: BinaryIO, name: str) -> FileType:
    """Tell what a file is by what it holds; `name` only tells a table of plain text from any other.

    Raises:
        NotTaken: it is nothing that is taken, or it is damaged, protected, or holds macros.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    try:
        if not head:
            raise NotTaken(_("The file is empty."))
        if head.startswith(ZIP):
            return TYPES[_type_of_package(file)]
        if head.startswith(OLE):
            raise refused(_("an old Office file, or one with a password: save it as docx, xlsx or pptx, without one"))
        for media_type, beginning in BEGINNINGS.items():
            if beginning.match(head):
                return TYPES[media_type]
        return TYPES[_type_of_text(file, head, name)]
    finally:
        file.seek(0)


def refused(found: str) -> NotTaken:
    return NotTaken(_("The file is not taken. Found: %(found)s. Taken: %(taken)s.") % {"found": found, "taken": TAKEN})


# Packages: ODF 1.3 part 2, 3.3 (mimetype); ECMA-376 part 2, 10.1.2 ([Content_Types].xml)


def _type_of_package(file: BinaryIO) -> str:
    try:
        package = Package(file)
        if len(package.names) > MOST_PARTS:
            raise refused(_("a ZIP archive"))
        parts = package.zip.infolist()
        if any(part.flag_bits & ENCRYPTED for part in parts):
            raise refused(_("a file that is protected by a password: save it without one"))
        if "mimetype" in package.names and parts[0].filename == "mimetype":
            return _type_of_open_document(package)
        if "[Content_Types].xml" in package.names:
            return _type_of_office_document(package)
    except UnreadableFile as error:
        raise NotTaken(str(error)) from error
    except BROKEN as error:
        if isinstance(error, NotTaken):
            raise
        raise refused(_("a damaged ZIP archive")) from error
    raise refused(_("a ZIP archive"))


def _told_by(package: Package, name: str) -> str:
    """The text of a part, as much of it as is read.

    Raises:
        NotTaken: it is longer than such parts are.
    """
    with package.open(name) as part:
        text = part.read(MOST_TOLD + 1)
    if len(text) > MOST_TOLD:
        raise refused(_("a ZIP archive"))
    return text.decode("utf-8", "replace")


def _type_of_open_document(package: Package) -> str:
    media_type = _told_by(package, "mimetype").strip()
    if media_type not in TYPES or not media_type.startswith(OPEN_DOCUMENT):
        raise refused(_("an OpenDocument file of another kind") if OPEN_DOCUMENT in media_type else _("a ZIP archive"))
    if "content.xml" not in package.names:
        raise refused(_("a ZIP archive"))
    manifest = "META-INF/manifest.xml"
    if manifest in package.names and "encryption-data" in _told_by(package, manifest):
        raise refused(_("a file that is protected by a password: save it without one"))
    if any(name.startswith(("Basic/", "Scripts/")) for name in package.names):
        raise with_macros()
    return media_type


def _type_of_office_document(package: Package) -> str:
    types = _told_by(package, "[Content_Types].xml")
    if "macroEnabled" in types or any(name.lower().endswith("vbaproject.bin") for name in package.names):
        raise with_macros()
    for media_type, folder in (
        (f"{OFFICE}wordprocessingml.document", "word/"),
        (f"{OFFICE}spreadsheetml.sheet", "xl/"),
        (f"{OFFICE}presentationml.presentation", "ppt/"),
    ):
        main = rf'ContentType\s*=\s*["\']{re.escape(media_type)}\.main\+xml["\']'
        if re.search(main, types) and any(name.startswith(folder) for name in package.names):
            return media_type
    raise refused(_("an Office file of another kind"))


def with_macros() -> NotTaken:
    return refused(_("an Office file with macros, which are programs: save it without them"))


# Text


def _type_of_text(file: BinaryIO, head: bytes, name: str) -> str:
    start = head.decode("utf-8-sig", "replace")
    if RUNS.match(start) or MARKUP.search(start):
        raise refused(_("a web page, a drawing or a program, which could run when it is opened"))
    if not any(_is_text(file, encoding) for encoding in ("utf-8", "cp1252")):
        raise refused(_found_in(head))
    return "text/csv" if name.lower().endswith(".csv") else "text/plain"


def _is_text(file: BinaryIO, encoding: str) -> bool:
    decoder = getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while chunk := file.read(CHUNK_BYTES):
            if CONTROLS.search(decoder.decode(chunk)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _found_in(head: bytes) -> str:
    """A word for what is not taken, as near as its first bytes tell."""
    try:
        match = puremagic.magic_string(head)[0]
    except (puremagic.PureError, ValueError, IndexError):
        return _("bytes of no known kind")
    family = match.mime_type.partition("/")[0]
    words = {"image": _("an image"), "audio": _("a sound"), "video": _("a film"), "font": _("a font")}
    what = words.get(family) or _("a file of another kind")
    extension = match.extension.lstrip(".").upper()
    return f"{what} ({extension})" if extension else what
