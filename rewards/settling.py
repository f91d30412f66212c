"""Settling: what refunds, disputes and withdrawals take back of what was promised, and give back when they are undone.

What is due follows from all facts of an occasion as they stand; only the difference to what is booked is booked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from customers import counting
from rewards import booking, promising
from rewards.ledger import Act, Book, Move
from rewards.models import AccountKind, Grant, Occasion, Reward, Transfer
from rewards.plans import PlanDocument
from spine.inserts import insert_once
from spine.updates import update_rows

# Where what is taken back is looked for, in this order, and where it goes. What is in flight waits for its outcome.
TAKEN_FROM = (
    ("on_hold", "issued"), ("available", "issued"), ("expired", "issued"), ("redeemed", "owed"), ("paid", "owed")
)  # fmt: skip


def settle(
    occasions: Sequence[Occasion],
    rewards: Mapping[int, Sequence[Reward]],
    grants: Mapping[int, Sequence[Grant]],
    plans: Mapping[int, PlanDocument],
    book: Book,
    at: datetime,
) -> None:
    """Book what is due of the rewards of these occasions, and revoke grants; the caller holds accounts and occasions.

    Rewards are looked at again by the sweep that releases and expires them.
    """
    every = [(occasion, reward) for occasion in occasions for reward in rewards[occasion.pk]]
    differences = {reward.pk: due(occasion, reward) - reward.taken_back for occasion, reward in every}
    promises, backs = _named([pk for pk, difference in differences.items() if difference])
    moves: list[Move] = []
    for occasion in occasions:
        plan = plans.get(occasion.plan_id or 0)
        for reward in rewards[occasion.pk]:
            difference = differences[reward.pk]
            if difference > 0:
                moves += _take(occasion, reward, difference, promises.get(reward.pk), plan)
            elif difference < 0:
                moves += _give(occasion, reward, -difference, backs.get(reward.pk, ()), at)
            if occasion.is_disputed and difference <= 0 and reward.available:
                moves.append(_move(reward, "freeze", "freeze", "available", "on_hold", reward.available))
    booking.book(book, moves, at)
    _schedule(occasions, rewards, at)
    _revoke(occasions, grants, at)


def due(occasion: Occasion, reward: Reward | Grant) -> int:
    """How much of a reward should have been taken back by now, of which nothing ever is more than all."""
    amount = reward.amount if isinstance(reward, Reward) else 1
    if reward.withdrawn_at or occasion.is_lost:
        return amount
    if isinstance(reward, Grant) and occasion.refunded < occasion.counted:
        return 0
    corrected = reward.corrected if isinstance(reward, Reward) else 0
    rest = amount - corrected
    share = counting.proportional(rest, occasion.refunded, occasion.counted, cancelled=occasion.is_cancelled)
    return corrected + min(rest, share)


def why(occasion: Occasion, reward: Reward) -> str:
    """What takes back, in one word, as entries are named."""
    if reward.withdrawn_at:
        return "refused" if reward.refused_at else "withdraw"
    return "lost" if occasion.is_lost else "refund"


def _take(
    occasion: Occasion, reward: Reward, amount: int, promise: Transfer | None, plan: PlanDocument | None
) -> Iterator[Move]:
    """Take an amount back, from what was not used yet first."""
    entry = f"{why(occasion, reward)}:{reward.public_id}:{occasion.revision}:{reward.version}"
    left, owed = amount, 0
    for source, target in TAKEN_FROM:
        part = min(getattr(reward, source), left)
        if part:
            yield Move(entry, "take_back", reward, source, target, part, reverses=promise)
            left -= part
            owed += part if target == "owed" else 0
    if owed and plan and plan.owed == "write_off":
        yield Move(entry, "write_off", reward, "owed", "written_off", owed)


def _give(occasion: Occasion, reward: Reward, amount: int, backs: Iterable[Transfer], at: datetime) -> Iterator[Move]:
    """Give back what was taken back, the latest first, each time naming what is reversed.

    What was owed is spent again; what was not, or what a later reward has paid for since, comes back to its owner.
    """
    entry = f"restore:{reward.public_id}:{occasion.revision}:{reward.version}"
    open_again = "available" if reward.released_at and not occasion.is_disputed else "on_hold"
    places = {"owed": reward.owed, "written_off": reward.written_off, "issued": reward.reversed}
    left = amount
    for back in backs:
        room = min(back.amount - sum(each.amount for each in back.reversals.all()), left)
        for place in ("owed", "written_off", "issued"):
            part = min(places[place], room)
            if part:
                spent = _spent(back)
                target = open_again if place == "issued" else spent
                yield Move(entry, "give_back", reward, place, target, part, reverses=back)
                places[place] -= part
                room -= part
                left -= part


def _spent(back: Transfer) -> str:
    """Where what is owed had been spent: as the transfer that took it back says."""
    return back.source.kind if back.source.kind in ("redeemed", "paid") else AccountKind.REDEEMED.value


def _named(rewards: Sequence[int]) -> tuple[dict[int, Transfer], dict[int, list[Transfer]]]:
    """Of each of these rewards the transfer that promised it, and those that took back, the latest first."""
    found = Transfer.objects.filter(reward__in=rewards, act__in=["promise", "take_back"])
    promises: dict[int, Transfer] = {}
    backs: dict[int, list[Transfer]] = {}
    for row in found.select_related("source").prefetch_related("reversals").order_by("-pk"):
        if row.act == "promise":
            promises[row.reward_id] = row
        else:
            backs.setdefault(row.reward_id, []).append(row)
    return promises, backs


def _move(reward: Reward, act: Act, word: str, source: str, target: str, amount: int) -> Move:
    return Move(f"{word}:{reward.public_id}:{reward.version}", act, reward, source, target, amount)


def _schedule(occasions: Sequence[Occasion], rewards: Mapping[int, Sequence[Reward]], at: datetime) -> None:
    """When each reward is looked at next, where that is new."""
    changed = []
    for occasion in occasions:
        for reward in rewards[occasion.pk]:
            due_at = None if reward.dead_at else next_look(occasion, reward, at)
            if due_at != reward.due_at:
                reward.due_at = due_at
                changed.append(reward)
    update_rows(changed, ["due_at"])


def next_look(occasion: Occasion, reward: Reward, at: datetime) -> datetime | None:
    """When a reward may be released or expires; None while only a person or a bank can move it on."""
    waits = occasion.is_disputed or (reward.needs_approval and not reward.approved_at)
    if reward.on_hold and not waits:
        return max(reward.hold_until, at)
    return reward.expires_at if reward.available else None


def _revoke(occasions: Sequence[Occasion], grants: Mapping[int, Sequence[Grant]], at: datetime) -> None:
    """Take grants back that nobody sent yet, and sent ones where their clawback says so and everything went back."""
    revoked, restored = [], []
    for occasion in occasions:
        for grant in grants[occasion.pk]:
            is_due = bool(due(occasion, grant))
            keeps = grant.sent_at is not None and (grant.withdrawn_at or grant.clawback == Grant.Clawback.KEEP)
            if is_due and not keeps and not grant.revoked_at:
                grant.revoked_at, grant.state, grant.due_at = at, Grant.State.REVOKED, None
                grant.ready_at = None
                grant.version += 1
                revoked.append(grant)
            elif not is_due and grant.revoked_at and not grant.sent_at:
                grant.revoked_at, grant.state, grant.due_at = None, Grant.State.PROMISED, max(grant.hold_until, at)
                grant.version += 1
                restored.append(grant)
    update_rows([*revoked, *restored], ["revoked_at", "ready_at", "state", "version", "due_at"])
    insert_once([promising.grant_event("grant.revoked", grant, at) for grant in revoked], key=["key"])
