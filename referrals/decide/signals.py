"""Signals of fraud: hints with names, and how much each adds to the score of each side. Never an IP address."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from customers.disposable import is_disposable
from referrals.decide.inputs import Signal

# How far back credits are counted.
VELOCITY_SPAN = timedelta(hours=24)


@dataclass(frozen=True)
class Points:
    """What one signal adds to the score of each side."""

    advocate: int
    friend: int


# Under the standard terms 50 stop a side and 100 refuse it. What only tells of the advocate leaves the friend alone.
POINTS: Mapping[str, Points] = {
    "canonical_email": Points(advocate=100, friend=100),
    "same_fingerprint": Points(advocate=70, friend=70),
    "cycle": Points(advocate=60, friend=60),
    "same_customer": Points(advocate=50, friend=50),
    "disposable_domain": Points(advocate=50, friend=50),
}
# From how many credits on it is how much, for the advocate. Together they stop and never refuse: to be popular is no
# fraud, and somebody has to look.
VELOCITY: Mapping[str, tuple[tuple[int, int], ...]] = {
    "velocity_advocate": ((25, 50), (10, 20)),
    "velocity_code": ((25, 25), (10, 10)),
}


@dataclass(frozen=True)
class Evidence:
    """What is known of one customer and one advocate, as far as it was so before the conversion's instant."""

    # The keyed hashes of both sides' addresses as they are spelled, and as mailboxes.
    customer_addresses: Collection[str] = ()
    customer_mailboxes: Collection[str] = ()
    advocate_addresses: Collection[str] = ()
    advocate_mailboxes: Collection[str] = ()
    # The records of both sides: their shop, and its own id for them.
    customer_keys: Collection[tuple[int, str]] = ()
    advocate_keys: Collection[tuple[int, str]] = ()
    # The earliest order that the advocate paid by the same means; empty where there is none.
    same_fingerprint: str = ""
    # The customer's domain; empty where it is not known (any more).
    domain: str = ""
    # Credits of the advocate's, and those of the same link by a typed code, in the span before.
    credited: int = 0
    credited_by_code: int = 0
    # How many people lie between the customer and the advocate whom they referred in turn; 0 where they did not.
    cycle: int = 0


def read(evidence: Evidence) -> tuple[Signal, ...]:
    """The signals that the evidence gives, the gravest first."""
    return tuple(_read(evidence))


def _read(evidence: Evidence) -> Iterator[Signal]:
    same_mailbox = set(evidence.customer_mailboxes) & set(evidence.advocate_mailboxes)
    # Under the same spelling it is the same person, which is a rule's matter and not a signal's.
    if same_mailbox and not set(evidence.customer_addresses) & set(evidence.advocate_addresses):
        yield _signal("canonical_email", mailbox=min(same_mailbox)[:12])
    if evidence.same_fingerprint:
        yield _signal("same_fingerprint", order=evidence.same_fingerprint)
    if evidence.cycle:
        yield _signal("cycle", people=evidence.cycle)
    if _is_same_number(evidence):
        yield _signal("same_customer")
    if is_disposable(evidence.domain):
        yield _signal("disposable_domain")
    for name, count in (("velocity_advocate", evidence.credited), ("velocity_code", evidence.credited_by_code)):
        if worth := next((points for least, points in VELOCITY[name] if count >= least), 0):
            yield Signal(name, advocate=worth, facts={"count": count})


def _is_same_number(evidence: Evidence) -> bool:
    """Whether two shops know both sides by one number; within one shop it would be one record."""
    return any(
        here == there and shop != other
        for shop, here in evidence.customer_keys
        for other, there in evidence.advocate_keys
    )


def _signal(name: str, **facts: Any) -> Signal:
    points = POINTS[name]
    return Signal(name, points.advocate, points.friend, facts)
