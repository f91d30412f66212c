"""How often something was tried."""

from django.db import models


class LimitWindow(models.Model):
    """How often one thing was tried in one stretch of time."""

    key = models.CharField(max_length=64)
    starts_at = models.DateTimeField()
    taken = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "starts_at"], name="limit_window_is_one_row")]
        indexes = [models.Index(fields=["starts_at"], name="limit_window_by_age")]

    def __str__(self) -> str:
        return f"{self.key} {self.taken}"
