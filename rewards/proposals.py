"""Proposals: giving a reward by hand, and correcting what was booked, as people of the staff decide.

Each is proposed with a reason. What is worth more than one person decides alone waits for a second one, as long as
there is one. Nobody decides about what is theirs. Nothing that was booked is changed: a correction is new transfers
that name what they correct.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from advocates import staff, suspending
from advocates.models import User
from customers import merging
from customers.models import Person
from rewards import booking, ledger, people, settling
from rewards.ledger import BadAmount, InsufficientBalance, Move, Owner, ReversesTooMuch
from rewards.models import Occasion, Plan, Proposal, Reward, Scheme, Transfer
from rewards.plans import PlanDocument
from spine import audit
from spine.money import MOST, Unit, proportion
from spine.nudges import nudge
from spine.refusal import Refusal
from spine.updates import update_rows

PERMISSION = "rewards.approve_rewards"
SWEEP = "rewards.release"
# What an occasion is that a person made.
BY_HAND = "by_hand"
# How long what is brought back can be used, where its plan says nothing.
REVIVED = timedelta(days=30)
# Where what is taken away is looked for: what was not used yet, first.
TAKEN_FROM = settling.TAKEN_FROM


class OwnReward(Refusal):
    """Somebody was about to decide about rewards of their own."""

    code = "own_reward"
    status = 403
    sentence = _("This would change what you have yourself. Ask somebody else on the staff to do it.")


class SecondPersonNeeded(Refusal):
    """Whoever proposed it may not do so much alone."""

    code = "second_person_needed"
    status = 403
    sentence = _("You proposed this, and it is above what one person does alone. Ask somebody else to agree.")


class AlreadyDecided(Refusal):
    """Somebody else was quicker."""

    code = "proposal_already_decided"
    sentence = _("Somebody decided about this in the meantime.")


@dataclass(frozen=True)
class Wanted:
    """What is proposed: an amount of a unit for a person under a scheme, or of a reward that there is."""

    kind: str
    amount: int
    reason: str
    # What whoever asks calls it; asking again under it does nothing more.
    token: str
    reward: Reward | None = None
    person: UUID | None = None
    scheme: Scheme | None = None
    unit: str = ""


@transaction.atomic
def propose(wanted: Wanted, manager: User, at: datetime) -> Proposal:
    """Do it, or where it is above what one person does alone, let it wait for a second one.

    Raises BadAmount, UnknownUnit, UnknownCurrency, ReasonMissing, OwnReward, InsufficientBalance, ReversesTooMuch.
    """
    if isinstance(wanted.amount, bool) or not 0 < wanted.amount <= MOST:
        raise BadAmount
    if not wanted.reason.strip():
        raise suspending.ReasonMissing
    proposal = _write(wanted, manager, at)
    if people.own(manager, [proposal.person_id]):
        raise OwnReward
    # Whether it can be done is said at once, also where it waits.
    _refuse(proposal, proposal.reward)
    if proposal.is_open and not needs_another(proposal, manager):
        _do(proposal, manager, at)
    return proposal


@transaction.atomic
def agree(proposal: Proposal, manager: User, at: datetime) -> Proposal:
    """Say yes to what somebody proposed, and do it.

    Raises AlreadyDecided, OwnReward, SecondPersonNeeded, InsufficientBalance, ReversesTooMuch.
    """
    locked = _lock(proposal, manager)
    if needs_another(locked, manager):
        raise SecondPersonNeeded
    _do(locked, manager, at)
    return locked


@transaction.atomic
def decline(proposal: Proposal, manager: User, at: datetime) -> Proposal:
    """Say no; nothing happens. Raises AlreadyDecided, OwnReward."""
    locked = _lock(proposal, manager)
    locked.declined_at, locked.decided_by = at, str(manager.public_id)
    locked.save(update_fields=["declined_at", "decided_by"])
    audit.record(staff.party(manager), "proposal.declined", _subject(locked), at=at)
    return locked


def needs_another(proposal: Proposal, manager: User) -> bool:
    """Whether somebody else has to agree: whoever proposed it does nothing large alone while there is a second one."""
    is_large = worth(proposal) > settings.FOUR_EYES_ABOVE
    is_maker = proposal.proposed_by == str(manager.public_id)
    return is_large and is_maker and staff.who_may(PERMISSION).exclude(pk=manager.pk).exists()


def worth(proposal: Proposal) -> int:
    """What it is worth in minor units of a currency; points by what the newest plan says."""
    if Unit.parse(proposal.unit).currency:
        return proposal.amount
    newest = Plan.objects.filter(scheme=proposal.scheme_id).order_by("-version").first()
    told = PlanDocument.read(newest.document).points_worth if newest else 100
    return proportion(told, proposal.amount, 100)


def waiting() -> QuerySet[Proposal]:
    """What waits for a second person."""
    return Proposal.objects.filter(done_at=None, declined_at=None)


def most(reward: Reward, kind: str) -> int:
    """Of how much of a reward that can be proposed now."""
    if kind == Proposal.Kind.TAKE_AWAY:
        return sum(int(getattr(reward, place)) for place, _to in TAKEN_FROM)
    return reward.expired if kind == Proposal.Kind.REVIVE else reward.owed


def _write(wanted: Wanted, manager: User, at: datetime) -> Proposal:
    reward = wanted.reward
    row = Proposal(
        token=wanted.token, kind=Proposal.Kind(wanted.kind), reward=reward, amount=wanted.amount,
        scheme=reward.scheme if reward else wanted.scheme, unit=reward.unit if reward else str(Unit.parse(wanted.unit)),
        person=Person(pk=reward.person_id if reward else wanted.person), reason=wanted.reason.strip()[:300],
        proposed_by=str(manager.public_id), proposed_at=at,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return Proposal.objects.select_related("reward", "scheme").get(token=wanted.token)
    audit.record(staff.party(manager), "proposal.made", _subject(row), at=at, reason=wanted.reason)
    return row


def _do(proposal: Proposal, manager: User, at: datetime) -> None:
    if proposal.kind == Proposal.Kind.AWARD:
        proposal.reward = _award(proposal, manager, at)
    else:
        _correct(proposal, manager, at)
    proposal.done_at, proposal.decided_by = at, str(manager.public_id)
    proposal.save(update_fields=["reward", "done_at", "decided_by"])
    audit.record(staff.party(manager), "proposal.done", _subject(proposal), at=at, reason=proposal.reason)


def _award(proposal: Proposal, manager: User, at: datetime) -> Reward:
    """Promise it; it is free as soon as the sweep comes by."""
    person = merging.heads([proposal.person_id])[proposal.person_id]
    occasion = Occasion.objects.create(
        kind=BY_HAND, subject=str(proposal.public_id), scheme=proposal.scheme, person_id=person, at=at,
        advocate_side="allow",
    )  # fmt: skip
    reward = Reward.objects.create(
        key=f"{occasion.public_id}:0:{BY_HAND}", occasion=occasion, scheme=proposal.scheme, side="advocate",
        person_id=person, unit=proposal.unit, amount=proposal.amount, reversed=proposal.amount,
        promised_at=at, hold_until=at, due_at=at, reason=proposal.reason,
    )  # fmt: skip
    book = ledger.hold([Owner.of(reward)])
    move = Move(f"promise:{reward.key}", "promise", reward, "issued", "on_hold", reward.amount)
    booking.book(book, [move], at, staff.party(manager))
    nudge(SWEEP)
    return reward


def _correct(proposal: Proposal, manager: User, at: datetime) -> None:
    """Book it, with the occasion, the accounts and the reward held in the order of all locks."""
    assert proposal.reward is not None, "a correction is of a reward"
    earned_by = Occasion.objects.select_for_update(no_key=True).get(pk=proposal.reward.occasion_id)
    book = ledger.hold([Owner.of(proposal.reward)])
    reward = Reward.objects.select_for_update().get(pk=proposal.reward.pk)
    _refuse(proposal, reward)
    booking.book(book, list(_moves(proposal, reward)), at, staff.party(manager))
    if proposal.kind == Proposal.Kind.TAKE_AWAY:
        reward.corrected += proposal.amount
    if proposal.kind == Proposal.Kind.REVIVE:
        reward.expires_at = at + (timedelta(days=reward.expiry_days) if reward.expiry_days else REVIVED)
        reward.warned_days = None
    reward.due_at = settling.next_look(earned_by, reward, at)
    update_rows([reward], ["corrected", "expires_at", "warned_days", "due_at"])
    proposal.reward = reward


def _moves(proposal: Proposal, reward: Reward) -> Iterator[Move]:
    entry = f"correct:{proposal.public_id}"
    if proposal.kind == Proposal.Kind.FORGIVE:
        yield Move(entry, "write_off", reward, "owed", "written_off", proposal.amount)
        return
    if proposal.kind == Proposal.Kind.REVIVE:
        left = proposal.amount
        for expiry in _of(reward, "expire"):
            part = min(expiry.amount - sum(back.amount for back in expiry.reversals.all()), left)
            if part > 0:
                yield Move(entry, "correct", reward, "expired", "available", part, reverses=expiry)
                left -= part
        return
    promise, left = _of(reward, "promise")[0], proposal.amount
    for source, target in TAKEN_FROM:
        part = min(getattr(reward, source), left)
        if part:
            yield Move(entry, "correct", reward, source, target, part, reverses=promise)
            left -= part


def _of(reward: Reward, act: str) -> list[Transfer]:
    return list(Transfer.objects.filter(reward=reward, act=act).prefetch_related("reversals").order_by("-pk"))


def _refuse(proposal: Proposal, reward: Reward | None) -> None:
    if reward is None or not proposal.is_open:
        return
    if proposal.amount > most(reward, proposal.kind):
        raise InsufficientBalance if proposal.kind != Proposal.Kind.TAKE_AWAY else ReversesTooMuch


def _lock(proposal: Proposal, manager: User) -> Proposal:
    held = Proposal.objects.select_related("reward", "scheme").select_for_update(of=("self",)).get(pk=proposal.pk)
    if not held.is_open:
        raise AlreadyDecided
    if people.own(manager, [held.person_id]):
        raise OwnReward
    return held


def _subject(proposal: Proposal) -> audit.Party:
    return ("proposal", str(proposal.public_id))
