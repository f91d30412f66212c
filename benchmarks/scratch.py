"""A site that exists for one benchmark: as in production, with a database and a data folder that nobody else uses."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import django
import psycopg
from django.core.management import call_command

HOST = "bench.example"


@contextmanager
def site() -> Iterator[Path]:
    """Set this process and those that it starts up for a new, migrated site; yield its data folder.

    With DATABASE_URL it lives in a database of its own on that server, else in a SQLite file.
    """
    with tempfile.TemporaryDirectory(prefix="advocacy-bench-") as folder, _database(os.environ.get("DATABASE_URL", "")):
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "ADVOCACY_PROCESS": "command",
            "DATA_DIR": folder,
            "DEBUG": "0",
            "BASE_URL": f"https://{HOST}",
            "TRUSTED_PROXIES": "1",
            "SECRET_KEY": secrets.token_urlsafe(60),
            "IDENTITY_KEY": secrets.token_urlsafe(40),
            "LOG_LEVEL": "ERROR",
            "API_REQUESTS_PER_MINUTE": "100000000",
        }
        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        try:
            yield Path(folder)
        finally:
            from django.db import connections

            connections.close_all()


def analyze() -> None:
    """Let the database know its tables after they were filled; until then it plans as if they were empty."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@contextmanager
def _database(url: str) -> Iterator[None]:
    if not url:
        yield
        return
    name = f"bench_{secrets.token_hex(6)}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"'.encode())
        os.environ["DATABASE_URL"] = urlsplit(url)._replace(path=f"/{name}").geturl()
        try:
            yield
        finally:
            os.environ["DATABASE_URL"] = url
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
