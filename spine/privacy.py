"""What one person's privacy asks of every room, and what this room holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q

from spine.models import AuditEntry, AuditReason, Event, IdempotencyKey, LimitWindow, Redelivery

# One purge takes at most so many rows of a kind, so that nobody waits for it.
BATCH = 1000


@dataclass(frozen=True)
class Subject:
    """Whom an export or an erasure is about, in the words by which any room may know them."""

    person: UUID
    # Every id under which acts of theirs were written down.
    ids: frozenset[str]
    # Every email address of theirs, as they gave it.
    addresses: frozenset[str]
    # Whoever turned out to be the same human and was merged into this person.
    merged: frozenset[UUID] = frozenset()

    @property
    def people(self) -> frozenset[UUID]:
        """Every person that stands for this one human."""
        return self.merged | {self.person}


EXPORTED = {Event, AuditEntry, AuditReason, IdempotencyKey}
# Model → why nothing of it is exported or erased.
NOTHING_PERSONAL = {
    Redelivery: "It names an event and the reader that could not take it.",
    LimitWindow: "Whose tries were counted is a keyed hash, forgotten after two days.",
}


def export(subject: Subject) -> dict[str, Any]:
    """Their events, what they did, and the words given with it by them or about them."""
    return {
        "events": rows(
            Event.objects.filter(person__in=subject.people), "name", "at", "subject_kind", "subject_id", "payload"
        ),
        "acts": rows(
            AuditEntry.objects.filter(actor_id__in=subject.ids),
            "verb",
            "at",
            "subject_kind",
            "subject_id",
            "reason__text",
        ),
        "acts_of_others": rows(
            AuditEntry.objects.filter(subject_id__in=subject.ids).exclude(actor_id__in=subject.ids),
            "verb",
            "at",
            "reason__text",
        ),
        "stored_answers": rows(_answers(subject), "at", "status", "body"),
    }


def erase(subject: Subject, at: datetime) -> list[str]:
    """Empty the words given by them or about them; what happened stays, as ids."""
    AuditReason.objects.filter(Q(entry__actor_id__in=subject.ids) | Q(entry__subject_id__in=subject.ids)).update(
        text=""
    )
    _answers(subject).delete()
    return []


def forget_words(kind: str, ids: Iterable[object]) -> None:
    """Empty the words given with acts on what a room knows to be theirs: subjects of this kind with these ids."""
    theirs = AuditReason.objects.filter(entry__subject_kind=kind, entry__subject_id__in=[str(name) for name in ids])
    theirs.update(text="")


def rows(found: models.QuerySet[Any], *columns: str) -> list[Mapping[str, Any]]:
    """The named columns of these rows, in the order of their keys, for an export."""
    return list(found.order_by("pk").values(*columns))


def delete_batch(found: models.QuerySet[Any]) -> int:
    """Delete at most a batch of these rows; return how many rows of this kind went."""
    taken: Iterable[Any] = list(found.order_by("pk").values_list("pk", flat=True)[:BATCH])
    gone = found.model._base_manager.filter(pk__in=taken).delete()[1] if taken else {}
    return int(gone.get(found.model._meta.label, 0))


def _answers(subject: Subject) -> models.QuerySet[IdempotencyKey]:
    owners = [owner for name in subject.ids for owner in (name, f"user:{name}", f"person:{name}")]
    return IdempotencyKey.objects.filter(owner__in=owners)
