"""Who referred whom, upwards: circles of people who referred each other in turn, of any length."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from referrals.decide import acquaintance
from referrals.decide.acquaintance import Known
from referrals.models import Conversion

# Whom somebody is referred by, and when.
Referrer = tuple[UUID, datetime]
# By person, and by the conversion that credits the referrer.
Own = Mapping[UUID, Mapping[int, Referrer]]
# A chain that is longer is followed no further: so many queries are enough.
FURTHEST = 100


class Referrers:
    """By whom people were referred, and those by whom, up to the first of all; without what a batch decides itself."""

    def __init__(self, known: Mapping[UUID, Known], undecided: Collection[UUID]) -> None:
        """Follow up from everybody who is known, leaving out credits for the `undecided` people."""
        self.known = dict(known)
        self.up: dict[UUID, list[Referrer]] = defaultdict(list)
        asked: set[UUID] = set()
        for _step in range(FURTHEST):
            new = {person for one in self.known.values() for person in one.people} - asked
            found = Conversion.objects.filter(referred_person__in=new - set(undecided), credited_person__isnull=False)
            for referred, credited, at in found.values_list("referred_person", "credited_person", "occurred_at"):
                self.up[referred].append((credited, at))
            asked |= new
            further = {credited for person in new for credited, _at in self.up[person]} - self.known.keys()
            if not further:
                break
            self.known |= acquaintance.of(further)

    def cycle(self, advocate: UUID, customer: UUID, before: datetime, own: Own) -> int:
        """How many people a circle has that crediting the advocate for the customer would close; 0 for none.

        `own` is what the batch itself has credited so far. Only what happened before the instant is looked at.
        """
        seen, level = {advocate}, {advocate}
        for length in range(2, FURTHEST + 2):
            level = {credited for person in level for credited in self._above(person, before, own)} - seen
            if any(customer in self._people(person) for person in level):
                return length
            if not level:
                return 0
            seen |= level
        return 0

    def _above(self, person: UUID, before: datetime, own: Own) -> Iterable[UUID]:
        for each in self._people(person):
            for credited, at in (*self.up.get(each, ()), *own.get(each, {}).values()):
                if at < before:
                    yield credited

    def _people(self, person: UUID) -> Collection[UUID]:
        return self.known[person].people if person in self.known else {person}
