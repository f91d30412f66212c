"""Occasions: asking rewards to reward something, locking it before anything moves, and making it final."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from customers.models import Person
from rewards.models import Occasion, Scheme
from spine import audit, events
from spine.inserts import insert_once
from spine.refusal import Refusal

# Who makes an occasion final: no person does, it follows from what it earned.
RELEASE: audit.Party = ("system", "release")


class UnknownOccasion(Refusal):
    """Rewards was never asked about this."""

    code = "unknown_occasion"
    status = 404
    sentence = _("There is nothing to reward here.")


class OccasionIsFinal(Refusal):
    """What it earned can be taken by its owner, so it is not revised any more."""

    code = "occasion_is_final"
    sentence = _("What this earned is final. Only a refund, a dispute or a correction changes it now.")


@dataclass(frozen=True)
class Asked:
    """What rewards is asked to reward: `counted` in minor units of `currency`, 0 for what earns nothing any more."""

    kind: str
    subject: str
    scheme: Scheme
    person: UUID
    at: datetime
    counted: int = 0
    currency: str = ""


def lock(kind: str, subjects: Collection[str]) -> dict[str, Occasion]:
    """The occasions that there are for these subjects, locked for the caller's transaction, by subject."""
    standing = Occasion.objects.filter(kind=kind, subject__in=subjects).order_by("pk")
    return {occasion.subject: occasion for occasion in standing.select_for_update(no_key=True)}


def open_or_revise(asked: Sequence[Asked]) -> list[Occasion]:
    """Write down what is asked, in the caller's transaction: new occasions, or what is new of those that are there.

    All of one kind, each subject once. Raises OccasionIsFinal, and then nothing is written.
    """
    if not asked:
        return []
    (kind,) = {each.kind for each in asked}
    with transaction.atomic():
        told = {each.subject: each for each in asked}
        made = {row.subject: row for row in insert_once([_row(each) for each in asked], key=["kind", "subject"])}
        standing = lock(kind, told.keys() - made.keys())
        if any(occasion.final_at for occasion in standing.values()):
            raise OccasionIsFinal
        changed = [row for row in standing.values() if _revise(row, told[row.subject])]
        Occasion.objects.bulk_update(changed, ["person", "at", "counted", "currency"])
    return [made.get(each.subject) or standing[each.subject] for each in asked]


@transaction.atomic
def finalise(kind: str, subject: str, at: datetime) -> Occasion:
    """From now on what it earned stands; the first instant stays. Raises UnknownOccasion."""
    occasion = lock(kind, [subject]).get(subject)
    if occasion is None:
        raise UnknownOccasion
    if occasion.final_at is None:
        occasion.final_at = at
        occasion.save(update_fields=["final_at"])
        _note(occasion, at)
    return occasion


def _row(asked: Asked) -> Occasion:
    person = Person(pk=asked.person)
    return Occasion(
        kind=asked.kind, subject=asked.subject, scheme=asked.scheme, person=person, at=asked.at,
        counted=asked.counted, currency=asked.currency,
    )  # fmt: skip


def _revise(occasion: Occasion, asked: Asked) -> bool:
    """Take over what is asked now; whether that is anything new."""
    new = asked.person, asked.at, asked.counted, asked.currency
    if new == (occasion.person_id, occasion.at, occasion.counted, occasion.currency):
        return False
    occasion.person_id, occasion.at, occasion.counted, occasion.currency = new
    return True


def _note(occasion: Occasion, at: datetime) -> None:
    subject = ("occasion", str(occasion.public_id))
    audit.record(RELEASE, "occasion.finalised", subject, at=at)
    events.record(
        "occasion.finalised",
        person=occasion.person_id,
        subject=subject,
        at=at,
        key=f"occasion.finalised:{occasion.public_id}",
        payload={"kind": occasion.kind, "subject": occasion.subject},
    )
