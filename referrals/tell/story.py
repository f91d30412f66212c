"""What each advocate is told of the conversions that concern them: kept by reading what was decided."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from customers.models import Person
from referrals.models import Conversion, Decision, StoryLine
from referrals.models.conversion import SideVerdict
from referrals.tell.counts import DECIDED
from rewards import gains
from rewards.gains import Gained
from rewards.models import Occasion
from spine import events
from spine.inserts import insert_once
from spine.models import Event

READER = "referrals.story"
# What an occasion of ours is called in rewards.
KIND = "conversion"
# Nobody hears of these who was not told before that it counts: they say nothing about a recommendation, or would be
# said again with each later order of the same friend.
UNTOLD = frozenset(
    {
        *("no_touch", "touch_after_conversion", "goal_not_offered", "not_first_order", "renewal_over"),
        *("other_program", "advocate_erased"),
    }
)
# What of a line is brought to what stands.
SET = ("state", "reason", "occurred_at", "was_credited", "gained")
# What changes what a conversion brought.
MOVED = frozenset(
    {
        *("reward.promised", "reward.approved", "reward.available", "reward.reversed", "reward.restored"),
        *("grant.promised", "grant.approved", "grant.ready", "grant.sent", "grant.revoked"),
    }
)
# A line's state and its reason.
Outcome = tuple[str, str]


def tell(at: datetime) -> int:
    """Write down what was decided since the last round; return how many events were read."""
    return events.read(READER, take, at=at) + events.redeliver(READER, take, at=at)


def take(found: Sequence[Event], at: datetime) -> None:
    """Bring the lines of these conversions to what stands now, whatever the events said when they were recorded."""
    concerned = {UUID(event.subject_id) for event in found if event.name in DECIDED}
    moved = {event.payload["occasion"] for event in found if event.name in MOVED}
    if moved:
        rewarded = Occasion.objects.filter(pk__in=moved, kind=KIND).values_list("subject", flat=True)
        concerned |= {UUID(subject) for subject in rewarded}
    if concerned:
        _bring(concerned, at)


def _bring(concerned: Collection[UUID], at: datetime) -> None:
    found_now = Conversion.objects.filter(public_id__in=concerned).select_related("program")
    conversions = {conversion.pk: conversion for conversion in found_now}
    there, answers = _lines(conversions), answered(conversions.values())
    made: list[StoryLine] = []
    for decision in standing(conversions):
        conversion = conversions[decision.conversion_id]
        own = there.get(conversion.pk, {})
        outcomes, answer = _outcomes(conversion, decision, own), answers.get(conversion.pk)
        for person, line in own.items():
            outcome = outcomes.get(person, _otherwise(line, conversion))
            if (line.state, line.reason) != outcome:
                line.due_at, line.gained = at, None
            _set(line, conversion, outcome, answer)
            line.save(update_fields=["due_at", *SET])
        for person, outcome in outcomes.items():
            if person not in own:
                line = StoryLine(conversion=conversion, person_id=person, due_at=at)
                _set(line, conversion, outcome, answer)
                made.append(line)
    insert_once(_worth_telling(made), key=["person", "conversion"])


def answered(conversions: Iterable[Conversion]) -> dict[int, Gained]:
    """What these conversions brought their advocates, where rewards has answered what was decided last; by key."""
    named = {str(conversion.public_id): conversion for conversion in conversions}
    found = gains.of(KIND, named.keys(), "advocate")
    return {
        named[subject].pk: gained
        for subject, gained in found.items()
        if (gained.decision, gained.verdict) == (named[subject].number, named[subject].advocate_side)
    }


def of(person: Person) -> QuerySet[StoryLine]:
    """An advocate's story, to be paged by (-occurred_at, -id)."""
    return StoryLine.objects.filter(person=person).select_related(
        "conversion__program", "conversion__lead", "conversion__order"
    )


def standing(conversions: Iterable[int]) -> QuerySet[Decision]:
    """The standing decisions of these conversions, with the terms and the plan under which they were made."""
    decisions = Decision.objects.filter(conversion__in=list(conversions), superseded_at=None)
    return decisions.select_related("terms__plan", "terms__program")


def _outcomes(conversion: Conversion, decision: Decision, own: Mapping[UUID, StoryLine]) -> dict[UUID, Outcome]:
    """Whom the conversion concerns, and what it is for each of them."""
    if conversion.credited_person_id:
        return {conversion.credited_person_id: _credited(conversion, decision)}
    if conversion.state != Conversion.State.REFUSED:
        return {}
    outcomes = {person: ("refused", reason) for person, reason in _lost(decision).items()}
    if decision.credited_person_id:
        # Staff refused both sides of what the decision had credited.
        outcomes[decision.credited_person_id] = ("refused", conversion.reason)
    return {person: outcome for person, outcome in outcomes.items() if outcome[1] not in UNTOLD or person in own}


def _credited(conversion: Conversion, decision: Decision) -> Outcome:
    if conversion.advocate_side == SideVerdict.STOP:
        return "stopped", conversion.reason
    if conversion.advocate_side == SideVerdict.REFUSE:
        return "refused", "signals" if decision.advocate_side == SideVerdict.REFUSE else "staff_refused"
    return "credited", conversion.reason


def _lost(decision: Decision) -> dict[UUID, str]:
    """Whose touches were looked at, and why they did not count: the touch's own reason, or that of the whole."""
    touches = [step for step in decision.trace.get("steps", []) if step["what"] == "touch" and step.get("advocate")]
    reasons = {UUID(step["advocate"]): step["code"] for step in touches if step["state"] == "refused"}
    return reasons | {UUID(step["advocate"]): decision.reason for step in touches if step["state"] == "taken"}


def _lines(conversions: Iterable[int]) -> dict[int, dict[UUID, StoryLine]]:
    found: dict[int, dict[UUID, StoryLine]] = {}
    for line in StoryLine.objects.filter(conversion__in=list(conversions)).select_for_update().order_by("pk"):
        found.setdefault(line.conversion_id, {})[line.person_id] = line
    return found


def _otherwise(line: StoryLine, conversion: Conversion) -> Outcome:
    """For whom the conversion no longer concerns: somebody else has it, or it stays as it was."""
    return ("refused", "lost_precedence") if conversion.credited_person_id else (line.state, line.reason)


def _set(line: StoryLine, conversion: Conversion, outcome: Outcome, answer: Gained | None) -> None:
    """Until rewards has answered anew, what it answered before stands."""
    line.state, line.reason = outcome
    line.occurred_at = conversion.occurred_at
    line.was_credited = line.was_credited or line.state != StoryLine.State.REFUSED
    if line.state != StoryLine.State.CREDITED:
        line.gained = None
    elif answer:
        line.gained = answer.document()


def _worth_telling(lines: Sequence[StoryLine]) -> list[StoryLine]:
    """Of refusals the first of its kind for each advocate and friend, of everything else all."""
    told, worth = _told(lines), []
    for line in lines:
        kind = (line.person_id, line.conversion.referred_person_id, line.reason)
        if line.state != StoryLine.State.REFUSED or kind not in told:
            worth.append(line)
            told.add(kind)
    return worth


def _told(lines: Sequence[StoryLine]) -> set[tuple[UUID, UUID, str]]:
    refused = [line for line in lines if line.state == "refused"]
    if not refused:
        return set()
    earlier = StoryLine.objects.filter(
        state="refused",
        person__in={line.person_id for line in refused},
        conversion__referred_person__in={line.conversion.referred_person_id for line in refused},
    )
    return set(earlier.values_list("person", "conversion__referred_person", "reason"))
