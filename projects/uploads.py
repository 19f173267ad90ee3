"""Files that were written while a row was being stored: remembered, so that those of rows refused do not stay."""

from contextlib import contextmanager
from contextvars import ContextVar

_written: ContextVar[list[str] | None] = ContextVar("written", default=None)


@contextmanager
def noting_uploads():
    """Yield the list of names, in the storage of documents, of what is written inside the block."""
    names: list[str] = []
    token = _written.set(names)
    try:
        yield names
    finally:
        _written.reset(token)


def note_upload(name: str) -> None:
    """Remember a file that was just written; outside of `noting_uploads` nobody asks."""
    names = _written.get()
    if names is not None:
        names.append(name)
