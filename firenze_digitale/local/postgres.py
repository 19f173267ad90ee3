"""A private PostgreSQL in a folder: no TCP, no system user, nothing left outside but a socket.

Whoever uses the server holds a shared lock; the last one to leave stops it, so that two runs in one checkout
share it and neither stops it under the other. A run that was killed leaves the lock to the kernel and maybe
the server to the next run, which restarts it.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

import psycopg2
from psycopg2 import sql

from firenze_digitale.local.account import account_for
from firenze_digitale.local.binaries import Binaries, find_binaries
from firenze_digitale.local.errors import LocalPostgresError
from firenze_digitale.local.processes import (
    is_alive,
    postgres_folder_of,
    wait_until_gone,
)

PORT = 5432  # only names the socket's file
SUPERUSER = "postgres"
OWNER = "registry"  # as in production, the application is not a superuser
START_SECONDS = 120  # recovery after a crash takes its time
FAST_STOP_SECONDS, IMMEDIATE_STOP_SECONDS = 30, 10
POLL_SECONDS = 0.02
LOG_LINES_SHOWN = 15
# Left behind for a moment by a server that was killed while its children still end.
STILL_ENDING = "pre-existing shared memory block"
TEST_PREFIX, TEMPLATE_PREFIX = "test_", "migrated_"
LEFT_BY_TESTS = """
    SELECT datname FROM pg_database WHERE starts_with(datname, %s)
    UNION ALL (SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid DESC OFFSET 1)
