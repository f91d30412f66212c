"""Releasing and expiring: what becomes of rewards as time passes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from rewards import booking, ledger, netting, occasions, settling
from rewards.ledger import Act, Book, Move, Owner
from rewards.models import Occasion, Reward
from spine import audit, due
from spine.refusal import Refusal
from spine.updates import update_rows

BATCH = 200
# News of the order come before its reward is released.
SOON = timedelta(seconds=5)


class NothingOnHold(Refusal):
    """Nothing of the reward waits any more."""

    code = "nothing_on_hold"
    sentence = _("Nothing of this waits any more: it was released, or taken back.")


class UnderDispute(Refusal):
    """A bank is asked for the order's money back."""

    code = "under_dispute"
    sentence = _("The buyer's bank is looking at this order. What it earned waits until that is over.")


class NewsFirst(Refusal):
    """Something was told of the order that is not settled yet."""

    code = "news_first"
    sentence = _("Something new came in about this order just now. Try again in a minute.")


class WaitsForApproval(Refusal):
    """The reward waits for somebody's yes."""

    code = "needs_approval"
    sentence = _("This waits for an approval. Approve it, then it is released.")


def release_due(at: datetime) -> int:
    """Release what has waited long enough and expire what was not used; return how many rewards were due."""
    turn = _Turn()
    return due.work(Reward.objects.all(), turn.take, at=at, batch=BATCH, lock=turn.lock)


def release_early(reward: Reward, actor: audit.Party, reason: str, at: datetime) -> None:
    """Let a person end the hold of a reward before its time.

    Raises NothingOnHold, NewsFirst, UnderDispute, WaitsForApproval.
    """
    with transaction.atomic():
        turn = _Turn()
        turn.lock([reward])
        held = Reward.objects.select_for_update().get(pk=reward.pk)
        _refuse(turn.occasions[held.occasion_id], held)
        audit.record(actor, "reward.released_early", ("reward", str(held.public_id)), at=at, reason=reason)
        turn.move([held], [held], [], at, actor)
        update_rows([held], ["due_at"])


class _Turn:
    """One transaction's turn with some rewards: their occasions and their owners' accounts, then the rewards."""

    occasions: dict[int, Occasion]
    book: Book

    def lock(self, rows: Sequence[Reward]) -> None:
        """Hold what has to be held before the rewards are."""
        named = Occasion.objects.filter(pk__in={row.occasion_id for row in rows}).order_by("pk")
        self.occasions = {each.pk: each for each in named.select_for_update(no_key=True)}
        self.book = ledger.hold(Owner.of(row) for row in rows)

    def take(self, rows: Sequence[Reward], at: datetime) -> None:
        """Do with each what its time has come for, and say when it is looked at again."""
        ready = [row for row in rows if self._is_ready(row, at)]
        late = [row for row in rows if row.available and row.expires_at and row.expires_at <= at]
        self.move(rows, ready, late, at, booking.SYSTEM)

    def move(
        self, rows: Sequence[Reward], ready: Sequence[Reward], late: Sequence[Reward], at: datetime, actor: audit.Party
    ) -> None:
        """Release the ready ones and expire the late ones."""
        moves = [_move(row, "release", "on_hold", "available", row.on_hold) for row in ready]
        moves += [_move(row, "expire", "available", "expired", row.available) for row in late]
        for row in ready:
            row.released_at = row.released_at or at
            if row.expiry_days is not None and row.expires_at is None:
                row.expires_at = at + timedelta(days=row.expiry_days)
        booking.book(self.book, moves, at, actor)
        booking.book(self.book, netting.moves(ready), at, actor)
        occasions.finalise_held({row.occasion_id: self.occasions[row.occasion_id] for row in ready}.values(), at)
        for row in rows:
            occasion = self.occasions[row.occasion_id]
            row.due_at = SOON + at if occasion.due_at else settling.next_look(occasion, row, at)
        update_rows(ready, ["released_at", "expires_at"])

    def _is_ready(self, row: Reward, at: datetime) -> bool:
        occasion = self.occasions[row.occasion_id]
        waits = occasion.is_disputed or occasion.due_at or row.withdrawn_at
        is_approved = row.approved_at is not None or not row.needs_approval
        return bool(row.on_hold) and not waits and is_approved and row.hold_until <= at


def _refuse(occasion: Occasion, reward: Reward) -> None:
    if not reward.on_hold or reward.withdrawn_at:
        raise NothingOnHold
    if occasion.is_disputed:
        raise UnderDispute
    if occasion.due_at:
        raise NewsFirst
    if reward.needs_approval and not reward.approved_at:
        raise WaitsForApproval


def _move(reward: Reward, act: Act, source: str, target: str, amount: int) -> Move:
    return Move(f"{act}:{reward.public_id}:{reward.version}", act, reward, source, target, amount)
