"""Who is new, which order is the first, and how long later ones count."""

from calendar import monthrange
from datetime import UTC, datetime

from referrals.decide.inputs import Credit, Fact, Inputs, Rules
from referrals.terms import TermsDocument

ORDERS = ("first_order", "renewal")


def add_months(at: datetime, months: int) -> datetime:
    """The same time of day so many calendar months later in UTC; the month's last day where it has no such day."""
    at = at.astimezone(UTC)
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))


def founding(inputs: Inputs) -> Credit | None:
    """The latest earlier credit from which orders can renew: one for an order that was no renewal itself."""
    return max(
        (each for each in inputs.credits if each.goal == "first_order" and each.place < inputs.fact.place),
        key=lambda credit: credit.place,
        default=None,
    )


def renewed(inputs: Inputs) -> Credit | None:
    """The credit that this order inherits: of an order whose own terms let later ones count, and still do."""
    first = founding(inputs)
    if inputs.fact.kind != "order" or first is None or _is_over(first, inputs.fact):
        return None
    return first if first.rules.document.orders == "months" else None


def refusal(inputs: Inputs, rules: Rules) -> str:
    """Why a fact that renews nothing does not count for lack of newness; empty where it does.

    All of it is told by dated facts at the fact's instant, so it does not matter in which order they came. Where only
    the first order counts, a final credit stands for it whatever its date: what it earned may be spent.
    """
    terms, fact = rules.document, inputs.fact
    if fact.kind == "lead":
        return _lead_refusal(inputs, terms)
    first = founding(inputs)
    since = _since(terms, fact)
    if not is_new(inputs, terms):
        return _of_old_customer(first, fact) if first else "not_new_customer"
    credited = [each for each in inputs.credits if each.goal in ORDERS and (since is None or each.at >= since)]
    if any(each.place < fact.place for each in credited):
        return _of_old_customer(first, fact) if first else "not_first_order"
    if terms.orders == "first" and (_has_paid(inputs, since) or any(each.is_final for each in credited)):
        return "not_first_order"
    return ""


def is_new(inputs: Inputs, terms: TermsDocument) -> bool:
    """Whether the customer is new at the fact's instant, as the terms have it.

    An order is paid for once money was collected for it, also if it went back later. What the shop named as the
    customer's first order counts as a paid one.
    """
    if terms.new_customer == "anyone":
        return True
    if terms.new_customer == "no_order":
        return not inputs.past_orders and not _named_first(inputs, None)
    return not _has_paid(inputs, _since(terms, inputs.fact))


def _lead_refusal(inputs: Inputs, terms: TermsDocument) -> str:
    credited = any(
        each.goal == inputs.fact.goal and (each.place < inputs.fact.place or each.is_final) for each in inputs.credits
    )
    if credited or inputs.goal_reached_at is not None:
        return "goal_reached_before"
    return "" if is_new(inputs, terms) else "not_new_customer"


def _of_old_customer(first: Credit, fact: Fact) -> str:
    was_renewing = first.rules.document.orders == "months"
    return "renewal_over" if was_renewing and _is_over(first, fact) else "not_first_order"


def _is_over(first: Credit, fact: Fact) -> bool:
    months = first.rules.document.order_months
    return months is not None and fact.at >= add_months(first.at, months)


def _since(terms: TermsDocument, fact: Fact) -> datetime | None:
    """From when on orders are looked at: for those who come back, only the last months."""
    return add_months(fact.at, -terms.lapsed_months) if terms.lapsed_months else None


def _has_paid(inputs: Inputs, since: datetime | None) -> bool:
    paid = any(order.is_paid and (since is None or order.at >= since) for order in inputs.past_orders)
    return paid or _named_first(inputs, since)


def _named_first(inputs: Inputs, since: datetime | None) -> bool:
    named = inputs.first_order_at
    return named is not None and named < inputs.fact.at and (since is None or named >= since)
