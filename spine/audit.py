"""Who did what, to what, why: written in the transaction of the act itself."""

from datetime import datetime

from spine.models.audit import AuditEntry, AuditReason

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
