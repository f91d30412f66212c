"""Totals: what each scheme's book moved on each day, kept by reading the sealed transfers in their order, once each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import TruncDate, TruncMonth

from rewards.models import LedgerDay, Scheme, Transfer
from rewards.models.ledger import OWNER_KINDS
from spine.inserts import insert_once
from spine.models import Cursor

READER = "rewards.totals"
BATCH = 2000
# What a month is told by, and the moves that make it up: from a kind of account to others.
FLOWS: dict[str, dict[str, set[str]]] = {
    "promised": {"issued": {"on_hold", "available"}},
    "spent": {"in_flight": {"redeemed", "paid"}},
    "taken_back": {"on_hold": {"issued"}, "available": {"issued"}, "expired": {"issued"}},
    "expired": {"available": {"expired"}},
}
# A day's key: scheme, unit, day, from and to.
Key = tuple[int, str, date, str, str]


@dataclass(frozen=True)
class Book:
    """One scheme's book of one unit: what its people hold now, and what it moved in each of the last months."""

    scheme: Scheme
    unit: str
    held: dict[str, int]
    months: Sequence[tuple[date, dict[str, int]]]

    @property
    def liability(self) -> int:
        """What the brand may still have to give: on hold, available and in flight, less what is owed to it."""
        return self.held["on_hold"] + self.held["available"] + self.held["in_flight"] - self.held["owed"]


@transaction.atomic
def tally(at: datetime) -> int:
    """Add the next sealed transfers to their days; return how many."""
    insert_once([Cursor(name=READER)], key=["name"])
    cursor = Cursor.objects.select_for_update(skip_locked=True).filter(name=READER).first()
    if cursor is None:
        return 0
    found = (
        Transfer.objects.filter(sequence__gt=cursor.position).order_by("sequence").select_related("source", "target")
    )
    rows = list(found[:BATCH])
    if not rows:
        return 0
    sums: Counter[Key] = Counter()
    for row in rows:
        if row.source.kind != row.target.kind:
            day = row.at.astimezone(UTC).date()
            sums[row.source.scheme_id, row.unit, day, row.source.kind, row.target.kind] += row.amount
    _add(sums)
    Cursor.objects.filter(name=READER).update(position=rows[-1].sequence)
    return len(rows)


def recount() -> dict[Key, int]:
    """What the days ought to say, from the sealed transfers themselves."""
    found = Transfer.objects.filter(sequence__isnull=False).exclude(source__kind=F("target__kind")).order_by()
    days = found.annotate(day=TruncDate("at", tzinfo=UTC)).values_list(
        "source__scheme", "unit", "day", "source__kind", "target__kind"
    )
    return {(*key,): amount for *key, amount in days.annotate(sum=Sum("amount"))}


def stored() -> dict[Key, int]:
    """What the days say."""
    rows = LedgerDay.objects.values_list("scheme", "unit", "day", "source", "target", "amount")
    return {(scheme, unit, day, source, target): amount for scheme, unit, day, source, target, amount in rows}


def books(months: Sequence[date]) -> list[Book]:
    """Every book, with these months (their first days, the earliest first); three queries."""
    moved = LedgerDay.objects.order_by().values_list("scheme", "unit", "source", "target").annotate(sum=Sum("amount"))
    held: dict[tuple[int, str], dict[str, int]] = {}
    for scheme, unit, source, target, amount in moved:
        kinds = held.setdefault((scheme, unit), dict.fromkeys(OWNER_KINDS, 0))
        for kind, sign in ((source, -1), (target, 1)):
            if kind in kinds:
                kinds[kind] += sign * amount
    flows = _flows(months)
    schemes = Scheme.objects.in_bulk({scheme for scheme, _unit in held})
    return [
        Book(schemes[scheme], unit, kinds, [(month, flows.get((scheme, unit, month), _none())) for month in months])
        for (scheme, unit), kinds in sorted(held.items(), key=lambda each: (schemes[each[0][0]].name, each[0]))
    ]


def _flows(months: Sequence[date]) -> dict[tuple[int, str, date], dict[str, int]]:
    rows = LedgerDay.objects.filter(day__gte=months[0]).annotate(month=TruncMonth("day")).order_by()
    sums = rows.values_list("scheme", "unit", "month", "source", "target").annotate(sum=Sum("amount"))
    found: dict[tuple[int, str, date], dict[str, int]] = {}
    for scheme, unit, month, source, target, amount in sums:
        told = found.setdefault((scheme, unit, month), _none())
        for name, moves in FLOWS.items():
            if target in moves.get(source, ()):
                told[name] += amount
    return found


def _none() -> dict[str, int]:
    return dict.fromkeys(FLOWS, 0)


def _add(sums: Counter[Key]) -> None:
    keys = sorted(sums)
    names = ("scheme_id", "unit", "day", "source", "target")
    insert_once(
        [LedgerDay(**dict(zip(names, key, strict=True))) for key in keys],
        key=["scheme", "unit", "day", "source", "target"],
    )
    for key in keys:
        LedgerDay.objects.filter(**dict(zip(names, key, strict=True))).update(amount=F("amount") + sums[key])
