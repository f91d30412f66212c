"""The three calls by which something is handed out, and who answers them.

A provider is told a key that was stored beforehand. `send` under a key that it knows already hands out nothing more.
What it did is known only from its answer: where none came, the outcome is unknown until `look_up` tells.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

State = Literal["accepted", "arrived", "failed", "unknown"]


@dataclass(frozen=True)
class Errand:
    """What a provider is asked to hand out: `key` is stored before it is asked, and is the same for every try."""

    key: str
    # The public id of whoever gets it, and what they get.
    person: str
    unit: str
    amount: int
    # What else the provider needs: an item, a pool, an address or payout details.
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of an errand.

    Accepted: it will be done. Arrived: it is done, `result` is what the person gets to see (a discount code). Failed:
    it will not be done, `reason` says why. Unknown: it may have been done; ask again with `look_up`.
    """

    state: State
    reason: str = ""
    result: str = ""


class Provider(Protocol):
    """Whoever hands something out. No call is made inside a transaction."""

    def send(self, errand: Errand) -> Outcome:
        """Ask for it; safe to repeat under the same key."""

    def look_up(self, errand: Errand) -> Outcome:
        """What became of it. `failed` with reason `unheard` means that it was never heard of, so it may be sent."""

    def cancel(self, errand: Errand) -> Outcome:
        """Ask for it not to be done: `failed` once it will not be, otherwise what became of it."""
