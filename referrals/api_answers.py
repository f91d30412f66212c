"""What the API answers of facts, conversions and decisions."""

from typing import Any

from django.db.models import Prefetch

from customers.models import Dispute, Order, Refund
from customers.weighing import Result
from referrals.intake import Taken
from referrals.models import Conversion, Decision

# Statuses by what became of a fact.
CREATED, OK = 201, 200


def status(result: Result) -> int:
    """201 for what is new, 200 for what was known."""
    return CREATED if result == Result.CREATED else OK


def of_order(taken: Taken[Any]) -> dict[str, Any]:
    """What became of an order, a refund or a dispute, and how its conversions stand."""
    recorded = taken.recorded
    return {
        "id": str(recorded.public_id),
        "result": recorded.result.value,
        "duplicate": recorded.result == Result.DUPLICATE,
        "revision": recorded.revision,
        "conversions": [_conversion(conversion) for conversion in taken.conversions],
    }


def of_lead(taken: Taken[Any]) -> dict[str, Any]:
    """What became of a lead, and how its conversions stand."""
    recorded = taken.recorded
    return {
        "id": str(recorded.lead.public_id),
        "result": recorded.result.value,
        "duplicate": recorded.result == Result.DUPLICATE,
        "conversions": [_conversion(conversion) for conversion in taken.conversions],
    }


def whole(order: Order) -> dict[str, Any]:
    """All that is known of an order, and what was decided about it."""
    decisions = Decision.objects.select_related("touch").order_by("number")
    conversions = (
        Conversion.objects.filter(order=order)
        .select_related("program")
        .prefetch_related(Prefetch("decisions", queryset=decisions))
        .order_by("pk")
    )
    return {
        "id": str(order.public_id),
        "revision": order.revision,
        "facts": _facts(order),
        "conversions": [_decided(conversion) for conversion in conversions],
    }


def _conversion(conversion: Conversion) -> dict[str, Any]:
    return {
        "id": str(conversion.public_id),
        "state": conversion.state,
        "sides": _sides(conversion),
        "reason": conversion.reason,
    }


def _sides(row: Conversion | Decision) -> dict[str, str | None]:
    """Whether each side may be rewarded; null before anything is decided."""
    return {"advocate": row.advocate_side or None, "friend": row.friend_side or None}


def _decided(conversion: Conversion) -> dict[str, Any]:
    return {
        **_conversion(conversion),
        "program": str(conversion.program.public_id),
        "goal": conversion.goal,
        "counted": conversion.counted,
        "currency": conversion.currency,
        "decisions": [_decision(decision) for decision in conversion.decisions.all()],
    }


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "number": decision.number,
        "at": decision.at,
        "stands": decision.superseded_at is None,
        "outcome": decision.outcome,
        "reason": decision.reason,
        "goal": decision.goal,
        "sides": _sides(decision),
        "score": decision.score,
        "counted": decision.counted,
        "currency": decision.currency,
        "revision": decision.order_revision,
        "touch": str(decision.touch.public_id) if decision.touch else None,
        "trace": decision.trace,
    }


def _facts(order: Order) -> dict[str, Any]:
    """What the shop told, as it told it; of its customer no more than its own id."""
    captures = order.captures.order_by("at", "key")
    lines = order.lines.order_by("key")
    return {
        "source": order.source.key,
        "id": order.key,
        "currency": order.currency,
        "placed_at": order.placed_at,
        "updated_at": order.shop_updated_at,
        "captures": None
        if order.is_captured_in_full
        else [{"id": capture.key, "amount": capture.amount, "at": capture.at} for capture in captures],
        "customer": {"id": order.customer.key} if order.customer else None,
        "lines": [
            {"id": line.key, "kind": line.kind, "amount": line.amount, "sku": line.sku, "quantity": line.quantity}
            for line in lines
        ],
        "refunds": [_refund(refund) for refund in order.refunds.order_by("at", "key")],
        "disputes": [_dispute(dispute) for dispute in order.disputes.order_by("at", "key")],
        "test": order.is_test,
    }


def _refund(refund: Refund) -> dict[str, Any]:
    return {**_after(refund), "amount": refund.amount, "lines": refund.lines}


def _dispute(dispute: Dispute) -> dict[str, Any]:
    return _after(dispute)


def _after(row: Refund | Dispute) -> dict[str, Any]:
    return {"id": row.key, "status": row.status, "at": row.at, "updated_at": row.shop_updated_at}
