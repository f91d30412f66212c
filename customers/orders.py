"""Orders as shops tell them: each is kept once, with its captures and its customer, at a revision."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from customers import facts
from customers.facts import Recorded
from customers.identities import fingerprint_hash, mailbox, recognise
from customers.models import Capture, Customer, Dispute, Line, Order, OrderVersion, Refund, Source
from customers.told import CaptureFact, LineFact, OrderFact
from customers.weighing import Result, Telling, weigh
from spine import events
from spine.inserts import insert_once
from spine.money import known
from spine.refusal import Refusal


class UnknownOrder(Refusal):
    """No such order was told."""

    code = "unknown_order"
    status = 404
    sentence = _("%(source)s has told of no order %(order)s.")


def find(source: str, key: str) -> Order:
    """The order that a shop told under its own id, with its shop and its customer. Raises UnknownOrder."""
    orders = Order.objects.select_related("source", "customer")
    order = orders.filter(source__key=source, key=key).first()
    if order is None:
        raise UnknownOrder(source=source[:50], order=key[:255])
    return order


@transaction.atomic
def record_order(fact: OrderFact, at: datetime) -> Recorded[Order]:
    """Keep an order in a transaction of its own. Raises what `keep_order` raises."""
    return keep_order(fact, at)


def keep_order(fact: OrderFact, at: datetime) -> Recorded[Order]:
    """Keep an order with its captures and its customer, in the caller's transaction.

    Raises UnknownSource, LiveTakesNoTests, InTheFuture, UnknownCurrency, StillBeingTold,
    ConflictingFact.
    """
    source = facts.connected(fact.source, is_test=fact.is_test)
    first_order_at = fact.customer.first_order_at if fact.customer else None
    facts.refuse_future(at, fact.placed_at, fact.updated_at, first_order_at, *(told.at for told in fact.captures or ()))
    known(fact.currency)
    facts.take_turn(source, fact.key, *mailbox(fact.customer))
    customer = None
    if fact.customer:
        told_at = fact.updated_at or fact.placed_at
        customer = recognise(source, fact.customer, told_at=told_at, at=at, has_turn=True)
    order, result = _write_order(source, fact, customer, at)
    result = _write_captures(order, fact, result)
    if result in (Result.CREATED, Result.UPDATED):
        if result == Result.UPDATED:
            facts.raise_revision(order)
        lines, captures = _rows(order, fact, result)
        _keep_version(order, lines, captures, at)
        _record_order_event(order, lines, captures, result, at)
    return Recorded(order, result, order.revision, order.public_id)


def _write_order(source: Source, fact: OrderFact, customer: Customer | None, at: datetime) -> tuple[Order, Result]:
    order = Order(source=source, key=fact.key, recorded_at=at)
    _fill(order, fact, customer)
    if insert_once([order], key=["source", "key"]):
        _write_lines(order, fact)
        if _was_followed(order):
            for kind in (Refund, Dispute):
                kind.objects.filter(source=source, order_key=fact.key, order=None).update(order=order)
        return order, Result.CREATED
    told = Telling((_head(order), tuple(sorted(_line_of(line) for line in fact.lines))), fact.updated_at)
    standing = facts.locked(source, fact.key)
    assert standing is not None, "the insert found it, and nobody deletes orders"
    order = standing
    lines = order.lines.values_list(*_LINE)
    result = weigh(Telling((_head(order), tuple(sorted(lines))), order.shop_updated_at), told)
    if result == Result.UPDATED:
        _fill(order, fact, customer)
        order.lines.all().delete()
        order.save()
        _write_lines(order, fact)
    elif result == Result.DUPLICATE:
        facts.date(order, fact.updated_at)
    return order, result


def _was_followed(order: Order) -> bool:
    """Whether a refund or a dispute came before the order: one question for both."""
    waits = [
        f"EXISTS (SELECT 1 FROM {kind._meta.db_table} WHERE source_id = %s AND order_key = %s AND order_id IS NULL)"  # noqa: S608
        for kind in (Refund, Dispute)
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {' OR '.join(waits)}", [order.source_id, order.key] * 2)
        return bool(cursor.fetchone()[0])


def _fill(order: Order, fact: OrderFact, customer: Customer | None) -> None:
    order.customer = customer
    order.currency, order.placed_at, order.shop_updated_at = fact.currency, fact.placed_at, fact.updated_at
    order.is_captured_in_full = fact.captures is None
    order.payment_fingerprint, order.is_test = fingerprint_hash(fact.payment_fingerprint), fact.is_test


def _head(order: Order) -> tuple[object, ...]:
    """What an order says of itself, besides its lines."""
    return (
        order.customer_id, order.currency, order.placed_at, order.is_captured_in_full,
        order.payment_fingerprint, order.is_test,
    )  # fmt: skip


_LINE = ("key", "kind", "amount", "sku", "quantity")


def _line_of(fact: LineFact) -> tuple[str, str, int, str, int]:
    return fact.key, fact.kind, fact.amount, fact.sku, fact.quantity


def _write_lines(order: Order, fact: OrderFact) -> None:
    insert_once(
        [
            Line(order=order, key=line.key, kind=line.kind, amount=line.amount, sku=line.sku, quantity=line.quantity)
            for line in fact.lines
        ],
        key=["order", "key"],
    )


def _write_captures(order: Order, fact: OrderFact, result: Result) -> Result:
    """Keep the captures that the order names, and say what became of all of it."""
    results = {result}
    for told in fact.captures or ():
        became = _write_capture(order, told, fact.updated_at)
        results.add(Result.UPDATED if became == Result.CREATED else became)
    weight = [Result.CREATED, Result.UPDATED, Result.STALE, Result.DUPLICATE]
    return min(results, key=weight.index)


def _write_capture(order: Order, told: CaptureFact, updated_at: datetime | None) -> Result:
    capture = Capture(order=order, key=told.key, amount=told.amount, at=told.at, shop_updated_at=updated_at)
    if insert_once([capture], key=["order", "key"]):
        return Result.CREATED
    capture = Capture.objects.get(order=order, key=told.key)
    result = weigh(
        Telling((capture.amount, capture.at), capture.shop_updated_at), Telling((told.amount, told.at), updated_at)
    )
    if result == Result.UPDATED:
        capture.amount, capture.at, capture.shop_updated_at = told.amount, told.at, updated_at
        capture.save()
    elif result == Result.DUPLICATE:
        facts.date(capture, updated_at)
    return result


def _rows(order: Order, fact: OrderFact, result: Result) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The order's lines and captures as they stand now; those of a new order are what was told."""
    if result == Result.CREATED:
        lines: list[dict[str, Any]] = [dict(zip(_LINE, _line_of(line), strict=True)) for line in fact.lines]
        captures: list[dict[str, Any]] = [
            {"key": told.key, "amount": told.amount, "at": told.at} for told in fact.captures or ()
        ]
    else:
        lines = [dict(row) for row in order.lines.values(*_LINE)]
        captures = [dict(row) for row in order.captures.values("key", "amount", "at")]
    lines.sort(key=lambda line: line["key"])
    captures.sort(key=lambda capture: capture["key"])
    return lines, [{**capture, "at": capture["at"].isoformat()} for capture in captures]


