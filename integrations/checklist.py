"""What is left to do until a shop's orders arrive: points that turn green by what was really delivered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.models import Order, Refund
from integrations.models import Connection, Rejection
from referrals.models import Touch

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Point:
    """One point: what it is once it is done, or what to do about it; an optional one keeps nobody waiting."""

    is_done: bool
    done: str | Promise
    wanted: str | Promise
    is_optional: bool = False


def of(connection: Connection, at: datetime) -> Sequence[Point]:
    """The points of a shop's connection, in the order in which they are done; four queries."""
    theirs = {"source": connection.source_id}
    return (
        Point(
            bool(connection.secret),
            _("We know the secret that your shop signs with."),
            _("Give your shop and us the same secret."),
        ),
        Point(
            connection.first_at is not None,
            _("A message came whose signature fits."),
            _("Wait for the first message, or let your shop send a test."),
        ),
        Point(
            Order.objects.filter(**theirs).exists(),
            _("An order was taken."),
            _("Place an order in your shop."),
        ),
        Point(
            Touch.objects.filter(order__source=connection.source_id).exists(),
            _("An order said who had recommended us."),
            _("Order once more by somebody's link or code, so that we see that it comes along."),
        ),
        Point(
            Refund.objects.filter(**theirs).exists(),
            _("A refund was taken."),
            _("When you first pay something back, see that it arrives here."),
            is_optional=True,
        ),
    )


def turned_away(connection: Connection, at: datetime) -> list[Rejection]:
    """What was turned away within the last day or so, and since the last message that could be believed."""
    found = Rejection.objects.filter(connection=connection, day__gte=(at - DAY).date())
    if connection.last_at:
        found = found.filter(last_at__gt=connection.last_at)
    return list(found.order_by("-last_at"))
