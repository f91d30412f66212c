"""Answers kept for a request that is told twice."""

from django.db import models


class IdempotencyKey(models.Model):
    """One request of one owner, by the key that the owner gave it, with the answer that it got."""

    owner = models.CharField(max_length=80)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    # Text and not JSONField: jsonb would forget the order of an answer's names.
    body = models.TextField(default="null")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="idempotency_key_is_the_owners")]
        indexes = [models.Index(fields=["at"], name="idempotency_key_by_age")]

    def __str__(self) -> str:
        return f"{self.owner} {self.key}"
