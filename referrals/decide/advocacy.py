"""Whether advocates may be credited at an instant: suspended, erased, where they live, and who they are."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from advocates.models import Advocate, Suspension
from customers.models import PrivacyRequest
from referrals.decide.acquaintance import Known
from referrals.decide.inputs import Candidate


class Standing:
    """What is known of some people as advocates."""

    def __init__(self, people: Collection[UUID]) -> None:
        self.countries = dict(Advocate.objects.filter(person__in=people).values_list("person", "country"))
        self.suspensions: dict[UUID, list[Suspension]] = defaultdict(list)
        for suspension in Suspension.objects.filter(person__in=people).order_by("pk"):
            self.suspensions[suspension.person_id].append(suspension)
        done = PrivacyRequest.objects.filter(
            person__in=people, kind=PrivacyRequest.Kind.ERASE, done_at__isnull=False
        ).order_by("-done_at")
        # The first erasure of each.
        self.erased: dict[UUID, datetime] = {
            person: when for person, when in done.values_list("person", "done_at") if when
        }

    def candidate(self, here: Known, there: Known, at: datetime) -> Candidate:
        """The advocate `here`, at that instant, beside the customer `there`."""
        return Candidate(
            here.person,
            is_suspended=any(_lasts(each, at) for each in self.suspensions[here.person]),
            is_erased=self._is_erased(here.person, at),
            country=self.countries.get(here.person, ""),
            is_customer=bool(here.same & there.same or here.addresses & there.addresses),
        )

    def _is_erased(self, person: UUID, at: datetime) -> bool:
        """What somebody was credited with before they were erased stays; without a profile nobody is an advocate."""
        return person not in self.countries and self.erased.get(person, at) <= at


def _lasts(suspension: Suspension, at: datetime) -> bool:
    return suspension.begun_at <= at and (suspension.lifted_at is None or at < suspension.lifted_at)
