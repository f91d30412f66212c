"""The ledger: accounts, transfers between them, and the seal over the transfers."""

import uuid

from django.db import models
from django.db.models import F, Q

from customers.models import Person
from rewards.models.scheme import Scheme
from spine.guards import AppendOnly


class AccountKind(models.TextChoices):
    """What an account holds. The first four belong to a person, the others to the scheme."""

    ON_HOLD = "on_hold"
    AVAILABLE = "available"
    IN_FLIGHT = "in_flight"
    OWED = "owed"
    ISSUED = "issued"
    REDEEMED = "redeemed"
    PAID = "paid"
    EXPIRED = "expired"
    WRITTEN_OFF = "written_off"


OWNER_KINDS = ("on_hold", "available", "in_flight", "owed")
SYSTEM_KINDS = ("issued", "redeemed", "paid", "expired", "written_off")


class Account(models.Model):
    """What one person holds of one unit in one of four ways, or where a scheme's amounts come from and go to."""

    # `<scheme>:<person, or nothing>:<kind>:<unit>`, so that there is one.
    key = models.CharField(max_length=100, editable=False)
    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="accounts")
    person = models.ForeignKey(
        Person, null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="accounts"
    )
    kind = models.CharField(max_length=11, choices=AccountKind.choices)
    unit = models.CharField(max_length=12)
    # The sum of an owner's transfers; the scheme's own accounts carry none, so that nobody waits for them.
    balance = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="account_of_key_once"),
            models.CheckConstraint(
                condition=Q(person__isnull=False, kind__in=OWNER_KINDS, balance__isnull=False, balance__gte=0)
                | Q(person=None, kind__in=SYSTEM_KINDS, balance=None),
                name="account_balance_from_nothing",
            ),
        ]
        indexes = [models.Index(fields=["person", "unit", "kind"], name="account_by_person")]

    def __str__(self) -> str:
        return self.key


class Transfer(AppendOnly):
    """One amount moved once from one account to another for one reward; an entry's transfers stand or fall together."""

    settable_once = ("sequence",)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The natural key of the effect, and the transfer's place among those that it took.
    entry = models.CharField(max_length=160)
    number = models.PositiveSmallIntegerField(default=1)
    act = models.CharField(max_length=12)
    reward = models.ForeignKey("rewards.Reward", on_delete=models.PROTECT, related_name="transfers")
    source = models.ForeignKey(Account, db_index=False, on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey(Account, db_index=False, on_delete=models.PROTECT, related_name="+")
    unit = models.CharField(max_length=12)
    amount = models.BigIntegerField()
    # What it takes back or gives back, wholly or in part.
    reverses = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversals")
    at = models.DateTimeField()
    # Its place in the sealed series, given after the commit.
    sequence = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "number"], name="transfer_of_entry_once"),
            models.UniqueConstraint(fields=["sequence"], name="transfer_sequence_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_moves_something"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="transfer_goes_elsewhere"),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(sequence=None), name="transfer_unsealed"),
            models.Index(fields=["source", "-id"], name="transfer_by_source"),
            models.Index(fields=["target", "-id"], name="transfer_by_target"),
        ]

    def __str__(self) -> str:
        return f"{self.entry}#{self.number}"


class Seal(AppendOnly):
    """One transfer's place in the sealed series, with a digest over it and over all that came before."""

    sequence = models.BigIntegerField(primary_key=True)
    # The transfer's key, unconstrained: the seal outlives a transfer that somebody deletes by hand, and names it.
    transfer_id = models.BigIntegerField(unique=True)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.sequence}"
