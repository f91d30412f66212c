"""What advocates say is missing."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Person
from referrals.models.program import Program
from referrals.models.touch import Touch


class Claim(models.Model):
    """One advocate's word that an order came by their recommendation and was not counted."""

    class State(models.TextChoices):
        OPEN = "open", _("Being looked at")
        GRANTED = "granted", _("Granted")
        DECLINED = "declined", _("Declined")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="claims")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="claims")
    # What the advocate told: the shop's number of the order, when they recommended, and their evidence. Erasable.
    order_key = models.CharField(_("order number"), max_length=255)
    recommended_on = models.DateField(_("when you recommended us"))
    words = models.TextField(_("what happened"), max_length=2000)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    filed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    # The public id of the user who decided.
    decided_by = models.CharField(max_length=64, blank=True)
    # What the manager answered. Erasable.
    answer = models.TextField(_("answer"), max_length=1000, blank=True)
    # The manual touch of a granted claim.
    touch = models.OneToOneField(Touch, null=True, blank=True, on_delete=models.PROTECT, related_name="claim")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["program", "person", "order_key"], condition=Q(state="open"), name="claim_open_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None, touch=None)
                | Q(state="granted", decided_at__isnull=False, touch__isnull=False)
                | Q(state="declined", decided_at__isnull=False, touch=None),
                name="claim_decided_has_its_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["filed_at", "id"], condition=Q(state="open"), name="claim_open"),
            models.Index(fields=["person", "-filed_at"], name="claim_by_person"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
