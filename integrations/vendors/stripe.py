"""Stripe: https://docs.stripe.com/webhooks/signature and https://docs.stripe.com/api/events.

A checkout session, an invoice and a payment intent tell of the same money, so an order is known by its payment intent
where it has one. What a payment intent alone says is vague: whatever else tells of the money is believed before it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from customers.told import CustomerFact, DisputeFact, LineFact, OrderFact, RefundFact
from integrations.vendors import base
from integrations.vendors.base import (
    BadBody,
    Came,
    Fact,
    Genuine,
    Incoming,
    OrderTold,
    Parsed,
    RefundTold,
    Secrets,
    Unsigned,
    WrongSignature,
)  # fmt: skip
from referrals.touches import Told

makes_secret = True
shape = r"whsec_[A-Za-z0-9+/=_-]{16,120}"
# Counted in hundredths by Stripe, whatever the currency has: https://docs.stripe.com/currencies#special-cases
IN_HUNDREDTHS = frozenset({"ISK", "UGX"})
REFUNDS = {"succeeded": "succeeded", "pending": "pending", "requires_action": "pending", "failed": "failed",
           "canceled": "failed"}  # fmt: skip
# An inquiry is no dispute yet: no money is asked back.
DISPUTES = {"needs_response": "opened", "under_review": "opened", "won": "won", "lost": "lost"}
Object = Mapping[str, Any]


def verify(incoming: Incoming, secrets: Secrets) -> Genuine:
    """By `Stripe-Signature: t=…,v1=…`; the event's id is signed with the rest. Raises Rejected."""
    pairs = [part.strip().partition("=") for part in incoming.headers.get("stripe-signature", "").split(",")]
    instants = [value for name, _equals, value in pairs if name == "t"]
    given = [value for name, _equals, value in pairs if name == "v1"]
    if len(instants) != 1 or not given:
        raise Unsigned
    base.in_time(instants[0], incoming.at)
    content = instants[0].encode() + b"." + incoming.body
    if not base.fits(given, [base.signed(secret.encode(), content) for secret in secrets], is_hex=True):
        raise WrongSignature
    event = base.read(incoming.body)
    return Genuine(base.named(event.get("id")), base.text(event.get("type"), most=100))


def parse(body: bytes, topic: str, source: str) -> Parsed:
    """Raises BadBody."""
    event = base.read(body)
    told = _READERS.get(topic)
    if told is None:
        return Parsed()
    about = base.obj(base.obj(event.get("data")).get("object"))
    facts = tuple(told(about, source, _instant(event.get("created"))))
    return Parsed(facts, event.get("livemode") is False, base.text(_id(about.get("customer"))))


def _session(session: Object, source: str, told_at: datetime) -> Sequence[Fact]:
    """A checkout; a paid one without an invoice is an order, of others only what came along is kept."""
    customer, came = _customer(session, "customer_details"), _came(session)
    if session.get("invoice"):
        # The invoice tells of the money, and knows nothing of what came along.
        return [Came(customer, came, _instant(session.get("created")))] if customer else []
    if session.get("payment_status") != "paid":
        return []
    currency = _currency(session)
    details = base.obj(session.get("total_details") or {})
    amounts = {
        "goods": _amount(session, "amount_subtotal", currency),
        "discount": -_amount(details, "amount_discount", currency),
        "shipping": _amount(details, "amount_shipping", currency),
        "tax": _amount(details, "amount_tax", currency),
    }
    lines = _lines(amounts, _amount(session, "amount_total", currency))
    key = base.text(_id(session.get("payment_intent"))) or base.named(session.get("id"))
    placed_at = _instant(session.get("created"))
    # Stripe changes no session that is paid, so its own instant dates all that is told of it.
    fact = OrderFact(
        source, key, currency, placed_at, lines, customer=customer, updated_at=placed_at,
        is_test=_is_test(session),
    )  # fmt: skip
    return [OrderTold(fact, came)]


def _invoice(invoice: Object, source: str, told_at: datetime) -> Sequence[Fact]:
    """A paid invoice, of a subscription's beginning or its renewal: what was collected counts."""
    currency = _currency(invoice)
    total, paid = _amount(invoice, "total", currency), _amount(invoice, "amount_paid", currency)
    discounts = invoice.get("total_discount_amounts") or []
    amounts = {
        "goods": _amount(invoice, "subtotal", currency),
        "discount": -sum(_amount(base.obj(each), "amount", currency) for each in discounts),
        "tax": _invoice_tax(invoice, currency),
    }
    # A balance that the customer had pays for a part, or is paid into.
    if paid < total:
        amounts["credit"] = paid - total
    lines = _lines(amounts, min(paid, total))
    created = _instant(invoice.get("created"))
    paid_at = _instant(base.obj(invoice.get("status_transitions") or {}).get("paid_at"), created)
    fact = OrderFact(
        source, _money(invoice), currency, paid_at, lines, customer=_customer(invoice, ""), updated_at=paid_at,
        is_test=_is_test(invoice),
    )  # fmt: skip
    return [OrderTold(fact, _came(invoice))]


