"""What the brand sends, and to whom it must not."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from spine.due import DueRow


class Message(DueRow):
    """One email: written down with the act that caused it, sent by a sweep, once for its key."""

    # About a day and a half, so that a mail server may be away for a night.
    max_attempts: ClassVar = 36

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENT = "sent", _("Sent")
        SUPPRESSED = "suppressed", _("Not sent: suppressed")
        BOUNCED = "bounced", _("Bounced")

    key = models.CharField(max_length=200, unique=True)
    to = models.EmailField()
    subject = models.CharField(max_length=255)
    text = models.TextField()
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    # A transactional message is one that its reader asked for; anything else offers to unsubscribe.
    is_transactional = models.BooleanField(default=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)

    class Meta(DueRow.Meta):
        indexes = [
            *DueRow.Meta.indexes,
            models.Index(fields=["created_at"], name="message_by_age"),
            models.Index(fields=["to", "-id"], name="message_by_address"),
        ]

    def __str__(self) -> str:
        return self.subject


class Suppression(models.Model):
    """One reason why one address must not be written to, kept as a keyed hash with a masked form for people to see.

    Reasons stand beside each other: lifting a bounce does not forget that the reader unsubscribed.
    """

    class Reason(models.TextChoices):
        BOUNCE = "bounce", _("It bounced")
        COMPLAINT = "complaint", _("Reported as spam")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        MANUAL = "manual", _("Added by staff")

    address_hash = models.CharField(max_length=64)
    masked = models.CharField(max_length=120)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["address_hash", "reason"], name="suppression_once_a_reason")]
        indexes = [models.Index(fields=["at"], name="suppression_by_age")]
        permissions = [("manage_mail", "Can set up mail and the suppression list")]

    def __str__(self) -> str:
        return f"{self.masked} ({self.get_reason_display()})"
