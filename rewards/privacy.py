"""What this room holds about one person."""

from datetime import datetime
from typing import Any

from django.db import models

from rewards import leaving, people
from rewards.cash import details, payouts
from rewards.catalogue import addresses, redemptions
from rewards.models import (
    Account,
    Award,
    Grant,
    LedgerDay,
    Occasion,
    Payout,
    PayoutDetails,
    PoolCode,
    Proposal,
    Redemption,
    Reward,
    Standing,
    Transfer,
)  # fmt: skip
from spine.privacy import Subject, forget_words, rows

EXPORTED = {Occasion, Reward, Grant, Transfer, Payout, PayoutDetails, Proposal, Redemption, Standing}
NOTHING_PERSONAL: dict[type[models.Model], str] = {
    Account: "A sum of the transfers that are told.",
    Award: "Rules, codes and amounts, told with the rewards that they gave.",
    LedgerDay: "Sums of a day, whoever they are of.",
    PoolCode: "Who holds it is a keyed hash; the code that a friend was given is told with the link that gave it.",
}


def export(subject: Subject) -> dict[str, Any]:
    """What they were credited with, what it earned, what they were paid, and the end of where it went."""
    return {
        "occasions": rows(
            Occasion.objects.filter(person__in=subject.people),
            *("public_id", "kind", "scheme__name", "at", "counted", "currency", "final_at"),
        ),
        "rewards": rows(
            Reward.objects.filter(person__in=subject.people),
            *("public_id", "side", "unit", "amount", "state", "promised_at", "hold_until", "expires_at"),
            *("on_hold", "available", "in_flight", "owed", "redeemed", "paid", "expired", "written_off", "reversed"),
            "reason",
        ),
        "by_hand": rows(
            Proposal.objects.filter(person__in=subject.people),
            *("public_id", "kind", "unit", "amount", "reason", "proposed_at", "done_at", "declined_at"),
        ),
        "grants": rows(
            Grant.objects.filter(person__in=subject.people),
            *("public_id", "side", "kind", "state", "code", "words", "promised_at", "sent_at", "revoked_at"),
        ),
        "transfers": rows(
            Transfer.objects.filter(reward__person__in=subject.people),
            *("public_id", "reward__public_id", "act", "unit", "amount", "at"),
        ),
        "payouts": rows(
            Payout.objects.filter(person__in=subject.people),
            *("public_id", "unit", "amount", "state", "details__ending", "requested_at", "ended_at", "reason"),
        ),
        "tiers": rows(Standing.objects.filter(person__in=subject.people), "scheme__name", "tier", "moved_at"),
        "redemptions": _redemptions(subject),
        "payout_details": rows(
            PayoutDetails.objects.filter(person__in=subject.people),
            *("kind", "ending", "entered_at", "usable_at", "superseded_at", "undone_at"),
        ),
    }


def erase(subject: Subject, at: datetime) -> list[str]:
    """Empty where their cash and parcels went and why not; call off what nobody was asked for yet.

    What they hold comes to its end. Nothing is taken out of the ledger: a book that forgets cannot be proved, and it
    knows people by their ids alone.
    """
    people.hold(subject.people)
    redemptions.call_off_all(subject.people, at)
    payouts.cancel_all(subject.people, at)
    details.erase(subject.people, at)
    leaving.leave(subject.people, at)
    theirs = Payout.objects.filter(person__in=subject.people)
    theirs.update(reason="")
    forget_words("payout", theirs.values_list("public_id", flat=True))
    Reward.objects.filter(person__in=subject.people).exclude(reason="").update(reason="")
    # A parcel's number leads to an address.
    Grant.objects.filter(person__in=subject.people).update(reason="", words="")
    proposals = Proposal.objects.filter(person__in=subject.people)
    proposals.update(reason="")
    forget_words("proposal", proposals.values_list("public_id", flat=True))
    taken = Redemption.objects.filter(person__in=subject.people)
    taken.update(address="", reason="", result="")
    forget_words("redemption", taken.values_list("public_id", flat=True))
    return []


def _redemptions(subject: Subject) -> list[dict[str, Any]]:
    """What they took, with the addresses in clear: they are theirs."""
    told = rows(
        Redemption.objects.filter(person__in=subject.people),
        *("public_id", "item__name", "unit", "amount", "state", "requested_at", "ended_at", "result", "reason"),
        "address",
    )
    found = []
    for row in told:
        address = addresses.read(row["address"])
        found.append({**row, "address": address.lines if address else []})
    return found
