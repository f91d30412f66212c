"""What rewards was asked to reward."""

import uuid

from django.db import models

from customers.models import Person
from rewards.models.scheme import Scheme


class Occasion(models.Model):
    """One thing that rewards was asked to reward, also when it earns nothing: locked before anything moves for it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # What it is in the room that asked: its kind and its public id.
    kind = models.CharField(max_length=30)
    subject = models.CharField(max_length=64)
    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="occasions")
    # Who is credited with it.
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    # What of it counts, in minor units of `currency`; 0 for what has no amount.
    counted = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True)
    # From then on what it earned stands; only refunds, disputes and corrections move money.
    final_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject"], name="occasion_of_subject_once"),
            models.CheckConstraint(condition=models.Q(counted__gte=0), name="occasion_counts_from_nothing"),
        ]
        indexes = [models.Index(fields=["scheme", "person", "at"], name="occasion_by_person")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
