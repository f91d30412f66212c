"""The facts that shops send, in the shapes that the API takes, and what they become."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from customers.models import Dispute, Lead, Line, Refund
from customers.told import (
    CaptureFact,
    CustomerFact,
    DisputeFact,
    LeadFact,
    LineFact,
    OrderFact,
    RefundFact,
    RefundLineFact,
)
from referrals.touches import MOST as MOST_TOKENS
from referrals.touches import Told
from spine.api import StrictSerializer
from spine.api_fields import Flag, Instant, Key, Text, Whole
from spine.money import MOST

MOST_ROWS = 1000
MOST_ITEMS = 500
# What PositiveIntegerField holds.
MOST_PIECES = 2**31 - 1
Rows = Sequence[Mapping[str, Any]]
# A field may be called `source`: DRF takes declared fields out of the class, so a serializer's own `source` stays.


class CustomerSerializer(StrictSerializer):
    """Who bought or signed up."""

    id = Key()
    email = serializers.EmailField(max_length=254, allow_blank=True, default="")
    first_order_at = Instant(allow_null=True, default=None)


class TouchesSerializer(StrictSerializer):
    """What came along: whatever of it means nothing to us is passed over."""

    tokens = serializers.ListField(child=Text(max_length=200, allow_blank=True), max_length=MOST_TOKENS, default=list)
    code = Text(max_length=64, allow_blank=True, default="")
    coupon = Text(max_length=64, allow_blank=True, default="")


class LineSerializer(StrictSerializer):
    """One line of an order."""

    id = Key()
    kind = serializers.ChoiceField(Line.Kind.choices)
    amount = Whole()
    sku = Text(max_length=255, allow_blank=True, default="")
    quantity = Whole(min_value=1, max_value=MOST_PIECES, default=1)

    def validate(self, line: dict[str, Any]) -> dict[str, Any]:
        if line["kind"] in (Line.Kind.CREDIT, Line.Kind.DISCOUNT) and line["amount"] > 0:
            raise serializers.ValidationError({"amount": _("What lowers the sum is 0 or less.")}, "too_large")
        return line


class CaptureSerializer(StrictSerializer):
    """One collection of money."""

    id = Key()
    amount = Whole(min_value=1)
    at = Instant()


class OrderSerializer(StrictSerializer):
    """An order with what came along."""

    source = Text(max_length=50)  # type: ignore[assignment]
    id = Key()
    currency = Text(max_length=40)
    placed_at = Instant()
    updated_at = Instant(allow_null=True, default=None)
    captures: serializers.ListSerializer = serializers.ListSerializer(
        child=CaptureSerializer(), required=False, max_length=MOST_ROWS
    )
    customer = CustomerSerializer(allow_null=True, default=None)
    lines: serializers.ListSerializer = serializers.ListSerializer(
        child=LineSerializer(), allow_empty=False, max_length=MOST_ROWS
    )
    touches = TouchesSerializer(required=False)
    payment_fingerprint = Text(max_length=255, allow_blank=True, default="")
    test = Flag(default=False)

    def validate(self, order: dict[str, Any]) -> dict[str, Any]:
        for name in ("lines", "captures"):
            _refuse_twins(name, order.get(name, ()))
            _refuse_overflow(name, order.get(name, ()))
        return order

    def fact(self) -> OrderFact:
        """What the order says."""
        order = self.validated_data
        captures = order.get("captures")
        return OrderFact(
            source=order["source"],
            key=order["id"],
            currency=order["currency"],
            placed_at=order["placed_at"],
            updated_at=order["updated_at"],
            lines=tuple(
                LineFact(line["id"], line["kind"], line["amount"], line["sku"], line["quantity"])
                for line in order["lines"]
            ),
            captures=None if captures is None else tuple(CaptureFact(c["id"], c["amount"], c["at"]) for c in captures),
            customer=customer_fact(order["customer"]) if order["customer"] else None,
            payment_fingerprint=order["payment_fingerprint"],
            is_test=order["test"],
        )


class RefundLineSerializer(StrictSerializer):
    """What of a line was paid back."""

    id = Key()
    amount = Whole(min_value=1)


class RefundSerializer(StrictSerializer):
    """A payment back of an order that is named elsewhere."""

    id = Key()
    amount = Whole(min_value=1)
    at = Instant()
    status = serializers.ChoiceField(Refund.Status.choices)
    updated_at = Instant(allow_null=True, default=None)
    lines: serializers.ListSerializer = serializers.ListSerializer(
        child=RefundLineSerializer(), required=False, max_length=MOST_ROWS
    )

    def validate(self, refund: dict[str, Any]) -> dict[str, Any]:
        _refuse_twins("lines", refund.get("lines", ()))
        _refuse_overflow("lines", refund.get("lines", ()))
        return refund

    def fact(self, source: str, order: str) -> RefundFact:
        """What the refund of this order says."""
        refund = self.validated_data
        return RefundFact(
            source=source,
            order=order,
            key=refund["id"],
            amount=refund["amount"],
            at=refund["at"],
            status=refund["status"],
            lines=tuple(RefundLineFact(line["id"], line["amount"]) for line in refund.get("lines", ())),
            updated_at=refund["updated_at"],
        )


class NamingRefundSerializer(RefundSerializer):
    """A payment back that names its order itself."""

    source = Text(max_length=50)  # type: ignore[assignment]
    order = Key()


class DisputeSerializer(StrictSerializer):
    """A payment that the buyer's bank contests."""

    id = Key()
    status = serializers.ChoiceField(Dispute.Status.choices)
    at = Instant()
    updated_at = Instant(allow_null=True, default=None)

    def fact(self, source: str, order: str) -> DisputeFact:
        """What the dispute of this order says."""
        dispute = self.validated_data
        return DisputeFact(source, order, dispute["id"], dispute["at"], dispute["status"], dispute["updated_at"])


