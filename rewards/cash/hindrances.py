"""What keeps a payout from being paid, for now or for good."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from advocates import suspending
from advocates.models import Advocate, User
from rewards import people
from rewards.models import Payout, PayoutDetails, Transfer


class Hindrance(models.TextChoices):
    """Why a payout is left out."""

    GONE = "gone", _("They have left, so there is nobody to pay")
    SUSPENDED = "suspended", _("They are suspended")
    NO_DETAILS = "no_details", _("They have no payout details")
    TOO_NEW = "too_new", _("Their payout details are less than a day old")
    CHANGED = "changed", _("They changed their payout details since")
    STOPPED = "stopped", _("The books of a program don't add up, so its payouts are stopped")
    OWN = "own", _("It is yours, so somebody else collects it")


def of(payouts: Sequence[Payout], at: datetime, maker: User | None = None) -> dict[int, Hindrance]:
    """What stands in the way of these payouts, by their keys; five queries for any number.

    A payout that was collected goes where it was to go then, or nowhere. `maker` pays nobody who is themselves.
    """
    persons = {payout.person_id for payout in payouts}
    standing = standing_details(persons)
    there = set(Advocate.objects.filter(person__in=persons, user__is_active=True).values_list("person", flat=True))
    suspended = suspending.suspended_among(persons, at)
    stopped = _stopped(payouts)
    own = people.own(maker, persons) if maker else set()
    found = {}
    for payout in payouts:
        account = standing.get(payout.person_id)
        for stands_in_the_way, hindrance in (
            (payout.person_id not in there, Hindrance.GONE),
            (payout.person_id in suspended, Hindrance.SUSPENDED),
            (payout.name in stopped, Hindrance.STOPPED),
            (payout.details_id and (account is None or account.pk != payout.details_id), Hindrance.CHANGED),
            (account is None, Hindrance.NO_DETAILS),
            (account and account.usable_at > at, Hindrance.TOO_NEW),
            (payout.person_id in own, Hindrance.OWN),
        ):
            if stands_in_the_way:
                found[payout.pk] = hindrance
                break
    return found


def standing_details(persons: Collection[UUID]) -> dict[UUID, PayoutDetails]:
    """Where each person's cash goes now, by the person."""
    return {each.person_id: each for each in PayoutDetails.objects.filter(person__in=persons, superseded_at=None)}


def _stopped(payouts: Sequence[Payout]) -> set[str]:
    """The names of those that were taken out of a scheme whose payouts are stopped, in whole or in part."""
    entries = [f"{payout.name}:taken" for payout in payouts]
    taken = Transfer.objects.filter(entry__in=entries, reward__scheme__payouts_stopped_at__isnull=False)
    return {entry.removesuffix(":taken") for entry in taken.values_list("entry", flat=True)}
