"""Files that referents work with, as tables: read row by row, written piece by piece."""

from firenze_digitale.tables.limits import UnreadableFile
from firenze_digitale.tables.recognition import open_table
from firenze_digitale.tables.table import Table

__all__ = ["Table", "UnreadableFile", "open_table"]