"""
SETTINGS = {"max_connections": "100", "timezone": "UTC", "log_timezone": "UTC", "listen_addresses": ""}
# Nothing that tests store needs to last, and none of their queries is long enough to be worth compiling.
UNDURABLE_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
}


class LocalPostgres:
    """The server of one folder, made at its first start.

    Args:
        folder: where the cluster, the log and the locks lie; relative paths count from the working folder.
        durable: False for tests: quicker, and nothing in it outlives the runs that use it.
        binaries: which installation to use; found when left out.

    Raises:
        LocalPostgresError: from `start`, with the reason and the way out.
    """

    def __init__(self, folder: Path, *, durable: bool, binaries: Binaries | None = None):
        self.folder = Path(folder).absolute()
        self.durable = durable
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self.sockets = Path("/tmp") / f"fd-{hashlib.sha1(os.fsencode(self.data)).hexdigest()[:12]}"
        self._binaries = binaries
        self._process: subprocess.Popen | None = None
        self._users = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.stop()

    def url(self, database: str) -> str:
        """Return the address of `database` in the form that both libpq and Django's settings read."""
        return f"postgresql://{OWNER}@/{database}?{urlencode({'host': self.sockets, 'port': PORT}, safe='/')}"

    def start(self) -> None:
        """Start the server, or join the runs that use it already; return when it answers."""
        with self._one_at_a_time():
            self._users = self._open_lock("users.lock")
            try:
                alone = _try_lock(self._users)
                fcntl.flock(self._users, fcntl.LOCK_SH)
                self._serve(alone)
            except BaseException:
                with self._users:
                    if self._process and self._process.poll() is None:
                        self._shut_down(self._process.pid)
                raise

    def stop(self) -> None:
        """Leave; the last user stops the server. Clients still connected are cut off."""
        if self._users is None or self._users.closed:
            return
        with self._one_at_a_time(), self._users:
            fcntl.flock(self._users, fcntl.LOCK_UN)
            if _try_lock(self._users):
                if pid := self._running():
                    self._shut_down(pid)
                elif self._process:  # killed, or its folder was removed
                    self._process.send_signal(signal.SIGQUIT)
                    self._process.wait()
                shutil.rmtree(self.sockets, ignore_errors=True)

    def ensure_database(self, name: str) -> None:
        """Make the database `name`, owned by the application's user, unless it exists."""
        with self._superuser() as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone() is None:
                cursor.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER))
                )

    @contextmanager
    def _one_at_a_time(self):
        """Let no other run start or stop the server meanwhile."""
        with self._open_lock("start.lock") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield

    def _open_lock(self, name: str):
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return (self.folder / name).open("a")
        except OSError as error:
            raise LocalPostgresError(
                f"{error.filename} cannot be written ({error.strerror}). Run as the user who made it, or remove "
                f"{self.folder} to begin with an empty database."
            ) from error

    def _serve(self, alone: bool) -> None:
        self._account = account_for(self.data)
        pid = self._running()
        if not alone:
            if pid is None:
                raise LocalPostgresError(
                    f"Another run holds {self.folder}, but its database server is gone or runs elsewhere. "
                    "End that run and start again."
                )
            return
        if pid:
            self._shut_down(pid)
        self._binaries = self._binaries or find_binaries()
        try:
            self._launch()
        except LocalPostgresError:
            # Without fsync a crash of the machine may have left anything; the tests' data are worth nothing.
            if self.durable or not (self.data / "PG_VERSION").exists():
                raise
            shutil.rmtree(self.data)
            self._launch()
        self._prepare()

    def _launch(self) -> None:
        """Start the cluster's server, made if need be, and wait until it answers."""
        if not self.data.exists():
            self._make_cluster()
        self._check_version()
        self._account.take(self.data)
        self._account.make_private_folder(self.sockets)
        self._clear_leftovers()
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.previous"))
        deadline = time.monotonic() + START_SECONDS
        while not self._spawn_and_wait(deadline):
            time.sleep(POLL_SECONDS * 10)

    def _make_cluster(self) -> None:
        """Make the cluster beside its place, so that an interrupted attempt is never taken for one."""
        staging = self.folder / "data.unfinished"
        if staging.exists():
            shutil.rmtree(staging)
        staging.mkdir(mode=0o700)
        self._account.take(staging)
        command = [self._binaries.folder / "initdb", "-D", staging, "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8"]
        command += self._binaries.locale_options + ([] if self.durable else ["--no-sync"])
        made = subprocess.run(
            self._as_account(command, staging), **self._surroundings(), stdout=subprocess.PIPE, text=True
        )
        if made.returncode:
            raise LocalPostgresError(f"PostgreSQL's initdb failed for {self.folder}:\n{made.stdout.strip()}")
        staging.rename(self.data)

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != str(self._binaries.major):
            raise LocalPostgresError(
                f"The database in {self.data} was made by PostgreSQL {made_by}; the programs in "
                f"{self._binaries.folder} are of version {self._binaries.major}. Move {self.folder} away to begin "
                f"with an empty one, or bring its data over with version {made_by}'s pg_dump."
            )

    def _clear_leftovers(self) -> None:
        """Remove what a killed server left and PostgreSQL would trip over.

        It copes with a dead process in `postmaster.pid` by itself, and takes better care of the data then; a
        living one that has nothing to do with this cluster would keep it from starting.
        """
        pid = self._noted_pid()
        if pid is None or is_alive(pid):
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        for leftover in self.sockets.glob(".s.PGSQL.*"):
            leftover.unlink()

    def _spawn_and_wait(self, deadline: float) -> bool:
        """Return whether the server answers; False asks for another attempt."""
        settings = SETTINGS | {"unix_socket_directories": str(self.sockets), "unix_socket_permissions": "0700"}
        if not self.durable:
            settings |= UNDURABLE_SETTINGS
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [self._binaries.folder / "postgres", "-D", self.data, "-p", PORT, *options]
        with open(self.log, "a") as log:
            # A session of its own: Ctrl-C in the terminal reaches whoever started this, not the server.
            self._process = subprocess.Popen(
                self._as_account(command, self.data), **self._surroundings(), stdout=log, start_new_session=True
            )
        while self._process.poll() is None:
            with suppress(psycopg2.OperationalError), self._superuser():
                return True
            if time.monotonic() > deadline:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait()
                raise LocalPostgresError(f"PostgreSQL did not answer in {START_SECONDS} s. {self._log_tail()}")
            time.sleep(POLL_SECONDS)
        if STILL_ENDING in self.log.read_text(errors="replace") and time.monotonic() < deadline:
            return False
        raise LocalPostgresError(f"PostgreSQL did not start. {self._log_tail()}")

    def _prepare(self) -> None:
        """Have the application's user, and drop what dead test runs left."""
        with self._superuser() as cursor:
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [OWNER])
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(OWNER)))
            if self.durable:
                return
            cursor.execute(LEFT_BY_TESTS, [TEST_PREFIX, TEMPLATE_PREFIX])
            for (name,) in cursor.fetchall():
                cursor.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))

    @contextmanager
    def _superuser(self):
        connection = psycopg2.connect(dbname="postgres", user=SUPERUSER, host=str(self.sockets), port=PORT)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def _shut_down(self, pid: int) -> None:
        for stop_signal, seconds in ((signal.SIGINT, FAST_STOP_SECONDS), (signal.SIGQUIT, IMMEDIATE_STOP_SECONDS)):
            with suppress(ProcessLookupError):
                os.kill(pid, stop_signal)
            if self._process and self._process.pid == pid:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(seconds)
                    return
            elif wait_until_gone(pid, seconds):
                return
        raise LocalPostgresError(f"PostgreSQL (process {pid}) does not stop. {self._log_tail()}")

    def _running(self) -> int | None:
        """Return the process of this cluster's server, never that of another program that got its number.

        Raises:
            LocalPostgresError: the folder was moved while its server ran.
        """
        pid = self._noted_pid()
        served = postgres_folder_of(pid) if pid else None
        if served is None:
            return None
        if not served.exists():
            raise LocalPostgresError(
                f"PostgreSQL (process {pid}) still serves {self.data} under its former name {served}. "
                f"Stop it with `kill -INT {pid}` and start again."
            )
        return pid if served.samefile(self.data) else None

    def _noted_pid(self) -> int | None:
        try:
            return abs(int((self.data / "postmaster.pid").read_text().splitlines()[0]))
        except (FileNotFoundError, ValueError, IndexError):
            return None

    def _as_account(self, command: list, data: Path) -> list[str]:
        return self._account.command(command, reaching=[self._binaries.folder / "postgres", data])

    def _surroundings(self) -> dict:
        """Nothing of the caller's environment or terminal reaches PostgreSQL."""
        return {
            "cwd": "/",
            "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            "stdin": subprocess.DEVNULL,
            "stderr": subprocess.STDOUT,
            "umask": 0o077,
        }

    def _log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        return "\n".join([f"Its log, {self.log}, ends with:", *lines])


def _try_lock(file) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
