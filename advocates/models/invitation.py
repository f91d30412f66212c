"""Who was asked to join the staff."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class StaffInvitationQuerySet(models.QuerySet["StaffInvitation"]):
    """Invitations by what may still become of them."""

    def unanswered(self) -> "StaffInvitationQuerySet":
        """Neither accepted nor revoked; it may have expired."""
        return self.filter(accepted_at=None, revoked_at=None)

    def open(self, at: datetime) -> "StaffInvitationQuerySet":
        """Those whose link still opens the door."""
        return self.unanswered().filter(expires_at__gt=at)


class StaffInvitation(models.Model):
    """One offer to one address to join the staff in certain roles. Its link is known only by its hash."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("email"))
    roles = models.JSONField(_("roles"))
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    # The inviting user's public id; nobody's when it came from the command line.
    invited_by = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = StaffInvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"), condition=Q(accepted_at=None, revoked_at=None), name="staff_invitation_unanswered_once"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(revoked_at=None), name="staff_invitation_accepted_or_revoked"
            ),
        ]
        permissions = [
            ("see_staff_home", "Can see the staff's home page"),
            ("manage_staff", "Can invite, change and remove staff"),
        ]

    def __str__(self) -> str:
        return self.email
