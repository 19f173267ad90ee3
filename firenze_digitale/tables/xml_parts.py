"""XML read as a stream of events, from files that nobody vouches for.

No DTD, hence no entities; nothing that nests without end, never closes, or has too many elements or names. Handlers
see one element at a time, so that memory holds what they keep.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers import expat

from firenze_digitale.tables import limits
from firenze_digitale.tables.limits import UnreadableFile, damaged, too_large


class Exhausted(UnreadableFile):
    """More XML than was to be read."""

    def __init__(self):
        super().__init__(str(too_large()))


@dataclass
class Budget:
    """How much XML may still be read of one file."""

    elements: int
    size: int = limits.MAX_UNPACKED_BYTES


class Handler:
    """What is done with the events of one part.

    `start` and `end` count the elements; text is appended to `pieces`, which a handler clears where text begins
    that it wants, and sets `wants_text` as long as it does.
    """

    def __init__(self):
        self.pieces: list[str] = []
        self.opened = self.closed = 0
        self.wants_text = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.opened += 1

    def end(self, name: str) -> None:
        self.closed += 1

    def drop_unwanted(self) -> None:
        """Hold no text that nobody asked for, and none that no cell holds."""
        if not self.wants_text:
            self.pieces.clear()
        elif sum(map(len, self.pieces)) > limits.MAX_ROW_LENGTH:
            raise too_large()


def local(name: str) -> str:
    """Return the name of an element or attribute without its namespace."""
    return name.rpartition(" ")[2].rpartition(":")[2]


def parse(stream: BinaryIO, handler: Handler, budget: Budget, *, namespaces: bool = True) -> Iterator[None]:
    """Feed a part to its handler, and yield after each piece of it.

    Args:
        namespaces: whether names come as “namespace name”, or as they are written.

    Raises:
        UnreadableFile, expat.ExpatError: the part is not XML as it is expected.
    """
    names: dict[str, str] = {}
    parser = expat.ParserCreate(namespace_separator=" " if namespaces else None, intern=names)
    parser.buffer_text, parser.buffer_size = True, limits.CHUNK_BYTES
    parser.StartElementHandler, parser.EndElementHandler = handler.start, handler.end
    parser.CharacterDataHandler = handler.pieces.append
    parser.StartDoctypeDeclHandler = _refuse_doctype
    fed = before = 0
    while chunk := stream.read(limits.CHUNK_BYTES):
        parser.Parse(chunk, False)
        fed += len(chunk)
        budget.size -= len(chunk)
        budget.elements -= handler.opened - before
        before = handler.opened
        if budget.size < 0 or budget.elements < 0:
            raise Exhausted
        if (
            handler.opened - handler.closed > limits.MAX_DEPTH
            or len(names) > limits.MAX_NAMES
            or fed - parser.CurrentByteIndex > limits.MAX_TOKEN_BYTES
        ):
            raise damaged()
        handler.drop_unwanted()
        yield
    parser.Parse(b"", True)
    yield


def read_through(stream: BinaryIO, handler: Handler, budget: Budget) -> None:
    """Feed a whole part to its handler."""
    for _piece in parse(stream, handler, budget):
        pass


def _refuse_doctype(*_declaration) -> None:
    raise damaged()
