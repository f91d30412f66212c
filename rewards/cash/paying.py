"""Paying: asking the provider for each payout of an approved batch, and booking what came of it."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from rewards import errands, lots
from rewards.cash import details, hindrances, letters
from rewards.cash.batches import put_back
from rewards.cash.hindrances import Hindrance
from rewards.cash.notes import MACHINE, note
from rewards.cash.payouts import give_back
from rewards.fulfilment import Errand
from rewards.models import Payout
from spine import due


def pay_due(at: datetime) -> int:
    """Ask the provider for a batch of what is due, and book what it answered; return how many rows were taken up."""
    return send_due(at) + book_due(at)


def send_due(at: datetime) -> int:
    """Send, or look up, what is due; return how many payouts were taken up."""
    under_way = [Payout.State.APPROVED, Payout.State.SENT, Payout.State.UNKNOWN]
    ready = Payout.objects.filter(state__in=under_way, outcome="")
    return due.deliver(ready, partial(errands.ask, desk=DESK, at=at), at=at)


def book_due(at: datetime) -> int:
    """Book a batch of what providers or the staff said; return how many payouts were taken up."""
    return due.work(Payout.objects.exclude(outcome=""), book, at=at)


def book(payouts: Sequence[Payout], at: datetime) -> None:
    """Let the ledger, the events and the letters say what came of payouts that the caller holds."""
    lots.hold([payout.name for payout in payouts if payout.outcome != "accepted"])
    for payout in payouts:
        {"accepted": _accepted, "arrived": _arrived, "failed": _failed}[payout.outcome](payout, at)
    letters.ended([payout for payout in payouts if payout.ended_at], at)


def _is_clear(payout: Payout, at: datetime) -> bool:
    """Whether nothing stands in its way; what does sends it back to be collected again, or to its owner."""
    hindrance = hindrances.of([payout], at).get(payout.pk)
    if hindrance:
        with transaction.atomic():
            for held in errands.held(payout).select_for_update():
                (give_back if hindrance == Hindrance.GONE else put_back)(held, MACHINE, at)
    return hindrance is None


def _errand(payout: Payout) -> Errand:
    assert payout.details is not None
    facts: dict[str, Any] = {"kind": payout.details.kind}
    if payout.details.sealed:
        told = details.read(payout.details)
        facts |= {"holder": told.holder, "account": told.account}
    return Errand(payout.key, str(payout.person_id), payout.unit, payout.amount, facts)


def _accepted(payout: Payout, at: datetime) -> None:
    again = errands.provider(payout.provider).again
    payout.due_at = at + again if again else None
    payout.mark(Payout.State.SENT, at, outcome="")
    note(MACHINE, "payout.sent", payout, at)


def _arrived(payout: Payout, at: datetime) -> None:
    lots.arrive(payout.name, at, act="pay")
    payout.mark(Payout.State.PAID, at, outcome="", reason="")
    note(MACHINE, "payout.paid", payout, at)


def _failed(payout: Payout, at: datetime) -> None:
    lots.give_back(payout.name, at)
    payout.mark(Payout.State.FAILED, at, outcome="")
    note(MACHINE, "payout.failed", payout, at, payout.reason)


def _doubted(payout: Payout, at: datetime) -> None:
    note(MACHINE, "payout.unanswered", payout, at)


DESK = errands.Desk(errand=_errand, is_clear=_is_clear, doubted=_doubted)
