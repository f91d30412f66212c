"""Errands: asking a provider to hand something out, so that it is handed out once, whatever is killed or lost.

That a provider is about to be asked is written down before it is asked; from then on what became of the errand is
looked up before anything is sent. What the provider answered is written down by itself, and booked by another step
together with the ledger, the event and the letter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from brand.mail import one_line
from rewards.fulfilment import Errand, Outcome, Provider
from rewards.models.errand import ErrandRow

# What `look_up` says of an errand that never reached the provider.
UNHEARD = Outcome("failed", "unheard")
SENT, UNKNOWN = "sent", "unknown"
R = TypeVar("R", bound=ErrandRow)


class Answering(Provider, Protocol):
    """A provider that says when it wants to be asked again."""

    # How often to ask what became of an accepted errand; None where people of the staff say it.
    again: timedelta | None


class StillUnknown(Exception):
    """The provider does not say whether it took the errand."""


@dataclass(frozen=True)
class Desk(Generic[R]):
    """How errands of one kind are run."""

    errand: Callable[[R], Errand]
    # What becomes of one that can't be sent now, in a transaction of its own; True where it was not in the way.
    is_clear: Callable[[R, datetime], bool]
    # Writes down that nobody knows whether the provider took it, of a row that is held.
    doubted: Callable[[R, datetime], None]
    # What is asked of one that the provider may know.
    look_up: Callable[[Answering, R, Errand], Outcome] = lambda asked, _row, errand: asked.look_up(errand)


def provider(path: str) -> Answering:
    """Whoever hands out under this dotted path. Raises ImportError."""
    made: Answering = import_string(path)()
    return made


def ask(row: R, desk: Desk[R], at: datetime) -> Mapping[str, Any]:
    """Send or look up one leased errand; the columns that the answer sets. Raises StillUnknown, and what fails."""
    asked = provider(row.provider)
    if row.asked_at is None:
        answer = _send(asked, row, desk, at)
    else:
        answer = _call(row, desk, lambda: desk.look_up(asked, row, desk.errand(row)), at)
        if answer == UNHEARD and row.state != SENT:
            answer = _send(asked, row, desk, at)
    if answer is None:
        return {}
    if answer.state == "accepted" and row.state == SENT:
        return {"due_at": at + asked.again if asked.again else None}
    if answer.state == "unknown" or (answer == UNHEARD and row.state == SENT):
        _doubt(row, desk, at)
        raise StillUnknown(answer.reason)
    return {
        "outcome": answer.state,
        "reason": one_line(answer.reason)[:300],
        "result": one_line(answer.result)[:200],
        "due_at": at,
    }


def held(row: R) -> QuerySet[R]:
    """The errand, if its lease is still the one under which it was taken."""
    return type(row)._base_manager.filter(pk=row.pk, lease=row.lease, ended_at=None)


def _send(asked: Answering, row: R, desk: Desk[R], at: datetime) -> Outcome | None:
    """Send it, unless something has come in the way; None where nothing was sent."""
    if not desk.is_clear(row, at) or not held(row).update(asked_at=at):
        return None
    return _call(row, desk, lambda: asked.send(desk.errand(row)), at)


def _call(row: R, desk: Desk[R], call: Callable[[], Outcome], at: datetime) -> Outcome:
    try:
        return call()
    except Exception:
        _doubt(row, desk, at)
        raise


def _doubt(row: R, desk: Desk[R], at: datetime) -> None:
    """From now on nobody knows whether the provider took it, until it is looked up; what it took, it took."""
    with transaction.atomic():
        for doubted in held(row).select_for_update().exclude(state__in=[SENT, UNKNOWN]):
            doubted.mark(UNKNOWN, at)
            desk.doubted(doubted, at)
