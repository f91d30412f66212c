"""Copying the whole database out and in, on either engine."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from django.db import connection

# What Django calls a part of a connection → where PostgreSQL's own programs look for it. An environment is private to
# the process; an argument would show the password to everybody on the machine.
_ENVIRONMENT = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


class DumpFailed(Exception):
    """The database could not be copied; the message says why."""


def dump(path: Path) -> None:
    """Write one consistent copy of the live database to `path`, while others go on working. Raises DumpFailed."""
    if connection.vendor == "sqlite":
        # Unlike the backup API this leaves out the freed pages, in which erased rows can still be read.
        with closing(_sqlite()) as live:
            live.execute("VACUUM INTO ?", [str(path)])
    else:
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={path}")


def load(path: Path) -> None:
    """Replace the content of the live database by that of a copy, all of it or nothing. Raises DumpFailed."""
    if connection.vendor == "sqlite":
        _load_sqlite(path)
    else:
        _load_postgresql(path)


def _load_sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as copy, closing(_sqlite()) as live:
        if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise DumpFailed("The database in the backup is damaged.")
        connection.close()
        copy.backup(live)


def _load_postgresql(path: Path) -> None:
    tables = ", ".join(connection.ops.quote_name(name) for name in connection.introspection.table_names())
    connection.close()
    script = path.with_suffix(".sql")
    _run("pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges", f"--file={script}", str(path))
    # Tables that the backup does not know would stand in the way of the migrations that made them.
    absent = f"DROP TABLE IF EXISTS {tables} CASCADE" if tables else "SELECT 1"
    # Whoever still works on the database holds locks; better to say so than to wait for them for good.
    _run(
        "psql",
        *("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null"),
        *("--command=SET client_min_messages = warning", "--command=SET lock_timeout = '30s'"),
        *(f"--command={absent}", f"--file={script}"),
    )


def _sqlite() -> sqlite3.Connection:
    return sqlite3.connect(connection.settings_dict["NAME"], timeout=20, isolation_level=None)


def _run(program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise DumpFailed(f"{program} is not installed. On Debian it comes with `apt install postgresql-client`.")
    known = connection.get_connection_params()
    told = {name: str(known[part]) for part, name in _ENVIRONMENT.items() if known.get(part)}
    done = subprocess.run(  # noqa: S603 - a program that was looked up, with arguments of ours
        [found, *arguments], env={**os.environ, **told}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DumpFailed(f"{program} failed: {done.stderr.strip()[-1000:]}")
