"""A small stage for tests of attribution: a shop that tells facts, and what was decided about them."""

import uuid
from datetime import timedelta

from customers.models import Order
from customers.told import CustomerFact, LeadFact, LineFact, OrderFact
from referrals import intake
from referrals.decide import attribution
from referrals.models import Conversion, Decision, Link
from referrals.touches import Told
from referrals.visits import tokens
from referrals.visits.tokens import Token
from tests.factories import NOON

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def goods(amount: int) -> tuple[LineFact, ...]:
    """One line of goods."""
    return (LineFact("1", "goods", amount),)


def customer(key: str = "dan", email: str | None = None, **fields) -> CustomerFact:
    """A customer of the shop, by default with an address of their own."""
    return CustomerFact(key, f"{key}@example.com" if email is None else email, **fields)


def order(key: str = "1001", *, at=NOON - MINUTE, by="dan", amount: int = 5000, **fields) -> OrderFact:
    """An order of goods, paid in full."""
    who = by if isinstance(by, CustomerFact) or by is None else customer(by)
    return OrderFact(**{"source": "shop", "key": key, "currency": "USD", "placed_at": at, "lines": goods(amount),
                        "customer": who, **fields})  # fmt: skip


def lead(key: str = "l-1", *, at=NOON - HOUR, by="dan", goal: str = "signup") -> LeadFact:
    """A sign-up."""
    return LeadFact("shop", key, customer(by), goal, at)


def visit(link: Link, at=NOON - DAY, click: int | None = None) -> Told:
    """A token of a visit."""
    return Told((tokens.sign(Token(link.pk, uuid.UUID(int=click) if click else uuid.uuid4(), at)),))


NOTHING = Told()


def tell(fact, told: Told = NOTHING, at=NOON):
    """Let the shop tell a fact."""
    return (intake.take_lead if isinstance(fact, LeadFact) else intake.take_order)(fact, told, at)


def decide(at=NOON) -> int:
    """Let the sweep run until nothing is due; how many rows it took."""
    taken = total = attribution.decide_due(at)
    while taken:
        taken = attribution.decide_due(at)
        total += taken
    return total


def conversion(key: str = "1001", program=None) -> Conversion:
    """The conversion of an order, in the program if there are many."""
    found = Conversion.objects.filter(order__key=key)
    return found.get(program=program) if program else found.get()


def standing(key: str = "1001", program=None) -> Decision:
    """The standing decision about an order."""
    return conversion(key, program).decisions.get(superseded_at=None)


def said(key: str = "1001", program=None) -> tuple:
    """The standing outcome of an order's conversion: state, reason and who is credited."""
    row = conversion(key, program)
    return row.state, row.reason, row.credited_person_id


def codes(key: str = "1001", program=None) -> list[str]:
    """What the trace says of each touch, in their order."""
    return [step["code"] for step in standing(key, program).trace["steps"] if step["what"] == "touch"]


def person_of(key: str = "1001"):
    """Whoever placed an order."""
    return Order.objects.get(key=key).customer.person
