"""What this room holds about one person."""

from datetime import datetime
from typing import Any

from django.db import models

from rewards.models import Account, Award, Grant, Occasion, PoolCode, Reward, Transfer
from spine.privacy import Subject, rows

EXPORTED = {Occasion, Reward, Grant, Transfer}
NOTHING_PERSONAL: dict[type[models.Model], str] = {
    Account: "A sum of the transfers that are told.",
    Award: "Rules, codes and amounts, told with the rewards that they gave.",
    PoolCode: "Who holds it is a keyed hash; the code that a friend was given is told with the link that gave it.",
}


def export(subject: Subject) -> dict[str, Any]:
    """What they were credited with, what it earned, and what became of that."""
    return {
        "occasions": rows(
            Occasion.objects.filter(person__in=subject.people),
            *("public_id", "kind", "scheme__name", "at", "counted", "currency", "final_at"),
        ),
        "rewards": rows(
            Reward.objects.filter(person__in=subject.people),
            *("public_id", "side", "unit", "amount", "state", "promised_at", "hold_until", "expires_at"),
            *("on_hold", "available", "in_flight", "owed", "redeemed", "paid", "expired", "written_off", "reversed"),
        ),
        "grants": rows(
            Grant.objects.filter(person__in=subject.people),
            *("public_id", "side", "kind", "state", "code", "promised_at", "sent_at", "revoked_at"),
        ),
        "transfers": rows(
            Transfer.objects.filter(reward__person__in=subject.people),
            *("public_id", "reward__public_id", "act", "unit", "amount", "at"),
        ),
    }


def erase(subject: Subject, at: datetime) -> list[str]:
    """Nothing is taken away: a book that forgets cannot be proved, and it knows people by their ids alone."""
    return []
