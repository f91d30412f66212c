"""What the taking of every kind of fact shares: refusals, whose turn it is, and what became of it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, connection
from django.utils.translation import gettext_lazy as _

from customers.models import Order, Source
from customers.weighing import Result, later
from spine.idempotency import LOCK_NOT_AVAILABLE
from spine.refusal import Refusal

# How far a shop's clock may run ahead of ours.
AHEAD = timedelta(minutes=5)
O = TypeVar("O", bound=Order | None, covariant=True)  # noqa: E741 - an order, or none yet


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


class StillBeingTold(Refusal):
    """So much is being told of one order at once that somebody waited too long for their turn."""

    code = "still_being_told"
    status = 409
    sentence = _("Something else about this order is still being recorded. Send it again in a moment.")


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
    # Our own id of the fact.
    public_id: UUID


class Dated(Protocol):
    """A row that knows when its shop last changed it."""

    shop_updated_at: Any

    def save(self, *, update_fields: list[str]) -> None: ...


def connected(key: str, *, is_test: bool = False) -> Source:
    """The shop that is connected under this key. Raises UnknownSource, LiveTakesNoTests."""
    source = Source.objects.filter(key=key).first()
    if source is None:
        raise UnknownSource(source=key[:50])
    if (is_test or source.is_test) and not settings.SANDBOX:
        raise LiveTakesNoTests
    return source


def refuse_future(at: datetime, *instants: datetime | None) -> None:
    """Raises InTheFuture if any of the instants has not come yet."""
    for instant in instants:
        if instant and instant > at + AHEAD:
            raise InTheFuture(instant=instant.isoformat())


def take_turn(source: Source, order_key: str, *more: str) -> None:
    """Wait until nobody else records facts of this order, which may not have a row that could be locked.

    Without it an order and its refund, coming at the same instant, would each not see the other. On SQLite the
    transaction is the lock. Raises StillBeingTold.
    """
    wait(f"order\0{source.pk}\0{order_key}", *more)


def wait(*turns: str) -> None:
    """Wait until no other transaction has these turns, one after another, and hold them until ours ends.

    Raises StillBeingTold.
    """
    if connection.vendor != "postgresql" or not turns:
        return
    digests = [hashlib.sha256(turn.encode(errors="surrogatepass")).digest() for turn in turns]
    keys = [int.from_bytes(digest[:8], "big", signed=True) for digest in digests]
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(['pg_advisory_xact_lock(%s)'] * len(keys))}", keys)
    except OperationalError as waiting:
        if getattr(waiting.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            raise StillBeingTold(retry_after=1) from waiting
        raise


def locked(source: Source, key: str) -> Order | None:
    """The order, if the shop told of it, locked so that rows which point at it can still be written."""
    orders = Order.objects.select_related("customer").select_for_update(of=("self",), no_key=True)
    return orders.filter(source=source, key=key).first()


def raise_revision(order: Order) -> None:
    """Count one more accepted change of a locked order."""
    order.revision += 1
    order.save(update_fields=["revision"])


def date(row: Dated, updated_at: datetime | None) -> None:
    """Note that the shop said the same once more later, so that what it said in between is older."""
    if later(row.shop_updated_at, updated_at) != row.shop_updated_at:
        row.shop_updated_at = updated_at
        row.save(update_fields=["shop_updated_at"])


def of_order(order: Order | None) -> dict[str, Any]:
    """What every event of an order's facts says of the order."""
    return {"order": str(order.public_id) if order else None, "revision": order.revision if order else 0}


def person_of(order: Order | None) -> UUID | None:
    """Who ordered, if the shop said so."""
    return order.customer.person_id if order and order.customer else None
