"""The user whom the private PostgreSQL runs as: oneself, or an unprivileged one where oneself is root."""

import os
import pwd
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from firenze_digitale.local import demote
from firenze_digitale.local.errors import LocalPostgresError

UNPRIVILEGED = ("postgres", "nobody")
ROOT = 0


@dataclass(frozen=True)
class Account:
    """A user of this machine; nothing is changed outside the folders handed to it."""

    name: str
    uid: int
    gid: int

    def command(self, arguments: list[str | Path], *, reaching: list[Path]) -> list[str]:
        """Return the command that runs `arguments` as this user, who must be able to reach some paths."""
        words = [str(argument) for argument in arguments]
        if self.uid == os.geteuid():
            return words
        helper = [sys.executable, "-I", "-S", demote.__file__, str(self.uid), str(self.gid)]
        return [*helper, *map(str, reaching), "--", *words]

    def take(self, folder: Path) -> None:
        """Give `folder` and all in it to this user, where oneself is root."""
        if os.geteuid() != ROOT:
            return
        try:
            for place, folders, files in os.walk(folder, topdown=False):
                for name in (*folders, *files):
                    os.chown(os.path.join(place, name), self.uid, self.gid, follow_symlinks=False)
            os.chown(folder, self.uid, self.gid)
        except OSError as error:
            raise LocalPostgresError(
                f"{folder} cannot be given to user {self.name}, whom PostgreSQL runs as ({error.strerror}). Run as "
                "an ordinary user, use a checkout on a local disk, or set DATABASE_URL to a PostgreSQL server."
            ) from error

    def make_private_folder(self, folder: Path) -> None:
        """Make `folder`, which lies where everybody may write, or see that it is nobody else's.

        Raises:
            LocalPostgresError: somebody else made it, it is a link, or others may enter it.
        """
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid in {self.uid, os.geteuid()}
        if not ours or stat.S_IMODE(found.st_mode) & 0o077:
            raise LocalPostgresError(
                f"{folder}, where PostgreSQL's socket belongs, is not a private folder of user {self.name}. "
                "Find out who made it, remove it and start again."
            )
        if found.st_uid != self.uid:
            os.chown(folder, self.uid, self.gid, follow_symlinks=False)


def account_for(data: Path) -> Account:
    """Return who runs the server of the cluster in `data`, which need not exist yet.

    Raises:
        LocalPostgresError: the cluster is another user's.
    """
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() != ROOT:
        if owner not in {None, os.geteuid()}:
            raise _not_ours(data, owner)
        return Account(_name_of(os.geteuid()), os.geteuid(), os.getegid())
    candidates = [account for name in UNPRIVILEGED if (account := _lookup(name))]
    if not candidates:
        raise LocalPostgresError(
            f"PostgreSQL does not run as root, and neither user {' nor '.join(UNPRIVILEGED)} exists. "
            "Run as an ordinary user, or set DATABASE_URL to a PostgreSQL server."
        )
    # A folder of root's own is a copy of a checkout: it is given to the first candidate.
    if owner in {None, ROOT}:
        return candidates[0]
    for account in candidates:
        if account.uid == owner:
            return account
    raise _not_ours(data, owner)


def _lookup(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name, entry.pw_uid, entry.pw_gid) if entry.pw_uid != ROOT else None


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _not_ours(data: Path, owner: int) -> LocalPostgresError:
    maker = "root" if owner in {getattr(_lookup(name), "uid", None) for name in UNPRIVILEGED} else _name_of(owner)
    return LocalPostgresError(
        f"The database in {data} was made when {maker} ran this, and you are {_name_of(os.geteuid())}. Run as {maker} "
        f"again, or remove {data.parent} to begin with an empty one."
    )
