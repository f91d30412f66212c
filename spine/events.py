"""What happened, in order: recording, numbering, reading.

An act is recorded in its own transaction and has no position yet. The numbering sweep gives positions to what is
committed, so that a reader who has seen position n will never find a smaller one later. Every reader keeps its own
cursor and commits it together with its effects.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from spine import due
from spine.inserts import insert_once
from spine.models.event import Cursor, Event, Redelivery

NUMBERING = "numbering"
Reader = Callable[[Sequence[Event], datetime], None]


def record(
    name: str,
    *,
    person: UUID | None,
    subject: tuple[str, str],
    at: datetime,
    key: str,
    payload: Mapping[str, Any] | None = None,
) -> Event | None:
    """Record one act in the caller's transaction; None if its natural `key` is recorded already.

    `name` reads "noun.participle"; the payload holds ids, amounts and versions, never personal data.
    """
    event = Event(
        name=name,
        person=person,
        subject_kind=subject[0],
        subject_id=str(subject[1]),
        at=at,
        key=key,
        payload=dict(payload or {}),
    )
    return event if insert_once([event], key=["key"]) else None


def number(at: datetime, *, batch: int = 1000) -> int:
    """Give the next positions to committed events, in the order of their ids; return how many got one."""
    with transaction.atomic():
        head = _lock(NUMBERING)
        if head is None:
            return 0
        table = Event._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET position = numbered.position"  # noqa: S608 - a table name of ours
                f" FROM (SELECT id, %s + row_number() OVER (ORDER BY id) AS position FROM {table}"
                f" WHERE position IS NULL ORDER BY id LIMIT %s) AS numbered WHERE {table}.id = numbered.id",
                [head.position, batch],
            )
            numbered: int = cursor.rowcount
        Cursor.objects.filter(name=NUMBERING).update(position=head.position + numbered)
    return numbered


def read(reader: str, take: Reader, *, at: datetime, batch: int = 500) -> int:
    """Hand the next events to `take`, commit its effects together with the reader's cursor; return how many.

    If `take` raises, the batch is undone and read event by event. One that raises alone is set aside as a Redelivery,
    which comes back by itself, and the reader goes on.
    """
    with transaction.atomic():
        cursor = _lock(reader)
        if cursor is None:
            return 0
        events = list(Event.objects.filter(position__gt=cursor.position).order_by("position")[:batch])
        if not events:
            return 0
        try:
            with transaction.atomic():
                take(events, at)
        except Exception:  # noqa: BLE001 - whatever a reader raises, the others go on
            for event in events:
                _take_alone(reader, event, take, at)
        Cursor.objects.filter(name=reader).update(position=events[-1].position)
    return len(events)


def redeliver(reader: str, take: Reader, *, at: datetime) -> int:
    """Offer a reader again what it could not take; return how many events were offered."""

    def offer(rows: Sequence[Redelivery], at: datetime) -> None:
        take([row.event for row in rows], at)

    return due.work(Redelivery.objects.filter(reader=reader), offer, at=at)


def _take_alone(reader: str, event: Event, take: Reader, at: datetime) -> None:
    try:
        with transaction.atomic():
            take([event], at)
    except Exception as failure:  # noqa: BLE001 - it is kept in the row that comes back
        later = at + due.backoff(1)
        aside = Redelivery(reader=reader, event=event, due_at=later, error=due.told(failure))
        insert_once([aside], key=["reader", "event"])


def _lock(name: str) -> Cursor | None:
    """The cursor, locked for this transaction; None while another process holds it."""
    insert_once([Cursor(name=name)], key=["name"])
    return Cursor.objects.select_for_update(skip_locked=True).filter(name=name).first()
