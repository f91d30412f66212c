"""The keys by which systems come in."""

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.scopes import SCOPES

# A key that is used all the time is written down as used once in so long.
USED_EVERY = timedelta(minutes=1)


class ApiKey(models.Model):
    """One system's way into the API: what it may do, and the hash of a secret that only its holder knows."""

    class Kind(models.TextChoices):
        SECRET = "secret", _("Secret")
        PUBLISHABLE = "publishable", _("Publishable")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    scopes = models.JSONField(_("scopes"))
    # The token's beginning, by which people tell keys apart and the database finds one.
    prefix = models.CharField(max_length=20, unique=True, editable=False)
    token_hash = models.CharField(max_length=64, editable=False)
    # The public id of whoever made it.
    created_by = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # Anybody can read a publishable key, so the database as well keeps amounts out of its reach.
            models.CheckConstraint(
                condition=~Q(kind="publishable") | Q(scopes=["touches:write"]), name="api_key_publishable_only_touches"
            ),
            models.CheckConstraint(condition=Q(kind__in=["secret", "publishable"]), name="api_key_kind_is_known"),
        ]
        permissions = [("manage_keys", "Can make and revoke API keys")]

    def __str__(self) -> str:
        return self.name

    def may(self, scope: str) -> bool:
        """Whether it may do what the scope names."""
        return scope in self.scopes and (self.kind == self.Kind.SECRET or SCOPES[scope].is_publishable)

    def mark_used(self, at: datetime) -> None:
        """Note that it was used, at most once a minute, however many requests come at once."""
        since = at - USED_EVERY
        if self.last_used_at is None or self.last_used_at <= since:
            stale = Q(last_used_at=None) | Q(last_used_at__lte=since)
            ApiKey.objects.filter(stale, pk=self.pk).update(last_used_at=at)
            self.last_used_at = at
