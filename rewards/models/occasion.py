"""What rewards was asked to reward, and what it answered."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Person
from rewards.models.scheme import Plan, Scheme
from spine.due import DueRow
from spine.guards import AppendOnly


class Side(models.TextChoices):
    """Who of the two a reward is for."""

    ADVOCATE = "advocate", _("Advocate")
    FRIEND = "friend", _("Friend")


class Occasion(DueRow):
    """One thing that rewards was asked to reward, also when it earns nothing: locked before anything moves for it.

    It holds every fact that a rule may read, as whoever asked last told it. What it should have earned follows from
    them; the sweep books the difference to what stands.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # What it is in the room that asked: its kind and its public id.
    kind = models.CharField(max_length=30)
    subject = models.CharField(max_length=64)
    scheme = models.ForeignKey(Scheme, db_index=False, on_delete=models.PROTECT, related_name="occasions")
    # Under which it earns; None where nobody is credited by any terms.
    plan = models.ForeignKey(Plan, null=True, blank=True, on_delete=models.PROTECT, related_name="occasions")
    # The number of the decision that asked.
    number = models.PositiveIntegerField(default=0)
    # Who is credited with it, and the friend who was referred, if there is one.
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    friend = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    # What of it counts, in minor units of `currency`; 0 for what has no amount.
    counted = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True)
    goal = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True)
    # The advocate's tier at its instant, read from the decision.
    tier = models.CharField(max_length=40, blank=True)
    # The discount code, in capitals, that the friend was given before it and used at it.
    coupon = models.CharField(max_length=64, blank=True)
    # The verdict on each side: allow, stop or refuse.
    advocate_side = models.CharField(max_length=6, default="refuse")
    friend_side = models.CharField(max_length=6, default="refuse")
    # When the money was collected, for holds that count from there.
    captured_at = models.DateTimeField(null=True, blank=True)
    # Of what counts, how much went back so far; and whether all did, where nothing counts.
    refunded = models.BigIntegerField(default=0)
    is_cancelled = models.BooleanField(default=False)
    # A bank is asked for the money back; or it got it.
    is_disputed = models.BooleanField(default=False)
    is_lost = models.BooleanField(default=False)
    # Of the order's facts, as of which they were told.
    revision = models.PositiveIntegerField(default=0)
    # From then on what it earned stands; only refunds, disputes and corrections move money.
    final_at = models.DateTimeField(null=True, blank=True)

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject"], name="occasion_of_subject_once"),
            models.CheckConstraint(condition=Q(counted__gte=0), name="occasion_counts_from_nothing"),
            models.CheckConstraint(condition=Q(refunded__gte=0), name="occasion_refunds_from_nothing"),
            models.CheckConstraint(
                condition=Q(advocate_side__in=["allow", "stop", "refuse"], friend_side__in=["allow", "stop", "refuse"]),
                name="occasion_sides",
            ),
        ]
        indexes = [
            *DueRow.Meta.indexes,
            models.Index(fields=["scheme", "person", "at"], name="occasion_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Award(AppendOnly):
    """One answer to "what does this earn, and why": each rule taken or refused, with every input that was read."""

    settable_once = ("superseded_at",)

    occasion = models.ForeignKey(Occasion, on_delete=models.PROTECT, related_name="awards")
    number = models.PositiveIntegerField()
    # The number of the decision that it answers.
    decision = models.PositiveIntegerField()
    plan = models.ForeignKey(Plan, null=True, on_delete=models.PROTECT, related_name="+")
    # Rules, codes, amounts and the inputs that depend on the order of things: nth, tier, caps and budget used.
    trace = models.JSONField()
    at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["occasion", "number"], name="award_number_once"),
            models.UniqueConstraint(fields=["occasion"], condition=Q(superseded_at=None), name="award_standing_once"),
        ]

    def __str__(self) -> str:
        return f"{self.occasion_id} award {self.number}"


class Count(models.Model):
    """How much of one cap or budget of a scheme is used, across all versions of its plan; the row is its lock."""

    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="counts")
    # `budget`, or a cap's name with whose it is and in which stretch of time.
    name = models.CharField(max_length=120)
    used = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scheme", "name"], name="count_once"),
            models.CheckConstraint(condition=Q(used__gte=0), name="count_from_nothing"),
        ]

    def __str__(self) -> str:
        return f"{self.scheme_id} {self.name} {self.used}"
