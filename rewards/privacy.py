"""What this room holds about one person."""

from datetime import datetime
from typing import Any

from django.db import models

from rewards.models import Occasion, PoolCode
from spine.privacy import Subject, rows

EXPORTED = {Occasion}
NOTHING_PERSONAL: dict[type[models.Model], str] = {
    PoolCode: "Who holds it is a keyed hash; the code that a friend was given is told with the link that gave it.",
}


def export(subject: Subject) -> dict[str, Any]:
    """What they were credited with."""
    return {
        "occasions": rows(
            Occasion.objects.filter(person__in=subject.people),
            *("public_id", "kind", "scheme__name", "at", "counted", "currency", "final_at"),
        )
    }


def erase(subject: Subject, at: datetime) -> list[str]:
    """Nothing is taken away: a book that forgets cannot be proved, and it knows people by their ids alone."""
    return []
