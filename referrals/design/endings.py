"""Telling advocates that a program ends: when, and what becomes of what they began."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from advocates.models import Advocate
from brand import locales, mail
from referrals import programs
from referrals.models import Ending, Link, StateChange
from referrals.models.program import State
from spine import due

logger = logging.getLogger(__name__)
BATCH = 100
# A row below the first instant of a day belongs to the day before.
_INSTANT = timedelta(microseconds=1)


def tell_due(at: datetime) -> int:
    """Write to the next advocates of each program whose end is to be told; return how many ends were taken up."""
    return due.work(Ending.objects.all(), _tell, at=at, batch=1)


def last_day(change: StateChange) -> str:
    """The last day on which orders count, in the program's own time zone and the language that is active."""
    last = (change.at - _INSTANT).astimezone(ZoneInfo(change.program.time_zone))
    return format_date(last, "long", locale=locales.active())


def _tell(endings: Sequence[Ending], at: datetime) -> None:
    for ending in endings:
        change = StateChange.objects.select_related("program").get(pk=ending.change_id)
        if not _stands(change):
            continue
        told = _links(ending, change)
        for link in told:
            _write(link, change, at)
        if told:
            ending.told_until = told[-1].pk
            ending.save(update_fields=["told_until"])
        if len(told) == BATCH:
            ending.due_at = at


def _stands(change: StateChange) -> bool:
    """Whether the program still ends then: a pause says the same end again, another end replaces it."""
    ends = (step for step in programs.timeline(change.program.state_changes.all()) if step.state == State.ENDED)
    return any(step.at == change.at for step in ends)


def _links(ending: Ending, change: StateChange) -> list[Link]:
    after = Link.objects.filter(program=change.program, pk__gt=ending.told_until)
    return list(after.select_related("person__advocate__user").order_by("pk")[:BATCH])


def _write(link: Link, change: StateChange, at: datetime) -> None:
    advocate = getattr(link.person, "advocate", None)
    if advocate is None or advocate.user is None:
        return
    try:
        with translation.override(_language(advocate)):
            _enqueue(advocate, change, at)
    except ValidationError:
        logger.warning("link %s: its advocate has no address that mail could go to", link.pk)


def _enqueue(advocate: Advocate, change: StateChange, at: datetime) -> None:
    program = change.program
    day = last_day(change)
    has_ended = change.at <= change.recorded_at
    facts = {"program": program.name, "day": day}
    subject = _("%(program)s has ended") if has_ended else _("%(program)s ends on %(day)s")
    assert advocate.user
    mail.enqueue(
        key=f"program-ending:{program.public_id}:{change.pk}:{advocate.person_id}",
        to=advocate.user.email,
        subject=subject % facts,
        template="referrals/program_ending",
        context={**facts, "has_ended": has_ended, "url": settings.BASE_URL + reverse("home")},
        at=at,
    )


def _language(advocate: Advocate) -> str:
    return advocate.locale if advocate.locale in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
