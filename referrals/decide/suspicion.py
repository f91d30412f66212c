"""Gathering the evidence of signals: what a batch knows of credits, circles and means of payment."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db.models import F, Q

from customers.models import Order
from referrals.decide.acquaintance import Known
from referrals.decide.circles import Referrers
from referrals.decide.inputs import Fact, Signal
from referrals.decide.signals import VELOCITY_SPAN, Evidence, read
from referrals.decide.velocity import Credits
from referrals.models import Conversion, Touch

BY_CODE = (Touch.Kind.CODE, Touch.Kind.COUPON)


class Suspicion:
    """What is known against crediting some advocates for some customers, and what the batch itself credits."""

    def __init__(
        self,
        known: Mapping[UUID, Known],
        advocates: Collection[UUID],
        customers: Collection[UUID],
        facts: Mapping[int, Fact],
        orders: Iterable[Order],
    ) -> None:
        self.known = known
        self.referrers = Referrers({each: known[each] for each in advocates}, customers)
        self.paid = _paid({order.payment_fingerprint for order in orders} - {""}, known, advocates)
        # Credits outside this batch, and those of this batch as they stand now.
        self.credits = Credits()
        spans = _spans(fact.at for fact in facts.values())
        credited = Conversion.objects.filter(spans, credited_person__in=advocates).exclude(
            referred_person__in=customers
        )
        standing = credited.filter(decisions__number=F("number"))
        for person, at, kind, link in standing.values_list(
            "credited_person", "occurred_at", "decisions__touch__kind", "decisions__touch__link"
        ):
            self.credits.add(person, at, link if kind in BY_CODE else None)
        self.referred: dict[UUID, dict[int, tuple[UUID, datetime]]] = defaultdict(dict)

    def note(self, conversion: int, customer: UUID, credited: UUID | None, at: datetime, by_code: int | None) -> None:
        """Let a conversion of the batch be credited to somebody, or to nobody any more."""
        self.credits.remove(conversion)
        self.referred[customer].pop(conversion, None)
        if credited:
            self.credits.add(credited, at, by_code, conversion)
            self.referred[customer][conversion] = (credited, at)

    def signals(
        self, conversion: Conversion, fact: Fact, customer: UUID, advocate: UUID, link: int
    ) -> tuple[Signal, ...]:
        """The signals against crediting the advocate for this conversion, by that link."""
        here, there = self.known[advocate], self.known[customer]
        count = partial(self.credits.count, advocate, fact.at - VELOCITY_SPAN, fact.at, besides=conversion.pk)
        return read(
            Evidence(
                customer_addresses=there.addresses,
                customer_mailboxes=there.mailboxes,
                advocate_addresses=here.addresses,
                advocate_mailboxes=here.mailboxes,
                customer_keys={(each.source_id, each.key) for each in there.customers if each.person_id in there.same},
                advocate_keys={(each.source_id, each.key) for each in here.customers},
                same_fingerprint=self._same_fingerprint(conversion.order, here, fact.at),
                domain=_domain(conversion),
                credited=count(),
                credited_by_code=count(by_code=link),
                cycle=self.referrers.cycle(advocate, customer, fact.at, self.referred),
            )
        )

    def _same_fingerprint(self, order: Order | None, advocate: Known, before: datetime) -> str:
        if order is None or not order.payment_fingerprint:
            return ""
        records = {customer.pk for customer in advocate.customers}
        found = (paid for paid in self.paid[order.payment_fingerprint] if paid.customer_id in records)
        return next((str(paid.public_id) for paid in found if paid.placed_at < before), "")


def _paid(
    fingerprints: Collection[str], known: Mapping[UUID, Known], advocates: Collection[UUID]
) -> dict[str, list[Order]]:
    """The orders of these advocates by the same means of payment, the first one first."""
    found: dict[str, list[Order]] = defaultdict(list)
    records = {customer.pk for advocate in advocates for customer in known[advocate].customers}
    told = Order.objects.filter(payment_fingerprint__in=fingerprints, customer__in=records).order_by("placed_at", "pk")
    for order in told if fingerprints else ():
        found[order.payment_fingerprint].append(order)
    return found


def _spans(instants: Iterable[datetime]) -> Q:
    """The times in which credits are counted, those that overlap taken together."""
    spans: list[tuple[datetime, datetime]] = []
    for at in sorted(instants):
        since = at - VELOCITY_SPAN
        if spans and since <= spans[-1][1]:
            since = spans.pop()[0]
        spans.append((since, at))
    found = Q(pk__in=[])
    for since, until in spans:
        found |= Q(occurred_at__gte=since, occurred_at__lt=until)
    return found


def _domain(conversion: Conversion) -> str:
    told = conversion.order or conversion.lead
    return told.customer.email.rpartition("@")[2] if told and told.customer else ""
