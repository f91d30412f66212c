"""What a decision reads: frozen values, gathered beforehand, so that deciding asks nobody for anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from customers import counting
from referrals.models.program import State
from referrals.terms import TermsDocument


@dataclass(frozen=True)
class Rules:
    """One version of a program's terms, under which a conversion is decided."""

    document: TermsDocument
    # The row's key, its public id and version, and those of the plan that it points at.
    pk: int = 0
    public_id: str = ""
    version: int = 0
    plan_id: str = ""
    plan_version: int = 0
    plan: int = 0


@dataclass(frozen=True)
class Fact:
    """What was reached, and when. `key` orders facts of one instant, the same whichever of them came first."""

    kind: str
    at: datetime
    key: tuple[int, str] = (0, "")
    # The lead's own goal; an order has none.
    goal: str = ""
    # The order's lines as kind and amount, what was collected of it, and its revision.
    lines: tuple[tuple[str, int], ...] = ()
    captured: int = 0
    currency: str = ""
    revision: int = 0

    @property
    def place(self) -> tuple[datetime, tuple[int, str]]:
        """Where it stands among all facts of a person."""
        return self.at, self.key

    def base(self, rules: Rules) -> int:
        """What of it counts under the rules, in minor units of its currency."""
        return counting.base(self.counting(rules), self.captured, sum(amount for _kind, amount in self.lines))

    def counting(self, rules: Rules) -> int:
        """The sum of the lines that count, collected or not."""
        return sum(amount for kind, amount in self.lines if kind in rules.document.counts)


@dataclass(frozen=True)
class Touched:
    """One touch of the customer's. `key` is its natural key."""

    pk: int
    public_id: str
    key: str
    kind: str
    advocate: UUID
    link: int
    touched_at: datetime
    granted_at: datetime | None = None
    # Its visitor said that it counts for nobody.
    is_cut: bool = False

    @property
    def place(self) -> tuple[datetime, str]:
        """Where it stands among all touches of a person."""
        return self.touched_at, self.key


@dataclass(frozen=True)
class Signal:
    """One hint that something is wrong, what it adds to the score of each side, and what it was seen by."""

    name: str
    advocate: int = 0
    friend: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Candidate:
    """What is known of one advocate at the conversion's instant."""

    person: UUID
    is_suspended: bool = False
    is_erased: bool = False
    country: str = ""
    # The customer themselves: the same person, or the same address in any case.
    is_customer: bool = False
    # What stands against crediting them, and how many conversions they are credited with besides this one.
    signals: tuple[Signal, ...] = ()
    cap_used: int = 0
    # Their tier then, by what is known of what they did before; empty below the first one.
    tier: str = ""


@dataclass(frozen=True)
class PastOrder:
    """An earlier order of the customer's, under whichever of their records; `is_paid`: money had come by then."""

    at: datetime
    is_paid: bool


@dataclass(frozen=True)
class Credit:
    """A credit for another conversion of the same customer in the same program."""

    conversion: str
    at: datetime
    key: tuple[int, str]
    goal: str
    touch: Touched
    rules: Rules
    is_final: bool = False

    @property
    def place(self) -> tuple[datetime, tuple[int, str]]:
        """Where its fact stands among all facts of a person."""
        return self.at, self.key


@dataclass(frozen=True)
class Claimant:
    """What speaks for one program where several could credit one fact: what it renews, or a touch that could win."""

    program: int
    touch: Touched
    renews: Credit | None = None


@dataclass(frozen=True)
class Inputs:
    """Everything that one decision reads."""

    fact: Fact
    program: int
    currency: str
    state: State
    # The terms in force at the fact's instant; None before the first.
    rules: Rules | None
    touches: tuple[Touched, ...] = ()
    # The latest instant at which the customer said that nobody referred them.
    tie_cut_at: datetime | None = None
    candidates: Mapping[UUID, Candidate] = field(default_factory=dict)
    # All orders before this fact, and the first one that a shop named without telling it.
    past_orders: tuple[PastOrder, ...] = ()
    first_order_at: datetime | None = None
    # Sign-ups or qualified leads before this one: the instant of the first.
    goal_reached_at: datetime | None = None
    credits: tuple[Credit, ...] = ()
    # The strongest claim of another program, and whether one has credited this order for good.
    elsewhere: Claimant | None = None
    is_held_elsewhere: bool = False
    # How many conversions the program has credited besides this one.
    cap_used: int = 0
