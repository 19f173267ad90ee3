"""What `make run` does: it says what is in the way, serves, and ends cleanly."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from urllib.parse import urlsplit

import psycopg2
import pytest
from psycopg2 import sql

from firenze_digitale.env import ROOT
from firenze_digitale.local import environment
from firenze_digitale.local.run import CannotServe, free_port

COMMAND = [sys.executable, "-m", "firenze_digitale.local.run"]


@pytest.fixture
def taken_port():
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        yield other.getsockname()[1]


@pytest.fixture
def empty_database():
    """Address of a database of its own on the server of the tests, with tables where a template has them."""
    name, template = f"test_run_{os.getpid()}", os.environ.get("TEST_DATABASE_TEMPLATE", "template1")
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            words = sql.Identifier(name), sql.Identifier(template)
            cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*words))
            yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
            cursor.execute(sql.SQL("DROP DATABASE {}").format(words[0]))


@pytest.fixture
def bare_environment(monkeypatch):
    """What an operator's shell knows of the registry: nothing. All is put back afterwards."""
    for name in ("DATABASE_URL", "SECRET_KEY", "DEBUG"):
        monkeypatch.setenv(name, "")  # so that it is restored even though the code under test sets it
        monkeypatch.delenv(name)
    return monkeypatch


def test_port_in_use_is_said_before_anything_else(taken_port):
    surroundings = {"PATH": "/usr/bin:/bin", "PORT": str(taken_port), "DATABASE_URL": "postgresql:///missing"}
    ran = subprocess.run(COMMAND, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr.startswith(f"Port {taken_port} is in use by another program. Choose another one: PORT=")


@pytest.mark.parametrize("wanted", ["http", "0", "-1", "65536", "80 80", "٨٠٠٠"])
def test_what_is_no_port_is_refused(wanted):
    with pytest.raises(CannotServe, match="PORT=8001 make run"):
        free_port(wanted)


def test_database_that_does_not_answer_is_named():
    with closing(socket.create_server(("127.0.0.1", 0))) as chosen:
        port = chosen.getsockname()[1]
    url = f"postgresql://registry@127.0.0.1:{port}/registry"
    surroundings = os.environ | {"DATABASE_URL": url, "DEBUG": "1", "PORT": str(port)}
    ran = subprocess.run(COMMAND, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr.startswith("The database of DATABASE_URL does not answer: connection to server")
    assert "Traceback" not in ran.stderr


def test_given_database_is_used_and_none_is_started(bare_environment, tmp_path):
    bare_environment.setenv("DATABASE_URL", "postgresql://city.example/registry")
    bare_environment.setattr(environment, "LocalPostgres", None)
    with environment.development(tmp_path):
        assert os.environ["DATABASE_URL"] == "postgresql://city.example/registry"
        assert os.environ["DEBUG"] == "1"


def test_secret_key_is_private_and_outlives_a_run(bare_environment, tmp_path):
    bare_environment.setenv("DATABASE_URL", "postgresql://city.example/registry")
    keys = []
    for _run in range(2):
        bare_environment.delenv("SECRET_KEY", raising=False)
        with environment.development(tmp_path / "new"):
            keys.append(os.environ["SECRET_KEY"])
    assert keys[0] == keys[1]
    assert len(keys[0]) >= 50
    assert stat.S_IMODE((tmp_path / "new" / "secret_key").stat().st_mode) == 0o600


def test_settings_of_the_environment_are_kept(bare_environment, tmp_path):
    bare_environment.setenv("DATABASE_URL", "postgresql://city.example/registry")
    bare_environment.setenv("SECRET_KEY", "of the operator")
    bare_environment.setenv("DEBUG", "0")
    with environment.development(tmp_path):
        assert os.environ["SECRET_KEY"] == "of the operator"
        assert os.environ["DEBUG"] == "0"
    assert not list(tmp_path.iterdir())


def test_serves_real_content_and_ends_cleanly_on_ctrl_c(empty_database, tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as chosen:
        port = chosen.getsockname()[1]
    surroundings = os.environ | {"DATABASE_URL": empty_database, "DEBUG": "1", "PORT": str(port)}
    surroundings.pop("DEMO_PASSWORD", None)
    said = tmp_path / "said"
    with said.open("w") as output, subprocess.Popen(COMMAND, cwd=ROOT, env=surroundings, stdout=output) as run:
        try:
            wait_for("Stop it with Ctrl-C", said, run)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/status", timeout=10) as answer:
                assert answer.status == 200
            with closing(psycopg2.connect(empty_database)) as connection, connection.cursor() as cursor:
                cursor.execute(
                    "SELECT username FROM partners_user JOIN partners_referent ON user_id = partners_user.id"
                )
                assert {name for (name,) in cursor} == {"publiacqua", "silfi", "firenze-parcheggi"}
        finally:
            run.send_signal(signal.SIGINT)
            status = run.wait(60)
    text = said.read_text()
    assert f"http://127.0.0.1:{port}\n" in text
    assert "Password of all: " in text
    assert text.endswith("Stopped.\n")
    assert status == 0
    assert free_port(str(port)) == port


def wait_for(words: str, said, run: subprocess.Popen, seconds: int = 180) -> None:
    deadline = time.monotonic() + seconds
    while words not in said.read_text():
        assert run.poll() is None, f"it ended with {run.returncode}"
        assert time.monotonic() < deadline, said.read_text()
        time.sleep(0.1)
