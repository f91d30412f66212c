"""A shop of one's own: the shapes of the API, signed as the Standard Webhooks specification has it.

A body is `{"type": "order" | "refund" | "dispute" | "lead", "data": {…}}`: its data is what the API takes, without a
source, and refunds and disputes name their `order`. https://github.com/standard-webhooks/standard-webhooks
"""

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework import serializers

from integrations.vendors import base
from integrations.vendors.base import (
    BadBody,
    Genuine,
    Incoming,
    LeadTold,
    OrderTold,
    Parsed,
    RefundTold,
    Secrets,
    Unsigned,
    WrongSignature,
)  # fmt: skip
from referrals.api_facts import DisputeSerializer, LeadSerializer, OrderSerializer, RefundSerializer, told
from spine import signatures

makes_secret = False
shape = r"whsec_[A-Za-z0-9+/]{32,88}={0,2}"


def verify(incoming: Incoming, secrets: Secrets) -> Genuine:
    """By the three `webhook-` headers. Raises Unsigned, WrongSignature, WrongTime."""
    message, seconds = incoming.headers.get("webhook-id", ""), incoming.headers.get("webhook-timestamp", "")
    pairs = [each.partition(",") for each in incoming.headers.get("webhook-signature", "").split()]
    given = [digest for version, _comma, digest in pairs if version == "v1"]
    if not given or not 0 < len(message) <= 255 or not message.isprintable():
        raise Unsigned
    base.in_time(seconds, incoming.at)
    content = b".".join([message.encode(), seconds.encode(), incoming.body])
    if not base.fits(given, [base.signed(signatures.key(secret), content) for secret in secrets]):
        raise WrongSignature
    return Genuine(message, "")


def parse(body: bytes, topic: str, source: str) -> Parsed:
    """Raises BadBody."""
    message = base.read(body)
    read = _READERS.get(message.get("type", "")) if isinstance(message.get("type"), str) else None
    if read is None:
        return Parsed()
    sent = message.get("data")
    if not isinstance(sent, dict):
        raise BadBody("it has no data")
    return read(sent, source)


def _valid(serializer: serializers.Serializer) -> Mapping[str, Any]:
    if not serializer.is_valid():
        names = ", ".join(sorted(str(name) for name in serializer.errors)[:5])
        raise BadBody(f"these fields are not as they should be: {names}")
    data: Mapping[str, Any] = serializer.validated_data
    return data


def _order(sent: dict[str, Any], source: str) -> Parsed:
    order = OrderSerializer(data={**sent, "source": source})
    data, fact = _valid(order), order.fact()
    return Parsed((OrderTold(fact, told(data)),), fact.is_test, fact.customer.key if fact.customer else "")


def _lead(sent: dict[str, Any], source: str) -> Parsed:
    lead = LeadSerializer(data={**sent, "source": source})
    data, fact = _valid(lead), lead.fact()
    return Parsed((LeadTold(fact, told(data)),), customer=fact.customer.key)


def _refund(sent: dict[str, Any], source: str) -> Parsed:
    refund = RefundSerializer(data=_unnamed(sent))
    _valid(refund)
    return Parsed((RefundTold(refund.fact(source, base.named(sent.get("order")))),))


def _dispute(sent: dict[str, Any], source: str) -> Parsed:
    dispute = DisputeSerializer(data=_unnamed(sent))
    _valid(dispute)
    return Parsed((dispute.fact(source, base.named(sent.get("order"))),))


def _unnamed(sent: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sent.items() if name != "order"}


_READERS: Mapping[str, Callable[[dict[str, Any], str], Parsed]] = {
    "order": _order,
    "lead": _lead,
    "refund": _refund,
    "dispute": _dispute,
}
