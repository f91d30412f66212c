"""Finding conversions: by program, state, reason and day, or by an order, an advocate or a code."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from advocates.models import Advocate
from customers.models import Order, Source
from referrals.models import Conversion, Program
from referrals.share import codes
from spine.money import to_major

ORDER = ("-occurred_at", "-id")
# A search by name that fits more people than this says too little.
MOST_PEOPLE = 100


@dataclass(frozen=True)
class Wanted:
    """What is looked for. Days are those of whoever looks, and include both. A search goes over all programs."""

    program: Program | None = None
    state: str = ""
    reason: str = ""
    since: date | None = None
    until: date | None = None
    search: str = ""


def find(wanted: Wanted) -> models.QuerySet[Conversion]:
    """The conversions that match, in no order yet."""
    found = Conversion.objects.all()
    if wanted.search:
        found = found.filter(_named(wanted.search))
    if wanted.program:
        found = found.filter(program=wanted.program)
    if wanted.state:
        found = found.filter(state=wanted.state)
    if wanted.reason:
        found = found.filter(reason=wanted.reason)
    if wanted.since:
        found = found.filter(occurred_at__gte=_midnight(wanted.since))
    if wanted.until:
        found = found.filter(occurred_at__lt=_midnight(wanted.until + timedelta(days=1)))
    return found


def orders(text: str) -> list[Order]:
    """The orders of all shops that have this number; with or without the # that people write before it."""
    keys = {text, text.lstrip("#")} - {""}
    # By source as well, since only together they are indexed; there are a few shops.
    sources = list(Source.objects.all())
    return list(Order.objects.select_related("source", "customer").filter(source__in=sources, key__in=keys))


def table(found: models.QuerySet[Conversion]) -> Iterator[list[object]]:
    """The conversions as rows of a sheet, read from the database as they are sent."""
    columns = (
        *("occurred_at", "program__name", "order__source__name", "order__key", "lead__source__name", "lead__key"),
        *("goal", "state", "reason", "credited_person__advocate__display_name"),
        *("advocate_side", "friend_side", "counted", "currency", "number", "public_id"),
    )
    for row in found.order_by(*ORDER).values_list(*columns).iterator(chunk_size=1000):
        at, program, shop, order, lead_shop, lead, *said, counted, currency, number, public_id = row
        amount = to_major(counted, currency) if currency else None
        yield [
            at.isoformat(),
            program,
            shop or lead_shop,
            order or lead,
            *said,
            amount,
            currency,
            number,
            str(public_id),
        ]


HEAD = (
    *("at", "program", "shop", "order", "goal", "state", "reason", "advocate"),
    *("advocate_side", "friend_side", "counted", "currency", "decisions", "id"),
)


def _named(text: str) -> Q:
    named = Q(username__iexact=text) | Q(display_name__icontains=text)
    people = Advocate.objects.filter(named).order_by("pk").values_list("person", flat=True)[:MOST_PEOPLE]
    found = Q(order__in=orders(text)) | Q(credited_person__in=list(people))
    code = codes.find(text)
    return found | Q(program=code.link.program_id, credited_person=code.link.person_id) if code else found


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
