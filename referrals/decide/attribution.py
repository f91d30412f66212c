"""Attribution: the sweep that decides conversions, a whole customer at a time.

Locks are taken in one order: customers by id, their occasions, their conversions, the counts of caps. So two sweeps
never decide for one customer at once, and a sweep reads only once whoever told of a fact has committed.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from customers.models import Person
from referrals.decide import caps, decisions, handing, outcomes
from referrals.decide.deciding import Outcome, decide
from referrals.decide.gathering import Ground, whose
from referrals.decide.outcomes import Before
from referrals.models import Conversion, Decision, LateFact, Verdict
from rewards import occasions
from rewards.models import Occasion
from spine import due, events
from spine.inserts import insert_once, insert_rows

BATCH = 200


@dataclass(frozen=True)
class Change:
    """One new decision, the words about an earlier one that hold for it, and what stood before."""

    conversion: Conversion
    decision: Decision
    carried: Sequence[Verdict]
    standing: Decision | None
    before: Before


def decide_due(at: datetime) -> int:
    """Decide a batch of what is due, with all other conversions of the same customers; return how many were due."""
    turn = _Turn()
    return due.work(Conversion.objects.all(), turn.decide, at=at, batch=BATCH, lock=turn.lock)


class _Turn:
    """One transaction's turn with some customers."""

    people: set[UUID]
    occasions: dict[str, Occasion]

    def lock(self, rows: Sequence[Conversion]) -> None:
        """Hold the customers, their occasions and all of their conversions."""
        named = Conversion.objects.filter(pk__in=[row.pk for row in rows])
        pairs = named.values_list("referred_person", "order__customer__person")
        self.people = {person for pair in pairs for person in pair if person}
        _hold(Person.objects.filter(pk__in=self.people).order_by("pk").values_list("pk", flat=True))
        theirs = Conversion.objects.filter(referred_person__in=self.people).order_by("pk")
        public_ids = theirs.values_list("public_id", flat=True)
        self.occasions = occasions.lock(handing.KIND, [str(public_id) for public_id in public_ids])
        _hold(theirs.values_list("pk", flat=True))

    def decide(self, rows: Sequence[Conversion], at: datetime) -> None:
        """Decide everything of these customers, and write down what is new of it."""
        held = {each.pk: each for each in _theirs(self.people) if whose(each) in self.people}
        for row in rows:
            if row.pk not in held:
                # The order names another customer since it was leased, whose turn it is next.
                row.due_at = at
        ground = Ground(list(held.values()), self.occasions)
        counts = caps.lock(ground.slots())
        ground.used.update({slot: count.used for slot, count in counts.items()})
        changes = [change for each in ground.conversions if (change := _decide(ground, each, at))]
        _write(changes, at)
        handing.over(ground, self.occasions, at)
        caps.save(counts, ground.used)


def _hold(rows: QuerySet[Any, Any]) -> None:
    list(rows.select_for_update(no_key=True))


def _theirs(people: Collection[UUID]) -> QuerySet[Conversion]:
    theirs = Conversion.objects.filter(referred_person__in=people)
    whole = theirs.select_related("order__customer", "lead__customer")
    of_orders = ("order__lines", "order__captures", "order__refunds", "order__disputes")
    return whole.prefetch_related("program__scheme", *of_orders)


def _decide(ground: Ground, conversion: Conversion, at: datetime) -> Change | None:
    """The next decision, where it says anything new; what follows in the batch sees it."""
    outcome, standing = decide(ground.inputs(conversion)), ground.standing.get(conversion.pk)
    outcome = decisions.kept(outcome, standing)
    if standing and decisions.is_same(standing, outcome):
        return None
    if ground.is_final(conversion):
        _note_late(ground, conversion, outcome, at)
        return None
    before = (conversion.state, conversion.counted)
    conversion.referred_person_id = ground.people[conversion.pk]
    terms = ground.terms[outcome.rules.pk] if outcome.rules else None
    decision, carried = decisions.make(conversion, outcome, standing, terms, ground.facts[conversion.pk], at)
    ground.stand(conversion, decision)
    return Change(conversion, decision, carried, standing, before)


def _write(changes: Sequence[Change], at: datetime) -> None:
    replaced = [change.standing.pk for change in changes if change.standing]
    Decision.objects.filter(pk__in=replaced).update(superseded_at=at)
    insert_rows([change.decision for change in changes])
    Verdict.objects.bulk_create([verdict for change in changes for verdict in change.carried])
    outcomes.record_all([(change.conversion, change.before) for change in changes], at)


def _note_late(ground: Ground, conversion: Conversion, outcome: Outcome, at: datetime) -> None:
    """Write down once what a fact would have changed, had it come before what was earned became final."""
    fact = LateFact(
        conversion=conversion,
        key=_late_key(ground, conversion, outcome),
        outcome=outcome.outcome,
        reason=outcome.reason,
        at=at,
    )
    if insert_once([fact], key=["conversion", "key"]):
        events.record(
            "late_fact.noted",
            person=conversion.credited_person_id,
            subject=("conversion", str(conversion.public_id)),
            at=at,
            key=f"late_fact:{fact.pk}",
            payload={"outcome": outcome.outcome, "reason": outcome.reason},
        )


def _late_key(ground: Ground, conversion: Conversion, outcome: Outcome) -> str:
    """The order's revision, which touches and cut ties are known, and what they and all else would have come to.

    The same facts are noted once.
    """
    cuts = [cut.at.isoformat() for cut in ground.cuts[ground.people[conversion.pk]]]
    known = [*(touch.public_id for touch in ground.touches[conversion.pk]), *cuts]
    # An earlier order may come late as well, and other facts of the customer's.
    known += [outcome.outcome, outcome.reason, str(outcome.credited), str(outcome.counted)]
    digest = hashlib.sha256("\n".join(known).encode()).hexdigest()[:32]
    return f"{ground.facts[conversion.pk].revision}:{digest}"
