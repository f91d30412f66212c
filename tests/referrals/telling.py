"""Decisions as events tell of them, for tests of whoever reads the events."""

from datetime import datetime

from referrals.decide import outcomes
from referrals.models import Conversion
from tests.factories import NOON


def decided(conversion: Conversion, *, at: datetime = NOON) -> None:
    """Tell for the first time what is decided about a conversion, as it stands."""
    conversion.version = 0
    outcomes.record(conversion, (Conversion.State.UNDECIDED, 0), at)


def redecide(conversion: Conversion, state: str, counted: int, *, at: datetime = NOON, **changed: object) -> None:
    """Give a conversion another outcome, and tell of it."""
    before = conversion.state, conversion.counted
    for name, value in {"state": state, "counted": counted, **changed}.items():
        setattr(conversion, name, value)
    conversion.save()
    outcomes.record(conversion, before, at)
