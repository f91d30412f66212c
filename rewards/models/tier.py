"""Where people stand on the ladders of schemes."""

from django.db import models

from customers.models import Person
from rewards.models.scheme import Scheme
from spine.due import DueRow


class Standing(DueRow):
    """One person's tier in one scheme, as the sweep saw it last; it follows from what they did."""

    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="standings")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="standings")
    # The step's name in the newest plan; empty below the first one.
    tier = models.CharField(max_length=40, blank=True)
    moved_at = models.DateTimeField(null=True, blank=True)
    # One more with each change of the tier.
    version = models.PositiveIntegerField(default=0)

    class Meta(DueRow.Meta):
        constraints = [models.UniqueConstraint(fields=["person", "scheme"], name="standing_once")]
        indexes = [*DueRow.Meta.indexes, models.Index(fields=["scheme", "tier"], name="standing_by_tier")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.tier}"
