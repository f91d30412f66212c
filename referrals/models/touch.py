"""Contacts of people with advocates' links and codes, and the ties that people cut."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Lead, Order, Person
from referrals.models.link import Link
from referrals.models.program import Program
from spine.guards import AppendOnly


class Touch(AppendOnly):
    """One contact of one person with an advocate's link or code. All are kept; a decision chooses among them."""

    class Kind(models.TextChoices):
        LINK = "link", _("Link")
        CODE = "code", _("Code")
        COUPON = "coupon", _("Coupon")
        INVITE = "invite", _("Invitation")
        MANUAL = "manual", _("Granted claim")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # What makes it the same touch when it is told again; see `referrals.touches`.
    key = models.CharField(max_length=200, unique=True, editable=False)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="touches")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="touches")
    # Who was touched.
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="touches")
    touched_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    # The visit behind a link touch.
    click_id = models.UUIDField(null=True, blank=True)
    # When a person of the staff granted it; a claim names its own `touched_at`.
    granted_at = models.DateTimeField(null=True, blank=True)
    # The fact that told of it, where one did.
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.PROTECT, related_name="touches")
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.PROTECT, related_name="touches")

    class Meta:
        verbose_name_plural = "touches"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["link", "code", "coupon", "invite", "manual"]), name="touch_kind"
            ),
        ]
        indexes = [
            models.Index(fields=["person", "touched_at"], name="touch_by_person"),
            models.Index(fields=["link", "-touched_at"], name="touch_by_link"),
            models.Index(fields=["click_id"], condition=Q(click_id__isnull=False), name="touch_by_click"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class TieCut(AppendOnly):
    """One person's word that nobody referred them: no touch until then counts for anybody."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="tie_cuts")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "at"], name="tie_cut_once")]

    def __str__(self) -> str:
        return f"{self.person_id} at {self.at}"


class CutClick(AppendOnly):
    """One visit whose visitor said that it counts for nobody, before a shop told who they are."""

    click_id = models.UUIDField(unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.click_id)
