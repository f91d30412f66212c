"""Trying a connection: a message of the software's shape, under the shop's own secret, marked as a test."""

import base64
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrations import connecting, receiving
from integrations.models import Connection, Delivery
from integrations.vendors import base
from integrations.vendors.base import Incoming
from spine import signatures

AMOUNT = 5000


def send(connection: Connection, at: datetime) -> Delivery:
    """Deliver it to ourselves, from the signature on as the shop would. Raises Rejected."""
    known = connecting.believed(connection, at)
    if not known:
        raise receiving.NoSecret
    told, name = _SAMPLES[connection.vendor](at), f"test-{secrets.token_hex(8)}"
    body = json.dumps(told).encode()
    incoming = Incoming(_headers(connection.vendor, known[0], body, name, at), body, at)
    return receiving.receive(connection, incoming, is_trial=True)


def _headers(vendor: str, secret: str, body: bytes, name: str, at: datetime) -> Mapping[str, str]:
    if vendor == "stripe":
        seconds = str(int(at.timestamp()))
        digest = base.signed(secret.encode(), f"{seconds}.".encode() + body).hex()
        return {"stripe-signature": f"t={seconds},v1={digest}"}
    plain = base64.b64encode(base.signed(secret.encode(), body)).decode()
    if vendor == "shopify":
        return {"x-shopify-hmac-sha256": plain, "x-shopify-topic": "orders/create", "x-shopify-event-id": name}
    if vendor == "woocommerce":
        return {"x-wc-webhook-signature": plain, "x-wc-webhook-topic": "order.created"}
    return signatures.sign(secret, name, at, body)


def _stripe(at: datetime) -> dict[str, Any]:
    seconds = int(at.timestamp())
    session = {
        "id": f"cs_test_{seconds}", "object": "checkout.session", "amount_subtotal": AMOUNT, "amount_total": AMOUNT,
        "created": seconds, "currency": "usd", "customer_details": None, "livemode": False, "payment_status": "paid",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
    }  # fmt: skip
    return {
        "id": f"evt_test_{secrets.token_hex(8)}", "object": "event", "created": seconds, "livemode": False,
        "type": "checkout.session.completed", "data": {"object": session},
    }  # fmt: skip


def _shopify(at: datetime) -> dict[str, Any]:
    return {
        "id": f"test-{int(at.timestamp())}", "created_at": at.isoformat(), "updated_at": at.isoformat(),
        "currency": "USD", "email": "", "customer": None, "financial_status": "paid", "test": True,
        "line_items": [{"id": "1", "price": "50.00", "quantity": 1}], "total_price": "50.00",
    }  # fmt: skip


def _woocommerce(at: datetime) -> dict[str, Any]:
    # It knows no test orders; a basket is the nearest to one.
    return {"id": secrets.token_hex(8), "status": "checkout-draft", "currency": "USD", "total": "50.00"}


def _generic(at: datetime) -> dict[str, Any]:
    line = {"id": "1", "kind": "goods", "amount": AMOUNT}
    order = {"id": f"test-{int(at.timestamp())}", "currency": "USD", "placed_at": at.isoformat(), "lines": [line]}
    return {"type": "order", "timestamp": at.isoformat(), "data": {**order, "test": True}}


_SAMPLES = {"stripe": _stripe, "shopify": _shopify, "woocommerce": _woocommerce, "generic": _generic}
