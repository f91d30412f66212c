"""What is stopped waits for a person and for nothing else: the longer, the louder."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import ngettext

from advocates import preferences, staff
from advocates.models import User
from brand import mail
from referrals.models import Conversion
from spine import events
from spine.models import Event

# From when on a stopped conversion is marked, and from when on the staff are written to, once.
LONG = timedelta(days=3)
OVERDUE = timedelta(days=7)


def age(conversion: Conversion, at: datetime) -> str:
    """`fresh`, `long` or `overdue`."""
    since = at - (conversion.stopped_at or at)
    return "overdue" if since >= OVERDUE else "long" if since >= LONG else "fresh"


@transaction.atomic
def escalate(at: datetime) -> int:
    """Write to the staff about what has become overdue since the last round; return how many conversions that is."""
    stopped = Conversion.objects.filter(state=Conversion.State.STOPPED, stopped_at__lte=at - OVERDUE)
    # In one order, so that two rounds at once never wait for each other's events in a circle.
    overdue = list(stopped.order_by("stopped_at", "pk"))
    said = set(Event.objects.filter(key__in=map(_key, overdue)).values_list("key", flat=True))
    fresh = [conversion for conversion in overdue if _key(conversion) not in said and _say(conversion, at)]
    if fresh:
        for reviewer in staff.who_may("referrals.review_conversions"):
            _write(reviewer, fresh, at)
    return len(fresh)


def _say(conversion: Conversion, at: datetime) -> bool:
    """Write down that it is overdue; False if somebody else just did."""
    event = events.record(
        "conversion.escalated",
        person=conversion.credited_person_id,
        subject=("conversion", str(conversion.public_id)),
        at=at,
        key=_key(conversion),
        payload={"version": conversion.version},
    )
    return event is not None


def _key(conversion: Conversion) -> str:
    # A conversion that was decided anew and stopped again waits anew.
    assert conversion.stopped_at is not None, "what is stopped says since when"
    return f"conversion.escalated:{conversion.public_id}:{conversion.stopped_at.isoformat()}"


def _write(reviewer: User, overdue: Sequence[Conversion], at: datetime) -> None:
    with preferences.activated(getattr(reviewer, "advocate", None)):
        subject = ngettext(
            "A conversion has waited for a week", "%(count)d conversions have waited for a week", len(overdue)
        )
        mail.enqueue(
            key=f"{_key(overdue[0])}:{reviewer.public_id}",
            to=reviewer.email,
            subject=subject % {"count": len(overdue)},
            template="referrals/overdue",
            context={"count": len(overdue), "link": settings.BASE_URL + reverse("referrals:review")},
            at=at,
        )
