"""What was promised to people: rewards in the ledger, and grants outside of it."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Person
from rewards.models.ledger import AccountKind
from rewards.models.occasion import Occasion, Side
from rewards.models.scheme import Plan, Scheme
from spine.due import DueRow

# Where a reward's amount can be, beside where it came from: one column each, named as the accounts' kinds.
PLACES = ("on_hold", "available", "in_flight", "owed", "redeemed", "paid", "expired", "written_off", "reversed")

# Where something of it still moves, or is owed.
MOVING = Q(on_hold__gt=0) | Q(available__gt=0) | Q(in_flight__gt=0) | Q(owed__gt=0)


class Reward(DueRow):
    """One promise to one person: its terms are frozen, where its amount is now is a cache of its transfers."""

    class State(models.TextChoices):
        PROMISED = "promised", _("On its way")
        AVAILABLE = "available", _("Available")
        IN_FLIGHT = "in_flight", _("Being redeemed")
        REDEEMED = "redeemed", _("Redeemed")
        PAID = "paid", _("Paid")
        OWED = "owed", _("Owed")
        EXPIRED = "expired", _("Expired")
        WRITTEN_OFF = "written_off", _("Written off")
        REVERSED = "reversed", _("Taken back")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # `<occasion>:<decision number>:<rule>`: the natural key of the promise.
    key = models.CharField(max_length=120, editable=False)
    occasion = models.ForeignKey(Occasion, on_delete=models.PROTECT, related_name="rewards")
    scheme = models.ForeignKey(Scheme, db_index=False, on_delete=models.PROTECT, related_name="rewards")
    plan = models.ForeignKey(Plan, null=True, blank=True, on_delete=models.PROTECT, related_name="rewards")
    # The rule of the plan; empty for what people of the staff award by hand.
    rule = models.CharField(max_length=40, blank=True)
    side = models.CharField(max_length=8, choices=Side.choices)
    # Whoever holds it now.
    person = models.ForeignKey(Person, db_index=False, on_delete=models.PROTECT, related_name="rewards")
    unit = models.CharField(max_length=12)
    amount = models.BigIntegerField()
    promised_at = models.DateTimeField()
    # When its hold ends by itself, and when it did.
    hold_until = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)
    # How long it can be used once it is available; None: for ever.
    expiry_days = models.PositiveIntegerField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    # How many days before it expires its person was told last.
    warned_days = models.PositiveSmallIntegerField(null=True, blank=True)
    # It waits for a person's yes before it is released.
    needs_approval = models.BooleanField(default=False)
    approved_at = models.DateTimeField(null=True, blank=True)
    # When the decision that promised it was replaced, or somebody refused it: all of it is taken back.
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    # When somebody of the staff said no to it, and the words for its person.
    refused_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    # What corrections took away of it, net; refunds take their share of the rest.
    corrected = models.BigIntegerField(default=0)
    # What it used of the plan's budget and caps when it was promised, in minor units of the program's currency.
    worth = models.BigIntegerField(default=0)
    on_hold = models.BigIntegerField(default=0)
    available = models.BigIntegerField(default=0)
    in_flight = models.BigIntegerField(default=0)
    owed = models.BigIntegerField(default=0)
    redeemed = models.BigIntegerField(default=0)
    paid = models.BigIntegerField(default=0)
    expired = models.BigIntegerField(default=0)
    written_off = models.BigIntegerField(default=0)
    reversed = models.BigIntegerField(default=0)
    state = models.CharField(max_length=11, choices=State.choices, default=State.PROMISED)
    # One more with each entry booked for it.
    version = models.PositiveIntegerField(default=0)

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["key"], name="reward_of_key_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="reward_is_something"),
            models.CheckConstraint(condition=Q(**{f"{place}__gte": 0 for place in PLACES}), name="reward_places"),
            models.CheckConstraint(
                condition=Q(amount=F("on_hold") + F("available") + F("in_flight") + F("owed") + F("redeemed")
                            + F("paid") + F("expired") + F("written_off") + F("reversed")),
                name="reward_is_somewhere",
            ),
            models.CheckConstraint(condition=Q(side__in=["advocate", "friend"]), name="reward_side"),
            models.CheckConstraint(
                condition=Q(corrected__gte=0, corrected__lte=F("amount")), name="reward_corrected_within_it"
            ),
        ]  # fmt: skip
        indexes = [
            *DueRow.Meta.indexes,
            models.Index(fields=["person", "-promised_at", "-id"], name="reward_by_person"),
            models.Index(fields=["scheme", "-promised_at", "-id"], name="reward_by_scheme"),
            # The lots that somebody can spend.
            models.Index(fields=["person", "unit"], condition=Q(available__gt=0), name="reward_lot"),
            models.Index(fields=["person", "unit", "scheme"], condition=Q(owed__gt=0), name="reward_owed"),
            models.Index(fields=["person", "unit"], condition=MOVING, name="reward_moving"),
            models.Index(
                fields=["expires_at"], condition=Q(available__gt=0, expires_at__isnull=False), name="reward_expiring"
            ),
            models.Index(
                fields=["promised_at", "id"],
                condition=Q(needs_approval=True, approved_at=None, withdrawn_at=None),
                name="reward_to_approve",
            ),
        ]
        permissions = [
            ("see_rewards", "Can see rewards, the ledger and what is owed"),
            ("approve_rewards", "Can approve rewards, release them early and correct the ledger"),
            ("manage_catalogue", "Can design the catalogue and fulfil redemptions"),
            ("make_payouts", "Can make payouts"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.unit} ({self.public_id})"

    @property
    def taken_back(self) -> int:
        """What was taken back of it, in whatever way."""
        return self.reversed + self.owed + self.written_off

    @property
    def is_done(self) -> bool:
        """Whether nothing of it will move by itself any more."""
        return not (self.on_hold or self.available or self.in_flight)

    def named_state(self) -> str:
        """The state by where its amount is: what moves next goes before what has come to rest."""
        if self.on_hold:
            return self.State.PROMISED
        for place in ("available", "in_flight", "owed", "redeemed", "paid", "expired", "written_off"):
            if getattr(self, place):
                return place
        return self.State.REVERSED


class Grant(DueRow):
    """One thing given that is not counted in the ledger: a discount code, goods, a perk or a badge."""

    class State(models.TextChoices):
        PROMISED = "promised", _("On its way")
        READY = "ready", _("We see to it")
        SENT = "sent", _("Sent")
        REVOKED = "revoked", _("Taken back")

    class Clawback(models.TextChoices):
        KEEP = "keep", _("They keep it")
        REVOKE = "revoke_on_full_refund", _("Taken back when the whole order is")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(max_length=120, unique=True, editable=False)
    occasion = models.ForeignKey(Occasion, on_delete=models.PROTECT, related_name="grants")
    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="grants")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="grants")
    rule = models.CharField(max_length=40)
    side = models.CharField(max_length=8, choices=Side.choices)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="grants")
    kind = models.CharField(max_length=13)
    # What it costs the brand by its own word, in minor units of the program's currency: it uses the budget.
    cost = models.BigIntegerField(default=0)
    clawback = models.CharField(max_length=21, choices=Clawback.choices, default=Clawback.KEEP)
    promised_at = models.DateTimeField()
    hold_until = models.DateTimeField()
    needs_approval = models.BooleanField(default=False)
    approved_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    # Since when it stands on the staff's work list, for what they send or arrange.
    ready_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    # What its person was told with it, such as a parcel's number.
    words = models.CharField(max_length=200, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROMISED)
    version = models.PositiveIntegerField(default=1)
    # The discount code, once it is sent.
    code = models.CharField(max_length=64, blank=True)

    class Meta(DueRow.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(cost__gte=0), name="grant_costs_from_nothing"),
            models.CheckConstraint(condition=Q(side__in=["advocate", "friend"]), name="grant_side"),
        ]
        indexes = [
            *DueRow.Meta.indexes,
            models.Index(fields=["person", "-id"], name="grant_by_person"),
            models.Index(
                fields=["promised_at", "id"],
                condition=Q(needs_approval=True, approved_at=None, withdrawn_at=None),
                name="grant_to_approve",
            ),
            models.Index(fields=["ready_at", "id"], condition=Q(state="ready"), name="grant_to_hand_out"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.public_id})"


assert set(PLACES) == {*AccountKind.values} - {"issued"} | {"reversed"}
