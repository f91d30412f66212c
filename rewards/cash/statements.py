"""Statements: what somebody earned in cash, what was taken back and what was paid, by month and by line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rewards.models import Transfer
from spine.money import to_major

# From where to where an amount went, in which column that counts, and with which sign.
COLUMNS: dict[tuple[str, str], tuple[str, int]] = {
    ("on_hold", "available"): ("earned", 1),
    ("available", "on_hold"): ("earned", -1),
    ("available", "issued"): ("taken_back", 1),
    ("issued", "available"): ("taken_back", -1),
    ("paid", "owed"): ("taken_back", 1),
    ("owed", "paid"): ("taken_back", -1),
    ("available", "expired"): ("expired", 1),
    ("expired", "available"): ("expired", -1),
    ("available", "paid"): ("settled", 1),
    ("paid", "available"): ("settled", -1),
    ("in_flight", "paid"): ("paid", 1),
    ("paid", "in_flight"): ("paid", -1),
}
LABELS: dict[str, tuple[str | Promise, str | Promise]] = {
    "earned": (_("Earned"), _("Frozen again")),
    "taken_back": (_("Taken back"), _("Given back")),
    "expired": (_("Expired"), _("Restored")),
    "settled": (_("Settled what you owed"), _("Restored")),
    "paid": (_("Paid out"), _("Came back")),
}


@dataclass
class Sums:
    """What one stretch of time brought in one unit."""

    unit: str
    earned: int = 0
    taken_back: int = 0
    expired: int = 0
    settled: int = 0
    paid: int = 0

    @property
    def currency(self) -> str:
        """The three letters of the unit."""
        return self.unit.removeprefix("cash:")

    def count(self, move: tuple[str, str], amount: int) -> None:
        """Count one move of an amount."""
        column, sign = COLUMNS[move]
        setattr(self, column, getattr(self, column) + sign * amount)


@dataclass
class Month:
    """One month with its sums, a row for each unit."""

    first: date
    sums: dict[str, Sums] = field(default_factory=dict)

    @property
    def rows(self) -> list[Sums]:
        """The sums by unit."""
        return [self.sums[unit] for unit in sorted(self.sums)]


@dataclass(frozen=True)
class Line:
    """One amount that came or went."""

    at: datetime
    label: str | Promise
    unit: str
    # Signed as the balance moved.
    amount: int


def years(people: Sequence[UUID], zone: ZoneInfo) -> list[int]:
    """The years of which there is something to tell, the latest first."""
    found = _transfers(people).order_by("at").values_list("at", flat=True)
    first, last = found.first(), found.last()
    if first is None or last is None:
        return []
    return list(range(last.astimezone(zone).year, first.astimezone(zone).year - 1, -1))


def year(people: Sequence[UUID], number: int, zone: ZoneInfo) -> list[Month]:
    """The months of one year in which something happened, in order."""
    found = _between(people, *_bounds(number, None, zone))
    counted = found.annotate(month=TruncMonth("at", tzinfo=zone)).values_list(
        "month", "unit", "source__kind", "target__kind"
    )
    months: dict[date, Month] = {}
    for start, unit, source, target, amount in counted.annotate(total=Sum("amount")).order_by("month"):
        month = months.setdefault(start.date(), Month(start.date()))
        month.sums.setdefault(unit, Sums(unit)).count((source, target), amount)
    return list(months.values())


def totals(months: Sequence[Month]) -> list[Sums]:
    """The sums of several months together, by unit."""
    found: dict[str, Sums] = {}
    for each in (row for month in months for row in month.rows):
        whole = found.setdefault(each.unit, Sums(each.unit))
        for column in LABELS:
            setattr(whole, column, getattr(whole, column) + getattr(each, column))
    return [found[unit] for unit in sorted(found)]


def lines(people: Sequence[UUID], number: int, month: int | None, zone: ZoneInfo) -> Iterator[Line]:
    """Every amount that came or went in a year or in one month of it, in order."""
    found = _between(people, *_bounds(number, month, zone)).order_by("at", "pk")
    told = found.values_list("at", "unit", "source__kind", "target__kind", "amount")
    for at, unit, source, target, amount in told.iterator(chunk_size=500):
        column, sign = COLUMNS[source, target]
        label, undone = LABELS[column]
        yield Line(at.astimezone(zone), label if sign > 0 else undone, unit, _sign(column, sign) * amount)


def table(found: Iterator[Line]) -> Iterator[list[object]]:
    """The same for a spreadsheet."""
    for line in found:
        currency = line.unit.removeprefix("cash:")
        yield [f"{line.at:%Y-%m-%d}", str(line.label), to_major(line.amount, currency), currency]


def _sign(column: str, sign: int) -> int:
    """How the balance moved: what is earned comes, all else goes, unless it is undone."""
    return sign if column == "earned" else -sign


def _between(people: Sequence[UUID], since: datetime, until: datetime) -> QuerySet[Transfer]:
    return _transfers(people).filter(at__gte=since, at__lt=until)


def _transfers(people: Sequence[UUID]) -> QuerySet[Transfer]:
    ways = Q()
    for source, target in COLUMNS:
        ways |= Q(source__kind=source, target__kind=target)
    theirs = Q(source__person__in=people) | Q(target__person__in=people)
    return Transfer.objects.filter(ways, theirs, unit__startswith="cash:")


def _bounds(number: int, month: int | None, zone: ZoneInfo) -> tuple[datetime, datetime]:
    since = datetime(number, month or 1, 1, tzinfo=zone)
    later = since + timedelta(days=32 if month else 367)
    return since, later.replace(month=later.month if month else 1, day=1)