class LeadSerializer(StrictSerializer):
    """Somebody who signed up or asked, with what came along."""

    source = Text(max_length=50)  # type: ignore[assignment]
    id = Key()
    customer = CustomerSerializer()
    at = Instant()
    goal = serializers.ChoiceField(Lead.Goal.choices)
    touches = TouchesSerializer(required=False)

    def fact(self) -> LeadFact:
        """What the lead says."""
        lead = self.validated_data
        return LeadFact(lead["source"], lead["id"], customer_fact(lead["customer"]), lead["goal"], lead["at"])


class VisitorSerializer(StrictSerializer):
    """A customer, as a page names them that anybody can read."""

    id = Key()
    email = serializers.EmailField(max_length=254, allow_blank=True, default="")


class ContactsSerializer(StrictSerializer):
    """Contacts without any order: there is no place for an amount."""

    source = Text(max_length=50)  # type: ignore[assignment]
    customer = VisitorSerializer()
    tokens = serializers.ListField(child=Text(max_length=200, allow_blank=True), max_length=MOST_TOKENS, default=list)
    code = Text(max_length=64, allow_blank=True, default="")


class ItemsSerializer(StrictSerializer):
    """Many at once; each is looked at by itself."""

    items = serializers.ListField(child=serializers.JSONField(allow_null=True), min_length=1, max_length=MOST_ITEMS)


def customer_fact(customer: Mapping[str, Any]) -> CustomerFact:
    """What was said of a customer."""
    return CustomerFact(customer["id"], customer["email"], customer.get("first_order_at"))


def told(fact: Mapping[str, Any]) -> Told:
    """What came along with a fact."""
    came = fact.get("touches") or {"tokens": (), "code": "", "coupon": ""}
    return Told(tuple(came["tokens"]), came["code"], came["coupon"])


def _refuse_twins(name: str, rows: Rows) -> None:
    """Rows of one list that have the same id are refused, each by its place."""
    counts = Counter(row["id"] for row in rows)
    twin = [serializers.ErrorDetail(str(_("This id stands here more than once.")), "duplicate")]
    if wrong := {str(place): {"id": twin} for place, row in enumerate(rows) if counts[row["id"]] > 1}:
        raise serializers.ValidationError({name: wrong})


def _refuse_overflow(name: str, rows: Rows) -> None:
    """Amounts are refused whose sum is no amount any more."""
    if abs(sum(row["amount"] for row in rows)) > MOST:
        detail = serializers.ErrorDetail(str(_("Together these amounts are too large.")), "too_large")
        raise serializers.ValidationError({name: [detail]})
