"""The stored trace of a decision: every touch considered, every rule that refused, every input read; ids only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from referrals.decide.inputs import Candidate, Credit, Inputs, Rules, Signal, Touched

SCHEMA = 1
# Reasons that are a rule's, not a touch's own.
CAPS = ("cap_reached",)


def trace(
    inputs: Inputs, rules: Rules | None, renews: Credit | None, refused: Mapping[Touched, str],
    winner: Touched | None, counted: int, scores: Mapping[str, int], reason: str,
) -> dict[str, Any]:  # fmt: skip
    """What `explain` reads, as JSON has it. `reason` is empty where the winner is credited."""
    credited = inputs.candidates[winner.advocate] if winner else None
    signals = credited.signals if credited and winner and not refused[winner] else ()
    by_touch = bool(winner) and reason == refused[winner] if winner else False
    touches = {**dict.fromkeys(inputs.touches), **({winner: None} if winner else {})}
    return {
        "schema": SCHEMA,
        "terms": {"id": rules.public_id, "version": rules.version} if rules else None,
        "plan": {"id": rules.plan_id, "version": rules.plan_version} if rules else None,
        "steps": [
            *_facts(inputs, renews, counted),
            *(
                _touch(touch, refused.get(touch, ""), reason, is_winner=touch == winner, renews=bool(renews))
                for touch in sorted(touches, key=lambda touch: touch.place)
            ),
            *([] if not reason or by_touch else [_rule(reason)]),
        ],
        "signals": {side: _signals(signals, side) for side in ("advocate", "friend")},
        "score": dict(scores) if signals else {"advocate": 0, "friend": 0},
        "inputs": _inputs(inputs, credited, counted),
    }


def _step(what: str, state: str, code: str, at: datetime | None = None, **more: Any) -> dict[str, Any]:
    told = {"touch": None, "kind": None, "advocate": None, "facts": {}, **more}
    return {"what": what, "state": state, "code": code, "at": at.isoformat() if at else None, **told}


def _touch(touch: Touched, own: str, reason: str, *, is_winner: bool, renews: bool) -> dict[str, Any]:
    """A touch under its own code: why it could not win, why the winner was refused, or that another went before."""
    code = own or ("lost_precedence" if not is_winner else reason or ("renewal" if renews else "credited"))
    facts = {"granted_at": touch.granted_at.isoformat()} if touch.granted_at else {}
    return _step(
        "touch", "taken" if is_winner and not reason else "refused", code, touch.touched_at,
        touch=touch.public_id, kind=touch.kind, advocate=str(touch.advocate), facts=facts,
    )  # fmt: skip


def _rule(reason: str) -> dict[str, Any]:
    return _step("cap" if reason in CAPS else "rule", "refused", reason)


def _facts(inputs: Inputs, renews: Credit | None, counted: int) -> list[dict[str, Any]]:
    fact = inputs.fact
    told = [_fact("reached", fact.at, {"kind": fact.kind, "revision": fact.revision})]
    if fact.kind == "order":
        told.append(_fact("counted", None, {"counted": counted, "captured": fact.captured, "currency": fact.currency}))
    if inputs.past_orders:
        paid = sum(order.is_paid for order in inputs.past_orders)
        first = min(order.at for order in inputs.past_orders)
        told.append(_fact("past_orders", first, {"orders": len(inputs.past_orders), "paid": paid}))
    if inputs.first_order_at and inputs.first_order_at < fact.at:
        told.append(_fact("first_order_named", inputs.first_order_at, {}))
    if inputs.goal_reached_at:
        told.append(_fact("goal_reached", inputs.goal_reached_at, {}))
    if renews:
        told.append(_fact("renews", renews.at, {"conversion": renews.conversion}))
    if inputs.elsewhere:
        touch = inputs.elsewhere.touch
        told.append(_fact("claimed_elsewhere", touch.touched_at, {"program": inputs.elsewhere.program}))
    return told


def _fact(code: str, at: datetime | None, facts: Mapping[str, Any]) -> dict[str, Any]:
    return _step("fact", "fact", code, at, facts=dict(facts))


def _signals(signals: tuple[Signal, ...], side: str) -> list[dict[str, Any]]:
    points = [(signal, signal.advocate if side == "advocate" else signal.friend) for signal in signals]
    return [{"name": signal.name, "points": worth, "facts": dict(signal.facts)} for signal, worth in points if worth]


def _inputs(inputs: Inputs, credited: Candidate | None, counted: int) -> dict[str, Any]:
    return {
        "state": str(inputs.state),
        "counted": counted,
        "tier": credited.tier if credited and credited.tier else None,
        "cap_used": {"program": inputs.cap_used, "advocate": credited.cap_used if credited else 0},
        "tie_cut_at": inputs.tie_cut_at.isoformat() if inputs.tie_cut_at else None,
        "credits": [{"conversion": each.conversion, "final": each.is_final} for each in inputs.credits],
        "elsewhere": inputs.elsewhere.program if inputs.elsewhere else None,
        "held_elsewhere": inputs.is_held_elsewhere,
    }
