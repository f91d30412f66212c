"""What advocates are told of the conversions that concern them."""

from django.db import models
from django.db.models import Q

from customers.models import Person
from referrals.models.conversion import Conversion
from spine.due import DueRow


class StoryLine(DueRow):
    """What one advocate is told of one conversion, as it stands now; due while a mail about it may have to be written.

    It repeats what was decided, so that a story is read by whom it is about, however many conversions there are.
    """

    class State(models.TextChoices):
        CREDITED = "credited"
        STOPPED = "stopped"
        REFUSED = "refused"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="story")
    conversion = models.ForeignKey(Conversion, on_delete=models.PROTECT, related_name="story")
    state = models.CharField(max_length=8, choices=State.choices)
    # One of `referrals.reasons`.
    reason = models.CharField(max_length=40)
    # The conversion's.
    occurred_at = models.DateTimeField()
    # It counted for them once, or was about to: they may have been told so.
    was_credited = models.BooleanField(default=False)
    # What it brought them, as `rewards.gains` tells it; None until rewards has answered.
    gained = models.JSONField(null=True, blank=True)

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["person", "conversion"], name="story_line_once"),
            models.CheckConstraint(condition=Q(state__in=["credited", "stopped", "refused"]), name="story_line_state"),
        ]
        indexes = [
            *DueRow.Meta.indexes,
            models.Index(fields=["person", "-occurred_at", "-id"], name="story_line_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.state} {self.reason}"
