"""Reading: what shops delivered becomes facts, each taken once through the one way in."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from customers import facts, privacy
from customers.facts import StillBeingTold
from customers.models import Customer, Refund, Source
from customers.told import CustomerFact, DisputeFact
from customers.weighing import ConflictingFact
from integrations.models import Delivery
from integrations.vendors import VENDORS
from integrations.vendors.base import BadBody, Came, Fact, LeadTold, OrderTold, Parsed, PrivacyTold, RefundTold
from referrals import intake
from spine import due
from spine.refusal import Refusal

# What a message of a shape that nobody foresaw makes fail: it is kept, and no worker dies of it.
GARBLED = (BadBody, LookupError, TypeError, ValueError, ArithmeticError, AttributeError)
# What tells that a message was missed which a shop was asked for.
NEWS = frozenset({"created", "updated", "asked"})
Became = dict[str, Any]


def read_due(at: datetime) -> int:
    """Read a batch of what is waiting; return how many messages were taken in hand."""
    return due.deliver(Delivery.objects.all(), partial(read, at=at), at=at, batch=200)


def read(delivery: Delivery, at: datetime) -> Mapping[str, Any]:
    """Take the facts of one message, each in a transaction of its own; the columns that this sets.

    Taking them again changes nothing. Raises StillBeingTold.
    """
    source = delivery.connection.source
    try:
        parsed = VENDORS[delivery.connection.vendor].parse(bytes(delivery.body), delivery.topic, source.key)
    except GARBLED as garbled:
        return {"state": Delivery.State.UNREADABLE, "reason": type(garbled).__name__.lower()[:40], "taken_at": at}
    became = [_take(fact, parsed, source, at) for fact in parsed.facts]
    is_missed = delivery.is_pulled and any(each["result"] in NEWS for each in became)
    refused = next((each["result"] for each in became if each["is_refused"]), "")
    state = Delivery.State.TAKEN if became else Delivery.State.IGNORED
    return {
        "state": Delivery.State.REFUSED if refused else state,
        "reason": refused[:40],
        "became": became,
        "is_missed": is_missed or delivery.is_missed,
        "customer_key": parsed.customer or next(filter(None, map(_whose, parsed.facts)), ""),
        "taken_at": at,
    }


def _take(fact: Fact, parsed: Parsed, source: Source, at: datetime) -> Became:
    """Take one fact, and say what became of it; what is refused stops none of the others."""
    what, key = _name(fact)
    try:
        facts.connected(source.key, is_test=parsed.is_test)
        result, is_refused = _result(fact, source, at), False
    except StillBeingTold:
        raise
    except Refusal as refusal:
        result, is_refused = refusal.code, True
    return {"what": what, "id": key, "result": result, "is_refused": is_refused}


def _whose(fact: Fact) -> str:
    """The shop's id of the customer that a fact names; empty where it names none."""
    told = fact.fact if isinstance(fact, OrderTold | LeadTold) else fact
    customer = getattr(told, "customer", None)
    return customer.key if isinstance(customer, CustomerFact) else ""


def _name(fact: Fact) -> tuple[str, str]:
    """What a fact is, and the shop's id of the order, the lead or the customer that it is about."""
    if isinstance(fact, OrderTold):
        return "order", fact.fact.key
    if isinstance(fact, RefundTold):
        return "refund", fact.fact.order
    if isinstance(fact, DisputeFact):
        return "dispute", fact.order
    if isinstance(fact, LeadTold):
        return "lead", fact.fact.key
    return ("contact", fact.customer.key) if isinstance(fact, Came) else ("privacy", fact.customer)


def _result(fact: Fact, source: Source, at: datetime) -> str:
    """Raises what intake raises."""
    if isinstance(fact, OrderTold):
        return _order(fact, at)
    if isinstance(fact, RefundTold):
        return _refund(fact, at)
    if isinstance(fact, DisputeFact):
        return str(intake.take_dispute(fact, at).recorded.result)
    if isinstance(fact, LeadTold):
        return str(intake.take_lead(fact.fact, fact.told, at).recorded.result)
    if isinstance(fact, Came):
        intake.take_touches(source.key, fact.customer, fact.told, at, touched_at=fact.at)
        return "taken"
    return _ask_privacy(fact, source, at)


def _order(told: OrderTold, at: datetime) -> str:
    try:
        return str(intake.take_order(told.fact, told.told, at).recorded.result)
    except ConflictingFact:
        if not told.is_vague:
            raise
        # Somebody who knows more has told of the same money.
        return "known"


def _refund(told: RefundTold, at: datetime) -> str:
    try:
        return str(intake.take_refund(told.fact, at).recorded.result)
    except ConflictingFact:
        same = {"source__key": told.fact.source, "order_key": told.fact.order, "key": told.fact.key}
        if not (told.is_undated and Refund.objects.filter(**same, amount=told.fact.amount).exists()):
            raise
        return "known"


@transaction.atomic
def _ask_privacy(told: PrivacyTold, source: Source, at: datetime) -> str:
    """One request for a customer; for a whole shop, one for each that it ever had."""
    theirs = Customer.objects.filter(source=source).select_related("person")
    named: Iterable[Customer] = theirs.filter(key=told.customer) if told.customer else theirs.order_by("pk").iterator()
    asked = [privacy.request(customer.person, told.kind, at) for customer in named]
    return "asked" if asked else "nobody"
