"""A migrated database that test databases are copied from: migrating takes seconds, copying does not.

The settings read its name from TEST_DATABASE_TEMPLATE. Django migrates the copy once more, which then finds
nothing to do, so that a template can make tests quicker and never wrong.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from contextlib import closing

import psycopg2
from psycopg2 import sql

from firenze_digitale.env import ROOT
from firenze_digitale.local.postgres import TEMPLATE_PREFIX, LocalPostgres

UNFINISHED = f"{TEMPLATE_PREFIX}unfinished"
DECISIVE = ("requirements*.txt", "firenze_digitale/settings.py", "*/migrations/*.py")


def migrated_template(postgres: LocalPostgres) -> str | None:
    """Return the name of a database with the tables of today's migrations, made if need be.

    None where migrating fails: the tests then migrate by themselves and tell why.
    """
    name = TEMPLATE_PREFIX + _fingerprint()
    with open(postgres.folder / "migrated.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _exists(postgres, name):
            return name
        _execute(postgres, "DROP DATABASE IF EXISTS {}", UNFINISHED)
        postgres.ensure_database(UNFINISHED)
        surroundings = os.environ | {"DATABASE_URL": postgres.url(UNFINISHED)}
        command = [sys.executable, "manage.py", "migrate", "--verbosity=0", "--skip-checks"]
        if subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, check=False).returncode:
            return None
        _execute(postgres, "ALTER DATABASE {} RENAME TO {}", UNFINISHED, name)
    return name


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for pattern in DECISIVE:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _exists(postgres: LocalPostgres, name: str) -> bool:
    with closing(psycopg2.connect(postgres.url("postgres"))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        return cursor.fetchone() is not None


def _execute(postgres: LocalPostgres, statement: str, *names: str) -> None:
    with closing(psycopg2.connect(postgres.url("postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