def _payment_intent(intent: Object, source: str, told_at: datetime) -> Sequence[Fact]:
    """Money that was collected, with no word of what for."""
    currency = _currency(intent)
    amount = _amount(intent, "amount_received", currency)
    placed_at = _instant(intent.get("created"))
    fact = OrderFact(
        source, base.named(intent.get("id")), currency, placed_at, (LineFact("goods", "goods", amount),),
        customer=_customer(intent, ""), is_test=_is_test(intent),
    )  # fmt: skip
    return [OrderTold(fact, _came(intent), is_vague=True)]


def _refund(refund: Object, source: str, told_at: datetime) -> Sequence[Fact]:
    currency = _currency(refund)
    status = REFUNDS.get(base.text(refund.get("status")))
    amount = _amount(refund, "amount", currency)
    if status is None or not amount:
        return []
    # The attempt has one instant, however it ends.
    at = _instant(refund.get("created"))
    return [RefundTold(RefundFact(source, _order_of(refund), base.named(refund.get("id")), amount, at, status))]


def _charge_refunded(charge: Object, source: str, told_at: datetime) -> Sequence[Fact]:
    """Older versions of the API tell the refunds within the charge."""
    refunds = base.obj(charge.get("refunds") or {}).get("data") or []
    whose = {"payment_intent": charge.get("payment_intent"), "charge": charge.get("id")}
    return [fact for refund in refunds for fact in _refund({**whose, **base.obj(refund)}, source, told_at)]


def _dispute(dispute: Object, source: str, told_at: datetime) -> Sequence[Fact]:
    status = DISPUTES.get(base.text(dispute.get("status")))
    if status is None:
        return []
    at = _instant(dispute.get("created")) if status == "opened" else told_at
    return [DisputeFact(source, _order_of(dispute), base.named(dispute.get("id")), at, status)]


_READERS: Mapping[str, Callable[[Object, str, datetime], Sequence[Fact]]] = {
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "invoice.paid": _invoice,
    "payment_intent.succeeded": _payment_intent,
    "charge.refunded": _charge_refunded,
    "charge.refund.updated": _refund,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.dispute.created": _dispute,
    "charge.dispute.closed": _dispute,
}
# What to ask Stripe for; the older names of refunds tell the same once more.
TOPICS = tuple(topic for topic in _READERS if topic not in ("charge.refunded", "charge.refund.updated"))


def _lines(amounts: Mapping[str, int], total: int) -> tuple[LineFact, ...]:
    """Lines that add up to what was collected: where the tax is inside the goods, it is taken out of them."""
    told = dict(amounts)
    if sum(told.values()) != total and sum(told.values()) - told.get("tax", 0) == total:
        told["goods"] -= told["tax"]
    if rest := total - sum(told.values()):
        told["rest"] = rest
    kept = {name: amount for name, amount in told.items() if amount or name == "goods"}
    return tuple(LineFact(name, "tax" if name == "rest" else name, amount) for name, amount in kept.items())


def _invoice_tax(invoice: Object, currency: str) -> int:
    taxes = invoice.get("total_taxes") or invoice.get("total_tax_amounts")
    if taxes:
        return sum(_amount(base.obj(each), "amount", currency) for each in taxes)
    return _amount(invoice, "tax", currency) if invoice.get("tax") is not None else 0


def _money(invoice: Object) -> str:
    """By what the invoice's money is known: its payment intent where it has one, or the invoice itself."""
    if intent := base.text(_id(invoice.get("payment_intent"))):
        return intent
    for each in base.obj(invoice.get("payments") or {}).get("data") or []:
        payment = base.obj(base.obj(each).get("payment") or {})
        if intent := base.text(_id(payment.get("payment_intent"))):
            return intent
    return base.named(invoice.get("id"))


def _order_of(after: Object) -> str:
    return base.text(_id(after.get("payment_intent"))) or base.named(_id(after.get("charge")))


def _customer(told: Object, details: str) -> CustomerFact | None:
    within = base.obj(told.get(details) or {}) if details else {}
    email = base.email(within.get("email") or told.get("customer_email") or told.get("receipt_email"))
    if key := base.text(_id(told.get("customer"))):
        return CustomerFact(key, email)
    return base.guest(email)


def _came(told: Object) -> Told:
    metadata = base.obj(told.get("metadata") or {})
    reference = told.get("client_reference_id")
    tokens = " ".join(each for each in (metadata.get("advocacy_tokens"), reference) if isinstance(each, str))
    return base.came_along({**metadata, "advocacy_tokens": tokens}, coupon=_promotion(told))


def _promotion(told: Object) -> str:
    """The id of the promotion code that was used: Stripe never says its text."""
    for each in told.get("discounts") or []:
        if isinstance(each, dict) and (found := base.text(_id(each.get("promotion_code")), most=64)):
            return found
    return ""


def _is_test(told: Object) -> bool:
    return told.get("livemode") is False


def _amount(told: Object, name: str, currency: str) -> int:
    amount = base.whole(told.get(name) or 0)
    if currency not in IN_HUNDREDTHS:
        return amount
    if amount % 100:
        raise BadBody(f"{currency} has no hundredths")
    return amount // 100


def _currency(told: Object) -> str:
    return base.named(told.get("currency")).upper()


def _instant(value: Any, otherwise: datetime | None = None) -> datetime:
    if value is None and otherwise:
        return otherwise
    return datetime.fromtimestamp(base.whole(value), UTC)


def _id(value: Any) -> Any:
    """An id, also where the object itself was put in its place."""
    return value.get("id") if isinstance(value, dict) else value
