"""What shops delivered, as it came."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.models.connection import Connection
from spine.due import DueRow


class Delivery(DueRow):
    """One signed message of a shop, kept as it came for some days; due until its facts are taken."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        TAKEN = "taken", _("Taken")
        IGNORED = "ignored", _("Nothing for us")
        REFUSED = "refused", _("Refused")
        UNREADABLE = "unreadable", _("Not understood")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="deliveries")
    # By which the shop's software names it, as far as that can be trusted.
    key = models.CharField(max_length=255)
    # What it is about, as the software calls it.
    topic = models.CharField(max_length=100, blank=True)
    body = models.BinaryField()
    received_at = models.DateTimeField()
    # We sent it ourselves, to try the connection.
    is_trial = models.BooleanField(default=False)
    # It never came, and was found by asking the shop what changed; and whether it told anything new.
    is_pulled = models.BooleanField(default=False)
    is_missed = models.BooleanField(default=False)
    # How often the same came again.
    repeats = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # The code of the refusal, or of what could not be read.
    reason = models.CharField(max_length=40, blank=True)
    # What each fact of it became: its kind, the shop's id, and the result or the refusal's code.
    became = models.JSONField(default=list, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)
    # The shop's id of whom it is about.
    customer_key = models.CharField(max_length=255, blank=True)

    class Meta(DueRow.Meta):
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["connection", "key"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(state="waiting", taken_at=None) | (~Q(state="waiting") & Q(taken_at__isnull=False)),
                name="delivery_taken_at_an_instant",
            ),
        ]
        indexes = [
            *DueRow.Meta.indexes,
            models.Index(fields=["connection", "-received_at", "-id"], name="delivery_by_connection"),
            models.Index(
                fields=["connection", "customer_key"], condition=~Q(customer_key=""), name="delivery_by_customer"
            ),
            models.Index(fields=["received_at"], name="delivery_by_age"),
            models.Index(fields=["connection"], condition=Q(is_pulled=True), name="delivery_pulled"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.key}"

    @property
    def is_understood(self) -> bool:
        """Whether it is a test of ours that did all that a test can."""
        return self.is_trial and (self.state == self.State.IGNORED or self.reason == "live_takes_no_tests")
