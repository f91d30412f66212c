"""What machines look for, how often, and in which queue."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from advocacy_platform import backups, bookkeeping, expiry, privacy, silence
from brand import mail
from integrations import alarms, reading
from integrations.files import bringing
from integrations.outbound import sending
from integrations.pulling import asking
from referrals.decide import attribution
from referrals.design import endings
from referrals.review import escalating
from referrals.share import links
from referrals.tell import counts, notices, story
from rewards import awards, budgets, climbing, expiring, granting, letters, merges, releasing, sealing, totals
from rewards.cash import paying
from rewards.catalogue import fulfilling
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
    # Everybody who joins has a link within seconds, whether or not they were given one on the way in.
    "links.give": Sweep(links.give_due, every=2, queue="default"),
    # What is stopped never frees itself; it is only told louder.
    "review.escalate": Sweep(escalating.escalate, every=10 * MINUTE, queue="default"),
    # Whatever sends mail nudges this one as well.
    "mail.send": Sweep(mail.send_due, every=5, queue="mail"),
    "programs.tell_ending": Sweep(endings.tell_due, every=30, queue="mail"),
    "referrals.counts": Sweep(counts.count, every=2, queue="default"),
    "referrals.decide": Sweep(attribution.decide_due, every=2, queue="money"),
    "rewards.award": Sweep(awards.award_due, every=2, queue="money"),
    "rewards.release": Sweep(releasing.release_due, every=5, queue="money"),
    "rewards.climb": Sweep(climbing.climb_due, every=5, queue="money"),
    "rewards.merges": Sweep(merges.follow, every=5, queue="money"),
    "rewards.seal": Sweep(sealing.seal, every=2, queue="money"),
    "rewards.totals": Sweep(totals.tally, every=5, queue="default"),
    "rewards.budgets": Sweep(budgets.warn, every=10 * MINUTE, queue="mail"),
    "rewards.tell_head": Sweep(sealing.export_head, every=HOUR, queue="media"),
    # Once a day; asking hourly, it makes up for a night in which the machine was off.
    "ledger.prove": Sweep(bookkeeping.prove_daily, every=HOUR, queue="media"),
    "rewards.grant": Sweep(granting.grant_due, every=5, queue="money"),
    # An advocate sees what came of a recommendation at once, and reads of it in a letter soon after.
    "referrals.story": Sweep(story.tell, every=2, queue="default"),
    "referrals.notices": Sweep(notices.write_due, every=5, queue="mail"),
    "rewards.letters": Sweep(letters.tell, every=5, queue="mail"),
    "rewards.expiring": Sweep(expiring.warn, every=10 * MINUTE, queue="mail"),
    # Asks the provider, books what it answered and what people of the staff said.
    "rewards.pay": Sweep(paying.pay_due, every=5, queue="webhooks"),
    "rewards.fulfil": Sweep(fulfilling.fulfil_due, every=5, queue="webhooks"),
    "integrations.read": Sweep(reading.read_due, every=2, queue="default"),
    # What happened is sent to whoever wants to know, in order; an address that is down holds up nobody else.
    "integrations.pull": Sweep(asking.pull_due, every=MINUTE, queue="webhooks"),
    "integrations.send": Sweep(sending.send_due, every=2, queue="webhooks"),
    "integrations.bring": Sweep(bringing.bring_due, every=2, queue="media"),
    "integrations.alarm": Sweep(alarms.warn, every=10 * MINUTE, queue="mail"),
    "sources.silent": Sweep(silence.warn, every=10 * MINUTE, queue="mail"),
    "privacy.run": Sweep(privacy.run_due, every=5, queue="media"),
    "limits.purge": Sweep(limits.purge, every=HOUR, queue="media"),
    "idempotency.purge": Sweep(idempotency.purge, every=HOUR, queue="media"),
    "sessions.purge": Sweep(expiry.purge_sessions, every=HOUR, queue="media"),
    "cache.purge": Sweep(expiry.purge_cache, every=10 * MINUTE, queue="media"),
    "retention.purge": Sweep(privacy.purge, every=HOUR, queue="media"),
    # It makes one a day; asking hourly, it makes up for a night in which the machine was off.
    "backup.make": Sweep(backups.backup_daily, every=HOUR, queue="media"),
}
