"""Climbing: what people did, as their ladders count it, and keeping where they stand.

A tier follows from the occasions of a scheme alone, so it is the same however often and in whatever order it is looked
at. What a decision needs is read for its own instant; the standing that people see is kept by a sweep.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import F, Max, Sum

from customers import merging
from rewards import amounts, tiers
from rewards.awarding import ALLOW
from rewards.ladders import Ladder
from rewards.models import Occasion, Plan, Reward, Scheme, Standing
from rewards.plans import CONVERSION, PlanDocument
from rewards.tiers import Deed, Place
from spine import audit, due
from spine.inserts import insert_once
from spine.models import Event
from spine.nudges import nudge
from spine.updates import update_rows

SWEEP = "rewards.climb"
CLIMB: audit.Party = ("system", "climb")
# Whose deeds, in which scheme.
Whose = tuple[int, UUID]


@dataclass(frozen=True)
class Done:
    """One thing that somebody did: what of it counts, in minor units, and the points that it brought."""

    at: datetime
    counted: int = 0
    points: int = 0

    def on(self, ladder: Ladder) -> Deed:
        """How a ladder counts it."""
        return Deed(self.at, {"referrals": 1, "revenue": self.counted, "points": self.points}[ladder.measure])


@dataclass
class Deeds:
    """What some people did in some schemes, by what did it; what is decided meanwhile is put in as it comes."""

    done: dict[Whose, dict[str, Done]] = field(default_factory=lambda: defaultdict(dict))
    heads: Mapping[UUID, UUID] = field(default_factory=dict)

    def of(self, scheme: int, person: UUID, ladder: Ladder) -> list[Deed]:
        """All of one person's, as the ladder counts it."""
        return [done.on(ladder) for done in self.done[scheme, self.heads.get(person, person)].values()]

    def put(self, scheme: int, person: UUID | None, subject: str, done: Done | None) -> None:
        """Let one occasion say what it says now: whose it is, and whether it counts."""
        for theirs in self.done.values():
            theirs.pop(subject, None)
        if person and done:
            self.done[scheme, self.heads.get(person, person)][subject] = done


def deeds(ladders: Mapping[int, Ladder], people: Iterable[UUID], first: datetime) -> Deeds:
    """What these people did in these schemes, as far as it may count from an instant on; five queries at most."""
    heads = merging.heads(people)
    if not ladders or not heads:
        return Deeds(heads=heads)
    same = merging.everybody(set(heads.values()))
    begin = min(tiers.since(ladder, first) for ladder in ladders.values())
    found = Occasion.objects.filter(
        scheme__in=ladders, person__in=same, kind=CONVERSION, advocate_side=ALLOW, plan__isnull=False,
        at__gte=begin, is_lost=False, is_cancelled=False,
    ).exclude(counted__gt=0, refunded__gte=F("counted"))  # fmt: skip
    rows = list(found.values_list("pk", "subject", "scheme", "person", "at", "counted", "refunded"))
    in_points = any(ladder.measure == "points" for ladder in ladders.values())
    points = _points([pk for pk, *_rest in rows]) if in_points else {}
    gathered = Deeds(heads=heads)
    for pk, subject, scheme, person, at, counted, refunded in rows:
        gathered.done[scheme, same[person]][subject] = Done(at, counted - refunded, points.get(pk, 0))
    return gathered


def ladders(schemes: Collection[int]) -> dict[int, Ladder]:
    """The ladders of the newest plans of these schemes; two queries."""
    newest = Plan.objects.filter(scheme__in=schemes).order_by().values("scheme").annotate(last=Max("version"))
    last = {row["scheme"]: row["last"] for row in newest}
    plans = Plan.objects.filter(scheme__in=last, version__in=set(last.values()))
    read = {each.scheme_id: PlanDocument.read(each.document) for each in plans if last[each.scheme_id] == each.version}
    return {scheme: plan.ladder for scheme, plan in read.items() if plan.ladder}


@dataclass(frozen=True)
class Climb:
    """One person on one ladder; its revenue is counted in minor units of the currency."""

    scheme: Scheme
    ladder: Ladder
    place: Place
    currency: str


def places(person: UUID, at: datetime) -> list[Climb]:
    """Where one person stands now, for each scheme in which they ever did something and that has a ladder."""
    theirs = Standing.objects.filter(person=person).values("scheme")
    schemes = {each.pk: each for each in Scheme.objects.filter(pk__in=theirs).order_by("name", "pk")}
    found = ladders(schemes)
    done = deeds(found, [person], at)
    counted_in = amounts.currencies(found)
    return [
        Climb(scheme, ladder, tiers.place(ladder, done.of(pk, person, ladder), at), counted_in[pk])
        for pk, scheme in schemes.items()
        if (ladder := found.get(pk))
    ]


