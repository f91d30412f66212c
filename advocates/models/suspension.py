"""Who may not take part for a while."""

from django.db import models
from django.db.models import Q

from customers.models import Person
from spine.guards import AppendOnly


class Suspension(AppendOnly):
    """One time during which a person takes no part; why stands in the audit."""

    settable_once = ("lifted_at",)

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="suspensions")
    begun_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person"], condition=Q(lifted_at=None), name="suspension_open_once")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} from {self.begun_at}"
