"""Rows of a file that are gone through more than once, and read from the file only the first time."""

import pickle
import tempfile
from collections.abc import Iterator
from itertools import islice

from firenze_digitale.tables import Table

BATCH = 5_000


class Spool:
    """The rows of a table; after the first pass they come from a temporary file, many times quicker."""

    def __init__(self, table: Table):
        self.table = table
        #: Length of the temporary file once it holds all rows.
        self.length: int | None = None

    def __enter__(self):
        self.file = tempfile.TemporaryFile()
        return self

    def __exit__(self, *error):
        self.file.close()

    def batches(self) -> Iterator[list[tuple[int, list]]]:
        """Yield all rows, some thousand at a time, each with its number.

        Raises:
            UnreadableFile: the rest of the file cannot be read.
        """
        self.file.seek(0)
        yield from self._kept() if self.length is not None else self._read()

    def _read(self):
        self.file.truncate()
        rows = self.table.rows()
        while batch := list(islice(rows, BATCH)):
            pickle.dump(batch, self.file, pickle.HIGHEST_PROTOCOL)
            yield batch
        self.length = self.file.tell()

    def _kept(self):
        while True:
            try:
                yield pickle.load(self.file)
            except EOFError:
                return

    def rows(self) -> Iterator[tuple[int, list]]:
        """Yield all rows, each with its number."""
        for batch in self.batches():
            yield from batch

    def share_read(self) -> float:
        """How much of the file has been gone through in the pass under way, from 0 to 1."""
        if self.length is not None:
            return self.file.tell() / max(1, self.length)
        return min(1, self.table.bytes_read() / max(1, self.table.size))
