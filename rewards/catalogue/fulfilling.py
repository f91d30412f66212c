"""Fulfilling: asking whoever hands it out for each redemption, and booking what came of it."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import prefetch_related_objects

from customers.models import Customer
from rewards import errands, lots
from rewards.catalogue import letters, redemptions
from rewards.catalogue.notes import MACHINE, note
from rewards.errands import Answering
from rewards.fulfilment import Errand, Outcome
from rewards.models import Redemption
from spine import due


def fulfil_due(at: datetime) -> int:
    """Ask for a batch of what is due, and book what was answered; return how many rows were taken up."""
    return send_due(at) + book_due(at)


def send_due(at: datetime) -> int:
    """Send, look up or call off what is due; return how many redemptions were taken up."""
    ready = Redemption.objects.filter(outcome="", ended_at=None)
    return due.deliver(ready, partial(errands.ask, desk=DESK, at=at), at=at)


def book_due(at: datetime) -> int:
    """Book a batch of what providers or the staff said; return how many redemptions were taken up."""
    return due.work(Redemption.objects.exclude(outcome=""), book, at=at)


def book(rows: Sequence[Redemption], at: datetime) -> None:
    """Let the ledger, the events and the letters say what came of redemptions that the caller holds."""
    prefetch_related_objects(rows, "item")
    redemptions.hold([row for row in rows if row.outcome != "accepted"])
    for row in rows:
        {"accepted": _accepted, "arrived": _arrived, "failed": _failed}[row.outcome](row, at)
    letters.ended([row for row in rows if row.ended_at], at)


def _errand(row: Redemption) -> Errand:
    """What the provider is told; whom it is for, by the ids that their shops know."""
    known = Customer.objects.filter(person=row.person_id).order_by("pk").values_list("source__key", "key")[:20]
    facts = {
        "item": str(row.item.public_id),
        "kind": row.item.kind,
        "pool": row.item.pool_id,
        "value": row.value,
        "currency": row.currency,
        "customers": [{"source": source, "id": key} for source, key in known],
    }
    return Errand(row.key, str(row.person_id), row.unit, row.amount, facts)


def _is_clear(row: Redemption, at: datetime) -> bool:
    """Whether nobody wants it called off; where somebody does, it ends here, never sent."""
    if row.call_off_at is None:
        return True
    with transaction.atomic():
        for held in errands.held(row).select_for_update(of=("self",)):
            redemptions.hold([held])
            redemptions.give_back(held, Redemption.State.CANCELLED, MACHINE, at)
    return False


def _doubted(row: Redemption, at: datetime) -> None:
    note(MACHINE, "redemption.unanswered", row, at)


def _look_up(asked: Answering, row: Redemption, errand: Errand) -> Outcome:
    return asked.cancel(errand) if row.call_off_at else asked.look_up(errand)


def _accepted(row: Redemption, at: datetime) -> None:
    again = errands.provider(row.provider).again
    row.due_at = at + again if again else None
    row.mark(Redemption.State.SENT, at, outcome="")
    note(MACHINE, "redemption.sent", row, at)


def _arrived(row: Redemption, at: datetime) -> None:
    lots.arrive(row.name, at)
    row.mark(Redemption.State.ARRIVED, at, outcome="", reason="")
    note(MACHINE, "redemption.arrived", row, at)


def _failed(row: Redemption, at: datetime) -> None:
    state = Redemption.State.CANCELLED if row.call_off_at else Redemption.State.FAILED
    redemptions.give_back(row, state, MACHINE, at)


DESK = errands.Desk(errand=_errand, is_clear=_is_clear, doubted=_doubted, look_up=_look_up)