def look_again(
    occasions: Iterable[Occasion], earlier: Iterable[Whose], plans: Mapping[int, PlanDocument], at: datetime
) -> None:
    """Let the sweep look at where the people of these occasions stand, and those whose they were until now.

    Whoever stands nowhere yet does so from the first occasion under a plan with a ladder on.
    """
    held = list(occasions)
    now = {(each.scheme_id, each.person_id) for each in held}
    climbing = {(each.scheme_id, each.person_id) for each in held if each.plan_id and plans[each.plan_id].ladder}
    before = set(earlier)
    heads = merging.heads(person for _scheme, person in now | before)
    _due({(scheme, heads[person]) for scheme, person in now | before}, at)
    _begin({(scheme, heads[person]) for scheme, person in climbing}, at)


def merged(people: Collection[UUID], at: datetime) -> None:
    """Whoever was merged stands with whom they are now."""
    gone = Standing.objects.filter(person__in=people)
    heads = merging.heads(people)
    theirs = {(scheme, heads[person]) for scheme, person in gone.values_list("scheme", "person")}
    gone.delete()
    _due(theirs, at)
    _begin(theirs, at)


def plan_published(scheme: int, at: datetime) -> None:
    """A new plan may have another ladder."""
    Standing.objects.filter(scheme=scheme, dead_at=None).update(due_at=at)


def climb_due(at: datetime) -> int:
    """Look at a batch of people whose tier may have changed; return how many."""
    return due.work(Standing.objects.all(), climb, at=at)


def climb(rows: Sequence[Standing], at: datetime) -> None:
    """Let them stand where their deeds lead, and tell of what changed; the caller holds the rows."""
    found = ladders({row.scheme_id for row in rows})
    done = deeds(found, {row.person_id for row in rows}, at)
    moved, told = [], []
    for row in rows:
        ladder = found.get(row.scheme_id)
        theirs = done.of(row.scheme_id, row.person_id, ladder) if ladder else []
        tier = step.name if ladder and (step := tiers.place(ladder, theirs, at).step) else ""
        row.due_at = tiers.changes_at(ladder, theirs, at) if ladder else None
        if tier != row.tier:
            told.append(_told(row, tier, ladder, at))
            moved.append(row)
    update_rows(moved, ["tier", "moved_at", "version"])
    insert_once(told, key=["key"])
    audit.record_events(CLIMB, told)


def _told(row: Standing, tier: str, ladder: Ladder | None, at: datetime) -> Event:
    order = {step.name: number for number, step in enumerate(ladder.steps, start=1)} if ladder else {}
    name = "tier.raised" if order.get(tier, 0) > order.get(row.tier, 0) else "tier.lowered"
    before, row.tier, row.moved_at, row.version = row.tier, tier, at, row.version + 1
    return Event(
        name=name, person=row.person_id, subject_kind="standing", subject_id=str(row.pk), at=at,
        key=f"{name}:{row.scheme_id}:{row.person_id}:{row.version}",
        payload={"version": row.version, "scheme": row.scheme_id, "tier": tier, "before": before},
    )  # fmt: skip


def _due(whose: Collection[Whose], at: datetime) -> None:
    """Let the sweep look at these where they stand already; locked one after the other, in the order of their keys."""
    people = Standing.objects.filter(person__in={person for _scheme, person in whose}, dead_at=None).order_by("pk")
    rows = people.select_for_update(no_key=True).values_list("pk", "scheme", "person")
    theirs = [pk for pk, scheme, person in rows if (scheme, person) in whose]
    if theirs:
        # Whoever has one leased looks in vain: it is looked at again with what is new.
        Standing.objects.filter(pk__in=theirs).update(due_at=at, lease=F("lease") + 1)
        nudge(SWEEP)


def _begin(whose: Collection[Whose], at: datetime) -> None:
    """Let these stand somewhere, where they don't yet."""
    rows = [Standing(scheme_id=scheme, person_id=person, due_at=at) for scheme, person in sorted(whose)]
    if rows and insert_once(rows, key=["person", "scheme"]):
        nudge(SWEEP)


def _points(occasions: Collection[int]) -> dict[int, int]:
    """The points that these brought their advocates, less what was taken back."""
    kept = F("amount") - F("reversed") - F("owed") - F("written_off")
    rows = Reward.objects.filter(occasion__in=occasions, unit="PTS", side="advocate").order_by()
    return dict(rows.values_list("occasion").annotate(kept=Sum(kept)))
