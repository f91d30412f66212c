"""Paying: asking the provider for each payout of an approved batch, and booking what came of it.

Between any two steps the worker may be killed. That it is about to ask is written down before it asks; from then on it
looks up what became of the payout before it sends anything. What the provider answered is written down by itself, and
booked by another step together with the ledger, the event and the letter.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from django.db import transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from brand.mail import one_line
from rewards import lots
from rewards.cash import details, hindrances, letters
from rewards.cash.batches import put_back
from rewards.cash.hindrances import Hindrance
from rewards.cash.notes import MACHINE, note
from rewards.cash.payouts import give_back
from rewards.fulfilment import Errand, Outcome, Provider
from rewards.models import Payout
from spine import due

# What `look_up` says of a payout that never reached the provider.
UNHEARD = Outcome("failed", "unheard")


class Payer(Provider, Protocol):
    """A provider that pays cash."""

    # How often to ask what became of an accepted payout; None where people of the staff say it.
    again: timedelta | None


class StillUnknown(Exception):
    """The provider does not say whether it took the payout."""


def pay_due(at: datetime) -> int:
    """Ask the provider for a batch of what is due, and book what it answered; return how many rows were taken up."""
    return send_due(at) + book_due(at)


def send_due(at: datetime) -> int:
    """Send, or look up, what is due; return how many payouts were taken up."""
    under_way = [Payout.State.APPROVED, Payout.State.SENT, Payout.State.UNKNOWN]
    ready = Payout.objects.filter(state__in=under_way, outcome="")
    return due.deliver(ready, partial(_ask, at=at), at=at)


def book_due(at: datetime) -> int:
    """Book a batch of what providers or the staff said; return how many payouts were taken up."""
    return due.work(Payout.objects.exclude(outcome=""), book, at=at)


def book(payouts: Sequence[Payout], at: datetime) -> None:
    """Let the ledger, the events and the letters say what came of payouts that the caller holds."""
    lots.hold([payout.name for payout in payouts if payout.outcome != "accepted"])
    for payout in payouts:
        {"accepted": _accepted, "arrived": _arrived, "failed": _failed}[payout.outcome](payout, at)
    letters.ended([payout for payout in payouts if payout.ended_at], at)


def payer(path: str) -> Payer:
    """Whoever pays under this dotted path. Raises ImportError."""
    made: Payer = import_string(path)()
    return made


def _ask(payout: Payout, at: datetime) -> Mapping[str, Any]:
    """Ask the provider; the columns that its answer sets."""
    asked = payer(payout.provider)
    if payout.asked_at is None:
        answer = _send(asked, payout, at)
    else:
        answer = _call(payout, lambda: asked.look_up(_errand(payout)), at)
        if answer == UNHEARD and payout.state != Payout.State.SENT:
            answer = _send(asked, payout, at)
    if answer is None:
        return {}
    if answer.state == "accepted" and payout.state == Payout.State.SENT:
        return {"due_at": at + asked.again if asked.again else None}
    if answer.state == "unknown" or (answer == UNHEARD and payout.state == Payout.State.SENT):
        _doubt(payout, at)
        raise StillUnknown(answer.reason)
    return {"outcome": answer.state, "reason": one_line(answer.reason)[:300], "due_at": at}


def _send(asked: Payer, payout: Payout, at: datetime) -> Outcome | None:
    """Send it, unless something has come in the way; None where nothing was sent."""
    hindrance = hindrances.of([payout], at).get(payout.pk)
    if hindrance:
        with transaction.atomic():
            for held in _held(payout).select_for_update():
                (give_back if hindrance == Hindrance.GONE else put_back)(held, MACHINE, at)
        return None
    if not _held(payout).update(asked_at=at):
        return None
    return _call(payout, lambda: asked.send(_errand(payout)), at)


def _call(payout: Payout, call: Callable[[], Outcome], at: datetime) -> Outcome:
    try:
        return call()
    except Exception:
        _doubt(payout, at)
        raise


def _doubt(payout: Payout, at: datetime) -> None:
    """From now on nobody knows whether the provider took it, until it is looked up; what it took, it took."""
    with transaction.atomic():
        for doubted in _held(payout).select_for_update().filter(state=Payout.State.APPROVED):
            doubted.mark(Payout.State.UNKNOWN, at)
            note(MACHINE, "payout.unanswered", doubted, at)


def _held(payout: Payout) -> QuerySet[Payout]:
    """The payout, if its lease is still the one under which it was taken."""
    return Payout.objects.filter(pk=payout.pk, lease=payout.lease, ended_at=None)


def _errand(payout: Payout) -> Errand:
    assert payout.details is not None
    facts: dict[str, Any] = {"kind": payout.details.kind}
    if payout.details.sealed:
        told = details.read(payout.details)
        facts |= {"holder": told.holder, "account": told.account}
    return Errand(payout.key, str(payout.person_id), payout.unit, payout.amount, facts)


def _accepted(payout: Payout, at: datetime) -> None:
    again = payer(payout.provider).again
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
