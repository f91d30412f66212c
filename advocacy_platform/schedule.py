"""What machines look for, how often, and in which queue."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from advocacy_platform import backups, expiry, privacy
from brand import mail
from spine import clock, events, idempotency, limits

# Long enough to clear a pile, short enough to end well before a task's limit of 100 s.
ROUND_SECONDS = 20
MINUTE = 60
HOUR = 60 * MINUTE


@dataclass(frozen=True)
class Sweep:
    """Work that is looked for `every` so many seconds: `call(at)` does one batch and says how many rows it took."""

    call: Callable[[datetime], int]
    every: float
    queue: str

    def run(self) -> int:
        """Take batch after batch until nothing is due or 20 s are over; return how many rows were taken."""
        ends = time.monotonic() + ROUND_SECONDS
        taken = batch = self.call(clock.now())
        while batch and time.monotonic() < ends:
            batch = self.call(clock.now())
            taken += batch
        return taken


# Everything is safe to run twice and beside itself. What lasts long and hurries nobody goes to `media`, so that it
# never stands before a reward.
SWEEPS = {
    "events.number": Sweep(events.number, every=1, queue="default"),
    # Whatever sends mail nudges this one as well.
    "mail.send": Sweep(mail.send_due, every=5, queue="mail"),
    "privacy.run": Sweep(privacy.run_due, every=5, queue="media"),
    "limits.purge": Sweep(limits.purge, every=HOUR, queue="media"),
    "idempotency.purge": Sweep(idempotency.purge, every=HOUR, queue="media"),
    "sessions.purge": Sweep(expiry.purge_sessions, every=HOUR, queue="media"),
    "cache.purge": Sweep(expiry.purge_cache, every=10 * MINUTE, queue="media"),
    "retention.purge": Sweep(privacy.purge, every=HOUR, queue="media"),
    # It makes one a day; asking hourly, it makes up for a night in which the machine was off.
    "backup.make": Sweep(backups.backup_daily, every=HOUR, queue="media"),
}
