"""What is known of one person, for whoever helps them: a page's worth of each kind, the latest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.functional import cached_property

from advocacy_platform import audit_search
from advocates import staff
from advocates.models import Advocate, Suspension, User
from customers.models import Customer, Person
from referrals import naming
from referrals.models import Claim, Conversion, Link, Touch
from referrals.review import dossiers
from referrals.share import link_search
from rewards import wallets
from rewards.models import Payout, Redemption, Reward
from spine import audit
from spine.models import AuditEntry

LATEST = 20
LOOKED_UP = "person.looked_up"


@dataclass(frozen=True)
class Line:
    """One conversion and, where it was refused, why."""

    conversion: Conversion
    reason: str


class Portrait:
    """One person as `viewer` sees them at `at`; what is shown is read when it is asked for, once."""

    def __init__(self, person: Person, viewer: User, at: datetime) -> None:
        self.person, self.viewer, self.at = person, viewer, at
        # Whoever was merged into them is the same human.
        self.people = [person.pk, *Person.objects.filter(merged_into=person).values_list("pk", flat=True)]

    @cached_property
    def advocate(self) -> Advocate | None:
        """Their profile, if they joined."""
        return Advocate.objects.select_related("user").filter(person__in=self.people).first()

    @cached_property
    def name(self) -> str:
        """What they are called."""
        return self.advocate.display_name if self.advocate else naming.of([self.person.pk]).of(self.person.pk)

    @cached_property
    def suspension(self) -> Suspension | None:
        """The one that stands."""
        return Suspension.objects.filter(person__in=self.people, lifted_at=None).first()

    @cached_property
    def customers(self) -> Sequence[Customer]:
        """What shops call them."""
        found = Customer.objects.filter(person__in=self.people).select_related("source")
        return list(found.order_by("-pk")[:LATEST])

    @cached_property
    def links(self) -> list[link_search.Row]:
        """Their links with their last 30 days."""
        found = Link.objects.filter(person__in=self.people).select_related("program", "person__advocate")
        return link_search.rows(list(found.order_by("-pk")[:LATEST]), self.at)

    @cached_property
    def touched(self) -> Sequence[Touch]:
        """By whose links and codes they came."""
        return self._touches(Q(person__in=self.people))

    @cached_property
    def touching(self) -> Sequence[Touch]:
        """Who came by theirs."""
        return self._touches(Q(link__in=[row.link.pk for row in self.links]))

    @cached_property
    def credited(self) -> Sequence[Line]:
        """What they brought."""
        return self._conversions(Q(credited_person__in=self.people))

    @cached_property
    def referred(self) -> Sequence[Line]:
        """What they did as somebody's friend."""
        return self._conversions(Q(referred_person__in=self.people))

    @cached_property
    def claims(self) -> Sequence[Claim]:
        """What they said is missing."""
        found = Claim.objects.filter(person__in=self.people).select_related("program")
        return list(found.order_by("-filed_at", "-pk")[:LATEST])

    @cached_property
    def balances(self) -> list[wallets.Balance]:
        """What they have of each unit, and ever had paid out or redeemed."""
        return wallets.whole(self.people)

    @cached_property
    def rewards(self) -> Sequence[Reward]:
        """What they were promised."""
        found = Reward.objects.filter(person__in=self.people).select_related("scheme")
        return list(found.order_by("-promised_at", "-pk")[:LATEST])

    @cached_property
    def redemptions(self) -> Sequence[Redemption]:
        """What they took of the catalogue."""
        found = Redemption.objects.filter(person__in=self.people).select_related("item")
        return list(found.order_by("-requested_at", "-pk")[:LATEST])

    @cached_property
    def payouts(self) -> Sequence[Payout]:
        """What they asked to be paid out."""
        found = Payout.objects.filter(person__in=self.people)
        return list(found.order_by("-requested_at", "-pk")[:LATEST])

    @cached_property
    def acts(self) -> list[audit_search.Act]:
        """What the staff did to them, with the reasons they gave."""
        about = AuditEntry.objects.filter(
            subject_kind__in=["person", "advocate"], subject_id__in=[str(person) for person in self.people]
        )
        found = about.exclude(verb=LOOKED_UP).select_related("reason").order_by("-pk")[:LATEST]
        return audit_search.describe(found, self.viewer)

    def _touches(self, which: Q) -> Sequence[Touch]:
        found = Touch.objects.filter(which).select_related("program", "link__person__advocate")
        return list(found.order_by("-touched_at", "-pk")[:LATEST])

    def _conversions(self, which: Q) -> Sequence[Line]:
        found = Conversion.objects.filter(which).select_related(
            "program", "order__source", "lead__source", "credited_person__advocate"
        )
        latest = found.order_by("-occurred_at", "-pk")[:LATEST]
        return [Line(conversion, dossiers.reason(conversion.reason)) for conversion in latest]


@transaction.atomic
def look_up(person: Person, viewer: User, at: datetime) -> Portrait:
    """Open what is known of a person; that somebody looked is written down, each time."""
    audit.record(staff.party(viewer), LOOKED_UP, ("person", str(person.pk)), at=at)
    return Portrait(person, viewer, at)
