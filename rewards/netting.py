"""Netting: what somebody owes is paid from what they earn next."""

from collections.abc import Iterable, Iterator, Sequence

from rewards.ledger import Move, Owner
from rewards.models import Reward, Transfer


def moves(released: Sequence[Reward]) -> list[Move]:
    """What of these rewards, just made available, pays for what their owners owe; the caller holds the accounts.

    One entry for each pair: the new reward's amount goes where the old one's had been spent, the debt is gone.
    """
    owners = {Owner.of(reward) for reward in released}
    owing = [reward for reward in _owing(owners) if Owner.of(reward) in owners]
    if not owing:
        return []
    spent = _spent(owing)
    held = {reward.pk: reward for reward in released}
    debts = {reward.pk: reward.owed for reward in owing}
    found: list[Move] = []
    for reward in released:
        left = reward.available
        for old in (held.get(each.pk, each) for each in owing if Owner.of(each) == Owner.of(reward)):
            part = min(debts[old.pk], left)
            if part:
                found += _pair(reward, old, spent[old.pk], part)
                debts[old.pk] -= part
                left -= part
    return found


def _pair(new: Reward, old: Reward, place: str, amount: int) -> Iterator[Move]:
    entry = f"net:{new.public_id}:{old.public_id}:{new.version}:{old.version}"
    yield Move(entry, "net", new, "available", place, amount)
    yield Move(entry, "net", old, "owed", "issued", amount)


def _owing(owners: Iterable[Owner]) -> list[Reward]:
    people = {owner.person for owner in owners}
    return list(Reward.objects.filter(person__in=people, owed__gt=0).order_by("pk")) if people else []


def _spent(owing: Sequence[Reward]) -> dict[int, str]:
    """Where each of these was spent, by the latest transfer that made it owed."""
    made = Transfer.objects.filter(reward__in=owing, act__in=["take_back", "correct"], target__kind="owed")
    return {row.reward_id: row.source.kind for row in made.select_related("source").order_by("pk")}
