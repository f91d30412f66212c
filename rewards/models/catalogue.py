"""What earned amounts are spent on: the catalogue's items, and what people took of them."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Person
from rewards.models.errand import ErrandRow
from rewards.models.pool import Pool
from rewards.models.scheme import Scheme


class Item(models.Model):
    """One thing that people can take for what they earned."""

    class Kind(models.TextChoices):
        DISCOUNT_CODE = "discount_code", _("A discount code out of a pool")
        STORE_CREDIT = "store_credit", _("Store credit that the shop books")
        GOODS = "goods", _("Something that you send by post")
        PERK = "perk", _("Something that you arrange yourselves")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=13, choices=Kind.choices)
    name = models.CharField(max_length=80)
    words = models.CharField(max_length=1000, blank=True)
    picture = models.ImageField(upload_to="catalogue/", blank=True)
    # What it takes: `price` of a unit, or where the amount is open, that much or more.
    unit = models.CharField(max_length=12)
    price = models.BigIntegerField()
    has_open_amount = models.BooleanField(default=False)
    # What the shop books for it and what it costs the brand, in minor units of the currency.
    currency = models.CharField(max_length=3)
    value = models.BigIntegerField(null=True, blank=True)
    cost = models.BigIntegerField(default=0)
    pool = models.ForeignKey(Pool, null=True, blank=True, on_delete=models.PROTECT, related_name="items")
    # How many there are in all, None for any number, and how many of them are taken.
    stock = models.PositiveIntegerField(null=True, blank=True)
    taken = models.PositiveIntegerField(default=0)
    # Where it can be had, as country codes; anywhere if there are none.
    countries = models.JSONField(default=list, blank=True)
    needs_address = models.BooleanField(default=False)
    # Only for people of this tier or above it, in this scheme.
    scheme = models.ForeignKey(Scheme, null=True, blank=True, on_delete=models.PROTECT, related_name="items")
    tier = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()
    # When people could take it first, and since when they can't any more.
    offered_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(price__gt=0), name="item_takes_something"),
            models.CheckConstraint(condition=Q(cost__gte=0), name="item_costs_from_nothing"),
            models.CheckConstraint(
                condition=Q(stock=None) | Q(taken__lte=F("stock")), name="item_taken_within_its_stock"
            ),
            models.CheckConstraint(
                condition=(Q(kind="discount_code") & Q(pool__isnull=False)) | (~Q(kind="discount_code") & Q(pool=None)),
                name="item_code_has_a_pool",
            ),
            models.CheckConstraint(
                condition=Q(has_open_amount=False) | Q(kind="store_credit", value=None, unit__startswith="credit:"),
                name="item_open_amount_is_credit",
            ),
            models.CheckConstraint(
                condition=Q(value=None, has_open_amount=True)
                | Q(value=None) & ~Q(kind="store_credit")
                | Q(value__isnull=False, value__gt=0, kind="store_credit", has_open_amount=False),
                name="item_credit_has_a_value",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["unit", "price", "id"], name="item_by_price")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_offered(self) -> bool:
        """Whether people can take it."""
        return self.offered_at is not None and self.withdrawn_at is None

    @property
    def left(self) -> int | None:
        """How many there still are; None for any number."""
        return None if self.stock is None else self.stock - self.taken


class RedemptionState(models.TextChoices):
    """How far a redemption has come."""

    REQUESTED = "requested", _("Asked for")
    SENT = "sent", _("Being prepared")
    UNKNOWN = "unknown", _("Being looked up")
    ARRIVED = "arrived", _("Yours")
    FAILED = "failed", _("Did not work")
    CANCELLED = "cancelled", _("Called off")


class Redemption(ErrandRow):
    """One thing that one person took: what it took is out of their rewards until it has arrived, or comes back."""

    State = RedemptionState
    open_states = ("requested", "sent", "unknown")

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="redemptions")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="redemptions")
    # What whoever asked calls it, so that asking again takes nothing more.
    token = models.CharField(max_length=64)
    unit = models.CharField(max_length=12)
    amount = models.BigIntegerField()
    # What the shop books, in minor units of the currency; None for what is no store credit.
    value = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=9, choices=RedemptionState.choices, default=RedemptionState.REQUESTED)
    requested_at = models.DateTimeField()
    # Where it goes, readable with the site's key alone; empty where nowhere, and once its person is erased.
    address = models.TextField(blank=True)
    # When the staff took it up, so that it can't be called off any more.
    taken_up_at = models.DateTimeField(null=True, blank=True)
    # Since when somebody wants it called off.
    call_off_at = models.DateTimeField(null=True, blank=True)

    class Meta(ErrandRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["person", "token"], name="redemption_of_token_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="redemption_takes_something"),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "sent", "unknown"], ended_at=None)
                | (~Q(state__in=["requested", "sent", "unknown"]) & Q(ended_at__isnull=False)),
                name="redemption_ends_at_an_instant",
            ),
        ]
        indexes = [
            *ErrandRow.Meta.indexes,
            models.Index(fields=["person", "-requested_at", "-id"], name="redemption_by_person"),
            models.Index(fields=["state", "-requested_at", "-id"], name="redemption_by_state"),
            models.Index(
                fields=["requested_at", "id"], condition=Q(state="sent", outcome=""), name="redemption_to_fulfil"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} ({self.public_id})"

    @property
    def name(self) -> str:
        """Under which the ledger knows what was taken for it."""
        return f"redemption:{self.public_id}"

    @property
    def cash_unit(self) -> str:
        """In what the shop counts its value."""
        return f"cash:{self.currency}"
