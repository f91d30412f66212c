"""Leaving: what becomes of what somebody holds when they are erased. Nobody is left to use it, so it ends.

What is free expires, what waits expires once its wait is over, what was owed is let go of, and what was not sent yet is
not sent. The book itself forgets nothing: it knows people by their ids alone.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from rewards import booking, ledger
from rewards.ledger import Move, Owner
from rewards.models import Grant, Occasion, Reward
from rewards.models.reward import MOVING
from spine import audit

ERASURE: audit.Party = ("system", "erasure")


def leave(persons: Collection[UUID], at: datetime) -> None:
    """Let all that these people hold come to its end, in the caller's transaction."""
    moving = Reward.objects.filter(MOVING, person__in=persons)
    unsent = Grant.objects.filter(person__in=persons, sent_at=None, withdrawn_at=None)
    named = {key for rows in (moving, unsent) for key in rows.values_list("occasion", flat=True)}
    occasions = Occasion.objects.filter(pk__in=named).order_by("pk")
    held = list(occasions.select_for_update(no_key=True).values_list("pk", flat=True))
    book = ledger.hold({Owner(*row) for row in moving.values_list("scheme", "person", "unit")})
    theirs = list(moving.select_for_update().order_by("pk"))
    owed = [reward for reward in theirs if reward.owed]
    moves = [
        Move(f"left:{reward.public_id}:{reward.version}", "write_off", reward, "owed", "written_off", reward.owed)
        for reward in owed
    ]
    booking.book(book, moves, at, ERASURE)
    mine = Reward.objects.filter(pk__in=[reward.pk for reward in theirs])
    mine.filter(released_at__isnull=False).update(expires_at=at, due_at=at)
    mine.filter(released_at=None).update(expiry_days=0, needs_approval=False)
    unsent.update(withdrawn_at=at, refused_at=at)
    # When each is looked at next is said anew by whatever books the facts of its occasion.
    Occasion.objects.filter(pk__in=held, dead_at=None).update(due_at=at)
