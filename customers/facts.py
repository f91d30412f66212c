"""The shops' facts, taken in any order, twice or late: each is kept once, by the shop's own ids."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from customers.identities import fingerprint_hash, recognise
from customers.models import Capture, Customer, Dispute, Line, Order, OrderVersion, Refund, Source
from customers.told import CaptureFact, DisputeFact, LineFact, OrderFact, RefundFact
from customers.weighing import Result, Telling, later, weigh
from spine import events
from spine.inserts import insert_once
from spine.money import known
from spine.refusal import Refusal

# How far a shop's clock may run ahead of ours.
AHEAD = timedelta(minutes=5)
O = TypeVar("O", bound=Order | None, covariant=True)  # noqa: E741 - an order, or none yet
A = TypeVar("A", Refund, Dispute)


class UnknownSource(Refusal):
    """Facts came for a shop that is not connected."""

    code = "unknown_source"
    status = 422
    sentence = _("No shop is connected as %(source)s. Connect it first, or correct its name.")


class LiveTakesNoTests(Refusal):
    """A test's facts came to the live site."""

    code = "live_takes_no_tests"
    status = 422
    sentence = _("This is marked as a test, and the live site counts no tests. Send it to the sandbox.")


class InTheFuture(Refusal):
    """A fact is dated more than five minutes ahead."""

    code = "in_the_future"
    status = 422
    sentence = _("%(instant)s has not come yet. Check the clock of the shop.")


@dataclass(frozen=True)
class Recorded(Generic[O]):
    """What became of a fact, and of which revision the order is now; 0 while the order itself has not come."""

    order: O
    result: Result
    revision: int


@transaction.atomic
def record_order(fact: OrderFact, at: datetime) -> Recorded[Order]:
    """Keep an order with its captures and its customer.

    Raises UnknownSource, LiveTakesNoTests, InTheFuture, UnknownCurrency, ConflictingFact.
    """
    source = _source(fact.source, is_test=fact.is_test)
    first_order_at = fact.customer.first_order_at if fact.customer else None
    _refuse_future(at, fact.placed_at, fact.updated_at, first_order_at, *(told.at for told in fact.captures or ()))
    known(fact.currency)
    _take_turn(source, fact.key)
    customer = None
    if fact.customer:
        customer = recognise(source, fact.customer, told_at=fact.updated_at or fact.placed_at, at=at)
    order, result = _write_order(source, fact, customer, at)
    result = _write_captures(order, fact, result)
    if result in (Result.CREATED, Result.UPDATED):
        if result == Result.UPDATED:
            _raise_revision(order)
        _keep_version(order, at)
        _record_order_event(order, result, at)
    return Recorded(order, result, order.revision)


@transaction.atomic
def record_refund(fact: RefundFact, at: datetime) -> Recorded[Order | None]:
    """Keep a refund, before or after its order came.

    Raises UnknownSource, LiveTakesNoTests, InTheFuture, ConflictingFact.
    """
    source = _source(fact.source)
    _refuse_future(at, fact.at, fact.updated_at)
    lines = [{"id": line.key, "amount": line.amount} for line in sorted(fact.lines, key=lambda line: line.key)]
    refund = Refund(
        source=source, order_key=fact.order, key=fact.key, at=fact.at, shop_updated_at=fact.updated_at,
        recorded_at=at, amount=fact.amount, status=fact.status, lines=lines,
    )  # fmt: skip
    order, refund, result = _write_after(refund)
    if result in (Result.CREATED, Result.UPDATED):
        events.record(
            "refund.recorded",
            person=_person(order),
            subject=("refund", str(refund.public_id)),
            at=at,
            key=f"refund.recorded:{refund.public_id}:{refund.revision}",
            payload={**_of_order(order), "amount": refund.amount, "status": refund.status},
        )
    return Recorded(order, result, order.revision if order else 0)


@transaction.atomic
def record_dispute(fact: DisputeFact, at: datetime) -> Recorded[Order | None]:
    """Keep a dispute, before or after its order came.

    Raises UnknownSource, LiveTakesNoTests, InTheFuture, ConflictingFact.
    """
    source = _source(fact.source)
    _refuse_future(at, fact.at, fact.updated_at)
    dispute = Dispute(
        source=source, order_key=fact.order, key=fact.key, at=fact.at, shop_updated_at=fact.updated_at,
        recorded_at=at, status=fact.status,
    )  # fmt: skip
    order, dispute, result = _write_after(dispute)
    if result in (Result.CREATED, Result.UPDATED):
        events.record(
            "dispute.recorded",
            person=_person(order),
            subject=("dispute", str(dispute.public_id)),
            at=at,
            key=f"dispute.recorded:{dispute.public_id}:{dispute.revision}",
            payload={**_of_order(order), "status": dispute.status},
        )
    return Recorded(order, result, order.revision if order else 0)


def _source(key: str, *, is_test: bool = False) -> Source:
    source = Source.objects.filter(key=key).first()
    if source is None:
        raise UnknownSource(source=key[:50])
    if (is_test or source.is_test) and not settings.SANDBOX:
        raise LiveTakesNoTests
    return source


def _refuse_future(at: datetime, *instants: datetime | None) -> None:
    for instant in instants:
        if instant and instant > at + AHEAD:
            raise InTheFuture(instant=instant.isoformat())


