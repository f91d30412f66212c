"""Programs, their life, and the terms that they published."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Person
from rewards.models import Plan, Scheme
from spine.due import DueRow
from spine.guards import AppendOnly


class Program(models.Model):
    """One referral offer: where its links lead, what it is counted in, and what its next terms will say."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=80)
    # Its place in addresses; the name may change, this does not.
    slug = models.SlugField(max_length=60, unique=True, editable=False)
    scheme = models.OneToOneField(Scheme, on_delete=models.PROTECT, related_name="program", editable=False)
    # Both are frozen once the first terms are published.
    currency = models.CharField(_("currency"), max_length=3)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    # Where a link lands its visitor, and on which further hosts an advocate may let it land.
    destination = models.URLField(_("destination"), max_length=500)
    hosts = models.JSONField(_("further hosts"), default=list, blank=True)
    # Query parameters that every visit carries on, such as {"utm_source": "referral"}.
    utm = models.JSONField(default=dict, blank=True)
    share_text = models.CharField(_("words to share"), max_length=500, blank=True)
    # What every share text ends with, such as #ad; empty where the program asks for none.
    disclosure = models.CharField(_("disclosure"), max_length=40, blank=True, default="#ad")
    # No cookie is set before the visitor has agreed on the shop's own site: the token travels in the address only.
    asks_consent = models.BooleanField(_("ask visitors before a cookie is set"), default=False)
    # {"terms": …, "plan": …}: what the next publication will say.
    draft = models.JSONField(default=dict, editable=False)
    # Whoever joined before then has a link.
    links_given_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        permissions = [("manage_programs", "Can design, publish, pause and end programs")]

    def __str__(self) -> str:
        return self.name


class State(models.TextChoices):
    """Where a program stands in its life."""

    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Scheduled")
    LIVE = "live", _("Live")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


class StateChange(AppendOnly):
    """One step of a program's life: from `at` on it is in `state`, whatever an earlier row said of that time."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="state_changes")
    state = models.CharField(max_length=10, choices=State.choices)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    # The public id of whoever changed it.
    changed_by = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "scheduled", "live", "paused", "ended"]), name="state_change_state"
            )
        ]
        indexes = [models.Index(fields=["program", "id"], name="state_change_by_program")]

    def __str__(self) -> str:
        return f"{self.program_id} {self.state} from {self.at:%Y-%m-%d}"


class Ending(DueRow):
    """One end of a program that its advocates are told of by mail, and how far that has come."""

    change = models.OneToOneField(StateChange, on_delete=models.PROTECT, related_name="ending")
    # The last link, in the order of their ids, whose advocate was written to.
    told_until = models.BigIntegerField(default=0)

    class Meta(DueRow.Meta):
        verbose_name = _("letters about a program's end")
        verbose_name_plural = _("letters about a program's end")

    def __str__(self) -> str:
        return str(self.change)


class Terms(AppendOnly):
    """One version of a program's attribution rules, as they were published, and the plan that they point at."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="terms")
    version = models.PositiveIntegerField()
    # What `referrals.terms.TermsDocument` reads.
    document = models.JSONField()
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()
    # The public id of whoever published it.
    published_by = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "terms"
        constraints = [models.UniqueConstraint(fields=["program", "version"], name="terms_version_once")]

    def __str__(self) -> str:
        return f"{self.program_id} version {self.version}"


class Acceptance(AppendOnly):
    """One person's yes to one version of a program's rules."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    terms = models.ForeignKey(Terms, on_delete=models.PROTECT, related_name="acceptances")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "terms"], name="terms_accepted_once")]

    def __str__(self) -> str:
        return f"{self.person_id} accepted {self.terms_id}"
