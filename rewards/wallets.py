"""Wallets: what somebody has of each unit, and when more of it is free."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Aggregate, Max, Min, Q, QuerySet, Sum

from rewards.models import Reward
from rewards.models.reward import MOVING
from spine.money import Unit

# How the amounts of one unit are told, in the API and on pages.
AMOUNTS = ("on_hold", "available", "in_flight", "owed", "redeemed", "paid")


@dataclass(frozen=True)
class Balance:
    """What somebody has of one unit; from `next_at` to `last_at` what is on hold becomes free, if its orders stand."""

    unit: str
    on_hold: int = 0
    available: int = 0
    in_flight: int = 0
    owed: int = 0
    redeemed: int = 0
    paid: int = 0
    next_at: datetime | None = None
    last_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def spent(self) -> int:
        """What was redeemed and paid out."""
        return self.redeemed + self.paid

    @property
    def is_money(self) -> bool:
        """Whether it is counted in a currency."""
        return Unit.parse(self.unit).currency is not None


def moving(people: Iterable[UUID]) -> list[Balance]:
    """What these people, who are one, have that still moves or is owed; one query along an index of such rewards."""
    waits = Q(on_hold__gt=0) & (Q(needs_approval=False) | Q(approved_at__isnull=False))
    dates = {
        "next_at": Min("hold_until", filter=waits),
        "last_at": Max("hold_until", filter=waits),
        "expires_at": Min("expires_at", filter=Q(available__gt=0)),
    }
    rows = Reward.objects.filter(MOVING, person__in=list(people))
    return _sums(rows, ("on_hold", "available", "in_flight", "owed"), **dates)


def whole(people: Iterable[UUID]) -> list[Balance]:
    """The same with what was ever redeemed and paid out."""
    return _sums(Reward.objects.filter(person__in=list(people)), AMOUNTS)


def _sums(rows: QuerySet[Reward], names: Iterable[str], **more: Aggregate) -> list[Balance]:
    # Under names of their own: an annotation that is called as a column would stand for it in what follows.
    asked = {f"told_{name}": Sum(name) for name in names} | {f"told_{name}": what for name, what in more.items()}
    found: Any = rows.order_by("unit").values("unit").annotate(**asked)
    return [Balance(**{name.removeprefix("told_"): value for name, value in row.items()}) for row in found]
