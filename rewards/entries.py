"""The ledger line by line, for the staff: finding transfers, and taking them away as a sheet."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from rewards import people
from rewards.booking import TOLD
from rewards.models import Scheme, Transfer
from spine.money import Unit, to_major

STEP = 1000


def find(
    *,
    scheme: Scheme | None = None,
    unit: str = "",
    act: str = "",
    person: UUID | None = None,
    first: date | None = None,
    last: date | None = None,
) -> QuerySet[Transfer]:
    """The transfers that fit; days are those of the active time zone, the last one included."""
    found = Transfer.objects.select_related("source", "target", "reward__scheme")
    if scheme:
        found = found.filter(reward__scheme=scheme)
    if unit:
        found = found.filter(unit=unit)
    if act:
        found = found.filter(act=act)
    if person:
        found = found.filter(reward__person=person)
    if first:
        found = found.filter(at__gte=_begin(first))
    if last:
        found = found.filter(at__lt=_begin(last + timedelta(days=1)))
    return found


def acts() -> list[str]:
    """What a transfer may be."""
    return list(TOLD)


def head() -> list[str]:
    """The columns of the sheet."""
    return [
        _("Number"), _("At"), _("Program"), _("What"), _("Unit"), _("Amount"), _("From"), _("To"), _("Person"),
        _("Name"), _("Reward"), _("Entry"),
    ]  # fmt: skip


def table(found: QuerySet[Transfer]) -> Iterator[list[object]]:
    """The transfers as rows, the earliest first, read some at a time."""
    last = 0
    while chunk := list(found.filter(pk__gt=last).order_by("pk")[:STEP]):
        last = chunk[-1].pk
        names = people.names({row.reward.person_id for row in chunk})
        for row in chunk:
            yield [
                row.sequence, row.at.isoformat(), row.reward.scheme.name, row.act, row.unit, _amount(row),
                row.source.kind, row.target.kind, str(row.reward.person_id), names.get(row.reward.person_id, ""),
                str(row.reward.public_id), row.entry,
            ]  # fmt: skip


def rows(found: list[Transfer]) -> list[dict[str, Any]]:
    """The transfers with whose they are."""
    names = people.names({row.reward.person_id for row in found})
    return [{"transfer": row, "name": names.get(row.reward.person_id, "")} for row in found]


def _amount(row: Transfer) -> object:
    currency = Unit.parse(row.unit).currency
    return to_major(row.amount, currency) if currency else row.amount


def _begin(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
