"""How a program does: figures of a period beside those of the one before, and what they are made of."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from babel.dates import format_skeleton
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from brand import locales
from referrals import reasons
from referrals.models import Claim, Conversion, Program, ProgramDay
from spine.money import to_major

State = Conversion.State
PERIODS = (7, 30, 90)
# Who and why is told of the latest so many conversions of the period, so that a busy program's page opens as fast.
LATEST = 1000
TOP = 8
# A longer period is drawn by weeks.
MOST_DAYS_DRAWN = 31
COLUMNS = ("raw", "qualified", "people", "credited", "stopped", "refused", "revenue")
HEAD = ("day", "visits", "visits_of_people", "friends", "credited", "being_checked", "not_credited", "revenue")


@dataclass(frozen=True)
class Figure:
    """A sum over the period, the same over the one before, and its course: (day or week, number) pairs."""

    value: int
    before: int
    points: Sequence[tuple[str, float]]

    @property
    def change(self) -> str:
        """Against the period before: `+12 %`; empty where there was nothing to compare with."""
        if not self.before or self.value == self.before:
            return ""
        percent = round((self.value - self.before) * 100 / self.before)
        if not percent:
            return ""
        sign = "+" if percent > 0 else "\N{MINUS SIGN}"
        return f"{sign}{abs(percent)}\N{NO-BREAK SPACE}%"


@dataclass(frozen=True)
class Advocate:
    """How many of the latest conversions one advocate brought, and what they count; no name once erased."""

    person: UUID
    name: str
    conversions: int
    revenue: int


@dataclass(frozen=True)
class Overview:
    """All that the page of one program shows of one period."""

    friends: Figure
    visits: Figure
    conversions: Figure
    revenue: Figure
    advocates: Sequence[Advocate]
    refusals: Sequence[tuple[str, str, int]]


def waiting(programs: QuerySet[Program]) -> QuerySet[Program]:
    """The programs with how many of their conversions (`stopped`) and claims (`claimed`) wait for a person."""
    stopped = Conversion.objects.filter(program=OuterRef("pk"), state=Conversion.State.STOPPED)
    claims = Claim.objects.filter(program=OuterRef("pk"), state=Claim.State.OPEN)
    return programs.annotate(stopped=_counted(stopped), claimed=_counted(claims))


def read(program: Program, length: int, at: datetime) -> Overview:
    """The last `length` days until `at`, today included, by UTC; two queries."""
    today = at.astimezone(UTC).date()
    begins = today - timedelta(days=length - 1)
    days = {day.day: day for day in _days(program, begins - timedelta(days=length), today)}
    digits = float(to_major(1, program.currency))

    def figure(column: str, scale: float = 1) -> Figure:
        def number(day: date) -> int:
            return int(getattr(days[day], column)) if day in days else 0

        shown = [begins + timedelta(days=index) for index in range(length)]
        earlier = sum(number(day - timedelta(days=length)) for day in shown)
        return Figure(sum(map(number, shown)), earlier, _course([(day, number(day) * scale) for day in shown]))

    advocates, refusals = _people_and_reasons(program, datetime.combine(begins, datetime.min.time(), UTC))
    return Overview(
        friends=figure("people"),
        visits=figure("qualified"),
        conversions=figure("credited"),
        revenue=figure("revenue", digits),
        advocates=advocates,
        refusals=refusals,
    )


def table(program: Program, length: int, at: datetime) -> Iterator[list[object]]:
    """The days of the period as rows of a sheet; money in the program's currency as people write it."""
    today = at.astimezone(UTC).date()
    for day in _days(program, today - timedelta(days=length - 1), today):
        *counts, revenue = (getattr(day, column) for column in COLUMNS)
        yield [day.day.isoformat(), *counts, to_major(revenue, program.currency)]


def _days(program: Program, first: date, last: date) -> Iterable[ProgramDay]:
    return ProgramDay.objects.filter(program=program, day__range=(first, last)).order_by("day")


def _course(days: Sequence[tuple[date, float]]) -> list[tuple[str, float]]:
    """The days with their names; of a long period its weeks, the last one whole, by their first day."""
    if len(days) <= MOST_DAYS_DRAWN:
        return [(_name(day), number) for day, number in days]
    weeks = [days[max(end - 7, 0) : end] for end in range(len(days), 0, -7)]
    return [(_name(week[0][0]), sum(number for _day, number in week)) for week in reversed(weeks)]


def _name(day: date) -> str:
    return str(format_skeleton("MMMd", datetime.combine(day, datetime.min.time()), locale=locales.active()))


def _people_and_reasons(program: Program, since: datetime) -> tuple[list[Advocate], list[tuple[str, str, int]]]:
    """Who brought the most of the latest credited conversions; the reasons of the latest refused ones with numbers."""
    credited, refused = (_latest(program, state, since) for state in (State.CREDITED, State.REFUSED))
    groups = (
        Conversion.objects.filter(Q(pk__in=credited) | Q(pk__in=refused))
        .order_by()
        .values_list("state", "reason", "credited_person", "credited_person__advocate__display_name")
        .annotate(Count("pk"), Sum("counted"))
    )
    people: dict[UUID, Advocate] = {}
    numbers: Counter[str] = Counter()
    for state, reason, person, name, number, revenue in groups:
        if state == State.REFUSED:
            numbers[reason] += number
        else:
            before = people.get(person, Advocate(person, name or _("Somebody who was erased"), 0, 0))
            both = before.conversions + number, before.revenue + revenue
            people[person] = Advocate(person, before.name, *both)
    best = sorted(people.values(), key=lambda each: (-each.conversions, -each.revenue, each.person))
    return best[:TOP], [(code, _sentence(code), number) for code, number in _by_number(numbers)]


def _by_number(numbers: Counter[str]) -> list[tuple[str, int]]:
    return sorted(numbers.items(), key=lambda found: (-found[1], found[0]))


def _sentence(code: str) -> str:
    return str(reasons.REASONS[code].to_manager) if code in reasons.REASONS else ""


def _latest(program: Program, state: State, since: datetime) -> QuerySet[Any, Any]:
    latest = Conversion.objects.filter(program=program, state=state, occurred_at__gte=since)
    return latest.order_by("-occurred_at", "-id").values("pk")[:LATEST]


def _counted(rows: QuerySet) -> Coalesce:
    number = rows.order_by().values("program").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number, output_field=IntegerField()), 0)
