"""What we tell people about their rewards: on the site at once, and by mail what is worth a letter.

Of a friend's order an advocate hears by a letter of its own, which says what it brings; so of that promise they are
told on the site alone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from advocates import notices, preferences
from advocates.models import Advocate, Notice
from brand import mail
from rewards import news
from rewards.news import News
from spine import events
from spine.models import Event

READER = "rewards.letters"


def tell(at: datetime) -> int:
    """Tell of what happened since the last round; return how many events were read."""
    return events.read(READER, take, at=at) + events.redeliver(READER, take, at=at)


def take(found: Sequence[Event], at: datetime) -> None:
    """A notice for each thing, and one letter a person for all that is worth one.

    Whoever has not joined, or has left, is told nothing.
    """
    told = [event for event in found if event.name in news.NAMES and event.person]
    if not told:
        return
    people = {event.person for event in told}
    joined = Advocate.objects.filter(person__in=people, user__is_active=True).select_related("user")
    facts = news.gather(told)
    rows: list[Notice] = []
    for advocate in joined.order_by("pk"):
        theirs = [event for event in told if event.person == advocate.person_id]
        with preferences.activated(advocate):
            said = {event: line for event in theirs if (line := news.of(event, facts, at))}
            rows += [
                Notice(key=event.key, person_id=advocate.person_id, text=line.text[:600], path=line.path, at=at)
                for event, line in said.items()
            ]
            _write(advocate, said, at)
    notices.give(rows)


def _write(advocate: Advocate, said: Mapping[Event, News], at: datetime) -> None:
    mailed = {event: line for event, line in said.items() if line.is_mailed}
    if not mailed:
        return
    assert advocate.user is not None
    lines = [line.text for line in mailed.values()]
    mail.enqueue(
        key=f"{READER}:{max(event.pk for event in mailed)}:{advocate.person_id}",
        to=advocate.user.email,
        subject=lines[0] if len(lines) == 1 and len(lines[0]) < 90 else _("News about what you earned"),
        template="rewards/news",
        context={
            "name": advocate.display_name,
            "lines": lines,
            "url": settings.BASE_URL + reverse("rewards:wallet"),
        },
        at=at,
        transactional=any(line.is_needed for line in mailed.values()),
    )
