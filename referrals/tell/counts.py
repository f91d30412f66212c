"""How many conversions each program had on each day, and what they brought: kept by reading what was decided."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncDate

from referrals.models import Conversion, Program, ProgramDay
from spine import events
from spine.inserts import insert_once
from spine.models import Event

READER = "referrals.counts"
DECIDED = ("conversion.credited", "conversion.refused", "conversion.stopped")


@dataclass
class Tally:
    """Conversions of one day by their state, and what the credited ones count in minor units."""

    credited: int = 0
    refused: int = 0
    stopped: int = 0
    revenue: int = 0

    def add(self, state: str, counted: int, sign: int = 1) -> None:
        """Count one conversion in that state, or with `sign` -1 no longer; one that is undecided is in no column."""
        if state in ("credited", "refused", "stopped"):
            setattr(self, state, getattr(self, state) + sign)
        if state == "credited":
            self.revenue += sign * counted


def count(at: datetime) -> int:
    """Count what was decided since the last round; return how many events were read."""
    return events.read(READER, take, at=at) + events.redeliver(READER, take, at=at)


def take(found: Sequence[Event], at: datetime) -> None:
    """Move each conversion from the column in which it was to the one in which it is now."""
    decided = {event.key: event for event in found if event.name in DECIDED}
    earlier = _earlier(decided)
    changes: dict[tuple[str, date], Tally] = defaultdict(Tally)
    for event in decided.values():
        if before := earlier.get(_key(event, -1)):
            _add(before, changes, -1)
        _add(event, changes, 1)
    _write({key: change for key, change in changes.items() if change != Tally()})


def recount(program: Program) -> dict[date, Tally]:
    """What the days of a program ought to say, from its conversions themselves."""
    states = ("credited", "refused", "stopped")
    columns = {state: Count("pk", filter=Q(state=state)) for state in states}
    days = (
        program.conversions.exclude(state=Conversion.State.UNDECIDED)
        .annotate(day=TruncDate("occurred_at", tzinfo=UTC))
        .values_list("day")
        .annotate(**columns, revenue=Sum("counted", filter=Q(state="credited"), default=0))
        .order_by("day")
    )
    return {day: Tally(*numbers) for day, *numbers in days}


def differing(program: Program) -> dict[date, tuple[Tally, Tally]]:
    """Each day on which what is stored is not what a recount finds: both of them. Empty once all events are read."""
    kept = program.days.values_list("day", "credited", "refused", "stopped", "revenue")
    stored = {day: Tally(*numbers) for day, *numbers in kept}
    counted = recount(program)
    both = {day: (stored.get(day, Tally()), counted.get(day, Tally())) for day in stored.keys() | counted.keys()}
    return {day: pair for day, pair in sorted(both.items()) if pair[0] != pair[1]}


def _earlier(decided: Mapping[str, Event]) -> dict[str, Event]:
    """What was told before of the same conversions, by key. The day is of interest too: shops date orders anew."""
    keys = {_key(event, -1) for event in decided.values()}
    told = Event.objects.filter(key__in=keys - decided.keys(), name__in=DECIDED)
    return {event.key: event for event in told} | dict(decided)


def _key(event: Event, further: int) -> str:
    """The key of what is told of the same conversion so many versions further on."""
    return f"conversion:{event.subject_id}:{event.payload['version'] + further}"


def _add(event: Event, changes: Mapping[tuple[str, date], Tally], sign: int) -> None:
    told = event.payload
    changes[str(told["program"]), date.fromisoformat(told["day"])].add(
        event.name.removeprefix("conversion."), told["counted"], sign
    )


def _write(changes: Mapping[tuple[str, date], Tally]) -> None:
    programs = Program.objects.in_bulk({program for program, _day in changes}, field_name="public_id")
    ids = {str(public_id): program.pk for public_id, program in programs.items()}
    # In one order for everybody who writes days, so that two writers never wait for each other.
    days = sorted(
        ((ids[program], day, change) for (program, day), change in changes.items()), key=lambda written: written[:2]
    )
    insert_once([ProgramDay(program_id=program, day=day) for program, day, _change in days], key=["program", "day"])
    for program, day, change in days:
        credited, refused, stopped, revenue = astuple(change)
        ProgramDay.objects.filter(program=program, day=day).update(
            credited=F("credited") + credited,
            refused=F("refused") + refused,
            stopped=F("stopped") + stopped,
            revenue=F("revenue") + revenue,
        )
