"""ZIP packages, which workbooks and KMZ files are: opened only as far as they cannot blow up."""

import zipfile
from typing import BinaryIO

from django.utils.translation import gettext as _

from firenze_digitale.tables import limits
from firenze_digitale.tables.limits import BROKEN, UnreadableFile, damaged, too_large
from firenze_digitale.tables.raw_files import Buffered

ENCRYPTED = 1


class Package:
    """The parts of a packed file.

    Raises:
        UnreadableFile: it is none, or it holds more than is read.
    """

    def __init__(self, file: BinaryIO):
        try:
            self.zip = zipfile.ZipFile(Buffered(file))
        except UnreadableFile:
            raise
        except BROKEN as error:
            raise damaged() from error
        self.names = set(self.zip.namelist())
        if sum(part.file_size for part in self.zip.infolist()) > limits.MAX_UNPACKED_BYTES:
            raise too_large()

    def open(self, name: str) -> BinaryIO:
        """Open a part for reading.

        Raises:
            UnreadableFile: it is not there, or packed or encrypted as no such file is.
        """
        if name not in self.names:
            raise damaged()
        part = self.zip.getinfo(name)
        if part.flag_bits & ENCRYPTED:
            raise protected()
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise damaged()
        return self.zip.open(part)

    def size_of(self, name: str) -> int:
        """Return the size of a part once unpacked, in bytes."""
        return self.zip.getinfo(name).file_size


def protected() -> UnreadableFile:
    return UnreadableFile(_("The file is protected by a password: save it without one."))
