"""Shopify: https://shopify.dev/docs/apps/build/webhooks and https://shopify.dev/docs/api/admin-rest/latest/resources/order.

Amounts are text in the shop's own currency. What was paid back is the sum of a refund's transactions, whatever its
lines say: a shop may give back less, more, or nothing.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from customers.told import CaptureFact, CustomerFact, LineFact, OrderFact, RefundFact, RefundLineFact
from integrations.vendors import base
from integrations.vendors.base import (
    Fact,
    Genuine,
    Incoming,
    OrderTold,
    Parsed,
    PrivacyTold,
    RefundTold,
    Secrets,
    Unsigned,
    WrongSignature,
)  # fmt: skip

makes_secret = True
shape = r"[A-Za-z0-9_-]{16,120}"
ORDERS = frozenset({"orders/create", "orders/updated", "orders/paid", "orders/edited", "orders/cancelled"})
PRIVACY = {"customers/data_request": "export", "customers/redact": "erase"}
TOPICS = ("orders/create", "orders/updated", "refunds/create", *PRIVACY, "shop/redact")
# Where nothing is collected yet, and where all was, even if some of it went back.
UNPAID = frozenset({"pending", "authorized", "voided", "expired"})
Object = Mapping[str, Any]


def verify(incoming: Incoming, secrets: Secrets) -> Genuine:
    """By `X-Shopify-Hmac-Sha256`; neither the topic nor the id is signed, so a key says what came under which topic.

    Raises Rejected.
    """
    given = incoming.headers.get("x-shopify-hmac-sha256", "")
    topic = incoming.headers.get("x-shopify-topic", "")
    if not given or not 0 < len(topic) <= 100 or not topic.isprintable():
        raise Unsigned
    if not base.fits([given], [base.signed(secret.encode(), incoming.body) for secret in secrets]):
        raise WrongSignature
    # One event reaches every subscription under an id of its own, and is one all the same.
    event = incoming.headers.get("x-shopify-event-id") or incoming.headers.get("x-shopify-webhook-id")
    name = base.text(event) or hashlib.sha256(incoming.body).hexdigest()
    return Genuine(f"{topic}:{name}"[:255], topic)


def parse(body: bytes, topic: str, source: str) -> Parsed:
    """Raises BadBody, and what an amount that is none raises."""
    told = base.read(body)
    if topic in ORDERS:
        customer = _customer(told)
        refunds = [fact for refund in base.objects(told, "refunds") for fact in _refund(refund, source)]
        facts: list[Fact] = [_order(told, source, customer), *refunds]
        return Parsed(facts, told.get("test") is True, customer.key if customer else "")
    if topic == "refunds/create":
        return Parsed(tuple(_refund(told, source)))
    if topic in PRIVACY:
        key = base.named(base.obj(told.get("customer")).get("id"))
        return Parsed((PrivacyTold(PRIVACY[topic], key),), customer=key)
    if topic == "shop/redact":
        return Parsed((PrivacyTold("erase"),))
    return Parsed()


def _order(told: Object, source: str, customer: CustomerFact | None) -> Fact:
    currency = _currency(told)
    updated_at = base.instant(told.get("updated_at"))
    fact = OrderFact(
        source,
        base.named(told.get("id")),
        currency,
        base.instant(told.get("created_at")),
        _lines(told, currency),
        captures=_captures(told, currency, updated_at),
        customer=customer,
        updated_at=updated_at,
        is_test=told.get("test") is True,
    )
    attributes = base.pairs(base.objects(told, "note_attributes"), "name")
    codes = [base.text(each.get("code")) for each in base.objects(told, "discount_codes")]
    return OrderTold(fact, base.came_along(attributes, coupon=next(filter(None, codes), "")))


def _lines(told: Object, currency: str) -> tuple[LineFact, ...]:
    """A tax that is inside the prices is taken out of them."""
    is_inside = told.get("taxes_included") is True
    amounts, goods = {"discount": 0, "tax": 0, "shipping": 0}, []
    for each in base.objects(told, "line_items"):
        quantity, taxes = max(base.whole(each.get("quantity")), 1), _taxes(each, currency)
        amount = base.money(each.get("price"), currency) * quantity - (taxes if is_inside else 0)
        kind = "gift_card" if each.get("gift_card") is True else "goods"
        goods.append(LineFact(base.named(each.get("id")), kind, amount, base.text(each.get("sku")), quantity))
        parts = base.objects(each, "discount_allocations")
        amounts["discount"] -= sum(base.money(part.get("amount"), currency) for part in parts)
        amounts["tax"] += taxes
    for each in base.objects(told, "shipping_lines"):
        taxes = _taxes(each, currency)
        price = base.money(each.get("discounted_price", each.get("price")), currency)
        amounts["shipping"] += price - (taxes if is_inside else 0)
        amounts["tax"] += taxes
    return base.adding_up(goods, amounts, base.money(told.get("total_price"), currency))


def _taxes(line: Object, currency: str) -> int:
    return sum(base.money(tax.get("price"), currency) for tax in base.objects(line, "tax_lines"))


def _captures(told: Object, currency: str, updated_at: datetime) -> tuple[CaptureFact, ...] | None:
    status = base.text(told.get("financial_status"))
    if status in UNPAID:
        return ()
    if status == "partially_paid":
        still = base.money(told.get("total_outstanding"), currency)
        paid = base.money(told.get("total_price"), currency) - still
        return (CaptureFact("paid", paid, updated_at),) if paid > 0 else ()
    return None


def _refund(refund: Object, source: str) -> Iterator[Fact]:
    """A refund by what itself says, so that it is the same within its order and alone."""
    paid = [
        each
        for each in base.objects(refund, "transactions")
        if base.text(each.get("kind")) == "refund" and base.text(each.get("status")) in _STATUSES
    ]
    if not paid:
        # Goods came back into stock, and no money went anywhere.
        return
    currency = base.named(paid[0].get("currency")).upper()
    amounts = {"succeeded": 0, "pending": 0, "failed": 0}
    for each in paid:
        amounts[_STATUSES[base.text(each.get("status"))]] += base.money(each.get("amount"), currency)
    status = next((name for name, amount in amounts.items() if amount), None)
    if status is None:
        return
    yield RefundTold(
        RefundFact(
            source,
            base.named(refund.get("order_id")),
            base.named(refund.get("id")),
            amounts[status],
            base.instant(refund.get("created_at")),
            status,
            _refunded_lines(refund, currency, amounts[status]),
            # What is tried once more is another transaction, processed later.
            max(base.instant(each.get("processed_at") or each.get("created_at")) for each in paid),
        )
    )


_STATUSES = {"success": "succeeded", "pending": "pending", "failure": "failed", "error": "failed"}


def _refunded_lines(refund: Object, currency: str, amount: int) -> tuple[RefundLineFact, ...]:
    """What of each line was paid back; nothing where the lines don't add up to the money, and so don't explain it."""
    parts: dict[str, int] = {}
    taxes: dict[str, int] = {}
    for each in base.objects(refund, "refund_line_items"):
        key = base.named(each.get("line_item_id"))
        parts[key] = parts.get(key, 0) + base.money(each.get("subtotal"), currency)
        taxes[key] = taxes.get(key, 0) + base.money(each.get("total_tax"), currency)
    tax = sum(taxes.values())
    if sum(parts.values()) == amount:
        parts = {key: part - taxes[key] for key, part in parts.items()}
    elif sum(parts.values()) + tax != amount:
        return ()
    return tuple(RefundLineFact(key, part) for key, part in {**parts, "tax": tax}.items() if part > 0)


def _customer(told: Object) -> CustomerFact | None:
    """Whom the order names; without an account the address is all there is, and it may be empty as well."""
    within = told.get("customer")
    customer = within if isinstance(within, dict) else {}
    email = base.email(told.get("email") or told.get("contact_email") or customer.get("email"))
    if key := base.text(customer.get("id")):
        return CustomerFact(key, email)
    return base.guest(email)


def _currency(told: Object) -> str:
    return base.named(told.get("currency")).upper()
