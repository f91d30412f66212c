"""Lots: taking what somebody wants to spend out of their rewards, and what becomes of it."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from rewards import booking, ledger
from rewards.ledger import Act, BadAmount, InsufficientBalance, Move, Owner
from rewards.models import Occasion, Reward, Transfer
from spine import audit
from spine.money import MOST
from spine.refusal import Refusal


class NotTaken(Refusal):
    """Nothing was taken under this name, or what was taken has come back or arrived already."""

    code = "not_taken"
    sentence = _("Nothing of this is on its way any more.")


def available(person: UUID, unit: str, at: datetime) -> int:
    """What the person can spend of a unit at `at`, over all schemes."""
    lots = _lots(person, unit, at).values_list("available", flat=True)
    return sum(lots)


def take(
    person: UUID, unit: str, amount: int, name: str, at: datetime, *, actor: audit.Party = booking.SYSTEM
) -> list[Transfer]:
    """Put an amount on its way, in the caller's transaction, out of the lots that expire the soonest.

    `name` is the natural key of whatever it is spent on (`redemption:<id>`); taking under it again takes nothing.
    Raises BadAmount, InsufficientBalance.
    """
    if isinstance(amount, bool) or not 0 < amount <= MOST:
        raise BadAmount
    schemes = set(Reward.objects.filter(person=person, unit=unit).values_list("scheme", flat=True))
    book = ledger.hold(Owner(scheme, person, unit) for scheme in schemes)
    if Transfer.objects.filter(entry=f"{name}:taken").exists():
        return []
    moves, left = [], amount
    for lot in _lots(person, unit, at).order_by(F("expires_at").asc(nulls_last=True), "pk"):
        part = min(lot.available, left)
        moves.append(Move(f"{name}:taken", "redeem", lot, "available", "in_flight", part))
        left -= part
        if not left:
            return booking.book(book, moves, at, actor)
    raise InsufficientBalance


def hold(names: Iterable[str]) -> None:
    """Hold everything that was taken under these names, for the caller's transaction, in the order of all locks."""
    taken = Transfer.objects.filter(entry__in=[f"{name}:taken" for name in names])
    rewards = _read(set(taken.values_list("reward", flat=True)))
    occasions = Occasion.objects.filter(pk__in={reward.occasion_id for reward in rewards.values()})
    list(occasions.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    ledger.hold(Owner.of(reward) for reward in rewards.values())


def arrive(name: str, at: datetime, *, act: Act = "deliver", actor: audit.Party = booking.SYSTEM) -> list[Transfer]:
    """What was taken has arrived: it is redeemed, or with `act` "pay" paid out. Raises NotTaken."""
    return _end(name, act, "redeemed" if act == "deliver" else "paid", at, actor)


def give_back(name: str, at: datetime, *, actor: audit.Party = booking.SYSTEM) -> list[Transfer]:
    """What was taken comes back to where it was. Raises NotTaken."""
    return _end(name, "cancel", "available", at, actor)


def _end(name: str, act: Act, target: str, at: datetime, actor: audit.Party) -> list[Transfer]:
    """Move what was taken to where it ends: once, whatever is tried later. The caller holds what `hold` holds."""
    taken = list(Transfer.objects.filter(entry=f"{name}:taken").order_by("number"))
    rewards = _read({transfer.reward_id for transfer in taken})
    book = ledger.hold(Owner.of(reward) for reward in rewards.values())
    moves = [
        Move(f"{name}:ended", act, rewards[transfer.reward_id], "in_flight", target, transfer.amount)
        for transfer in taken
    ]
    ended = booking.book(book, moves, at, actor)
    if not ended:
        raise NotTaken
    _look_again(rewards.values(), at)
    return ended


def _look_again(held: Collection[Reward], at: datetime) -> None:
    """A refund may have waited for the outcome, and what came back may have expired on its way."""
    occasions = {reward.occasion_id for reward in held}
    Occasion.objects.filter(pk__in=occasions).update(due_at=at)
    late = [reward.pk for reward in held if reward.available and reward.expires_at and reward.expires_at <= at]
    Reward.objects.filter(pk__in=late).update(due_at=at)


def _read(keys: Iterable[int]) -> dict[int, Reward]:
    return {reward.pk: reward for reward in Reward.objects.filter(pk__in=list(keys)).order_by("pk")}


def _lots(person: UUID, unit: str, at: datetime) -> QuerySet[Reward]:
    lots = Reward.objects.filter(person=person, unit=unit, available__gt=0)
    return lots.exclude(expires_at__lte=at)
