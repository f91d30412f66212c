"""How far the sandbox's clock was moved."""

from datetime import timedelta

from django.db import models


class ClockOffset(models.Model):
    """The sandbox's one clock: how far it stands ahead of the wall clock."""

    ahead = models.DurationField(default=timedelta)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="clock_offset_is_one_row")]

    def __str__(self) -> str:
        return f"+{self.ahead}"
