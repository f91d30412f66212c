"""What every row has for which somebody else is asked to hand something out."""

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from spine.due import DueRow


class ErrandRow(DueRow):
    """Something to be handed out by a provider: asked for under a stored key, until it ends in one way or another."""

    # The states in which somebody still waits for it; all others are ends.
    open_states: ClassVar[tuple[str, ...]]
    state: Any

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Who hands it out (a dotted path), once that is known, and the key under which they know it.
    provider = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=60, unique=True, editable=False)
    # When the provider may first have heard of it: from then on it is looked up before it is sent.
    asked_at = models.DateTimeField(null=True, blank=True)
    # What the provider said last and is not booked yet.
    outcome = models.CharField(max_length=8, blank=True)
    # Why it failed, in words of the provider or of the staff.
    reason = models.CharField(max_length=300, blank=True)
    # What its person gets to see once it has arrived: a discount code, a parcel's number.
    result = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # One more with each change of its state.
    version = models.PositiveIntegerField(default=1)

    class Meta(DueRow.Meta):
        abstract = True

    def mark(self, state: str, at: datetime, **fields: Any) -> None:
        """Go on to a state; the caller holds the row and writes down what else follows."""
        self.state = state
        self.version += 1
        for name, value in fields.items():
            setattr(self, name, value)
        self.ended_at = None if state in self.open_states else at
        changed = ["state", "version", "ended_at", *fields]
        self.save(update_fields=changed)
