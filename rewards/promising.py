"""Promising: rewards and grants for what occasions earn, and withdrawing what they no longer do."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from rewards import booking
from rewards.asking import Asking
from rewards.awarding import Answer, Earned
from rewards.ledger import Book, Move
from rewards.models import Grant, Occasion, Reward
from spine.inserts import insert_once
from spine.models import Event
from spine.updates import update_rows

BATCH = 500


def stand(
    asking: Asking, answer: Answer, rewards: list[Reward], grants: list[Grant], at: datetime
) -> Iterator[Reward | Grant]:
    """Let what is earned stand: what was promised for it already, or new rows, unsaved, put into the lists.

    What no longer stands is withdrawn. A reward is the same while its rule, person, unit and amount are. Gives the
    rows, of those that were there, which say something else now.
    """
    occasion, kept = asking.occasion, set()
    for earned in answer.earned:
        rows: Sequence[Reward | Grant] = rewards if earned.unit else grants
        same = [row for row in rows if _is_same(row, earned, occasion.coupon)]
        if same:
            best = min(same, key=lambda each: (each.withdrawn_at is not None, each.pk or 0))
            kept.add(id(best))
            # What the staff refused stays refused, whatever is decided anew.
            if _takes(best, best.refused_at, earned.worth):
                yield best
        elif earned.unit:
            rewards.append(_reward(occasion, earned, _key(occasion, earned, rewards), at))
            kept.add(id(rewards[-1]))
        else:
            grants.append(_grant(occasion, earned, _key(occasion, earned, grants), at))
            kept.add(id(grants[-1]))
    standing: Sequence[Reward | Grant] = (*rewards, *grants)
    for row in standing:
        if row.rule and id(row) not in kept and asking.is_open(row.side) and not row.withdrawn_at:
            row.withdrawn_at = at
            yield row


def write(
    rewards: Mapping[int, list[Reward]],
    grants: Mapping[int, list[Grant]],
    changed: Sequence[Reward | Grant],
    book: Book,
    at: datetime,
) -> None:
    """Save what is new, with the transfers that promise it, and what changed of the rows that were there."""
    update_rows([row for row in changed if isinstance(row, Reward)], ["withdrawn_at"])
    update_rows([row for row in changed if isinstance(row, Grant)], ["withdrawn_at", "cost"])
    all_rewards = [reward for rows in rewards.values() for reward in rows]
    fresh = [reward for reward in all_rewards if reward.pk is None]
    for start in range(0, len(fresh), BATCH):
        insert_once(fresh[start : start + BATCH], key=["key"])
    moves = [Move(f"promise:{each.key}", "promise", each, "issued", "on_hold", each.amount) for each in fresh]
    booking.book(book, moves, at)
    given = [grant for rows in grants.values() for grant in rows if grant.pk is None]
    insert_once(given, key=["key"])
    insert_once([_promised(grant, at) for grant in given], key=["key"])


def _takes(row: Reward | Grant, withdrawn_at: datetime | None, worth: int) -> bool:
    """Take over what holds of it now; whether that is anything new."""
    is_new = row.withdrawn_at != withdrawn_at
    row.withdrawn_at = withdrawn_at
    if isinstance(row, Grant):
        is_new, row.cost = is_new or row.cost != worth, worth
    return is_new


def _is_same(row: Reward | Grant, earned: Earned, coupon: str) -> bool:
    same = row.rule == earned.rule and row.person_id == earned.person
    if isinstance(row, Reward):
        return same and (row.unit, row.amount) == (earned.unit, earned.amount)
    return same and row.kind == earned.benefit.kind and (earned.benefit.when != "before" or row.code == coupon)


def _key(occasion: Occasion, earned: Earned, rows: Sequence[Reward | Grant]) -> str:
    """The promise's natural key; where one decision promised it before with another amount, numbered."""
    stem = f"{occasion.public_id}:{occasion.number}:{earned.rule}"
    again = sum(row.key == stem or row.key.startswith(f"{stem}:") for row in rows)
    return f"{stem}:{again + 1}" if again else stem


def _reward(occasion: Occasion, earned: Earned, key: str, at: datetime) -> Reward:
    benefit = earned.benefit
    return Reward(
        key=key, occasion=occasion, scheme_id=occasion.scheme_id, plan_id=occasion.plan_id, rule=earned.rule,
        side=earned.side, person_id=earned.person, unit=earned.unit, amount=earned.amount, reversed=earned.amount,
        worth=earned.worth, promised_at=at, hold_until=earned.hold_until, expiry_days=benefit.expiry_days,
        needs_approval=benefit.needs_approval, due_at=None if benefit.needs_approval else earned.hold_until,
    )  # fmt: skip


def _grant(occasion: Occasion, earned: Earned, key: str, at: datetime) -> Grant:
    benefit = earned.benefit
    assert occasion.plan_id is not None, "what is earned is earned under a plan"
    grant = Grant(
        key=key, occasion=occasion, scheme_id=occasion.scheme_id, plan_id=occasion.plan_id, rule=earned.rule,
        side=earned.side, person_id=earned.person, kind=benefit.kind, cost=earned.worth, clawback=benefit.clawback,
        promised_at=at, hold_until=earned.hold_until, needs_approval=benefit.needs_approval,
        due_at=None if benefit.needs_approval else earned.hold_until,
    )  # fmt: skip
    if benefit.when == "before":
        # They had it before they ordered: nothing waits, and nothing is sent.
        grant.state, grant.sent_at, grant.code = Grant.State.SENT, earned.hold_until, occasion.coupon
        grant.needs_approval, grant.due_at = False, None
    return grant


def _promised(grant: Grant, at: datetime) -> Event:
    return grant_event("grant.used" if grant.sent_at else "grant.promised", grant, at)


def grant_event(name: str, grant: Grant, at: datetime) -> Event:
    """What events say of a grant: ids, kinds and amounts."""
    subject = str(grant.public_id)
    return Event(
        name=name, person=grant.person_id, subject_kind="grant", subject_id=subject, at=at,
        key=f"{name}:{subject}:{grant.version}",
        payload={
            "version": grant.version, "scheme": grant.scheme_id, "occasion": grant.occasion_id, "side": grant.side,
            "kind": grant.kind, "cost": grant.cost, "state": grant.state,
        },
    )  # fmt: skip
