"""Gathering what a batch of decisions reads: by a constant number of queries, however many decisions there are."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet

from referrals import buyers, programs, touches
from referrals.decide import acquaintance, caps, choosing, deciding
from referrals.decide.advocacy import Standing
from referrals.decide.climbs import Climbs
from referrals.decide.history import History, fact_of
from referrals.decide.inputs import Candidate, Credit, Inputs, Rules, Touched
from referrals.decide.suspicion import BY_CODE, Suspicion
from referrals.models import Conversion, CutClick, Decision, Program, Terms, TieCut, Touch
from referrals.terms import TermsDocument
from rewards.models import Occasion

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class Ground:
    """What one batch reads and, decision by decision, changes: later ones see what earlier ones credited.

    It holds all conversions of some people, and is read once they are locked. Decisions are made in the order of the
    facts: by their instant, then by the shop's own keys, then by program.
    """

    def __init__(self, conversions: Sequence[Conversion], occasions: Mapping[str, Occasion]) -> None:
        self.facts = {each.pk: fact_of(each.order, each.lead) for each in conversions}
        self.people = {each.pk: whose(each) for each in conversions}
        self.program_of = {each.pk: each.program_id for each in conversions}
        self.conversions = sorted(conversions, key=lambda each: (*self.facts[each.pk].place, each.program_id))
        self.occasions = occasions
        self.standing = {each.conversion_id: each for each in _standing(conversions)}
        self.touches, self.touched, self.used_codes = self._touches()
        customers = set(self.people.values())
        advocates = {touch.advocate for touch in self.touched.values()}
        self.cuts = _by(TieCut.objects.filter(person__in=customers).order_by("at"), lambda cut: cut.person_id)
        self.programs = _programs(conversions)
        self.known = acquaintance.of(customers | advocates)
        self.advocates = Standing(advocates)
        self.history = History([record.pk for each in customers for record in self.known[each].customers])
        orders = [each.order for each in conversions if each.order]
        self.suspicion = Suspicion(self.known, advocates, customers, self.facts, orders)
        # Slots of caps that are taken, by program and person ("" for all); put in by whoever locks them.
        self.used: dict[caps.Slot, int] = defaultdict(int)
        self._rules: dict[int, Rules] = {}
        self.terms: dict[int, Terms] = {}
        self._climbs = Climbs(self.programs, self.conversions, self.facts, advocates)
        self._of_person = _by(self.conversions, lambda each: self.people[each.pk])
        self._of_fact = _by(self.conversions, lambda each: each.fact)
        for each in self.conversions:
            self.note(each)

    def inputs(self, conversion: Conversion) -> Inputs:
        """What the decision of one conversion reads, as of now in the batch."""
        own = self._inputs(conversion)
        others = [other for other in self._of_fact[conversion.fact] if other.pk != conversion.pk]
        claims = [claim for other in others if (claim := deciding.claim(self._inputs(other)))]
        standing = self.standing.get(conversion.pk)
        holder = standing.credited_person_id if standing else None
        return replace(
            own,
            candidates=self._weighed(conversion, own, holder),
            elsewhere=choosing.strongest(claims),
            is_held_elsewhere=any(other.credited_person_id and self.is_final(other) for other in others),
            cap_used=self.used[own.program, ""] - (holder is not None),
        )

    def stand(self, conversion: Conversion, decision: Decision) -> None:
        """Let what follows see a new decision of the batch: whom it credits, and the slots of caps that it takes."""
        earlier = self.standing.get(conversion.pk)
        for slot in caps.slots(conversion.program_id, earlier.credited_person_id if earlier else None):
            self.used[slot] -= 1
        for slot in caps.slots(conversion.program_id, decision.credited_person_id):
            self.used[slot] += 1
        self.standing[conversion.pk] = decision
        self._climbs.stand(conversion, decision, self.facts[conversion.pk].at)
        self.note(conversion)

    def slots(self) -> set[caps.Slot]:
        """The slots that any decision of the batch could take or give back."""
        told = ((each.program_id, touch.advocate) for each in self.conversions for touch in self.touches[each.pk])
        held = (
            (self.program_of[pk], each.credited_person_id)
            for pk, each in self.standing.items()
            if each.credited_person_id
        )
        return {slot for program, person in (*told, *held) for slot in caps.slots(program, person)}

    def note(self, conversion: Conversion) -> None:
        """Let what follows see whom the conversion is credited to now."""
        standing, fact = self.standing.get(conversion.pk), self.facts[conversion.pk]
        touch = self.touched.get(standing.touch_id) if standing and standing.touch_id else None
        by_code = touch.link if touch and touch.kind in BY_CODE else None
        customer, credited = self.people[conversion.pk], conversion.credited_person_id
        self.suspicion.note(conversion.pk, customer, credited, fact.at, by_code)

    def is_final(self, conversion: Conversion) -> bool:
        """Whether what it earned stands."""
        occasion = self.occasions.get(str(conversion.public_id))
        return occasion is not None and occasion.final_at is not None

    def _inputs(self, conversion: Conversion) -> Inputs:
        """All but what other programs claim, signals and caps."""
        fact, program = self.facts[conversion.pk], self.programs[conversion.program_id]
        person = self.people[conversion.pk]
        touches, standing = self.touches[conversion.pk], self._credits(conversion)
        terms = programs.terms_at(program, fact.at)
        advocates = {touch.advocate for touch in (*touches, *(credit.touch for credit in standing))}
        records = self.known[person].customers
        return Inputs(
            fact=fact,
            program=program.pk,
            currency=program.currency,
            state=programs.state_at(program, fact.at),
            rules=self.rules(terms) if terms else None,
            touches=touches,
            tie_cut_at=max((cut.at for cut in self.cuts[person]), default=None),
            candidates={each: self._candidate(each, person, fact.at) for each in advocates},
            past_orders=self.history.orders_before(fact, [record.pk for record in records]),
            first_order_at=min((each.first_order_at for each in records if each.first_order_at), default=None),
            goal_reached_at=self.history.goal_reached_before(fact, [record.pk for record in records]),
            credits=standing,
        )

    def _credits(self, conversion: Conversion) -> tuple[Credit, ...]:
        """What else is credited for its customer in its program."""
        found = []
        for other in self._of_person[self.people[conversion.pk]]:
            decision = self.standing.get(other.pk)
            is_other = other.pk != conversion.pk and other.program_id == conversion.program_id
            if is_other and other.credited_person_id and decision and decision.touch_id and decision.terms:
                fact, touch = self.facts[other.pk], self.touched[decision.touch_id]
                rules, is_final = self.rules(decision.terms), self.is_final(other)
                found.append(Credit(str(other.public_id), fact.at, fact.key, other.goal, touch, rules, is_final))
        return tuple(found)

    def _candidate(self, advocate: UUID, customer: UUID, at: datetime) -> Candidate:
        return self.advocates.candidate(self.known[advocate], self.known[customer], at)

    def _weighed(self, conversion: Conversion, inputs: Inputs, holder: UUID | None) -> dict[UUID, Candidate]:
        """The candidates with the signals against them, and the slots that they have besides this conversion's."""
        links = {touch.advocate: touch.link for touch in (*inputs.touches, *(each.touch for each in inputs.credits))}
        customer = self.people[conversion.pk]
        return {
            advocate: replace(
                candidate,
                signals=self.suspicion.signals(conversion, inputs.fact, customer, advocate, links[advocate]),
                cap_used=self.used[inputs.program, str(advocate)] - (holder == advocate),
                tier=self._climbs.tier(conversion, inputs.rules, advocate, inputs.fact.at),
            )
            for advocate, candidate in inputs.candidates.items()
        }

    def rules(self, terms: Terms) -> Rules:
        """The terms, read once in a batch."""
        if terms.pk not in self._rules:
            self.terms[terms.pk] = terms
            self._rules[terms.pk] = Rules(
                TermsDocument.read(terms.document), terms.pk, str(terms.public_id), terms.version,
                str(terms.plan.public_id), terms.plan.version, terms.plan_id,
            )  # fmt: skip
        return self._rules[terms.pk]

    def _touches(self) -> tuple[dict[int, tuple[Touched, ...]], dict[int, Touched], dict[tuple[int, int], str]]:
        """Of each conversion the touches of its customer, and those told with its very order; and every one by key.

        Beside them the codes that friends were given beforehand and used, by order and program.
        """
        orders = {each.order_id for each in self.conversions if each.order_id}
        decided = {each.touch_id for each in self.standing.values() if each.touch_id}
        told = Touch.objects.filter(Q(person__in=set(self.people.values())) | Q(order__in=orders) | Q(pk__in=decided))
        rows = list(told.select_related("link").order_by("touched_at", "key"))
        clicks = {row.click_id for row in rows if row.click_id}
        cut = set(CutClick.objects.filter(click_id__in=clicks).values_list("click_id", flat=True))
        touched = {row.pk: _touched(row, is_cut=row.click_id in cut) for row in rows}
        of_person = _by(rows, lambda row: (row.program_id, row.person_id))
        of_order = _by((row for row in rows if row.order_id), lambda row: (row.program_id, row.order_id))
        place = {row.pk: number for number, row in enumerate(rows)}
        theirs = {}
        for each in self.conversions:
            own = of_person[each.program_id, self.people[each.pk]]
            told_with = of_order.get((each.program_id, each.order_id), [])
            known = {row.pk for row in (*own, *told_with)}
            theirs[each.pk] = tuple(touched[pk] for pk in sorted(known, key=place.__getitem__))
        return theirs, touched, touches.used_codes(rows)


def whose(conversion: Conversion) -> UUID:
    """Whose conversion it is: the buyer of its order as that stands now, or the customer of its lead."""
    if conversion.order:
        return buyers.of(conversion.order)
    return conversion.referred_person_id


def _standing(conversions: Sequence[Conversion]) -> QuerySet[Decision]:
    standing = Decision.objects.filter(conversion__in=conversions, superseded_at=None)
    return standing.select_related("terms__plan").prefetch_related("verdicts")


def _programs(conversions: Sequence[Conversion]) -> dict[int, Program]:
    found = Program.objects.filter(pk__in={each.program_id for each in conversions})
    return {program.pk: program for program in programs.whole(found)}


def _touched(row: Touch, *, is_cut: bool) -> Touched:
    return Touched(
        row.pk, str(row.public_id), row.key, row.kind, row.link.person_id, row.link_id, row.touched_at,
        row.granted_at, is_cut,
    )  # fmt: skip


def _by(rows: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    found: dict[K, list[T]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found
