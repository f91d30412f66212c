"""What customers did before: their earlier orders and leads, as dated facts, under all of their records."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from customers.models import Capture, Lead, Order
from referrals.decide.inputs import Fact, PastOrder


@dataclass(frozen=True)
class Placed:
    """One order with the dates of its money."""

    at: datetime
    key: tuple[int, str]
    # Instants and amounts.
    collected: tuple[tuple[datetime, int], ...]

    def seen_at(self, at: datetime) -> PastOrder:
        """The order as it stood at that instant."""
        return PastOrder(self.at, is_paid=sum(amount for when, amount in self.collected if when <= at) > 0)


class History:
    """The orders and leads of some customer records."""

    def __init__(self, customers: Collection[int]) -> None:
        self.orders: dict[int, list[Placed]] = defaultdict(list)
        self.leads: dict[int, list[Lead]] = defaultdict(list)
        told = Order.objects.filter(customer__in=customers)
        collected: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
        in_full = told.filter(is_captured_in_full=True).annotate(sum_of_lines=Sum("lines__amount", default=0))
        for order, at, total in in_full.values_list("pk", "placed_at", "sum_of_lines"):
            collected[order].append((at, total))
        parts = Capture.objects.filter(order__in=told.filter(is_captured_in_full=False))
        for order, at, amount in parts.values_list("order", "at", "amount"):
            collected[order].append((at, amount))
        for order, customer, at, source, key in told.values_list("pk", "customer", "placed_at", "source", "key"):
            assert customer is not None, "they were found by it"
            self.orders[customer].append(Placed(at, (source, key), tuple(collected[order])))
        for lead in Lead.objects.filter(customer__in=customers).order_by("at", "pk"):
            self.leads[lead.customer_id].append(lead)

    def orders_before(self, fact: Fact, customers: Collection[int]) -> tuple[PastOrder, ...]:
        """The orders of these records that stand before the fact."""
        earlier = [order for customer in customers for order in self.orders[customer]]
        return tuple(order.seen_at(fact.at) for order in earlier if (order.at, order.key) < fact.place)

    def goal_reached_before(self, fact: Fact, customers: Collection[int]) -> datetime | None:
        """When these records reached a lead's goal before."""
        earlier = [lead for customer in customers for lead in self.leads[customer] if lead.goal == fact.goal]
        reached = [lead.at for lead in earlier if (lead.at, (lead.source_id, lead.key)) < fact.place]
        return min(reached, default=None)


def fact_of(order: Order | None, lead: Lead | None) -> Fact:
    """What a conversion was reached by. Reads the order's lines and captures."""
    if lead:
        return Fact("lead", lead.at, (lead.source_id, lead.key), goal=lead.goal)
    assert order is not None, "a conversion has one fact"
    return Fact(
        "order",
        order.placed_at,
        (order.source_id, order.key),
        lines=tuple((line.kind, line.amount) for line in order.lines.all()),
        captured=sum(amount for _at, amount in collected(order)),
        currency=order.currency,
        revision=order.revision,
    )


def collected(order: Order) -> list[tuple[datetime, int]]:
    """The order's money as instants and amounts. Reads its lines and captures."""
    if order.is_captured_in_full:
        return [(order.placed_at, sum(line.amount for line in order.lines.all()))]
    return [(capture.at, capture.amount) for capture in order.captures.all()]
