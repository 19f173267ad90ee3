"""The bytes of an uploaded file, read by several readers at once, each at its own place."""

import errno
import io
from typing import BinaryIO

from firenze_digitale.tables.limits import CHUNK_BYTES, MAX_LIST_BYTES, too_large


class View(io.RawIOBase):
    """A file as one reader sees it: closing it leaves the file open, and others at their places."""

    def __init__(self, file: BinaryIO):
        super().__init__()
        self.file, self.position = file, 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=io.SEEK_SET):
        start = size_of(self.file) if whence == io.SEEK_END else self.position if whence == io.SEEK_CUR else 0
        if start + offset < 0:
            raise OSError(errno.EINVAL, "before the start of the file")
        self.position = start + offset
        return self.position

    def readinto(self, buffer):
        self.file.seek(self.position)
        content = self.file.read(len(buffer))
        buffer[: len(content)] = content
        self.position += len(content)
        return len(content)


class Buffered(io.BufferedReader):
    """A view in pieces, none of which is as large as a hostile file would have it."""

    def __init__(self, file: BinaryIO):
        super().__init__(View(file), CHUNK_BYTES)

    def read(self, size=-1):
        if size is None or size < 0:
            size = max(size_of(self.raw.file) - self.tell(), 0)
        if size > MAX_LIST_BYTES:
            raise too_large()
        return super().read(size)

    def bytes_read(self) -> int:
        return self.raw.position


def size_of(file: BinaryIO) -> int:
    """Return the size of a file in bytes."""
    file.seek(0, io.SEEK_END)
    return file.tell()


def beginning_of(file: BinaryIO, size: int) -> bytes:
    file.seek(0)
    return file.read(size)
