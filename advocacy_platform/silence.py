"""Writes to the staff about shops that fell silent."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from advocates import preferences, staff
from advocates.models import User
from brand import mail
from customers.silence import Heard, silent


def warn(at: datetime) -> int:
    """Write to whoever looks after shops, once for each silence; return how many messages that makes."""
    shops = silent(at)
    if not shops:
        return 0
    keepers = list(staff.who_may("customers.manage_sources"))
    return sum(_write(keeper, shop, at) for shop in shops for keeper in keepers)


def _write(keeper: User, shop: Heard, at: datetime) -> bool:
    assert shop.last_at is not None, "a shop that never told anything can't fall silent"
    with preferences.activated(getattr(keeper, "advocate", None)):
        message = mail.enqueue(
            # A silence begins when it last told something.
            key=f"source.silent:{shop.source.key}:{shop.last_at.isoformat()}:{keeper.public_id}",
            to=keeper.email,
            subject=_("Nothing from %(shop)s for a day") % {"shop": shop.source.name},
            template="staff/silence",
            context={
                "shop": shop.source.name,
                "last_at": shop.last_at,
                "link": settings.BASE_URL + reverse("manage:sources"),
            },
            at=at,
        )
    return message is not None
