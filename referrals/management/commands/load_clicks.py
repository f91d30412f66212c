"""Load the visits that this machine's web processes wrote down."""

import logging
import signal
import time
from pathlib import Path
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, connections

from referrals.visits import loading
from referrals.visits.loading import Round
from spine import clock

logger = logging.getLogger(__name__)

# Seconds from one look at the spool to the next.
PAUSE = 1.0
# How long the last looks wait for web processes that end at the same time, so that their last visits are taken too.
PATIENCE = 5.0


class Command(BaseCommand):
    help = "Load visits from DATA_DIR/spool until SIGTERM, which takes what is left first. One beside each web process."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="load what is there now, and end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        folder = Path(settings.DATA_DIR) / "spool"
        if once:
            found = loading.load(folder, clock.now())
            self.stdout.write(f"{found.lines} lines read, {found.broken} of them not readable.")
            return
        stopped = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stopped.set())
        while not stopped.wait(PAUSE):
            _round(folder)
        _drain(folder)


def _round(folder: Path) -> Round | None:
    """Load what is there; None if the database can't take it now, which costs nothing but time."""
    try:
        return loading.load(folder, clock.now())
    except Error:
        logger.exception("visits wait in the spool for the database")
        return None
    finally:
        # An idle loader holds no connection, and takes a good one after a bad one.
        connections.close_all()


def _drain(folder: Path) -> None:
    """Load until every writer has gone and nothing is left, or patience ends; what is left then is loaded next time."""
    ends = time.monotonic() + PATIENCE
    while (found := _round(folder)) and (found.live or found.lines) and time.monotonic() < ends:
        time.sleep(0.1)
