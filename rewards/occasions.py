"""Occasions: asking rewards to reward something, telling what became of it since, and making it final."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from rewards.models import Occasion, Scheme
from spine import audit
from spine.inserts import insert_once
from spine.models import Event
from spine.nudges import nudge
from spine.refusal import Refusal
from spine.updates import update_rows

# Who makes an occasion final: no person does, it follows from what it earned.
RELEASE: audit.Party = ("system", "release")
SWEEP = "rewards.award"
# What is decided, and stands once the occasion is final.
DECIDED = (
    "plan_id", "number", "person_id", "friend_id", "at", "counted", "currency", "goal", "country", "tier", "coupon",
)  # fmt: skip
# What is told of it as long as it stands.
TOLD = (
    "advocate_side", "friend_side", "captured_at", "refunded", "is_cancelled", "is_disputed", "is_lost", "revision",
)  # fmt: skip


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
class Since:
    """What became of it since: the verdict on each side, and of what counts, what went back."""

    advocate_side: str = "refuse"
    friend_side: str = "refuse"
    captured_at: datetime | None = None
    refunded: int = 0
    is_cancelled: bool = False
    is_disputed: bool = False
    is_lost: bool = False
    # Of the order's facts, as of which this is told.
    revision: int = 0


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
    plan: int | None = None
    # The number of the decision that asks.
    number: int = 0
    friend: UUID | None = None
    goal: str = ""
    country: str = ""
    tier: str = ""
    # The discount code, in capitals, that the friend was given before it and used at it.
    coupon: str = ""
    since: Since = Since()


def lock(kind: str, subjects: Collection[str]) -> dict[str, Occasion]:
    """The occasions that there are for these subjects, locked for the caller's transaction, by subject."""
    standing = Occasion.objects.filter(kind=kind, subject__in=subjects).order_by("pk")
    return {occasion.subject: occasion for occasion in standing.select_for_update(no_key=True)}


def open_or_revise(asked: Sequence[Asked], at: datetime) -> list[Occasion]:
    """Write down what is asked, in the caller's transaction: new occasions, or what is new of those that are there.

    All of one kind, each subject once. Raises OccasionIsFinal, and then nothing is written.
    """
    if not asked:
        return []
    (kind,) = {each.kind for each in asked}
    with transaction.atomic():
        told = {each.subject: each for each in asked}
        made = {row.subject: row for row in insert_once([_row(each, at) for each in asked], key=["kind", "subject"])}
        standing = lock(kind, told.keys() - made.keys())
        if any(occasion.final_at for occasion in standing.values()):
            raise OccasionIsFinal
        _write(
            [row for row in standing.values() if _take_over(row, _row(told[row.subject], at), (*DECIDED, *TOLD))], at
        )
    nudge(SWEEP)
    return [made.get(each.subject) or standing[each.subject] for each in asked]


def tell(news: Iterable[tuple[Occasion, Since]], at: datetime) -> int:
    """Write down what became of occasions, which the caller holds, final or not; return of how many it was new."""
    changed = [occasion for occasion, since in news if _take_over(occasion, since, TOLD)]
    _write(changed, at)
    if changed:
        nudge(SWEEP)
    return len(changed)


@transaction.atomic
def finalise(kind: str, subject: str, at: datetime) -> Occasion:
    """From now on what it earned stands; the first instant stays. Raises UnknownOccasion."""
    occasion = lock(kind, [subject]).get(subject)
    if occasion is None:
        raise UnknownOccasion
    finalise_held([occasion], at)
    return occasion


def finalise_held(occasions: Iterable[Occasion], at: datetime) -> None:
    """The same for many that the caller holds."""
    fresh = [occasion for occasion in occasions if occasion.final_at is None]
    for occasion in fresh:
        occasion.final_at = at
    update_rows(fresh, ["final_at"])
    told = [_final(occasion, at) for occasion in fresh]
    insert_once(told, key=["key"])
    audit.record_events(RELEASE, told)


def _row(asked: Asked, at: datetime) -> Occasion:
    since = {name: getattr(asked.since, name) for name in TOLD}
    return Occasion(
        kind=asked.kind, subject=asked.subject, scheme=asked.scheme, person_id=asked.person, at=asked.at,
        friend_id=asked.friend, counted=asked.counted, currency=asked.currency,
        plan_id=asked.plan, number=asked.number, goal=asked.goal, country=asked.country, tier=asked.tier,
        coupon=asked.coupon, due_at=at, **since,
    )  # fmt: skip


def _take_over(occasion: Occasion, told: object, names: Sequence[str]) -> bool:
    """Take over what is told now; whether that is anything new."""
    new = {name: getattr(told, name) for name in names if getattr(told, name) != getattr(occasion, name)}
    for name, value in new.items():
        setattr(occasion, name, value)
    return bool(new)


def _write(changed: Sequence[Occasion], at: datetime) -> None:
    for occasion in changed:
        # What has given up stays with the staff, who start it again with all that is known by then.
        occasion.due_at = None if occasion.dead_at else at
    update_rows(changed, [*(name.removesuffix("_id") for name in DECIDED), *TOLD, "due_at"])


def _final(occasion: Occasion, at: datetime) -> Event:
    subject = str(occasion.public_id)
    return Event(
        name="occasion.finalised",
        person=occasion.person_id,
        subject_kind="occasion",
        subject_id=subject,
        at=at,
        key=f"occasion.finalised:{subject}",
        payload={"kind": occasion.kind, "subject": occasion.subject},
    )
