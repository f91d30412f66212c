"""The people whom the brand knows."""

import uuid

from django.db import models
from django.db.models import F, Q


class Person(models.Model):
    """One human: a random id that everything else points at, and what it was merged into. Nothing else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "people"
        constraints = [
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")), name="person_not_merged_into_itself"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
