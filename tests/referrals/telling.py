"""Decisions as events tell of them, for tests of whoever reads the events."""

from datetime import datetime

from referrals.decide import outcomes
from referrals.models import Conversion
from rewards import awards, occasions
from rewards.occasions import Asked, Since
from tests.factories import NOON


def decided(conversion: Conversion, *, at: datetime = NOON, tier: str = "", answer: bool = True) -> None:
    """Tell for the first time what is decided about a conversion, as it stands, and let rewards answer."""
    conversion.version = 0
    outcomes.record(conversion, (Conversion.State.UNDECIDED, 0), at)
    if answer:
        reward(conversion, at, tier)


def redecide(conversion: Conversion, state: str, counted: int, *, at: datetime = NOON, **changed: object) -> None:
    """Give a conversion another outcome, and tell of it."""
    before = conversion.state, conversion.counted
    for name, value in {"state": state, "counted": counted, **changed}.items():
        setattr(conversion, name, value)
    conversion.save()
    outcomes.record(conversion, before, at)
    reward(conversion, at)


def reward(conversion: Conversion, at: datetime, tier: str = "") -> None:
    """Ask rewards for what a credited conversion brings, and let it answer."""
    decision = conversion.decisions.select_related("terms").get(superseded_at=None)
    if conversion.credited_person is None or decision.terms is None:
        return
    asked = Asked(
        "conversion",
        str(conversion.public_id),
        conversion.program.scheme,
        conversion.credited_person.pk,
        conversion.occurred_at,
        conversion.counted,
        conversion.currency,
        plan=decision.terms.plan_id,
        number=conversion.number,
        friend=conversion.referred_person_id,
        goal=conversion.goal,
        tier=tier,
        since=Since(conversion.advocate_side, conversion.friend_side),
    )
    occasions.open_or_revise([asked], at)
    awards.award_due(at)
