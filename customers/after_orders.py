"""What follows an order, and may come before it: refunds and disputes."""

from datetime import datetime
from typing import TypeVar

from django.db import transaction

from customers import facts
from customers.facts import Recorded
from customers.models import Dispute, Order, Refund
from customers.told import DisputeFact, RefundFact
from customers.weighing import Result, Telling, weigh
from spine import events
from spine.inserts import insert_once

A = TypeVar("A", Refund, Dispute)
# How far a status has moved on: it never moves back.
_RANKS = {"pending": 0, "succeeded": 1, "failed": 2, "opened": 0, "won": 1, "lost": 1}


@transaction.atomic
def record_refund(fact: RefundFact, at: datetime) -> Recorded[Order | None]:
    """Keep a refund, before or after its order came.

    Raises UnknownSource, LiveTakesNoTests, InTheFuture, StillBeingTold, ConflictingFact.
    """
    source = facts.connected(fact.source)
    facts.refuse_future(at, fact.at, fact.updated_at)
    lines = [{"id": line.key, "amount": line.amount} for line in sorted(fact.lines, key=lambda line: line.key)]
    refund = Refund(
        source=source, order_key=fact.order, key=fact.key, at=fact.at, shop_updated_at=fact.updated_at,
        recorded_at=at, amount=fact.amount, status=fact.status, lines=lines,
    )  # fmt: skip
    order, refund, result = _write_after(refund)
    if result in (Result.CREATED, Result.UPDATED):
        events.record(
            "refund.recorded",
            person=facts.person_of(order),
            subject=("refund", str(refund.public_id)),
            at=at,
            key=f"refund.recorded:{refund.public_id}:{refund.revision}",
            payload={**facts.of_order(order), "amount": refund.amount, "status": refund.status},
        )
    return Recorded(order, result, order.revision if order else 0, refund.public_id)


@transaction.atomic
def record_dispute(fact: DisputeFact, at: datetime) -> Recorded[Order | None]:
    """Keep a dispute, before or after its order came.

    Raises UnknownSource, LiveTakesNoTests, InTheFuture, StillBeingTold, ConflictingFact.
    """
    source = facts.connected(fact.source)
    facts.refuse_future(at, fact.at, fact.updated_at)
    dispute = Dispute(
        source=source, order_key=fact.order, key=fact.key, at=fact.at, shop_updated_at=fact.updated_at,
        recorded_at=at, status=fact.status,
    )  # fmt: skip
    order, dispute, result = _write_after(dispute)
    if result in (Result.CREATED, Result.UPDATED):
        events.record(
            "dispute.recorded",
            person=facts.person_of(order),
            subject=("dispute", str(dispute.public_id)),
            at=at,
            key=f"dispute.recorded:{dispute.public_id}:{dispute.revision}",
            payload={**facts.of_order(order), "status": dispute.status},
        )
    return Recorded(order, result, order.revision if order else 0, dispute.public_id)


def _write_after(told: A) -> tuple[Order | None, A, Result]:
    """Keep what follows an order, join it to the order if that is there, and raise the order's revision."""
    assert told.source is not None
    facts.take_turn(told.source, told.order_key)
    order = facts.locked(told.source, told.order_key)
    told.order = order
    row, result = told, Result.CREATED
    if not insert_once([told], key=["source", "order_key", "key"]):
        row = type(told).objects.get(source=told.source, order_key=told.order_key, key=told.key)
        result = _correct(row, told)
    if order and result in (Result.CREATED, Result.UPDATED):
        facts.raise_revision(order)
    return order, row, result


def _correct(row: A, told: A) -> Result:
    result = weigh(_telling(row), _telling(told))
    if result == Result.UPDATED:
        row.at, row.status, row.shop_updated_at = told.at, told.status, told.shop_updated_at
        if isinstance(row, Refund) and isinstance(told, Refund):
            row.amount, row.lines = told.amount, told.lines
        row.revision += 1
        row.save()
    elif result == Result.DUPLICATE:
        facts.date(row, told.shop_updated_at)
    return result


def _telling(row: Refund | Dispute) -> Telling:
    body: tuple[object, ...] = ()
    if isinstance(row, Refund):
        body = (row.amount, tuple((line["id"], line["amount"]) for line in row.lines))
    return Telling(body, row.shop_updated_at, (row.status, row.at), _RANKS[row.status])
