"""Alarms: shops whose messages are turned away, or that answer no question, so that what they tell is lost."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from advocates import preferences, staff
from advocates.models import User
from brand import mail
from customers.models import Source
from integrations import verdicts
from integrations.models import Pull, Rejection
from integrations.pulling import asking

# So many in a day are no stranger's knock.
MANY = 3
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Alarm:
    """One thing that is wrong with a shop; written about once for each `key`."""

    key: str
    shop: Source
    subject: str
    template: str
    facts: Mapping[str, Any]


def warn(at: datetime) -> int:
    """Write to whoever looks after shops what they were not written yet; return how many messages that makes."""
    alarms = [*_turned_away(at), *_unanswered(at)]
    keepers = list(staff.who_may("customers.manage_sources")) if alarms else []
    return sum(_write(keeper, alarm, at) for alarm in alarms for keeper in keepers)


def _turned_away(at: datetime) -> Iterator[Alarm]:
    """What was turned away today, since the last message of that shop that could be believed: once a day."""
    since = Q(connection__last_at=None) | Q(last_at__gt=F("connection__last_at"))
    many = Rejection.objects.filter(since, day=at.date(), count__gte=MANY, last_at__gt=at - timedelta(hours=1))
    latest: dict[int, Rejection] = {}
    for rejection in many.select_related("connection__source").order_by("-last_at", "pk"):
        latest.setdefault(rejection.connection_id, rejection)
    for rejection in latest.values():
        yield Alarm(
            f"turned_away:{rejection.day}", rejection.connection.source,
            gettext_noop("Messages of %(shop)s are turned away"), "staff/turned_away",
            {"count": rejection.count, "since": rejection.first_at, "why": verdicts.reason(rejection.reason)},
        )  # fmt: skip


def _unanswered(at: datetime) -> Iterator[Alarm]:
    """Shops that answer no question about lost messages for a day: once a day."""
    failing = Pull.objects.filter(failing_since__lt=at - DAY)
    for row in failing.select_related("connection__source").order_by("pk"):
        yield Alarm(
            f"unanswered:{at.date()}", row.connection.source,
            gettext_noop("%(shop)s does not say what changed"), "staff/shop_unanswered",
            {"since": row.failing_since, "why": asking.reason(row.reason)},
        )  # fmt: skip


def _write(keeper: User, alarm: Alarm, at: datetime) -> bool:
    with preferences.activated(getattr(keeper, "advocate", None)):
        link = settings.BASE_URL + reverse("integrations:shop", args=[alarm.shop.key])
        message = mail.enqueue(
            key=f"shop.{alarm.key}:{alarm.shop.key}:{keeper.public_id}",
            to=keeper.email,
            subject=_(alarm.subject) % {"shop": alarm.shop.name},
            template=alarm.template,
            context={"shop": alarm.shop.name, "link": link, **alarm.facts},
            at=at,
        )
    return message is not None
