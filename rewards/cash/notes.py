"""Writing down what happens to a payout: in the audit, and as an event with its version."""

from datetime import datetime

from rewards.models import Payout, PayoutBatch
from spine import audit, events

# Who sends and books payouts that people approved.
MACHINE: audit.Party = ("system", "payouts")


def note(actor: audit.Party, verb: str, payout: Payout, at: datetime, reason: str = "") -> None:
    """Write down that a payout came to another state, in the caller's transaction."""
    audit.record(actor, verb, subject(payout), at=at, reason=reason)
    events.record(
        verb,
        person=payout.person_id,
        subject=subject(payout),
        at=at,
        key=f"{verb}:{payout.public_id}:{payout.version}",
        payload={"version": payout.version, "unit": payout.unit, "amount": payout.amount},
    )


def subject(payout: Payout) -> audit.Party:
    """How the audit and the events name a payout."""
    return ("payout", str(payout.public_id))


def batch_subject(batch: PayoutBatch) -> audit.Party:
    """How the audit names a batch."""
    return ("payout_batch", str(batch.public_id))
