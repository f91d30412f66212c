"""Which of two tellings of one fact stands, so that it does not matter in which order they come."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from spine.refusal import Refusal


class ConflictingFact(Refusal):
    """The shop told of this before, in another way, and nothing says which came later."""

    code = "conflicting_fact"
    status = 409
    sentence = _("This was told differently before. Send it with a later updated_at.")


class Result(StrEnum):
    """What became of a fact."""

    CREATED = "created"
    UPDATED = "updated"
    STALE = "stale"
    DUPLICATE = "duplicate"


@dataclass(frozen=True)
class Telling:
    """What a shop said of one fact at one instant of its own clock, if it named one."""

    body: Hashable
    updated_at: datetime | None
    # A status with its instant, and how far it has moved on; only a later status changes them without a date.
    status: Hashable = None
    rank: int = 0


def weigh(stored: Telling, told: Telling) -> Result:
    """What a further telling is to the one that stands. Raises ConflictingFact.

    A status that has moved on further wins, then the later date. This is one order of all tellings, so its largest
    stands in the end, whichever came first.
    """
    if (stored.body, stored.status) == (told.body, told.status):
        return Result.DUPLICATE
    is_dated = told.updated_at is not None and told.updated_at != stored.updated_at
    if not is_dated and (stored.body != told.body or stored.rank == told.rank):
        raise ConflictingFact
    if stored.rank != told.rank:
        return Result.UPDATED if told.rank > stored.rank else Result.STALE
    return Result.UPDATED if later(stored.updated_at, told.updated_at) == told.updated_at else Result.STALE


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two instants; any is later than none."""
    return max(filter(None, (one, other)), default=None)
