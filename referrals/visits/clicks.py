"""The visits behind links: taking them in from a spool, counting them by day, and forgetting old ones."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from referrals.models import Click, Link, LinkDay, ProgramDay
from referrals.models.click import Day
from referrals.visits.spool import Visit
from spine.inserts import insert_once

logger = logging.getLogger(__name__)

# Few enough to hold SQLite's one write lock for a moment only.
BATCH = 1000
# Every visit; those of people; those of people whose browser remembered no earlier one.
COUNTED = ("raw", "qualified", "people")


@transaction.atomic
def take(visits: Sequence[Visit]) -> int:
    """Insert the visits that are new and count exactly those; return how many. Visits to no link of ours are left out.

    Whoever takes the same visits again, or at the same time, inserts and counts nothing twice.
    """
    programs = dict(Link.objects.filter(pk__in={visit.link for visit in visits}).values_list("pk", "program"))
    ours = sorted((visit for visit in visits if visit.link in programs), key=lambda visit: visit.click)
    inserted = insert_once([_click(visit) for visit in ours], key=["id"])
    _count(inserted, programs)
    if len(ours) < len(visits):
        logger.warning("%s visits lead to no link of ours and are passed over", len(visits) - len(ours))
    return len(inserted)


def purge(at: datetime) -> int:
    """Delete one batch of visits that are past their days; return how many. What was counted of them stays."""
    kept_since = at - timedelta(days=settings.RETENTION_DAYS["clicks"])
    old = list(Click.objects.filter(at__lt=kept_since).order_by("at").values_list("pk", flat=True)[:BATCH])
    return Click.objects.filter(pk__in=old).delete()[0]


def _click(visit: Visit) -> Click:
    verdict = Click.Verdict.BOT if visit.reason else Click.Verdict.HUMAN
    return Click(
        id=visit.click,
        link_id=visit.link,
        at=visit.at,
        verdict=verdict,
        reason=visit.reason,
        channel=visit.channel,
        is_first=visit.is_first,
    )


def _count(clicks: Sequence[Click], programs: Mapping[int, int]) -> None:
    links: Counter[tuple[int, date, str]] = Counter()
    for click in clicks:
        links.update((click.link_id, click.at.date(), column) for column in _columns(click))
    of_programs: Counter[tuple[int, date, str]] = Counter()
    for (link, day, column), number in links.items():
        of_programs[programs[link], day, column] += number
    _add([LinkDay(link_id=owner, **numbers) for owner, numbers in _days(links)], "link_id")
    _add([ProgramDay(program_id=owner, **numbers) for owner, numbers in _days(of_programs)], "program_id")


def _columns(click: Click) -> tuple[str, ...]:
    """Where a visit is counted."""
    if click.verdict != Click.Verdict.HUMAN:
        return COUNTED[:1]
    return COUNTED if click.is_first else COUNTED[:2]


def _days(counted: Mapping[tuple[int, date, str], int]) -> list[tuple[int, dict[str, Any]]]:
    """One entry for each owner and day, in one order for everybody, so that two writers never wait for each other."""
    keys = sorted({key[:2] for key in counted})
    return [
        (owner, {"day": day, **{column: counted.get((owner, day, column), 0) for column in COUNTED}})
        for owner, day in keys
    ]


def _add(days: Sequence[Day], owner: str) -> None:
    """Insert these days, or add them to the ones that are there."""
    if not days:
        return
    fields = [field for field in days[0]._meta.concrete_fields if not field.primary_key]
    quote = connection.ops.quote_name
    table, columns = quote(days[0]._meta.db_table), ", ".join(quote(field.column or "") for field in fields)
    places = ", ".join(["(" + ", ".join(["%s"] * len(fields)) + ")"] * len(days))
    added = ", ".join(f"{column} = {table}.{column} + excluded.{column}" for column in COUNTED)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) VALUES {places}"  # noqa: S608 - names of our models
            f" ON CONFLICT ({owner}, day) DO UPDATE SET {added}",
            [field.get_db_prep_save(getattr(day, field.attname), connection) for day in days for field in fields],
        )
