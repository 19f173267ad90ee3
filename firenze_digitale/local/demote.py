"""Become an unprivileged user, then run a program: PostgreSQL refuses to run as root.

Called as a script (`python -I -S demote.py UID GID PATH… -- PROGRAM ARGUMENT…`), so that nothing of the
caller's process changes. Where the user cannot reach one of the PATHs (a checkout below /root, a virtual
environment made with umask 077), the program keeps one single right of root's, as an ambient capability:
to search and read folders, or, if that is not enough, to pass over their permissions. No folder's
permissions are opened for it.
"""

import ctypes
import os
import sys

FAILED = 126  # what shells answer for "found, but cannot be run"
PR_SET_KEEPCAPS = 8
PR_GET_SECUREBITS, PR_SET_SECUREBITS = 27, 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SETPCAP = 1, 2, 8


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Capabilities(ctypes.Structure):
    """Only the first 32 capabilities, which include the two that matter here; the rest stay zero."""

    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")] + [
        ("upper", ctypes.c_uint32 * 3)
    ]


def reachable(path: str) -> bool:
    """Whether this process may use `path`: folders and programs need the right to enter or run them too."""
    enterable = os.path.isdir(path) or path.endswith("/postgres")
    return os.access(path, os.R_OK | (os.X_OK if enterable else 0))


def become(uid: int, gid: int, libc: ctypes.CDLL) -> None:
    """Change user for good; what root may do is kept in reserve until the program starts."""
    if sys.platform == "linux":
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def raise_capability(capability: int, libc: ctypes.CDLL) -> None:
    """Take a right of root's out of the reserve; where it is not in there, do nothing."""
    header, held = _Header(CAPABILITY_VERSION_3, 0), _Capabilities()
    libc.capget(ctypes.byref(header), ctypes.byref(held))
    wanted = held.permitted & (1 << capability)
    held.effective |= wanted
    held.inheritable |= wanted
    libc.capset(ctypes.byref(header), ctypes.byref(held))


def keep_until_reachable(paths: list[str], libc: ctypes.CDLL) -> None:
    """Hand as little of root's rights on to the program that runs next as lets it reach `paths`."""
    # access(2), by which PostgreSQL examines its own programs, would overlook the capability without this.
    raise_capability(CAP_SETPCAP, libc)
    libc.prctl(PR_SET_SECUREBITS, libc.prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) | SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        raise_capability(capability, libc)
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)
        if all(map(reachable, paths)):
            return


def main(arguments: list[str]) -> None:
    uid, gid = int(arguments[0]), int(arguments[1])
    end = arguments.index("--")
    paths, command = arguments[2:end], arguments[end + 1 :]
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        become(uid, gid, libc)
    except OSError as error:
        sys.exit(_refusal(f"root cannot become user {uid} here ({error.strerror})"))
    if not all(map(reachable, paths)) and sys.platform == "linux":
        keep_until_reachable(paths, libc)
    if blocked := [path for path in paths if not reachable(path)]:
        sys.exit(_refusal(f"user {uid}, whom PostgreSQL runs as, cannot reach {blocked[0]}"))
    os.execv(command[0], command)


def _refusal(reason: str) -> int:
    print(
        f"{reason}. Run as an ordinary user, move the checkout where other users may read it, "
        "or set DATABASE_URL to a PostgreSQL server.",
        file=sys.stderr,
    )
    return FAILED


if __name__ == "__main__":
    main(sys.argv[1:])
