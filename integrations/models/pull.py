"""Asking a shop's software what changed, in case a message was lost."""

from django.db import models
from django.db.models import Q

from integrations.models.connection import Connection
from spine.due import DueRow


class Pull(DueRow):
    """How one shop's software is asked, and as of when all that changed in it is known; due for each page."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="pull")
    # Where its API is, without a slash at the end.
    address = models.CharField(max_length=200)
    # What lets us read there, readable with the site's key alone.
    sealed = models.TextField()
    # Everything that changed before is known.
    known_until = models.DateTimeField()
    # The stretch of time that is being asked about page by page, until when, and where in it we are.
    asks_until = models.DateTimeField(null=True, blank=True)
    place = models.CharField(max_length=1000, blank=True)
    # The code of why the last question went unanswered, and since when none is.
    reason = models.CharField(max_length=40, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)

    class Meta(DueRow.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(reason="", failing_since=None) | (~Q(reason="") & Q(failing_since__isnull=False)),
                name="pull_fails_since_an_instant",
            )
        ]

    def __str__(self) -> str:
        return f"{self.connection_id} at {self.address}"
