"""What the ledger moved on each day, added up."""

from django.db import models

from rewards.models.scheme import Scheme


class LedgerDay(models.Model):
    """What one scheme's book moved of one unit on one day (UTC) from one kind of account to another."""

    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="days")
    unit = models.CharField(max_length=12)
    day = models.DateField()
    source = models.CharField(max_length=11)
    target = models.CharField(max_length=11)
    amount = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scheme", "unit", "day", "source", "target"], name="ledger_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.scheme_id} {self.unit} {self.day} {self.source} → {self.target}"
