"""What was ordered, paid, paid back and disputed, as the shops tell it."""

import uuid

from django.db import models
from django.db.models import Q, Sum
from django.db.models.functions import Length, Upper
from django.db.models.lookups import Exact

from customers.models.customer import Customer
from customers.models.source import Source
from spine.guards import AppendOnly


class Order(models.Model):
    """One order of one shop: what the newest telling of it says, at which revision."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="orders")
    # The shop's own id.
    key = models.CharField(max_length=255)
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="orders")
    currency = models.CharField(max_length=3)
    placed_at = models.DateTimeField()
    # The shop told of no captures: all of it was captured when it was placed.
    is_captured_in_full = models.BooleanField()
    # A keyed hash; what it is made of is not kept.
    payment_fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    is_test = models.BooleanField(default=False)
    # When the shop last changed what stands here, by its own clock.
    shop_updated_at = models.DateTimeField(null=True, blank=True)
    # One more with each accepted change of the order, its captures, refunds and disputes.
    revision = models.PositiveIntegerField(default=1)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="order_of_source_once"),
            # Not a REGEXP: on SQLite only Django knows that function, and a backup is checked without Django.
            models.CheckConstraint(
                condition=Q(Exact(Length("currency"), 3)) & Q(currency=Upper("currency")),
                name="order_currency_is_a_code",
            ),
            models.CheckConstraint(condition=Q(revision__gte=1), name="order_revision_from_one"),
        ]
        indexes = [
            models.Index(fields=["customer", "placed_at"], name="order_by_customer"),
            models.Index(fields=["source", "-recorded_at"], name="order_by_source"),
            models.Index(
                fields=["payment_fingerprint"], condition=~Q(payment_fingerprint=""), name="order_by_fingerprint"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id}:{self.key}"

    def total(self) -> int:
        """The sum of its lines."""
        return int(self.lines.aggregate(total=Sum("amount", default=0))["total"])

    def captured(self) -> int:
        """What was collected of it."""
        if self.is_captured_in_full:
            return self.total()
        return int(self.captures.aggregate(total=Sum("amount", default=0))["total"])


class OrderVersion(AppendOnly):
    """What an order and its captures said at one revision: ids, hashes and amounts only."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="versions")
    revision = models.PositiveIntegerField()
    document = models.JSONField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "revision"], name="order_version_once")]

    def __str__(self) -> str:
        return f"{self.order_id} at {self.revision}"


class Line(models.Model):
    """One line of an order as it stands now. What lowers the sum is negative."""

    class Kind(models.TextChoices):
        GOODS = "goods"
        TAX = "tax"
        SHIPPING = "shipping"
        GIFT_CARD = "gift_card"
        CREDIT = "credit"
        DISCOUNT = "discount"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    key = models.CharField(max_length=255)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    amount = models.BigIntegerField()
    sku = models.CharField(max_length=255, blank=True)
    quantity = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "key"], name="line_of_order_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["goods", "tax", "shipping", "gift_card", "credit", "discount"]), name="line_kind"
            ),
            # A gift card is bought or redeemed, and an invoice for part of a month may give back goods and tax.
            models.CheckConstraint(
                condition=~Q(kind__in=["credit", "discount"]) | Q(amount__lte=0), name="line_lowers_the_sum"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="line_has_a_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}:{self.key}"


class Capture(models.Model):
    """One collection of money for an order. Once told it stands; a newer telling may correct it."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="captures")
    key = models.CharField(max_length=255)
    amount = models.BigIntegerField()
    at = models.DateTimeField()
    shop_updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "key"], name="capture_of_order_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="capture_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}:{self.key}"


class AfterOrder(models.Model):
    """What a shop tells of an order that it may not have told of yet: it joins the order when that comes."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    # The shop's own ids.
    order_key = models.CharField(max_length=255)
    key = models.CharField(max_length=255)
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.PROTECT, related_name="%(class)ss")
    at = models.DateTimeField()
    shop_updated_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    recorded_at = models.DateTimeField()

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["source", "order_key", "key"], name="%(class)s_of_order_once"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id}:{self.order_key}:{self.key}"


class Refund(AfterOrder):
    """One payment back, or the attempt at one; its status only moves on, in the order of the list."""

    class Status(models.TextChoices):
        PENDING = "pending"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    amount = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices)
    # What of which line was paid back, `[{"id": …, "amount": …}]`; empty where the shop did not say.
    lines = models.JSONField(default=list, blank=True)

    class Meta(AfterOrder.Meta):
        constraints = [
            *AfterOrder.Meta.constraints,
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_is_positive"),
            models.CheckConstraint(condition=Q(status__in=["pending", "succeeded", "failed"]), name="refund_status"),
        ]


class Dispute(AfterOrder):
    """One payment that the buyer's bank contests, and how that ended."""

    class Status(models.TextChoices):
        OPENED = "opened"
        WON = "won"
        LOST = "lost"

    status = models.CharField(max_length=10, choices=Status.choices)

    class Meta(AfterOrder.Meta):
        constraints = [
            *AfterOrder.Meta.constraints,
            models.CheckConstraint(condition=Q(status__in=["opened", "won", "lost"]), name="dispute_status"),
        ]
