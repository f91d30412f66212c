"""Batches: collecting what can be paid, having somebody else look at it, and letting it go."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from advocates import staff
from advocates.models import User
from rewards import people
from rewards.cash import hindrances
from rewards.cash.hindrances import Hindrance
from rewards.cash.notes import batch_subject, note
from rewards.cash.payouts import OwnPayout
from rewards.models import Payout, PayoutBatch
from spine import audit
from spine.nudges import nudge
from spine.refusal import Refusal
from spine.updates import update_rows

SWEEP = "rewards.pay"
PERMISSION = "rewards.make_payouts"
# One batch holds at most so many; what is left goes into the next one.
MOST = 1000


class NothingToPay(Refusal):
    """Nobody can be paid right now."""

    code = "nothing_to_pay"
    sentence = _("There is nothing that can be paid right now.")


class BatchClosed(Refusal):
    """Somebody else was quicker."""

    code = "payout_batch_closed"
    sentence = _("This batch was approved or dissolved in the meantime.")


class SecondPersonNeeded(Refusal):
    """Whoever made the batch may not let so much go alone."""

    code = "second_person_needed"
    status = 403
    sentence = _("You made this batch, and it is above what one person lets go alone. Ask somebody else to approve it.")


@dataclass(frozen=True)
class Preview:
    """What paying these payouts would do: who gets how much, and who is left out and why."""

    payable: Sequence[Payout]
    hindered: Sequence[tuple[Payout, Hindrance]]

    @property
    def people(self) -> int:
        """How many people are paid."""
        return len({payout.person_id for payout in self.payable})

    @property
    def sums(self) -> list[tuple[str, int]]:
        """How much is paid of each unit."""
        return sums(self.payable)

    @property
    def left_out(self) -> list[tuple[Hindrance, int]]:
        """How many are left out, by why."""
        return sorted(Counter(hindrance for _payout, hindrance in self.hindered).items())


def sums(payouts: Sequence[Payout]) -> list[tuple[str, int]]:
    """How much these payouts are together, by unit."""
    found: Counter[str] = Counter()
    for payout in payouts:
        found[payout.unit] += payout.amount
    return sorted(found.items())


def preview(manager: User, at: datetime) -> Preview:
    """What a batch that this person makes now would hold."""
    return _preview(_uncollected(), at, manager)


def preview_of(batch: PayoutBatch, at: datetime) -> Preview:
    """What approving this batch now would do."""
    return _preview(list(_requested(batch)), at)


@transaction.atomic
def make(manager: User, at: datetime) -> PayoutBatch:
    """Collect what can be paid. Raises NothingToPay."""
    found = _preview(_uncollected(lock=True), at, manager)
    if not found.payable:
        raise NothingToPay
    batch = PayoutBatch.objects.create(made_by=str(manager.public_id), made_at=at)
    standing = hindrances.standing_details({payout.person_id for payout in found.payable})
    for payout in found.payable:
        payout.batch, payout.details = batch, standing[payout.person_id]
    update_rows(found.payable, ["batch", "details"])
    audit.record(staff.party(manager), "payout_batch.made", batch_subject(batch), at=at)
    return batch


@transaction.atomic
def approve(batch: PayoutBatch, manager: User, at: datetime) -> Preview:
    """Let a batch go; whatever can't be paid any more is put back. Return what that was.

    Raises BatchClosed, OwnPayout, SecondPersonNeeded, NothingToPay.
    """
    locked = _lock(batch)
    found = _preview(list(_requested(locked).select_for_update()), at)
    if not found.payable:
        raise NothingToPay
    if people.own(manager, [payout.person_id for payout in found.payable]):
        raise OwnPayout
    if needs_another(locked, manager, found):
        raise SecondPersonNeeded
    for payout, _why in found.hindered:
        put_back(payout, staff.party(manager), at)
    locked.approved_at, locked.approved_by = at, str(manager.public_id)
    locked.save(update_fields=["approved_at", "approved_by"])
    audit.record(staff.party(manager), "payout_batch.approved", batch_subject(locked), at=at)
    for payout in found.payable:
        payout.mark(Payout.State.APPROVED, at, provider=settings.PAYOUT_PROVIDER, due_at=at)
        note(staff.party(manager), "payout.approved", payout, at)
    nudge(SWEEP)
    return found


@transaction.atomic
def dissolve(batch: PayoutBatch, manager: User, at: datetime) -> None:
    """Take a batch apart before it is approved; its payouts wait to be collected again. Raises BatchClosed."""
    locked = _lock(batch)
    # Locked one after the other: somebody may be withdrawing theirs.
    list(_requested(locked).select_for_update().values_list("pk"))
    _requested(locked).update(batch=None, details=None)
    locked.dissolved_at = at
    locked.save(update_fields=["dissolved_at"])
    audit.record(staff.party(manager), "payout_batch.dissolved", batch_subject(locked), at=at)


def put_back(payout: Payout, actor: audit.Party, at: datetime) -> None:
    """Let a payout that no provider has heard of wait to be collected again; the caller holds its row."""
    fields = {"batch": None, "details": None, "provider": "", "asked_at": None, "outcome": "", "due_at": None}
    payout.mark(Payout.State.REQUESTED, at, **fields)
    note(actor, "payout.put_back", payout, at)


def needs_another(batch: PayoutBatch, manager: User, found: Preview) -> bool:
    """Whether somebody else has to approve it: its maker lets no large sum go while there is somebody to look at it."""
    is_large = any(amount > settings.FOUR_EYES_ABOVE for _unit, amount in found.sums)
    is_maker = batch.made_by == str(manager.public_id)
    return is_large and is_maker and staff.who_may(PERMISSION).exclude(pk=manager.pk).exists()


def waits() -> list[QuerySet[Any]]:
    """The payouts that are asked for and in no batch, and the batches that wait for a yes."""
    uncollected = Payout.objects.filter(state=Payout.State.REQUESTED, batch=None)
    return [uncollected, PayoutBatch.objects.filter(approved_at=None, dissolved_at=None)]


def _preview(payouts: Sequence[Payout], at: datetime, manager: User | None = None) -> Preview:
    found = hindrances.of(payouts, at, manager)
    hindered = [(payout, found[payout.pk]) for payout in payouts if payout.pk in found]
    return Preview([payout for payout in payouts if payout.pk not in found], hindered)


def _uncollected(*, lock: bool = False) -> list[Payout]:
    found = Payout.objects.filter(state=Payout.State.REQUESTED, batch=None).order_by("requested_at", "pk")
    return list((found.select_for_update() if lock else found)[:MOST])


def _requested(batch: PayoutBatch) -> QuerySet[Payout]:
    return Payout.objects.filter(batch=batch, state=Payout.State.REQUESTED).order_by("pk")


def _lock(batch: PayoutBatch) -> PayoutBatch:
    locked = PayoutBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    if not locked.is_open:
        raise BatchClosed
    return locked
