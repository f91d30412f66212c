"""Shops that fell silent: they usually tell something every day, and for a day they told nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, Subquery

from customers.models import Lead, Order, Source

DAY = timedelta(days=1)
# A shop that told something on so many of the days before usually does.
USUAL, OF_DAYS = 5, 7


@dataclass(frozen=True)
class Heard:
    """One shop, when it last told a new order, when anything new, and whether it fell silent since."""

    source: Source
    last_order_at: datetime | None
    last_at: datetime | None
    is_silent: bool


def heard(at: datetime) -> list[Heard]:
    """Every shop, the first connected first: one query along the indexes of what was told, however much that is."""
    days = {f"day_{n}": _told(at - (n + 1) * DAY, at - n * DAY) for n in range(OF_DAYS + 1)}
    sources = Source.objects.annotate(last_order_at=_last(Order), last_lead_at=_last(Lead), **days).order_by("pk")
    return [_heard(source, [getattr(source, name) for name in days]) for source in sources]


def silent(at: datetime) -> list[Heard]:
    """The shops that fell silent. A test shop is not missed."""
    return [shop for shop in heard(at) if shop.is_silent]


def _heard(source: Source, days: list[bool]) -> Heard:
    last_order_at = source.last_order_at  # type: ignore[attr-defined]
    last_at = max(filter(None, (last_order_at, source.last_lead_at)), default=None)  # type: ignore[attr-defined]
    today, *before = days
    is_silent = not source.is_test and not today and sum(before) >= USUAL
    return Heard(source, last_order_at, last_at, is_silent)


def _told(after: datetime, until: datetime) -> Q:
    """Whether a shop told an order or a lead within a day."""
    within = {"source": OuterRef("pk"), "recorded_at__gt": after, "recorded_at__lte": until}
    return Q(Exists(Order.objects.filter(**within))) | Q(Exists(Lead.objects.filter(**within)))


def _last(model: type[Order] | type[Lead]) -> Subquery:
    theirs = model._base_manager.filter(source=OuterRef("pk")).order_by("-recorded_at")
    return Subquery(theirs.values("recorded_at")[:1])
