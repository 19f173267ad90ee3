"""Tokens of credentials: written so that scanners of secrets know them, and so that a slip of the pen shows.

A token is `fdr_`, the prefix that the desk and history show, `_`, 43 random letters and digits, and six more that are a
checksum of all before. Earlier tokens end in a secret of another length, have no checksum, and go on working.
"""

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field

MARK = "fdr"
#: What scanners of secrets look for.
PATTERN = r"fdr_[0-9a-f]{8}_[0-9A-Za-z]{49}"
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
#: Letters and digits of a random secret of 256 bits.
SECRET_LENGTH = 43
CHECKSUM_LENGTH = 6
WRITTEN = re.compile(rf"{MARK}_([0-9a-f]{{1,12}})_([0-9A-Za-z_-]{{1,100}})")


@dataclass(frozen=True)
class Token:
    """What a token says: which credential it belongs to, and what proves it."""

    prefix: str
    secret: str = field(repr=False)

    def __str__(self):
        return f"{MARK}_{self.prefix}_{self.secret}"

    @property
    def hash(self) -> str:
        """SHA-256 in hexadecimal: enough for a random secret of 256 bits, and quick at every request."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    @property
    def is_whole(self) -> bool:
        """Whether the checksum is right, of a token that has one."""
        if len(self.secret) != SECRET_LENGTH + CHECKSUM_LENGTH:
            return True
        told = self.secret[-CHECKSUM_LENGTH:]
        return told == checksum(str(self)[:-CHECKSUM_LENGTH])

    @classmethod
    def new(cls) -> "Token":
        prefix, secret = secrets.token_hex(4), "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))
        return cls(prefix, secret + checksum(f"{MARK}_{prefix}_{secret}"))

    @classmethod
    def read(cls, text: str) -> "Token | None":
        """The token that `text` is, if it is written as one."""
        found = WRITTEN.fullmatch(text)
        return cls(*found.groups()) if found else None


def checksum(text: str) -> str:
    """CRC-32 of `text` in six letters and digits, the first the most significant."""
    number, written = zlib.crc32(text.encode()), ""
    for _position in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        written = ALPHABET[digit] + written
    return written
