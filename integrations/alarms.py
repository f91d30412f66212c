"""Alarms: shops whose messages are turned away, so that what they tell is lost until somebody looks."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from advocates import preferences, staff
from advocates.models import User
from brand import mail
from integrations import verdicts
from integrations.models import Rejection

# So many in a day are no stranger's knock.
MANY = 3


def warn(at: datetime) -> int:
    """Write to whoever looks after shops, once a day and shop; return how many messages that makes."""
    shops: dict[int, Rejection] = {}
    for rejection in _failing(at):
        shops.setdefault(rejection.connection_id, rejection)
    if not shops:
        return 0
    keepers = list(staff.who_may("customers.manage_sources"))
    return sum(_write(keeper, rejection) for rejection in shops.values() for keeper in keepers)


def _failing(at: datetime) -> Sequence[Rejection]:
    """What was turned away today, since the last message of that shop that could be believed; the latest first."""
    since = Q(connection__last_at=None) | Q(last_at__gt=F("connection__last_at"))
    many = Rejection.objects.filter(since, day=at.date(), count__gte=MANY, last_at__gt=at - timedelta(hours=1))
    return list(many.select_related("connection__source").order_by("-last_at", "pk"))


def _write(keeper: User, rejection: Rejection) -> bool:
    shop = rejection.connection.source
    with preferences.activated(getattr(keeper, "advocate", None)):
        message = mail.enqueue(
            key=f"shop.turned_away:{shop.key}:{rejection.day}:{keeper.public_id}",
            to=keeper.email,
            subject=_("Messages of %(shop)s are turned away") % {"shop": shop.name},
            template="staff/turned_away",
            context={
                "shop": shop.name,
                "count": rejection.count,
                "since": rejection.first_at,
                "why": verdicts.reason(rejection.reason),
                "link": settings.BASE_URL + reverse("integrations:shop", args=[shop.key]),
            },
            at=rejection.last_at,
        )
    return message is not None
