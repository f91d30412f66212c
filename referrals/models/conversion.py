"""Referred people who reached a goal, and what was decided about it."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Lead, Order, Person
from referrals.models.program import Program, Terms
from referrals.models.touch import Touch
from spine.due import DueRow
from spine.guards import AppendOnly


class Side(models.TextChoices):
    """Whom a verdict is about."""

    ADVOCATE = "advocate", _("Advocate")
    FRIEND = "friend", _("Friend")


class SideVerdict(models.TextChoices):
    """Whether one side may be rewarded."""

    ALLOW = "allow", _("Allowed")
    STOP = "stop", _("Stopped")
    REFUSE = "refuse", _("Refused")


SIDE_VERDICTS = ["allow", "stop", "refuse"]


class Conversion(DueRow):
    """One referred person who reached a goal of one program; what it says of its outcome is its standing decision's."""

    class State(models.TextChoices):
        UNDECIDED = "undecided", _("Being decided")
        CREDITED = "credited", _("Credited")
        REFUSED = "refused", _("Not credited")
        # Credited, while at least one side waits for a person of the staff.
        STOPPED = "stopped", _("Being checked")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    program = models.ForeignKey(Program, db_index=False, on_delete=models.PROTECT, related_name="conversions")
    # The fact by which the goal was reached: one of the two.
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.PROTECT, related_name="conversions")
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.PROTECT, related_name="conversions")
    # Which one, as a key: `order:<pk>` or `lead:<pk>`.
    fact = models.CharField(max_length=30, editable=False)
    referred_person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="conversions")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    # From here on: what the standing decision says, copied for lists. Number 0: nothing is decided yet.
    number = models.PositiveIntegerField(default=0)
    # One more with each change of what follows, a person's verdict included.
    version = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UNDECIDED)
    reason = models.CharField(max_length=40, blank=True)
    goal = models.CharField(max_length=20, blank=True)
    credited_person = models.ForeignKey(
        Person, null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="credited_conversions"
    )
    advocate_side = models.CharField(max_length=6, choices=SideVerdict.choices, blank=True)
    friend_side = models.CharField(max_length=6, choices=SideVerdict.choices, blank=True)
    # What of it counts, in minor units of `currency`; a lead's has no currency.
    counted = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["program", "fact"], name="conversion_of_fact_once"),
            models.CheckConstraint(
                condition=Q(order__isnull=False, lead=None) | Q(order=None, lead__isnull=False),
                name="conversion_by_one_fact",
            ),
            # Nobody is ever credited for themselves, whoever writes the row.
            models.CheckConstraint(
                condition=Q(credited_person=None) | ~Q(credited_person=F("referred_person")),
                name="conversion_no_self_referral",
            ),
            # One order credits one advocate, whatever programs there are.
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(order__isnull=False, credited_person__isnull=False),
                name="conversion_order_credited_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["credited", "stopped"], credited_person__isnull=False)
                | Q(state__in=["undecided", "refused"], credited_person=None),
                name="conversion_credited_has_a_person",
            ),
        ]
        indexes = [
            *DueRow.Meta.indexes,
            models.Index(fields=["program", "-occurred_at", "-id"], name="conversion_by_program"),
            models.Index(fields=["program", "state", "-occurred_at", "-id"], name="conversion_by_state"),
            models.Index(fields=["credited_person", "-occurred_at"], name="conversion_by_credited"),
            models.Index(fields=["stopped_at", "id"], condition=Q(state="stopped"), name="conversion_stopped"),
        ]
        permissions = [
            ("see_conversions", "Can see conversions, their decisions, and look people up"),
            ("review_conversions", "Can decide stopped conversions and claims"),
            ("suspend_advocates", "Can suspend advocates and lift it"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class Decision(AppendOnly):
    """One answer to "who is credited for this, and why": numbered within its conversion, one of them standing."""

    settable_once = ("superseded_at",)

    class Outcome(models.TextChoices):
        CREDITED = "credited", _("Credited")
        REFUSED = "refused", _("Not credited")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    conversion = models.ForeignKey(Conversion, on_delete=models.PROTECT, related_name="decisions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    # None where no terms were in force.
    terms = models.ForeignKey(Terms, null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    # One of `referrals.reasons`.
    reason = models.CharField(max_length=40)
    goal = models.CharField(max_length=20)
    # The touch that won; of a refusal, the one that came nearest.
    touch = models.ForeignKey(Touch, null=True, on_delete=models.PROTECT, related_name="+")
    credited_person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    referred_person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    advocate_side = models.CharField(max_length=6, choices=SideVerdict.choices)
    friend_side = models.CharField(max_length=6, choices=SideVerdict.choices)
    score = models.PositiveIntegerField(default=0)
    counted = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True)
    # Of the order, when it was decided; 0 for a lead.
    order_revision = models.PositiveIntegerField(default=0)
    # Every touch considered, every rule that took or refused it, every input read: ids, codes, amounts, hashes.
    trace = models.JSONField()
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversion", "number"], name="decision_number_once"),
            models.UniqueConstraint(
                fields=["conversion"], condition=Q(superseded_at=None), name="decision_standing_once"
            ),
            models.CheckConstraint(
                condition=Q(credited_person=None) | ~Q(credited_person=F("referred_person")),
                name="decision_no_self_referral",
            ),
            models.CheckConstraint(
                condition=Q(outcome="credited", credited_person__isnull=False)
                | Q(outcome="refused", credited_person=None),
                name="decision_credited_has_a_person",
            ),
            models.CheckConstraint(
                condition=Q(advocate_side__in=SIDE_VERDICTS, friend_side__in=SIDE_VERDICTS), name="decision_sides"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversion_id} decision {self.number}"


class Verdict(AppendOnly):
    """One person's word on one stopped side of one decision. The words they gave for it stand in the audit."""

    settable_once = ("undone_at",)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="verdicts")
    side = models.CharField(max_length=8, choices=Side.choices)
    verdict = models.CharField(max_length=6, choices=SideVerdict.choices)
    # The public id of the user.
    by = models.CharField(max_length=64)
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # One word of one person at a time; a second person's is what four eyes are.
            models.UniqueConstraint(
                fields=["decision", "side", "by"], condition=Q(undone_at=None), name="verdict_of_person_once"
            ),
            models.CheckConstraint(condition=Q(side__in=["advocate", "friend"]), name="verdict_side"),
            models.CheckConstraint(condition=Q(verdict__in=["allow", "refuse"]), name="verdict_is_one"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} {self.side}"


class LateFact(AppendOnly):
    """One fact that would have changed a decision, had it come before the first reward was available."""

    conversion = models.ForeignKey(Conversion, on_delete=models.PROTECT, related_name="late_facts")
    # What it is, so that it is noted once: the order's revision, or the touch's id.
    key = models.CharField(max_length=100)
    # What the decision would have been.
    outcome = models.CharField(max_length=10)
    reason = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversion", "key"], name="late_fact_once")]

    def __str__(self) -> str:
        return f"{self.conversion_id} {self.key}"


class CapCount(models.Model):
    """How many conversions a program has credited, in all or to one person; the row is the lock of its cap."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="cap_counts")
    # The person's id; empty for the whole program.
    whose = models.CharField(max_length=36, blank=True)
    used = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["program", "whose"], name="cap_count_once"),
            models.CheckConstraint(condition=Q(used__gte=0), name="cap_count_from_nothing"),
        ]

    def __str__(self) -> str:
        return f"{self.program_id} {self.whose} {self.used}"
