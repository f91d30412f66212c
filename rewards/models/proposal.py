"""What people of the staff do to the ledger by hand, as one asked for it and, where it is much, another agreed."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Person
from rewards.models.reward import Reward
from rewards.models.scheme import Scheme


class Proposal(models.Model):
    """One act by hand on somebody's rewards: done at once, or once a second person says yes."""

    class Kind(models.TextChoices):
        AWARD = "award", _("Give a reward")
        TAKE_AWAY = "take_away", _("Take away what was given by mistake")
        REVIVE = "revive", _("Bring back what expired")
        FORGIVE = "forgive", _("Let go of what is owed")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # What whoever asked calls it, so that asking again does nothing more.
    token = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=9, choices=Kind.choices)
    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="proposals")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="proposals")
    # Of which reward; where one is given, the one that was.
    reward = models.ForeignKey(Reward, null=True, blank=True, on_delete=models.PROTECT, related_name="proposals")
    unit = models.CharField(max_length=12)
    amount = models.BigIntegerField()
    # In words that its person may read; empty once they are erased.
    reason = models.CharField(max_length=300, blank=True)
    # The public ids of the staff who asked for it and who decided.
    proposed_by = models.CharField(max_length=64)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=64, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="proposal_is_something"),
            models.CheckConstraint(condition=Q(done_at=None) | Q(declined_at=None), name="proposal_done_or_declined"),
            models.CheckConstraint(condition=Q(kind="award") | Q(reward__isnull=False), name="proposal_is_of_a_reward"),
            models.CheckConstraint(
                condition=Q(decided_by="", done_at=None, declined_at=None)
                | (~Q(decided_by="") & (Q(done_at__isnull=False) | Q(declined_at__isnull=False))),
                name="proposal_is_decided_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["-id"], condition=Q(done_at=None, declined_at=None), name="proposal_open"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.unit}"

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody's yes."""
        return self.done_at is None and self.declined_at is None