def _keep_version(order: Order, lines: list[dict[str, Any]], captures: list[dict[str, Any]], at: datetime) -> None:
    document = {
        "currency": order.currency,
        "customer": order.customer_id,
        "placed_at": order.placed_at.isoformat(),
        "updated_at": order.shop_updated_at.isoformat() if order.shop_updated_at else None,
        "is_captured_in_full": order.is_captured_in_full,
        "payment_fingerprint": order.payment_fingerprint,
        "is_test": order.is_test,
        "lines": lines,
        "captures": captures,
    }
    version = OrderVersion(order=order, revision=order.revision, document=document, recorded_at=at)
    insert_once([version], key=["order", "revision"])


def _record_order_event(
    order: Order, lines: list[dict[str, Any]], captures: list[dict[str, Any]], result: Result, at: datetime
) -> None:
    total = sum(line["amount"] for line in lines)
    captured = total if order.is_captured_in_full else sum(capture["amount"] for capture in captures)
    payload = {**facts.of_order(order), "currency": order.currency, "total": total, "captured": captured}
    subject = ("order", str(order.public_id))
    if result == Result.CREATED:
        key = f"order.recorded:{order.public_id}"
        events.record("order.recorded", person=facts.person_of(order), subject=subject, at=at, key=key, payload=payload)
    else:
        key = f"order.updated:{order.public_id}:{order.revision}"
        events.record("order.updated", person=facts.person_of(order), subject=subject, at=at, key=key, payload=payload)
