"""The book in which a program's rewards are kept, and the rules that it follows."""

import uuid

from django.db import models

from spine.guards import AppendOnly


class Scheme(models.Model):
    """One ledger book: what is used of caps and budgets is counted here, across all versions of its plan."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    # Since when no cash of it is paid out, because its book did not add up.
    payouts_stopped_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Plan(AppendOnly):
    """One version of a scheme's reward rules, as they were published."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="plans")
    version = models.PositiveIntegerField()
    # What `rewards.plans.PlanDocument` reads.
    document = models.JSONField()
    published_at = models.DateTimeField()
    # The public id of whoever published it.
    published_by = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scheme", "version"], name="plan_version_once")]

    def __str__(self) -> str:
        return f"{self.scheme_id} version {self.version}"
