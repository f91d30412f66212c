"""Waking a sweep early. A nudge may be lost; it costs seconds, since the sweep comes by itself."""

import logging
import os
import threading

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)

# A sweep that has not begun this many seconds after its nudge has come by itself meanwhile.
STALE_SECONDS = 10


class _Publisher:
    """The one thread of this process that talks to the broker; a request only leaves a name with it.

    A name that is left again before it is published is published once, so there is never a pile.
    """

    def __init__(self) -> None:
        self._wanted: set[str] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def want(self, sweep: str) -> None:
        """Have the sweep woken soon; return at once."""
        with self._changed:
            self._wanted.add(sweep)
            self._changed.notify()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._publish, name="nudges", daemon=True)
                self._thread.start()

    def _publish(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted)
                wanted, self._wanted = self._wanted, set()
            for sweep in sorted(wanted):
                try:
                    current_app.send_task(sweep, retry=False, expires=STALE_SECONDS)
                except Exception as lost:  # noqa: BLE001 - a broker fails in many ways, none of them matters
                    logger.warning("a nudge for %s was lost: %s", sweep, lost)


_publisher = _Publisher()


def _start_anew() -> None:
    """A forked process has its parent's memory and none of its threads."""
    global _publisher
    _publisher = _Publisher()


os.register_at_fork(after_in_child=_start_anew)


def nudge(sweep: str) -> None:
    """Wake the sweep of this name once the present transaction, if any, has committed."""
    transaction.on_commit(lambda: _publisher.want(sweep), robust=True)
