"""Waiting for what another process will do."""

import time


def wait_until(condition, *, seconds=60):
    """Return the condition's first truthy value; fail if there is none in time."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"nothing came of {condition} in {seconds} seconds")
