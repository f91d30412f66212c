"""Facts as a shop tells them. Keys are the shop's own ids, amounts minor units, instants aware of their zone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class CustomerFact:
    """A customer, as an order or a lead names them."""

    key: str
    email: str = ""
    first_order_at: datetime | None = None
    # Whom we know them to be; it counts where the shop names them for the first time.
    person: UUID | None = None


@dataclass(frozen=True)
class LineFact:
    """One line; its amount is signed."""

    key: str
    kind: str
    amount: int
    sku: str = ""
    quantity: int = 1


@dataclass(frozen=True)
class CaptureFact:
    """One collection of money."""

    key: str
    amount: int
    at: datetime


@dataclass(frozen=True)
class OrderFact:
    """An order as its shop tells it."""

    source: str
    key: str
    currency: str
    placed_at: datetime
    lines: tuple[LineFact, ...]
    # None: all of it was captured when it was placed.
    captures: tuple[CaptureFact, ...] | None = None
    customer: CustomerFact | None = None
    updated_at: datetime | None = None
    payment_fingerprint: str = ""
    is_test: bool = False


@dataclass(frozen=True)
class RefundLineFact:
    """What of a line was paid back: more than nothing."""

    key: str
    amount: int


@dataclass(frozen=True)
class RefundFact:
    """A payment back, or the attempt at one. Without lines, the shop does not say what it was for."""

    source: str
    order: str
    key: str
    amount: int
    at: datetime
    status: str
    lines: tuple[RefundLineFact, ...] = ()
    updated_at: datetime | None = None


@dataclass(frozen=True)
class DisputeFact:
    """A payment that the buyer's bank contests."""

    source: str
    order: str
    key: str
    at: datetime
    status: str
    updated_at: datetime | None = None


@dataclass(frozen=True)
class LeadFact:
    """Somebody signed up, or was found worth talking to."""

    source: str
    key: str
    customer: CustomerFact
    goal: str
    at: datetime
