"""What advocates share: links, the codes that name them, and what friends get by them."""

import uuid

from django.db import models

from customers.models import Person
from referrals.models.program import Program
from rewards.models import PoolCode


class Link(models.Model):
    """One advocate's share URL in one program."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="links")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="links")
    # The text of its code that is shown now; every earlier one still leads here.
    code = models.CharField(max_length=40)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "person"], name="link_of_person_once")]
        indexes = [models.Index(fields=["program", "-id"], name="link_by_program")]

    def __str__(self) -> str:
        return self.code


class Code(models.Model):
    """One text that leads to a link, for ever: its permanent code, or an alias that its advocate chose."""

    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="codes")
    # Emptied when the advocate is erased, since an alias may be a name.
    text = models.CharField(max_length=40, blank=True)
    # The keyed hash of the folded text, which outlives it: nobody else ever gets the same code.
    key = models.CharField(max_length=64, unique=True, editable=False)
    is_permanent = models.BooleanField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["link"], condition=models.Q(is_permanent=True), name="code_permanent_once")
        ]

    def __str__(self) -> str:
        return self.text


class FriendCode(models.Model):
    """One discount code that the friend page handed to one person, by somebody's link."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="friend_codes")
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="friend_codes")
    # The keyed hash of the canonical email; the address itself is not kept.
    holder = models.CharField(max_length=64)
    pool_code = models.OneToOneField(PoolCode, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["program", "holder"], name="friend_code_once_per_person")]

    def __str__(self) -> str:
        return f"{self.program_id}:{self.holder[:8]}"
