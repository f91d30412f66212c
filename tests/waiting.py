"""Waiting for what another process or thread will do."""

import time

from django.db import connection, connections


def wait_until(condition, *, seconds=60):
    """Return the condition's first truthy value; fail if there is none in time."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"nothing came of {condition} in {seconds} seconds")


def closing(call):
    """Do a call in a thread of its own, and close its connection afterwards."""
    try:
        return call()
    finally:
        connections.close_all()


def is_somebody_waiting():
    """Whether anybody waits for this connection's transaction; PostgreSQL alone can tell."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
        return cursor.fetchone()
