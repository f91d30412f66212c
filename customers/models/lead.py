"""What shops tell of people before they buy."""

import uuid

from django.db import models
from django.db.models import Q

from customers.models.customer import Customer
from customers.models.source import Source


class Lead(models.Model):
    """One sign-up or qualified lead of one shop."""

    class Goal(models.TextChoices):
        SIGNUP = "signup"
        QUALIFIED_LEAD = "qualified_lead"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="leads")
    # The shop's own id.
    key = models.CharField(max_length=255)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="leads")
    goal = models.CharField(max_length=14, choices=Goal.choices)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="lead_of_source_once"),
            models.CheckConstraint(condition=Q(goal__in=["signup", "qualified_lead"]), name="lead_goal"),
        ]
        indexes = [
            models.Index(fields=["customer", "at"], name="lead_by_customer"),
            models.Index(fields=["source", "-recorded_at"], name="lead_by_source"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id}:{self.key}"
