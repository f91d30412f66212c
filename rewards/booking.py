"""Booking: posting moves to the ledger, and writing down in the same transaction who moved what."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rewards.ledger import Book, Move
from rewards.models import Reward, Transfer
from spine import audit
from spine.inserts import insert_once
from spine.models import Event

SYSTEM: audit.Party = ("system", "rewards")
# How events and the audit call each act.
TOLD = {
    "promise": "reward.promised",
    "release": "reward.available",
    "freeze": "reward.frozen",
    "redeem": "reward.taken",
    "deliver": "reward.redeemed",
    "pay": "reward.paid",
    "cancel": "reward.returned",
    "take_back": "reward.reversed",
    "give_back": "reward.restored",
    "net": "reward.netted",
    "write_off": "reward.written_off",
    "expire": "reward.expired",
    "merge": "reward.merged",
    "correct": "reward.corrected",
}
BATCH = 500


def book(book: Book, moves: Sequence[Move], at: datetime, actor: audit.Party = SYSTEM) -> list[Transfer]:
    """Post the moves, with an event and an audit entry for each act on each reward; return what was written.

    Raises BadAmount, InsufficientBalance, and then nothing is written.
    """
    made = book.post(moves, at)
    rewards = {move.reward.pk: move.reward for move in moves}
    acts: dict[tuple[int, str], list[Transfer]] = {}
    for row in made:
        acts.setdefault((row.reward_id, row.act), []).append(row)
    told = [_event(rewards[pk], act, rows, at) for (pk, act), rows in acts.items()]
    for start in range(0, len(told), BATCH):
        insert_once(told[start : start + BATCH], key=["key"])
    audit.record_events(actor, told)
    return made


def facts(reward: Reward) -> dict[str, Any]:
    """What events say of a reward: ids and amounts, and where the amount is now."""
    return {
        "version": reward.version,
        "scheme": reward.scheme_id,
        "occasion": reward.occasion_id,
        "side": reward.side,
        "unit": reward.unit,
        "amount": reward.amount,
        "state": reward.state,
        "on_hold": reward.on_hold,
        "available": reward.available,
        "owed": reward.owed,
        "reversed": reward.reversed,
        "written_off": reward.written_off,
        "hold_until": reward.hold_until.isoformat(),
        "expires_at": reward.expires_at.isoformat() if reward.expires_at else None,
    }


def _event(reward: Reward, act: str, rows: Sequence[Transfer], at: datetime) -> Event:
    name, subject = TOLD[act], str(reward.public_id)
    moved = {"moved": sum(row.amount for row in rows), "entry": rows[-1].entry}
    return Event(
        name=name, person=reward.person_id, subject_kind="reward", subject_id=subject, at=at,
        key=f"{name}:{subject}:{reward.version}", payload={**facts(reward), **moved},
    )  # fmt: skip
