"""Stopped conversions with traces, for tests of whoever reads or decides them."""

from datetime import datetime
from typing import Any

from advocates.models import Advocate
from customers.models import Customer, Line
from referrals.models import Conversion, Decision, Link, Program, Touch
from tests.factories import NOON, make_conversion


def told(what: str, state: str, code: str, at: datetime | None = None, touch: Touch | None = None, **facts: Any):
    """One step of a trace."""
    return {
        "what": what,
        "state": state,
        "code": code,
        "at": at.isoformat() if at else None,
        "touch": str(touch.public_id) if touch else None,
        "kind": touch.kind if touch else None,
        "advocate": str(touch.link.person_id) if touch else None,
        "facts": facts,
    }


def trace(*steps, **signals: int):
    """A trace of these steps, and signals that count for both sides."""
    hits = [{"name": name, "points": points, "facts": {}} for name, points in signals.items()]
    score = sum(signals.values())
    return {
        "schema": 1,
        "terms": None,
        "plan": None,
        "steps": list(steps),
        "signals": {"advocate": hits, "friend": hits},
        "score": {"advocate": score, "friend": score},
        "inputs": {},
    }


def stop(program: Program, advocate: Advocate, *, at: datetime = NOON, **fields: Any) -> Conversion:
    """An order of somebody new that the checks stopped on both sides, or as the fields say."""
    fields = {
        "state": "stopped",
        "advocate_side": "stop",
        "friend_side": "stop",
        "stopped_at": at,
        "trace": trace(same_fingerprint=70),
        **fields,
    }
    conversion = make_conversion(program, credited=advocate.person, at=at, **fields)
    Line.objects.create(order=conversion.order, key="1", kind="goods", amount=conversion.counted)
    return conversion


def name(conversion: Conversion, email: str) -> Customer:
    """Give the customer of a conversion's order an email."""
    customer = conversion.order.customer
    customer.email = email
    customer.save()
    return customer


def standing(conversion: Conversion) -> Decision:
    """The decision that stands."""
    return conversion.decisions.get(superseded_at=None)


def link_of(program: Program, advocate: Advocate) -> Link:
    """The advocate's link."""
    return Link.objects.get(program=program, person=advocate.person)
