"""The visits behind links, and how many there were on each day."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from referrals.models.link import Link
from referrals.models.program import Program


class Click(models.Model):
    """One visit to a link, whoever or whatever made it."""

    class Verdict(models.TextChoices):
        HUMAN = "human", _("A person")
        BOT = "bot", _("A machine")

    # It stands in the signed token, so loading a visit twice loads it once.
    id = models.UUIDField(primary_key=True, editable=False)
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    verdict = models.CharField(max_length=5, choices=Verdict.choices)
    # Why it is taken for a machine's; empty for a person's.
    reason = models.CharField(max_length=20, blank=True)
    # Through which button of the share kit the link was passed on; empty where it does not say.
    channel = models.CharField(max_length=12, blank=True)
    # The visitor brought no token along: the first visit that this browser remembers.
    is_first = models.BooleanField(default=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(verdict__in=["human", "bot"]), name="click_verdict")]
        indexes = [
            models.Index(fields=["link", "-at"], name="click_by_link"),
            # What is past its days is found by it.
            models.Index(fields=["at"], name="click_by_time"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Day(models.Model):
    """How often something happened on one UTC day."""

    day = models.DateField()
    # Every visit, and those that a person made.
    raw = models.PositiveIntegerField(default=0)
    qualified = models.PositiveIntegerField(default=0)
    # Those of the latter that were their browser's first: as near as we come to counting people.
    people = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        abstract = True


class LinkDay(Day):
    """The visits to one link on one day."""

    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="days")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "day"], name="link_day_once")]

    def __str__(self) -> str:
        return f"{self.link_id} on {self.day}"


class ProgramDay(Day):
    """The visits to one program's links on one day, and what became of the conversions that happened on it."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="days")
    # Conversions by the state of their standing decision; a later decision moves one from one column to another.
    credited = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    stopped = models.PositiveIntegerField(default=0)
    # What the credited ones count, in minor units of the program's currency.
    revenue = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "day"], name="program_day_once")]

    def __str__(self) -> str:
        return f"{self.program_id} on {self.day}"


class SpoolMark(models.Model):
    """How far one spool file is loaded, committed together with the visits that stood there."""

    name = models.CharField(max_length=200, unique=True)
    offset = models.PositiveBigIntegerField(default=0)
    loaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
