"""Paying by hand: a work list for whoever makes the transfers at the bank, and noting what became of each."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from advocates import staff, suspending
from advocates.models import User
from rewards import people
from rewards.cash import details, hindrances
from rewards.cash.batches import SWEEP
from rewards.cash.notes import batch_subject, subject
from rewards.cash.payouts import OwnPayout
from rewards.fulfilment import Errand, Outcome
from rewards.models import Payout, PayoutBatch
from spine import audit
from spine.money import to_major
from spine.nudges import nudge
from spine.refusal import Refusal

PATH = "rewards.cash.by_hand.ByHand"


class NotByHand(Refusal):
    """Nobody waits for the staff to say what became of it."""

    code = "payout_not_by_hand"
    sentence = gettext_lazy("This payout doesn't wait to be paid by hand any more.")


class ByHand:
    """The provider that is the staff: what is sent stands on their work list, and they say what came of it."""

    again: timedelta | None = None

    def send(self, errand: Errand) -> Outcome:
        """The list is made of the payouts themselves, so there is nothing to do for it."""
        return Outcome("accepted")

    def look_up(self, errand: Errand) -> Outcome:
        """It stands on the list until somebody says more."""
        return Outcome("accepted")

    def cancel(self, errand: Errand) -> Outcome:
        """Whoever has not paid it yet leaves it."""
        return Outcome("accepted")


def head() -> list[str]:
    """The columns of the file for the bank."""
    return [_("Reference"), _("Account holder"), _("IBAN"), _("How to pay"), _("Amount"), _("Currency")]


@transaction.atomic
def work_list(batch: PayoutBatch, manager: User, at: datetime) -> list[list[object]]:
    """Whom to pay what and where, in clear; that somebody took it away is written down.

    Whoever can't be paid any more, such as somebody whose details have changed since, is not on it.
    """
    audit.record(staff.party(manager), "payout_batch.exported", batch_subject(batch), at=at)
    found = list(_waiting(batch).select_related("details"))
    hindered = hindrances.of(found, at)
    return [list(_row(payout)) for payout in found if payout.pk not in hindered]


@transaction.atomic
def mark_paid(payout: Payout, manager: User, at: datetime) -> None:
    """Note that somebody was paid. Raises NotByHand, OwnPayout."""
    _mark_paid(_lock(payout, manager), manager, at)


@transaction.atomic
def mark_failed(payout: Payout, manager: User, reason: str, at: datetime) -> None:
    """Note that somebody could not be paid, in words that they read. Raises NotByHand, OwnPayout, ReasonMissing."""
    if not reason.strip():
        raise suspending.ReasonMissing
    locked = _lock(payout, manager)
    _tell(locked, "failed", reason, at)
    audit.record(staff.party(manager), "payout.marked_failed", subject(locked), at=at, reason=reason)


@transaction.atomic
def mark_all_paid(batch: PayoutBatch, manager: User, at: datetime) -> tuple[int, int]:
    """Note that everybody on the list was paid; return how many, and how many were left for a closer look.

    Left are one's own, and those whom the list leaves out.
    """
    found = list(_waiting(batch).select_for_update())
    hindered = hindrances.of(found, at, manager)
    for payout in found:
        if payout.pk not in hindered:
            _mark_paid(payout, manager, at)
    return len(found) - len(hindered), len(hindered)


def is_waiting(batch: PayoutBatch) -> bool:
    """Whether anything of a batch waits to be paid by hand."""
    return _waiting(batch).exists()


def can_mark(payout: Payout) -> bool:
    """Whether the staff say what became of it."""
    return payout.provider == PATH and payout.state == Payout.State.SENT and not payout.outcome


def _mark_paid(payout: Payout, manager: User, at: datetime) -> None:
    _tell(payout, "arrived", "", at)
    audit.record(staff.party(manager), "payout.marked_paid", subject(payout), at=at)


def _tell(payout: Payout, outcome: str, reason: str, at: datetime) -> None:
    """Leave the outcome where that of any other provider is, for the sweep to book."""
    payout.outcome, payout.reason, payout.due_at = outcome, reason[:300], at
    payout.save(update_fields=["outcome", "reason", "due_at"])
    nudge(SWEEP)


def _lock(payout: Payout, manager: User) -> Payout:
    locked = Payout.objects.select_for_update().get(pk=payout.pk)
    if not can_mark(locked):
        raise NotByHand
    if people.own(manager, [locked.person_id]):
        raise OwnPayout
    return locked


def _waiting(batch: PayoutBatch) -> QuerySet[Payout]:
    return Payout.objects.filter(batch=batch, provider=PATH, state=Payout.State.SENT, outcome="").order_by("pk")


def _row(payout: Payout) -> Iterator[object]:
    assert payout.details is not None
    told = details.read(payout.details)
    is_iban = payout.details.kind == "iban"
    yield from (str(payout.public_id), told.holder, told.account if is_iban else "", "" if is_iban else told.account)
    yield from (to_major(payout.amount, payout.currency), payout.currency)
