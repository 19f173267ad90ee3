"""What `make run` does once the virtual environment stands: database, tables, content, accounts, server."""

import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from io import StringIO

from firenze_digitale.env import ROOT
from firenze_digitale.local.environment import development
from firenze_digitale.local.errors import LocalPostgresError
from firenze_digitale.local.processes import end_with_parent

HOST = "127.0.0.1"
DEFAULT_PORT = "8000"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_SECONDS = 3
KILL_SECONDS = GRACE_SECONDS + 5
START_SECONDS = 60
POLL_SECONDS = 0.05


class Stopped(BaseException):
    """Somebody asked for the end: Ctrl-C, `kill`, or a terminal that was closed."""


class CannotServe(RuntimeError):
    """The server cannot be had. The message names the reason and the way out."""


def main() -> int:
    """Serve until asked to stop, then end the server first and its database after it."""
    sys.stdout.reconfigure(line_buffering=True)  # in step with the server's own lines, also in a file
    if "MAKELEVEL" in os.environ:
        end_with_parent()
    for number in STOP_SIGNALS:
        signal.signal(number, _stop)
    try:
        port = free_port(os.environ.get("PORT") or DEFAULT_PORT)
        os.environ.setdefault("SITE_URL", f"http://{HOST}:{port}")
        with development():
            accounts = prepare()
            with working(), serving(port) as server:
                say(f"\nFirenze Digitale answers on http://{HOST}:{port}\n{accounts}\nStop it with Ctrl-C.")
                raise CannotServe(f"The server ended by itself with status {server.wait()}.")
    except Stopped:
        say("\nStopped.")
        return 0
    except (LocalPostgresError, CannotServe) as error:
        print(error, file=sys.stderr)
        return 1


def free_port(wanted: str) -> int:
    """Return the port to listen on.

    Raises:
        CannotServe: it is no port, or another program has it.
    """
    if not (wanted.isascii() and wanted.isdigit() and 0 < int(wanted) < 2**16):
        raise CannotServe(f"PORT is {wanted!r}, which is no port. Try for example: PORT=8001 make run")
    port = int(wanted)
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen()
        except OSError as error:
            reason = "is in use by another program" if error.errno == errno.EADDRINUSE else f"({error.strerror})"
            other = port + 1 if 1024 <= port < 2**16 - 1 else 8001
            raise CannotServe(f"Port {port} {reason}. Choose another one: PORT={other} make run") from error
    return port


def prepare() -> str:
    """Bring tables, content and demo accounts up to date in one process; return how to log in.

    Raises:
        CannotServe: the database does not answer, or a command refuses.
    """
    import django
    from django.core.management import CommandError, call_command
    from django.db import OperationalError, connections

    django.setup()
    say("Preparing the database …")
    try:
        call_command("migrate", verbosity=0)
        _load_once()
        return _demo_accounts()
    except OperationalError as error:
        raise CannotServe(f"The database of DATABASE_URL does not answer: {error}") from error
    except CommandError as error:
        raise CannotServe(str(error)) from error
    finally:
        connections.close_all()


def _load_once() -> None:
    """Load the fixtures into an empty registry: what somebody deletes from it later does not come back."""
    from django.core.management import call_command

    from partners.models import Partner

    if not Partner.objects.exists():
        call_command("load_registry")


def _demo_accounts() -> str:
    from django.conf import settings
    from django.core.management import call_command

    if not settings.DEBUG:
        return "No demo accounts, since DEBUG is off: `manage.py createsuperuser` makes the first one."
    told = StringIO()
    call_command("create_demo_accounts", stdout=told)
    return told.getvalue().strip()


@contextmanager
def serving(port: int):
    """Run the application server, which takes up changed code and templates; yield once it answers."""
    command = [sys.executable, "-m", "gunicorn", "firenze_digitale.wsgi", f"--bind={HOST}:{port}"]
    command += ["--worker-class=gthread", "--workers=2", "--threads=4", "--no-control-socket", "--reload"]
    command += [f"--reload-extra-file={pattern}" for pattern in ("templates/**/*.html", "*/locale/**/*.mo")]
    command += [f"--graceful-timeout={GRACE_SECONDS}", "--log-level=error"]
    with child(command) as server:
        _wait_for_answer(server, port)
        yield server


@contextmanager
def working():
    """Run the worker that does what takes longer than a request."""
    command = [sys.executable, "manage.py", "db_worker", "--interval=0.5", "--no-startup-delay", "--no-reload"]
    with child([*command, "--verbosity=0"]):
        yield


@contextmanager
def child(command: list[str]):
    """Run a program of ours, and end it."""
    # A session of its own: Ctrl-C in the terminal reaches this process, which ends its children in its turn.
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, preexec_fn=end_with_parent)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(KILL_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def say(text: str) -> None:
    """Print, also where the terminal is gone already."""
    with suppress(OSError):
        print(text)


def _wait_for_answer(server: subprocess.Popen, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise CannotServe(f"The server ended at its start with status {server.returncode}; see above.")
        with suppress(OSError, http.client.HTTPException), closing(http.client.HTTPConnection(HOST, port, 30)) as web:
            web.request("GET", "/")
            web.getresponse()
            return
        time.sleep(POLL_SECONDS)
    raise CannotServe(f"The server did not answer in {START_SECONDS} s.")


def _stop(number, frame) -> None:
    """The first signal ends the run; what follows must not interrupt the clearing up."""
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
