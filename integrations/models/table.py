"""Files that people bring in: a table of a shop's past, taken in slices."""

import uuid
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Source
from spine.due import DueRow


class Import(models.Model):
    """One file that somebody brought in for a shop: first checked as a whole, then taken row by row."""

    class Kind(models.TextChoices):
        CUSTOMERS = "customers", _("Customers")
        ORDERS = "orders", _("Orders")
        REFUNDS = "refunds", _("Refunds")

    class State(models.TextChoices):
        MAPPING = "mapping", _("Columns to name")
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Waits for your word")
        TAKING = "taking", _("Being taken")
        DONE = "done", _("Done")
        DROPPED = "dropped", _("Dropped")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="imports")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    name = models.CharField(max_length=200)
    # What the file's columns are called, and for each field of ours which of them it is read from.
    columns = models.JSONField()
    mapping = models.JSONField(default=dict)
    # What amounts are in where no column says so.
    currency = models.CharField(max_length=3, blank=True)
    rows = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.MAPPING)
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["mapping", "checking", "checked", "taking"], ended_at=None)
                | Q(state__in=["done", "dropped"], ended_at__isnull=False),
                name="import_ends_at_an_instant",
            ),
        ]
        indexes = [models.Index(fields=["source", "-id"], name="import_by_source")]

    def __str__(self) -> str:
        return self.name


class Slice(DueRow):
    """Some hundred rows of one file, as they were read; due while they are to be checked or taken."""

    deadline: ClassVar[timedelta] = timedelta(hours=6)

    table = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="slices")
    number = models.PositiveIntegerField()
    # Each row with its number before it, as a spreadsheet counts them.
    cells = models.JSONField()
    is_checked = models.BooleanField(default=False)
    is_taken = models.BooleanField(default=False)
    good = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    # What is wrong: [row, field or nothing, why]. Once the slice is taken, only the cells of such rows are kept.
    wrong = models.JSONField(default=list)
    # How many rows became what: `created`, `updated`, `duplicate`, `stale`.
    became = models.JSONField(default=dict)

    class Meta(DueRow.Meta):
        constraints = [models.UniqueConstraint(fields=["table", "number"], name="slice_of_file_once")]

    def __str__(self) -> str:
        return f"{self.table_id} slice {self.number}"