def _take_turn(source: Source, order_key: str) -> None:
    """Wait until nobody else records facts of this order, which may not have a row that could be locked.

    Without it an order and its refund, coming at the same instant, would each not see the other. On SQLite the
    transaction is the lock.
    """
    if connection.vendor == "postgresql":
        digest = hashlib.sha256(f"order\0{source.pk}\0{order_key}".encode(errors="surrogatepass")).digest()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], "big", signed=True)])


def _write_order(source: Source, fact: OrderFact, customer: Customer | None, at: datetime) -> tuple[Order, Result]:
    order = Order(source=source, key=fact.key, recorded_at=at)
    _fill(order, fact, customer)
    if insert_once([order], key=["source", "key"]):
        _write_lines(order, fact)
        for kind in (Refund, Dispute):
            kind.objects.filter(source=source, order_key=fact.key, order=None).update(order=order)
        return order, Result.CREATED
    told = Telling((_head(order), tuple(sorted(_line_of(line) for line in fact.lines))), fact.updated_at)
    standing = _locked(source, fact.key)
    assert standing is not None, "the insert found it, and nobody deletes orders"
    order = standing
    lines = order.lines.values_list("key", "kind", "amount", "sku", "quantity")
    result = weigh(Telling((_head(order), tuple(sorted(lines))), order.shop_updated_at), told)
    if result == Result.UPDATED:
        _fill(order, fact, customer)
        order.lines.all().delete()
        order.save()
        _write_lines(order, fact)
    elif result == Result.DUPLICATE:
        _date(order, fact.updated_at)
    return order, result


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


def _line_of(fact: LineFact) -> tuple[str, str, int, str, int]:
    return fact.key, fact.kind, fact.amount, fact.sku, fact.quantity


def _write_lines(order: Order, fact: OrderFact) -> None:
    Line.objects.bulk_create(
        Line(order=order, key=line.key, kind=line.kind, amount=line.amount, sku=line.sku, quantity=line.quantity)
        for line in fact.lines
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
        _date(capture, updated_at)
    return result


def _date(row: Order | Capture | Refund | Dispute, updated_at: datetime | None) -> None:
    """Note that the shop said the same once more later, so that what it said in between is older."""
    if later(row.shop_updated_at, updated_at) != row.shop_updated_at:
        row.shop_updated_at = updated_at
        row.save(update_fields=["shop_updated_at"])


def _write_after(told: A) -> tuple[Order | None, A, Result]:
    """Keep what follows an order, join it to the order if that is there, and raise the order's revision."""
    assert told.source is not None
    _take_turn(told.source, told.order_key)
    order = _locked(told.source, told.order_key)
    told.order = order
    row, result = told, Result.CREATED
    if not insert_once([told], key=["source", "order_key", "key"]):
        row = type(told).objects.get(source=told.source, order_key=told.order_key, key=told.key)
        result = _correct(row, told)
    if order and result in (Result.CREATED, Result.UPDATED):
        _raise_revision(order)
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
        _date(row, told.shop_updated_at)
    return result


# How far a status has moved on: it never moves back.
_RANKS = {"pending": 0, "succeeded": 1, "failed": 2, "opened": 0, "won": 1, "lost": 1}


def _telling(row: Refund | Dispute) -> Telling:
    body: tuple[object, ...] = ()
    if isinstance(row, Refund):
        body = (row.amount, tuple((line["id"], line["amount"]) for line in row.lines))
    return Telling(body, row.shop_updated_at, (row.status, row.at), _RANKS[row.status])


def _locked(source: Source, key: str) -> Order | None:
    orders = Order.objects.select_related("customer").select_for_update(of=("self",))
    return orders.filter(source=source, key=key).first()


def _raise_revision(order: Order) -> None:
    order.revision += 1
    order.save(update_fields=["revision"])


def _keep_version(order: Order, at: datetime) -> None:
    document = {
        "currency": order.currency,
        "customer": order.customer_id,
        "placed_at": order.placed_at.isoformat(),
        "updated_at": order.shop_updated_at.isoformat() if order.shop_updated_at else None,
        "is_captured_in_full": order.is_captured_in_full,
        "payment_fingerprint": order.payment_fingerprint,
        "is_test": order.is_test,
        "lines": list(order.lines.order_by("key").values("key", "kind", "amount", "sku", "quantity")),
        "captures": [
            {"key": capture.key, "amount": capture.amount, "at": capture.at.isoformat()}
            for capture in order.captures.order_by("key")
        ],
    }
    OrderVersion.objects.create(order=order, revision=order.revision, document=document, recorded_at=at)


def _record_order_event(order: Order, result: Result, at: datetime) -> None:
    payload = {**_of_order(order), "currency": order.currency, "total": order.total(), "captured": order.captured()}
    subject = ("order", str(order.public_id))
    if result == Result.CREATED:
        key = f"order.recorded:{order.public_id}"
        events.record("order.recorded", person=_person(order), subject=subject, at=at, key=key, payload=payload)
    else:
        key = f"order.updated:{order.public_id}:{order.revision}"
        events.record("order.updated", person=_person(order), subject=subject, at=at, key=key, payload=payload)


def _of_order(order: Order | None) -> dict[str, Any]:
    return {"order": str(order.public_id) if order else None, "revision": order.revision if order else 0}


def _person(order: Order | None) -> UUID | None:
    return order.customer.person_id if order and order.customer else None
