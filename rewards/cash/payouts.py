"""Payouts: what somebody can ask for, asking for it, and withdrawing it as long as nobody has approved it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from advocates import staff, suspending
from advocates.models import User
from customers.models import Person
from rewards import ledger, lots, people
from rewards.cash import details, letters
from rewards.cash.notes import note
from rewards.models import Account, Payout, Reward
from spine import audit
from spine.money import MOST, Unit
from spine.refusal import Refusal


class NotCash(Refusal):
    """Something was to be paid out that is no cash."""

    code = "not_cash"
    status = 422
    sentence = _("Only cash is paid out. Credit and points are spent in the shop.")


class BelowThreshold(Refusal):
    """Less than is paid out at once."""

    code = "below_payout_threshold"
    sentence = _("This is less than we pay out at once. Let it grow a little, then ask again.")


class AlreadyRequested(Refusal):
    """A payout in this unit is under way."""

    code = "payout_already_requested"
    sentence = _("A payout is under way already. Ask again once it has arrived.")


class NotRequested(Refusal):
    """It was approved, paid or withdrawn in the meantime."""

    code = "payout_not_requested"
    sentence = _("This payout went on in the meantime, so it can't be withdrawn any more.")


class OwnPayout(Refusal):
    """Somebody was about to decide about cash of their own."""

    code = "own_payout"
    status = 403
    sentence = _("This would pay you. Ask somebody else on the staff to do it.")


@dataclass(frozen=True)
class Balance:
    """What one person has in one unit of cash, and the payout of it that is under way."""

    unit: str
    available: int
    on_hold: int
    owed: int
    open: Payout | None

    @property
    def currency(self) -> str:
        """The three letters of the unit."""
        return self.unit.removeprefix("cash:")

    @property
    def threshold(self) -> int:
        """From how much on it is paid out."""
        return least()

    @property
    def missing(self) -> int:
        """How much more it takes until something is paid out."""
        return max(0, least() - self.available)

    @property
    def is_payable(self) -> bool:
        """Whether a payout can be asked for now."""
        return self.open is None and self.available >= least()


def least() -> int:
    """The smallest payout, in minor units of whatever currency."""
    return max(1, settings.PAYOUT_THRESHOLD)


def balances(person: Person, at: datetime) -> list[Balance]:
    """The person's cash, by unit."""
    held = Account.objects.filter(person=person, unit__startswith="cash:").values_list("unit", "kind")
    sums = {(unit, kind): total for unit, kind, total in held.annotate(total=Sum("balance"))}
    lots_left = Reward.objects.filter(person=person, unit__startswith="cash:", available__gt=0)
    spendable = lots_left.exclude(expires_at__lte=at).values_list("unit").annotate(total=Sum("available"))
    available = dict(spendable.order_by("unit"))
    under_way = {payout.unit: payout for payout in Payout.objects.filter(person=person, ended_at=None)}
    return [
        Balance(
            unit, available.get(unit, 0), sums.get((unit, "on_hold"), 0), sums.get((unit, "owed"), 0),
            under_way.get(unit),
        )
        for unit in sorted({unit for unit, _kind in sums})
    ]  # fmt: skip


@transaction.atomic
def request(person: Person, unit: str, actor: audit.Party, at: datetime, amount: int | None = None) -> Payout:
    """Ask for cash to be paid out, all that is available unless an amount is named: it is taken until it is paid.

    Raises UnknownUnit, UnknownCurrency, NotCash, BadAmount, NoAdvocate, Suspended, NoDetails, BelowThreshold,
    InsufficientBalance, AlreadyRequested.
    """
    if Unit.parse(unit).kind != "cash":
        raise NotCash
    if amount is not None and (isinstance(amount, bool) or not 0 < amount <= MOST):
        raise ledger.BadAmount
    people.lock(person)
    if suspending.is_suspended(person.pk, at):
        raise suspending.Suspended
    if details.standing(person) is None:
        raise details.NoDetails
    amount = lots.available(person.pk, unit, at) if amount is None else amount
    payout = _open(person, unit, amount, at)
    lots.take(person.pk, unit, amount, payout.name, at)
    note(actor, "payout.requested", payout, at)
    return payout


@transaction.atomic
def cancel(payout: Payout, actor: audit.Party, at: datetime) -> Payout:
    """Withdraw what nobody has approved yet; it is available again. Raises NotRequested."""
    return _cancel(payout, actor, "", at)


@transaction.atomic
def decline(payout: Payout, manager: User, reason: str, at: datetime) -> Payout:
    """Say no to what was asked for, in words that the advocate reads. Raises NotRequested, OwnPayout, ReasonMissing."""
    if not reason.strip():
        raise suspending.ReasonMissing
    if people.own(manager, [payout.person_id]):
        raise OwnPayout
    declined = _cancel(payout, staff.party(manager), reason, at)
    letters.ended([declined], at)
    return declined


def cancel_all(persons: Collection[UUID], at: datetime) -> None:
    """Withdraw, in the caller's transaction, everything of these people that no provider can have heard of."""
    unheard = Payout.objects.filter(person__in=persons, state__in=["requested", "approved"], asked_at=None)
    for payout in unheard.order_by("pk").select_for_update():
        give_back(payout, ("system", "erasure"), at)


def give_back(payout: Payout, actor: audit.Party, at: datetime, reason: str = "") -> None:
    """Withdraw a payout of which no provider has heard; the caller holds its row."""
    lots.hold([payout.name])
    lots.give_back(payout.name, at)
    # Whoever has it leased finds that the number has moved on.
    fields = {"batch": None, "details": None, "reason": reason[:300], "due_at": None, "lease": payout.lease + 1}
    payout.mark(Payout.State.CANCELLED, at, **fields)
    note(actor, "payout.cancelled", payout, at, reason)


def _open(person: Person, unit: str, amount: int, at: datetime) -> Payout:
    payout = Payout(person=person, unit=unit, amount=amount, requested_at=at)
    payout.key = payout.name
    if Payout.objects.filter(person=person, unit=unit, ended_at=None).exists():
        raise AlreadyRequested
    if amount < least():
        raise BelowThreshold
    try:
        with transaction.atomic():
            payout.save(force_insert=True)
    except IntegrityError as taken:
        raise AlreadyRequested from taken
    return payout


def _cancel(payout: Payout, actor: audit.Party, reason: str, at: datetime) -> Payout:
    locked = Payout.objects.select_for_update().get(pk=payout.pk)
    if locked.state != Payout.State.REQUESTED:
        raise NotRequested
    give_back(locked, actor, at, reason)
    return locked
