"""Files of documents on disk: those that no row and no history names are nobody's, and go."""

import logging
from collections.abc import Iterator
from datetime import datetime

from django.db import DatabaseError

from firenze_digitale.states import event_model_of
from projects.models import ChartDocument, MeetingDocument
from projects.models.document import documents_storage
from projects.uploads import noting_uploads

logger = logging.getLogger(__name__)
MODELS = (ChartDocument, MeetingDocument)


class UploadsMiddleware:
    """Removes what a request wrote for rows that were refused after all, whichever door it came through."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return self.get_response(request)
        with noting_uploads() as written:
            try:
                return self.get_response(request)
            finally:
                if written:
                    remove_unnamed(written)


def remove_unnamed(written: list[str]) -> None:
    """Remove those of the files that no row and no history names; what cannot be done now, `clean_documents` does."""
    try:
        for name in set(written) - named_among(written):
            documents_storage().delete(name)
    except (DatabaseError, OSError):
        logger.exception("files of refused documents stay until clean_documents")


def named_among(names: list[str]) -> set[str]:
    """Those of the names that rows or their history hold: a row that is gone may come back."""
    found: set[str] = set()
    for model in MODELS:
        for table in (model, event_model_of(model)):
            found |= set(table.objects.filter(file__in=names).values_list("file", flat=True))
    return found


def unnamed_files(written_before: datetime) -> Iterator[str]:
    """Yield the files that nothing names and that were last written before a moment."""
    storage = documents_storage()
    for folder, names in _folders(storage):
        paths = [f"{folder}/{name}" if folder else name for name in names]
        for path in sorted(set(paths) - named_among(paths)):
            if storage.get_modified_time(path) < written_before:
                yield path


def _folders(storage, folder: str = "") -> Iterator[tuple[str, list[str]]]:
    try:
        folders, names = storage.listdir(folder)
    except FileNotFoundError:
        return
    yield folder, names
    for inner in folders:
        yield from _folders(storage, f"{folder}/{inner}" if folder else inner)
