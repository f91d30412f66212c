"""What tests of the spine share: threads with connections of their own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import hypothesis
import pytest
from django.db import connections

# How long a database takes is not what these tests look at.
hypothesis.settings.register_profile("databases", deadline=None)
hypothesis.settings.load_profile("databases")


@pytest.fixture
def together(transactional_db) -> Callable[..., list[Any]]:
    """Start calls at the same instant, each in a thread with its own connection; their results or exceptions."""

    def run(calls: Sequence[Callable[[], Any]]) -> list[Any]:
        start = Barrier(len(calls))

        def one(call: Callable[[], Any]) -> Any:
            try:
                start.wait(timeout=30)
                return call()
            except Exception as failure:  # noqa: BLE001 - it is what the test looks at
                return failure
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(one, calls))

    return run


@pytest.fixture
def elsewhere(transactional_db) -> Callable[[Callable[[], Any]], Any]:
    """Do one call on another connection, while this one has its own transaction open."""

    def run(call: Callable[[], Any]) -> Any:
        def one() -> Any:
            try:
                return call()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(one).result(timeout=30)

    return run
