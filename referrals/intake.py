"""The one way in for what shops tell: the fact, the touches that came along, and the conversions that they open."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from django.db import transaction

from customers import after_orders, facts, leads, orders
from customers.facts import Recorded
from customers.identities import recognise
from customers.leads import RecordedLead
from customers.models import Order
from customers.told import CustomerFact, DisputeFact, LeadFact, OrderFact, RefundFact
from customers.weighing import Result
from referrals import buyers, conversions, touches
from referrals.models import Conversion, Touch
from referrals.touches import Told

R = TypeVar("R", bound=Recorded[Order] | Recorded[Order | None] | RecordedLead)


@dataclass(frozen=True)
class Taken(Generic[R]):
    """What became of a fact, and the conversions that it is about, as they stand now."""

    recorded: R
    conversions: Sequence[Conversion]


@transaction.atomic
def take_order(fact: OrderFact, told: Told, at: datetime) -> Taken[Recorded[Order]]:
    """Keep an order and what came along with it, also when the order itself is known already or outdated.

    Raises UnknownSource, LiveTakesNoTests, InTheFuture, UnknownCurrency, ConflictingFact.
    """
    customer = buyers.known(fact.customer) if fact.customer else None
    about = buyers.left(fact.source, customer) if customer else set()
    recorded = orders.keep_order(replace(fact, customer=customer), at)
    order = recorded.order
    if order.customer:
        about.add(order.customer.person_id)
    if customer:
        # Also where the telling is outdated: what it says of its customer may be news.
        about.add(buyers.told(order, customer))
    kept: Sequence[Touch] = ()
    if contacts := touches.read(told, at):
        person = buyers.told(order, customer)
        kept = touches.keep(person, contacts, touched_at=fact.placed_at, at=at, order=order)
        about |= {person, buyers.make(order)}
    if recorded.result == Result.CREATED and order.customer and order.customer.is_newcomer:
        opened = conversions.open_first(order, kept, at)
        if opened is not None:
            return Taken(recorded, opened)
    if recorded.result == Result.UPDATED:
        about |= buyers.earlier(order)
    former = conversions.of(order) if recorded.result == Result.UPDATED else []
    conversions.open_for(about | {conversion.referred_person_id for conversion in former}, at)
    if former:
        conversions.follow(order, at)
    return Taken(recorded, conversions.of(order))


@transaction.atomic
def take_refund(fact: RefundFact, at: datetime) -> Taken[Recorded[Order | None]]:
    """Keep a refund; it adjusts what was earned and decides nothing anew.

    Raises UnknownSource, LiveTakesNoTests, InTheFuture, ConflictingFact.
    """
    recorded = after_orders.record_refund(fact, at)
    conversions.settle_soon(recorded.order, at)
    return Taken(recorded, conversions.of(recorded.order))


@transaction.atomic
def take_dispute(fact: DisputeFact, at: datetime) -> Taken[Recorded[Order | None]]:
    """Keep a dispute; it adjusts what was earned and decides nothing anew.

    Raises UnknownSource, LiveTakesNoTests, InTheFuture, ConflictingFact.
    """
    recorded = after_orders.record_dispute(fact, at)
    conversions.settle_soon(recorded.order, at)
    return Taken(recorded, conversions.of(recorded.order))


@transaction.atomic
def take_lead(fact: LeadFact, told: Told, at: datetime) -> Taken[RecordedLead]:
    """Keep a lead and what came along with it.

    Raises UnknownSource, LiveTakesNoTests, InTheFuture, ConflictingFact.
    """
    left = buyers.left(fact.source, fact.customer)
    recorded = leads.record_lead(replace(fact, customer=buyers.known(fact.customer)), at)
    person = recorded.lead.customer.person_id
    touches.keep(person, touches.read(told, at), touched_at=fact.at, at=at, lead=recorded.lead)
    conversions.open_for({person, *left}, at)
    return Taken(recorded, list(Conversion.objects.filter(lead=recorded.lead).order_by("pk")))


@transaction.atomic
def take_touches(
    source: str,
    customer: CustomerFact,
    told: Told,
    at: datetime,
    *,
    touched_at: datetime | None = None,
    is_shops_word: bool = True,
) -> None:
    """Keep contacts of a shop's customer, told without any order; where nothing can be believed, nobody is made.

    A code counts as typed at `touched_at`, or now. Where it is not the shop's own word, anybody may have sent it: then
    only the customer's id is taken of what is said about them, since an email would join a stranger's orders to whoever
    owns the address.
    Raises UnknownSource, LiveTakesNoTests, InTheFuture.
    """
    shop = facts.connected(source)
    facts.refuse_future(at, touched_at)
    if contacts := touches.read(told, at):
        believed = buyers.known(customer) if is_shops_word else CustomerFact(customer.key)
        left = buyers.left(source, believed)
        person = recognise(shop, believed, told_at=at, at=at).person_id
        touches.keep(person, contacts, touched_at=touched_at or at, at=at)
        conversions.open_for({person, *left}, at)
