"""A shop that signs what it delivers as its software does."""

import base64
import hashlib
import hmac
import itertools
import json
from datetime import datetime
from typing import Any

from django.test import Client

from integrations import connecting
from integrations.models import Connection
from spine import clock
from tests.factories import NOON, make_source

ACTOR = ("user", "u-ada")
SECRETS = {
    "stripe": "whsec_bm90IGEgcmVhbCBzZWNyZXQgYXQgYWxs",
    "shopify": "0123456789abcdef0123456789abcdef",
}
_numbers = itertools.count(1)


def make_connection(vendor: str, key: str = "shop") -> tuple[Connection, str]:
    """A shop that is connected, and the secret with which it signs."""
    connection = connecting.connect(make_source(key), vendor, ACTOR, NOON)
    if vendor in SECRETS:
        connecting.enter_secret(connection, SECRETS[vendor], ACTOR, NOON)
        secret = SECRETS[vendor]
    else:
        secret = connecting.make_secret(connection, ACTOR, NOON)
    connection.refresh_from_db()
    return connection, secret


def headers(vendor: str, secret: str, body: bytes, at: datetime, *, topic: str = "", event: str = "") -> dict[str, str]:
    """What the vendor's software puts beside a body."""
    seconds = str(int(at.timestamp()))
    if vendor == "stripe":
        digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
        return {"Stripe-Signature": f"t={seconds},v1={digest},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba"}
    plain = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    if vendor == "shopify":
        return {
            "X-Shopify-Hmac-Sha256": plain,
            "X-Shopify-Topic": topic,
            "X-Shopify-Event-Id": event or _fresh("event"),
        }
    if vendor == "woocommerce":
        return {"X-WC-Webhook-Signature": plain, "X-WC-Webhook-Topic": topic, "X-WC-Webhook-ID": "3"}
    message = event or _fresh("msg")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message}.{seconds}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": message, "webhook-timestamp": seconds, "webhook-signature": signature}


def deliver(connection: Connection, secret: str, told: dict[str, Any] | bytes, **named: str) -> Any:
    """Deliver a message as the shop does; the answer."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    sent = headers(connection.vendor, secret, body, clock.now(), **named)
    return post(connection.source.key, body, sent)


def post(key: str, body: bytes, sent: dict[str, str]) -> Any:
    """Post a body with these headers to a shop's door."""
    return Client().post(f"/api/hooks/{key}", body, content_type="application/json", headers=sent)


def _fresh(kind: str) -> str:
    return f"{kind}-{next(_numbers)}"
