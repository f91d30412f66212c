"""Where events are sent, and what became of each."""

import uuid
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from spine.due import DueRow
from spine.models import Event


class Endpoint(DueRow):
    """One address of some other system to which events are sent in their order; due while one may wait."""

    # A holder that is killed over and over is looked at by a person.
    max_attempts: ClassVar[int] = 20
    # It rests for hours between two tries.
    deadline: ClassVar[timedelta] = timedelta(days=1)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80)
    url = models.CharField(max_length=500)
    # A chat room, which gets a sentence for what people should look at, and no other event.
    is_chat = models.BooleanField(default=False)
    # The events that it gets, by their names; every one where there are none.
    names = models.JSONField(default=list, blank=True)
    # What we sign with, readable with the site's key alone; and what we sign with as well until the rotation is over.
    secret = models.TextField()
    former_secret = models.TextField(blank=True)
    former_until = models.DateTimeField(null=True, blank=True)
    # Every event up to here was taken, or is not for it.
    position = models.BigIntegerField(default=0)
    # How often the next one was tried, and since when nothing is taken.
    tries = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    # When somebody switched it off, or we did after days of failure.
    disabled_at = models.DateTimeField(null=True, blank=True)
    has_given_up = models.BooleanField(default=False)

    class Meta(DueRow.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(disabled_at=None, has_given_up=False) | Q(disabled_at__isnull=False),
                name="endpoint_gave_up_at_an_instant",
            ),
        ]
        permissions = [("manage_endpoints", "Can say where events are sent")]

    def __str__(self) -> str:
        return self.name

    def takes(self, name: str) -> bool:
        """Whether it gets events of this name: each, or those that it names, `reward.*` for all of a noun."""
        return not self.names or name in self.names or f"{name.partition('.')[0]}.*" in self.names


class Dispatch(models.Model):
    """One event for one endpoint: how often it was tried, and what was answered last."""

    class State(models.TextChoices):
        TRYING = "trying", _("Is tried again")
        TAKEN = "taken", _("Taken")
        REFUSED = "refused", _("Not taken")

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="dispatches")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=7, choices=State.choices, default=State.TRYING)
    tries = models.PositiveIntegerField(default=0)
    # The answer's status; None where there was none.
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    # How the answer began, or why there was none.
    answer = models.CharField(max_length=300, blank=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    # When somebody asked for it to be sent once more.
    again_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "dispatches"
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="dispatch_of_event_once")]
        indexes = [
            models.Index(fields=["endpoint", "-last_at", "-id"], name="dispatch_by_endpoint"),
            models.Index(fields=["endpoint", "event"], condition=Q(again_at__isnull=False), name="dispatch_again"),
            models.Index(fields=["last_at"], name="dispatch_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.endpoint_id}"
