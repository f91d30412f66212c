"""What became of conversions: the columns that repeat a standing decision, and the events that tell of it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from referrals.models import Conversion, Decision
from referrals.models.conversion import SideVerdict
from spine.inserts import insert_once
from spine.models import Event
from spine.updates import update_rows

STAFF_REFUSED = "staff_refused"
# What a conversion repeats of its standing decision and of people's words about it.
COPIED = [
    "number", "version", "state", "reason", "goal", "referred_person", "credited_person", "advocate_side",
    "friend_side", "counted", "currency", "stopped_at",
]  # fmt: skip
# A conversion's state and what counted of it, as it was before.
Before = tuple[str, int]


def copy(conversion: Conversion, decision: Decision, advocate_side: str, friend_side: str, at: datetime) -> None:
    """Repeat in the conversion what the decision says, with the sides as people and the decision have them together.

    Nothing is saved. A credited decision both of whose sides are refused credits nobody.
    """
    sides = (advocate_side, friend_side)
    is_credited = decision.outcome == Decision.Outcome.CREDITED
    is_refused_by_staff = is_credited and set(sides) == {SideVerdict.REFUSE}
    conversion.number, conversion.goal = decision.number, decision.goal
    conversion.counted, conversion.currency = decision.counted, decision.currency
    conversion.advocate_side, conversion.friend_side = sides
    conversion.reason = STAFF_REFUSED if is_refused_by_staff else decision.reason
    conversion.credited_person_id = None if is_refused_by_staff else decision.credited_person_id
    if not is_credited or is_refused_by_staff:
        conversion.state = Conversion.State.REFUSED
    elif SideVerdict.STOP in sides:
        conversion.state = Conversion.State.STOPPED
        conversion.stopped_at = conversion.stopped_at or at
    else:
        conversion.state = Conversion.State.CREDITED


def record(conversion: Conversion, before: Before, at: datetime) -> None:
    """Raise the version of a conversion, which the caller holds and has changed, save it and tell of it."""
    record_all([(conversion, before)], at)


def record_all(changed: Sequence[tuple[Conversion, Before]], at: datetime) -> None:
    """The same for many. Credits that are given up are written first: an order is credited once at any time."""
    for conversion, _before in changed:
        conversion.version += 1
    conversions = [conversion for conversion, _before in changed]
    _save(conversion for conversion in conversions if conversion.credited_person_id is None)
    _save(conversion for conversion in conversions if conversion.credited_person_id is not None)
    insert_once([_event(conversion, before, at) for conversion, before in changed], key=["key"])


def _save(conversions: Iterable[Conversion]) -> None:
    update_rows(list(conversions), COPIED)


def _event(conversion: Conversion, before: Before, at: datetime) -> Event:
    return Event(
        name=f"conversion.{conversion.state}",
        person=conversion.credited_person_id,
        subject_kind="conversion",
        subject_id=str(conversion.public_id),
        at=at,
        key=f"conversion:{conversion.public_id}:{conversion.version}",
        payload=_payload(conversion, before),
    )


def _payload(conversion: Conversion, before: Before) -> dict[str, Any]:
    """Reads the conversion's program, order and lead."""
    order, lead, credited = conversion.order, conversion.lead, conversion.credited_person_id
    return {
        "version": conversion.version,
        "number": conversion.number,
        "program": str(conversion.program.public_id),
        "order": str(order.public_id) if order else None,
        "lead": str(lead.public_id) if lead else None,
        "credited": str(credited) if credited else None,
        "referred": str(conversion.referred_person_id),
        "reason": conversion.reason,
        "goal": conversion.goal,
        "counted": conversion.counted,
        "currency": conversion.currency,
        "sides": {"advocate": conversion.advocate_side, "friend": conversion.friend_side},
        "before": {"state": before[0], "counted": before[1]},
        "day": conversion.occurred_at.astimezone(UTC).date().isoformat(),
    }
