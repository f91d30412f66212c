"""WooCommerce: https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks and its class WC_Webhook.

It never tries again what did not arrive, and its delivery ids repeat within a second: so a message is known by its
object, when that was changed, and its body.
"""

import hashlib
import html
from collections.abc import Iterator, Mapping
from typing import Any

from customers.told import CustomerFact, LineFact, OrderFact, RefundFact
from integrations.vendors import base
from integrations.vendors.base import (
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

makes_secret = False
shape = r"[\x21-\x7e]{16,120}"
TOPICS = ("order.created", "order.updated")
# Where the money is in, even if some of it went back since.
PAID = frozenset({"processing", "completed", "refunded"})
# What was never meant to be told of: a basket.
DRAFTS = frozenset({"auto-draft", "checkout-draft", "trash"})
Object = Mapping[str, Any]


def verify(incoming: Incoming, secrets: Secrets) -> Genuine:
    """By `X-WC-Webhook-Signature`; WordPress decodes the HTML in a secret before it signs. Raises Rejected."""
    topic = incoming.headers.get("x-wc-webhook-topic", "")
    if not topic and incoming.body.startswith(b"webhook_id="):
        # It asks whether anybody is there, unsigned, when the webhook is saved.
        raise base.Ping
    given = incoming.headers.get("x-wc-webhook-signature", "")
    if not given or not 0 < len(topic) <= 100 or not topic.isprintable():
        raise Unsigned
    keys = [each.encode() for secret in secrets for each in {secret, html.unescape(secret)}]
    if not base.fits([given], [base.signed(key, incoming.body) for key in keys]):
        raise WrongSignature
    told = base.read(incoming.body)
    digest = hashlib.sha256(incoming.body).hexdigest()
    parts = [topic, base.text(told.get("id")), base.text(told.get("date_modified_gmt")), digest[:32]]
    return Genuine(":".join(parts)[:255], topic)


def parse(body: bytes, topic: str, source: str) -> Parsed:
    """Raises BadBody, and what an amount that is none raises."""
    told = base.read(body)
    if topic not in TOPICS or base.text(told.get("status")) in DRAFTS:
        return Parsed()
    customer = _customer(told)
    facts = [_order(told, source, customer), *_refunds(told, source)]
    return Parsed(facts, customer=customer.key if customer else "")


def _order(told: Object, source: str, customer: CustomerFact | None) -> Fact:
    currency = base.named(told.get("currency")).upper()
    is_paid = bool(told.get("date_paid_gmt")) or base.text(told.get("status")) in PAID
    fact = OrderFact(
        source,
        base.named(told.get("id")),
        currency,
        base.instant(told.get("date_created_gmt")),
        _lines(told, currency),
        captures=None if is_paid else (),
        customer=customer,
        updated_at=base.instant(told.get("date_modified_gmt")),
    )
    meta = {
        base.text(each.get("key")): each.get("value") for each in base.objects(told, "meta_data") if each.get("key")
    }
    coupons = [base.text(each.get("code")) for each in base.objects(told, "coupon_lines")]
    return OrderTold(fact, base.came_along(meta, coupon=next(filter(None, coupons), "")))


def _lines(told: Object, currency: str) -> tuple[LineFact, ...]:
    """WooCommerce tells goods without tax, before their discount."""
    discount, goods = 0, []
    for each in base.objects(told, "line_items"):
        before = base.money(each.get("subtotal"), currency)
        discount += min(base.money(each.get("total"), currency) - before, 0)
        quantity = max(base.whole(each.get("quantity")), 1)
        goods.append(LineFact(base.named(each.get("id")), "goods", before, base.text(each.get("sku")), quantity))
    fees = sum(base.money(each.get("total"), currency) for each in base.objects(told, "fee_lines"))
    amounts = {
        "discount": discount + min(fees, 0),
        "shipping": base.money(told.get("shipping_total"), currency) + max(fees, 0),
        "tax": base.money(told.get("total_tax"), currency),
    }
    return base.adding_up(goods, amounts, base.money(told.get("total"), currency))


def _refunds(told: Object, source: str) -> Iterator[Fact]:
    currency = base.named(told.get("currency")).upper()
    order, at = base.named(told.get("id")), base.instant(told.get("date_modified_gmt"))
    for each in base.objects(told, "refunds"):
        if amount := -base.money(each.get("total"), currency):
            fact = RefundFact(source, order, base.named(each.get("id")), amount, at, "succeeded")
            yield RefundTold(fact, is_undated=True)


def _customer(told: Object) -> CustomerFact | None:
    email = base.email(base.obj(told.get("billing") or {}).get("email"))
    key = base.text(told.get("customer_id"))
    # 0 is every guest.
    return CustomerFact(key, email) if key not in ("", "0") else base.guest(email)
