"""Looks at processes by their number, which another program may have got since it was noted."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

POLL_SECONDS = 0.02
PR_SET_PDEATHSIG = 1


def is_alive(pid: int) -> bool:
    """Whether any process has this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def postgres_folder_of(pid: int) -> Path | None:
    """Return the data folder that the PostgreSQL server `pid` was started with; None if it is not one."""
    program, _, arguments = _command_line(pid).partition(" -D ")
    if Path(program).name != "postgres" or not arguments:
        return None
    return Path(arguments.partition(" -p ")[0])


def wait_until_gone(pid: int, seconds: float) -> bool:
    """Wait for a server that is not a child of this process; one that only waits to be reaped is gone."""
    deadline = time.monotonic() + seconds
    while postgres_folder_of(pid) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _command_line(pid: int) -> str:
    """Without /proc (macOS) `ps` tells."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    asked = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True)
    return asked.stdout.strip()


def end_with_parent() -> None:
    """Ask for SIGTERM when the parent process ends, however it ends: nothing stays behind after `kill -9`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
