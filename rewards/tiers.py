"""Tiers: where somebody stands on a ladder at an instant, by what they did. Pure, so that it can be run over history.

In a rolling period each deed counts for so many months, beginning after its own instant. By the calendar, a tier is
reached by what was done in the present stretch, and holds until the end of the next one.
"""

import zoneinfo
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from rewards.ladders import Ladder, Step

# No stretch of a calendar differs by more from its months than this.
SLACK = timedelta(days=4)


@dataclass(frozen=True)
class Deed:
    """Something done at an instant, and how much of the ladder's measure it is."""

    at: datetime
    amount: int


@dataclass(frozen=True)
class Place:
    """Where somebody stands: `amount` is what counts now towards the next step.

    `missing` more by `by` keeps the step, where it would be lost then; None where nothing is to be done for it.
    """

    step: Step | None
    amount: int
    next_step: Step | None = None
    missing: int = 0
    by: datetime | None = None

    @property
    def to_next(self) -> int:
        """How much more it takes to the next step."""
        return max(0, self.next_step.threshold - self.amount) if self.next_step else 0


def place(ladder: Ladder, deeds: Iterable[Deed], at: datetime) -> Place:
    """Where the deeds before `at` lead."""
    done = sorted((deed for deed in deeds if deed.at < at), key=lambda deed: deed.at)
    return _rolling(ladder, done, at) if ladder.period == "rolling" else _calendar(ladder, done, at)


def since(ladder: Ladder, at: datetime) -> datetime:
    """An instant before which nothing can count at `at`."""
    months = ladder.months if ladder.period == "rolling" else 2 * ladder.months
    return _later(at, -months, UTC) - SLACK


def _rolling(ladder: Ladder, done: Sequence[Deed], at: datetime) -> Place:
    zone = _zone(ladder)
    ends: dict[datetime, int] = {}
    for deed in done:
        end = _later(deed.at, ladder.months, zone)
        if at < end:
            ends[end] = ends.get(end, 0) + deed.amount
    left = total = sum(ends.values())
    step = _reached(ladder, total)
    for end, amount in sorted(ends.items()):
        left -= amount
        if step and left < step.threshold:
            return Place(step, total, _above(ladder, step), step.threshold - left, end)
    return Place(step, total, _above(ladder, step))


def _calendar(ladder: Ladder, done: Sequence[Deed], at: datetime) -> Place:
    zone = _zone(ladder)
    begin = _begin(ladder, at, zone)
    before, end = _later(begin, -ladder.months, zone), _later(begin, ladder.months, zone)
    total = sum(deed.amount for deed in done if begin <= deed.at)
    earlier = sum(deed.amount for deed in done if before <= deed.at < begin)
    reached, held = _reached(ladder, total), _reached(ladder, earlier)
    step = max((each for each in (reached, held) if each), key=lambda each: each.threshold, default=None)
    if step and step != reached:
        return Place(step, total, _above(ladder, step), step.threshold - total, end)
    # What was reached in this stretch can be lost at the end of the next one.
    return Place(step, total, _above(ladder, step))


def changes_at(ladder: Ladder, deeds: Iterable[Deed], at: datetime) -> datetime | None:
    """When the step may change by these deeds, of which some may be still to come; None where it never does."""
    done = list(deeds)
    standing, zone = place(ladder, done, at), _zone(ladder)
    # A deed counts from the moment after its own.
    found = [deed.at + timedelta(microseconds=1) for deed in done if deed.at >= at]
    if standing.by:
        found.append(standing.by)
    elif standing.step and ladder.period == "calendar":
        found.append(_later(_begin(ladder, at, zone), ladder.months, zone))
    return min(found, default=None)


def _reached(ladder: Ladder, total: int) -> Step | None:
    return next((step for step in reversed(ladder.steps) if step.threshold <= total), None)


def _above(ladder: Ladder, step: Step | None) -> Step | None:
    floor = step.threshold if step else 0
    return next((each for each in ladder.steps if each.threshold > floor), None)


def _zone(ladder: Ladder) -> tzinfo:
    return zoneinfo.ZoneInfo(ladder.zone)


def _begin(ladder: Ladder, at: datetime, zone: tzinfo) -> datetime:
    """The first instant of the calendar's stretch that `at` is in."""
    local = at.astimezone(zone)
    month = (local.month - 1) // ladder.months * ladder.months + 1
    return datetime(local.year, month, 1, tzinfo=zone).astimezone(UTC)


def _later(at: datetime, months: int, zone: tzinfo) -> datetime:
    """So many months later by the calendar there, at the same time of day; on the month's last day if it is shorter."""
    local = at.astimezone(zone).replace(tzinfo=None)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day, tzinfo=zone).astimezone(UTC)
