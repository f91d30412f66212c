"""Merges: what somebody earned moves to whom they turned out to be; what was booked before stays as it was."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from customers import merging
from rewards import booking, climbing, ledger
from rewards.ledger import Move, Owner
from rewards.models import Occasion, Reward
from rewards.models.ledger import OWNER_KINDS
from spine import events
from spine.models import Event

READER = "rewards.merges"


def follow(at: datetime) -> int:
    """Move what merged people hold; return how many events were read."""
    return events.read(READER, take, at=at) + events.redeliver(READER, take, at=at)


def take(found: Sequence[Event], at: datetime) -> None:
    """Move everything that the merged hold to whom they are now, by one entry for each reward."""
    merged = [UUID(event.subject_id) for event in found if event.name == "person.merged"]
    if not merged:
        return
    heads = merging.heads(merged)
    named = Reward.objects.filter(person__in=merged)
    occasions = Occasion.objects.filter(pk__in=named.values("occasion")).order_by("pk")
    list(occasions.select_for_update(no_key=True).values_list("pk"))
    owners = {Owner(*row) for row in named.values_list("scheme", "person", "unit")}
    book = ledger.hold({*owners, *(owner._replace(person=heads[owner.person]) for owner in owners)})
    moves = []
    rewards = list(named.order_by("pk"))
    for reward in rewards:
        heir = heads[reward.person_id]
        entry = f"merge:{reward.public_id}:{reward.person_id}"
        held = [(kind, amount) for kind in OWNER_KINDS if (amount := getattr(reward, kind))]
        moves += [Move(entry, "merge", reward, kind, kind, amount, heir=heir) for kind, amount in held]
    booking.book(book, moves, at)
    for person in merged:
        # What nobody holds any more has no transfer, and is found with its owner all the same.
        Reward.objects.filter(person=person).update(person=heads[person])
    climbing.merged(merged, at)
