"""Discount codes that the shop made beforehand, handed out one by one."""

import uuid

from django.db import models
from django.db.models import Q

from rewards.models.scheme import Scheme


class Pool(models.Model):
    """A stock of discount codes that all buy the same."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="pools")
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        permissions = [("manage_pools", "Can make pools and upload discount codes")]

    def __str__(self) -> str:
        return self.name


class PoolCode(models.Model):
    """One discount code, and for whom it was taken out of its pool."""

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="codes")
    text = models.CharField(max_length=64)
    # The text in capitals: by it the shop's orders name the code.
    folded = models.CharField(max_length=64, unique=True, editable=False)
    # A natural key of whoever holds it, such as a keyed hash; never personal data.
    holder = models.CharField(max_length=100, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pool", "holder"], condition=~Q(holder=""), name="pool_code_of_holder_once"
            ),
            models.CheckConstraint(
                condition=Q(holder="", taken_at=None) | (~Q(holder="") & Q(taken_at__isnull=False)),
                name="pool_code_taken_has_a_holder",
            ),
        ]
        indexes = [models.Index(fields=["pool", "id"], condition=Q(holder=""), name="pool_code_free")]

    def __str__(self) -> str:
        return self.text
