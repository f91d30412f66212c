"""Recorded acts, how far each reader has come, and what a reader could not take."""

import uuid
from typing import ClassVar

from django.db import models

from spine.due import DueRow
from spine.guards import AppendOnly


class Event(AppendOnly):
    """One recorded act: what happened, to whom and what, when. It holds ids and amounts, never personal data."""

    settable_once: ClassVar = ("position",)

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(max_length=200)
    name = models.CharField(max_length=80)
    person = models.UUIDField(null=True)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    at = models.DateTimeField()
    payload = models.JSONField(default=dict)
    # Given after the commit, in one unbroken series: a reader that has seen n will never find a smaller one later.
    position = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="event_of_key_once"),
            models.UniqueConstraint(fields=["position"], name="event_position_is_unique"),
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(position=None), name="event_unnumbered"),
            models.Index(fields=["person", "-id"], name="event_by_person"),
            models.Index(fields=["subject_kind", "subject_id", "-id"], name="event_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.subject_kind}:{self.subject_id}"


class Cursor(models.Model):
    """How far one reader of the events has come; the reader "numbering" is the one that gives positions."""

    name = models.CharField(max_length=80, primary_key=True)
    position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.position}"


class Redelivery(DueRow):
    """One event that one reader could not take: tried again by itself, while the reader goes on with the rest."""

    reader = models.CharField(max_length=80)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+")

    class Meta(DueRow.Meta):
        constraints = [models.UniqueConstraint(fields=["reader", "event"], name="redelivery_is_one_per_reader")]
        verbose_name_plural = "redeliveries"
        permissions = [("retry_stuck", "Can see stuck work of every kind and start it again")]

    def __str__(self) -> str:
        return f"{self.event} → {self.reader}"
