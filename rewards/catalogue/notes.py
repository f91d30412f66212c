"""Writing down what happens to a redemption: in the audit, and as an event with its version."""

from datetime import datetime

from rewards.models import Item, Redemption
from spine import audit, events

# Who hands out and books what people asked for.
MACHINE: audit.Party = ("system", "catalogue")


def note(actor: audit.Party, verb: str, redemption: Redemption, at: datetime, reason: str = "") -> None:
    """Write down that a redemption came to another state, in the caller's transaction."""
    audit.record(actor, verb, subject(redemption), at=at, reason=reason)
    events.record(
        verb,
        person=redemption.person_id,
        subject=subject(redemption),
        at=at,
        key=f"{verb}:{redemption.public_id}:{redemption.version}",
        payload={
            "version": redemption.version,
            "item": str(redemption.item.public_id),
            "unit": redemption.unit,
            "amount": redemption.amount,
        },
    )


def subject(redemption: Redemption) -> audit.Party:
    """How the audit and the events name a redemption."""
    return ("redemption", str(redemption.public_id))


def item_subject(item: Item) -> audit.Party:
    """How the audit names an item."""
    return ("item", str(item.public_id))
