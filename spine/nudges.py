"""Waking a sweep early. A nudge may be lost; it costs seconds, since the sweep comes by itself."""

import logging
import os
import queue
import threading

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)

# A request only drops a name here; a thread of this process publishes it, so a dead or slow Redis slows nobody.
_waiting: queue.Queue[str] = queue.Queue(maxsize=100)
_publisher: tuple[int, threading.Thread] | None = None
_starting = threading.Lock()


def nudge(sweep: str) -> None:
    """Wake the sweep of this name once the present transaction, if any, has committed."""
    transaction.on_commit(lambda: _drop(sweep))


def _drop(sweep: str) -> None:
    global _publisher
    try:
        _waiting.put_nowait(sweep)
    except queue.Full:
        return
    with _starting:
        if _publisher is None or _publisher[0] != os.getpid() or not _publisher[1].is_alive():
            thread = threading.Thread(target=_publish, name="nudges", daemon=True)
            _publisher = (os.getpid(), thread)
            thread.start()


def _publish() -> None:
    while True:
        sweep = _waiting.get()
        try:
            current_app.send_task(sweep, retry=False, expires=30)
        except Exception as lost:  # noqa: BLE001 - a broker fails in many ways, none of them matters
            logger.warning("a nudge for %s was lost: %s", sweep, lost)
