"""Cash on its way to people: where it goes, what was asked for, and what is paid together."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Person
from rewards.models.errand import ErrandRow


class PayoutDetails(models.Model):
    """Where one person's cash went from one day to another, readable with the site's key alone."""

    class Kind(models.TextChoices):
        IBAN = "iban", _("A bank account")
        WORDS = "words", _("In your own words")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="payout_details")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    # The holder's name and the account, sealed; empty once its person is erased.
    sealed = models.TextField(blank=True)
    # The last four characters: what people are shown of it.
    ending = models.CharField(max_length=4, blank=True)
    # What stood before, and comes back where this change is undone.
    replaces = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    # From then on cash is sent there: whoever owns the account has had time to object.
    usable_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "payout details"
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(superseded_at=None), name="payout_details_standing_once"
            ),
        ]
        indexes = [models.Index(fields=["person", "-id"], name="payout_details_by_person")]

    def __str__(self) -> str:
        return f"…{self.ending}"


class PayoutBatch(models.Model):
    """Payouts that somebody collected to be paid together; it can only shrink."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The public ids of the staff who made it and who approved it.
    made_by = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    approved_by = models.CharField(max_length=64, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    dissolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "payout batches"
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_at=None, approved_by="") | (Q(approved_at__isnull=False) & ~Q(approved_by="")),
                name="payout_batch_is_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_at=None) | Q(dissolved_at=None), name="payout_batch_approved_or_dissolved"
            ),
        ]
        indexes = [models.Index(fields=["-made_at", "-id"], name="payout_batch_by_making")]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody's yes."""
        return self.approved_at is None and self.dissolved_at is None


class PayoutState(models.TextChoices):
    """How far a payout has come."""

    REQUESTED = "requested", _("Asked for")
    APPROVED = "approved", _("Approved")
    SENT = "sent", _("On its way")
    UNKNOWN = "unknown", _("Being looked up")
    PAID = "paid", _("Paid")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Withdrawn")


# What somebody still waits for; one of these a person and unit.
OPEN_STATES = ("requested", "approved", "sent", "unknown")


class Payout(ErrandRow):
    """One amount of cash that one person asked for: taken out of their rewards until it is paid, or comes back."""

    State = PayoutState
    open_states = OPEN_STATES

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="payouts")
    unit = models.CharField(max_length=12)
    amount = models.BigIntegerField()
    state = models.CharField(max_length=9, choices=PayoutState.choices, default=PayoutState.REQUESTED)
    requested_at = models.DateTimeField()
    batch = models.ForeignKey(PayoutBatch, null=True, blank=True, on_delete=models.PROTECT, related_name="payouts")
    # Where it goes, once it is collected to be paid.
    details = models.ForeignKey(PayoutDetails, null=True, blank=True, on_delete=models.PROTECT, related_name="payouts")

    class Meta(ErrandRow.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["person", "unit"], condition=Q(state__in=OPEN_STATES), name="payout_open_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payout_is_something"),
            models.CheckConstraint(condition=Q(unit__startswith="cash:"), name="payout_is_cash"),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "cancelled"]) | Q(batch__isnull=False, details__isnull=False),
                name="payout_is_approved_in_a_batch",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES, ended_at=None)
                | (~Q(state__in=OPEN_STATES) & Q(ended_at__isnull=False)),
                name="payout_ends_at_an_instant",
            ),
        ]
        indexes = [
            *ErrandRow.Meta.indexes,
            models.Index(fields=["person", "-requested_at", "-id"], name="payout_by_person"),
            models.Index(fields=["state", "-requested_at", "-id"], name="payout_by_state"),
            models.Index(
                fields=["requested_at", "id"], condition=Q(state="requested", batch=None), name="payout_to_collect"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.unit} ({self.public_id})"

    @property
    def name(self) -> str:
        """Under which the ledger knows what was taken for it."""
        return f"payout:{self.public_id}"

    @property
    def currency(self) -> str:
        """The three letters of what it is paid in."""
        return self.unit.removeprefix("cash:")
