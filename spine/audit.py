"""Who did what, to what, why: written in the transaction of the act itself."""

from collections.abc import Iterable
from datetime import datetime

from spine.inserts import insert_rows
from spine.models import AuditEntry, AuditReason, Event

# An actor or a subject: its kind and its public id.
Party = tuple[str, str]


def record(actor: Party, verb: str, subject: Party, *, at: datetime, reason: str = "") -> AuditEntry:
    """Write down one act (`verb` reads "noun.participle") and, apart and erasable, the words given for it."""
    entry = AuditEntry.objects.create(
        actor_kind=actor[0],
        actor_id=str(actor[1]),
        verb=verb,
        subject_kind=subject[0],
        subject_id=str(subject[1]),
        at=at,
    )
    if reason:
        AuditReason.objects.create(entry=entry, text=reason)
    return entry


def record_events(actor: Party, events: Iterable[Event]) -> None:
    """Write down as this actor's acts what the events tell, each as an act on the event's subject."""
    insert_rows(
        [
            AuditEntry(
                actor_kind=actor[0], actor_id=actor[1], verb=event.name, subject_kind=event.subject_kind,
                subject_id=event.subject_id, at=event.at,
            )
            for event in events
        ]
    )  # fmt: skip
