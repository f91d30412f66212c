"""Handing over to rewards: what each conversion asks to be rewarded, and what became of its order since."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from customers import counting
from customers.counting import Returned
from customers.models import Dispute, Order
from referrals.decide.gathering import Ground
from referrals.decide.history import collected
from referrals.decide.inputs import Rules
from referrals.models import Conversion, Decision
from rewards import occasions
from rewards.models import Occasion
from rewards.occasions import DECIDED, TOLD, Asked, Since

KIND = "conversion"


def over(ground: Ground, standing: Mapping[str, Occasion], at: datetime) -> None:
    """Let the occasions of these conversions say what their standing decisions and their orders' facts say now."""
    asked, news = [], []
    for conversion in ground.conversions:
        occasion, decision = standing.get(str(conversion.public_id)), ground.standing.get(conversion.pk)
        if decision is None:
            continue
        if occasion is not None and occasion.final_at:
            news.append((occasion, _since(ground, conversion, decision, occasion)))
        elif each := _asked(ground, conversion, decision, occasion):
            asked.append(each)
    occasions.open_or_revise(asked, at)
    occasions.tell(news, at)


def _asked(ground: Ground, conversion: Conversion, decision: Decision, earlier: Occasion | None) -> Asked | None:
    """What is asked, where it is new; nothing of it counts any more where nobody is credited any more."""
    person = conversion.credited_person_id or (earlier.person_id if earlier else None)
    if person is None:
        return None
    asked = Asked(
        KIND,
        str(conversion.public_id),
        conversion.program.scheme,
        person,
        conversion.occurred_at,
        conversion.counted if conversion.credited_person_id else 0,
        conversion.currency,
        plan=decision.terms.plan_id if decision.terms else None,
        number=conversion.number,
        friend=conversion.referred_person_id,
        goal=conversion.goal,
        country=ground.advocates.countries.get(person, ""),
        tier=decision.trace["inputs"].get("tier") or "",
        coupon=ground.used_codes.get((conversion.order_id or 0, conversion.program_id), ""),
        since=_since(ground, conversion, decision, earlier),
    )
    return asked if earlier is None or _differs(earlier, asked) else None


def _differs(earlier: Occasion, asked: Asked) -> bool:
    names = {"plan_id": "plan", "person_id": "person", "friend_id": "friend"}
    decided = any(getattr(earlier, name) != getattr(asked, names.get(name, name)) for name in DECIDED)
    return decided or any(getattr(earlier, name) != getattr(asked.since, name) for name in TOLD)


def _since(ground: Ground, conversion: Conversion, decision: Decision, earlier: Occasion | None) -> Since:
    sides = (conversion.advocate_side, conversion.friend_side)
    if conversion.order is None or decision.terms is None:
        return Since(*sides)
    order, rules = conversion.order, ground.rules(decision.terms)
    captured, base = ground.facts[conversion.pk].captured, ground.facts[conversion.pk].base(rules)
    told = list(_returned(order, rules))
    refunded = counting.refunded(told, base, captured)
    if earlier is not None and earlier.final_at:
        # An edit that lowers what counts comes too late for the decision, and is settled like a refund.
        refunded = min(refunded + max(earlier.counted - base, 0), earlier.counted)
    statuses = {dispute.status for dispute in order.disputes.all()}
    return Since(
        *sides,
        captured_at=max((when for when, _amount in collected(order)), default=None),
        refunded=refunded,
        is_cancelled=counting.is_cancelled(told, captured),
        is_disputed=Dispute.Status.OPENED in statuses,
        is_lost=Dispute.Status.LOST in statuses,
        revision=order.revision,
    )


def _returned(order: Order, rules: Rules) -> Iterable[Returned]:
    """The order's refunds, with what of each fell on lines that count where the shop said so."""
    kinds = {line.key: line.kind for line in order.lines.all()}
    for refund in order.refunds.all():
        on_lines = [line["amount"] for line in refund.lines if kinds.get(line["id"]) in rules.document.counts]
        yield Returned(refund.amount, refund.status, sum(on_lines) if refund.lines else None)
