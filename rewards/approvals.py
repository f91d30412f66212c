"""Approvals: saying yes or no to rewards and grants that wait for a person, never to one's own."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from advocates import staff, suspending
from advocates.models import User
from rewards import booking, people, promising, proposals
from rewards.models import Grant, Occasion, Reward
from spine import audit
from spine.inserts import insert_once
from spine.models import Event
from spine.nudges import nudge
from spine.refusal import Refusal
from spine.updates import update_rows

SWEEP, AWARD = "rewards.release", "rewards.award"


class NothingToApprove(Refusal):
    """None of it waits for this person's word."""

    code = "nothing_to_approve"
    sentence = _("None of this waits for you: it was decided in the meantime, or it is yours.")


@dataclass(frozen=True)
class Preview:
    """What approving would do: what is released or sent, and how many are one's own and so are left out."""

    rewards: Sequence[Reward]
    grants: Sequence[Grant]
    own: int

    @property
    def rows(self) -> list[Reward | Grant]:
        """All of them."""
        return [*self.rewards, *self.grants]

    @property
    def people(self) -> int:
        """How many people get something."""
        return len({row.person_id for row in self.rows})

    @property
    def sums(self) -> list[tuple[str, int]]:
        """How much is released of each unit."""
        found: dict[str, int] = {}
        for reward in self.rewards:
            found[reward.unit] = found.get(reward.unit, 0) + reward.on_hold
        return sorted(found.items())


def waiting_rewards() -> QuerySet[Reward]:
    """The rewards that wait for a person."""
    return Reward.objects.filter(needs_approval=True, approved_at=None, withdrawn_at=None, on_hold__gt=0)


def waiting_grants() -> QuerySet[Grant]:
    """The grants that wait for a person."""
    return Grant.objects.filter(needs_approval=True, approved_at=None, withdrawn_at=None, revoked_at=None, sent_at=None)


def waits() -> list[QuerySet[Any]]:
    """All that waits for somebody's yes, what somebody proposed included."""
    return [waiting_rewards(), waiting_grants(), proposals.waiting()]


def preview(chosen: Collection[Any], manager: User) -> Preview:
    """What approving these, named by their public ids, would do now."""
    rewards = list(waiting_rewards().filter(public_id__in=chosen).order_by("promised_at", "pk"))
    grants = list(waiting_grants().filter(public_id__in=chosen).order_by("promised_at", "pk"))
    return _without_own(Preview(rewards, grants, 0), manager)


@transaction.atomic
def approve(chosen: Collection[Any], manager: User, at: datetime) -> Preview:
    """Say yes to these; each goes out once its hold is over. Return what that was. Raises NothingToApprove."""
    found = _hold(chosen, manager)
    for row in found.rows:
        row.approved_at, row.due_at = at, max(row.hold_until, at)
    update_rows(found.rewards, ["approved_at", "due_at"])
    update_rows(found.grants, ["approved_at", "due_at"])
    _note(found, "approved", manager, "", at)
    nudge(SWEEP)
    return found


@transaction.atomic
def refuse(chosen: Collection[Any], manager: User, reason: str, at: datetime) -> Preview:
    """Say no to these, in words that their people read: all of each goes back.

    Raises NothingToApprove, ReasonMissing.
    """
    if not reason.strip():
        raise suspending.ReasonMissing
    found = _hold(chosen, manager)
    for row in found.rows:
        row.withdrawn_at = row.refused_at = at
        row.reason = reason.strip()[:300]
    update_rows(found.rewards, ["withdrawn_at", "refused_at", "reason"])
    update_rows(found.grants, ["withdrawn_at", "refused_at", "reason"])
    # What follows from it is booked as whatever else is taken back.
    occasions = {row.occasion_id for row in found.rows}
    Occasion.objects.filter(pk__in=occasions).update(due_at=at)
    _note(found, "refused", manager, reason, at)
    nudge(AWARD)
    return found


def _hold(chosen: Collection[Any], manager: User) -> Preview:
    """The same as `preview`, held by the caller in the order of all locks."""
    kinds = (waiting_rewards(), waiting_grants())
    named = {key for kind in kinds for key in kind.filter(public_id__in=chosen).values_list("occasion", flat=True)}
    earned_by = Occasion.objects.filter(pk__in=named).order_by("pk")
    list(earned_by.select_for_update(no_key=True).values_list("pk"))
    held = Preview(
        list(waiting_rewards().filter(public_id__in=chosen).order_by("pk").select_for_update()),
        list(waiting_grants().filter(public_id__in=chosen).order_by("pk").select_for_update()),
        0,
    )
    found = _without_own(held, manager)
    if not found.rows:
        raise NothingToApprove
    return found


def _without_own(found: Preview, manager: User) -> Preview:
    own = people.own(manager, {row.person_id for row in found.rows})
    rewards = [row for row in found.rewards if row.person_id not in own]
    grants = [row for row in found.grants if row.person_id not in own]
    return Preview(rewards, grants, len(found.rows) - len(rewards) - len(grants))


def _note(found: Preview, word: str, manager: User, reason: str, at: datetime) -> None:
    for row in found.rows:
        row.version += 1
    update_rows(found.rewards, ["version"])
    update_rows(found.grants, ["version"])
    events = [_event(reward, word, at) for reward in found.rewards]
    events += [promising.grant_event(f"grant.{word}", grant, at) for grant in found.grants]
    insert_once(events, key=["key"])
    for event in events:
        subject = (event.subject_kind, event.subject_id)
        audit.record(staff.party(manager), event.name, subject, at=at, reason=reason)


def _event(reward: Reward, word: str, at: datetime) -> Event:
    name, subject = f"reward.{word}", str(reward.public_id)
    return Event(
        name=name, person=reward.person_id, subject_kind="reward", subject_id=subject, at=at,
        key=f"{name}:{subject}:{reward.version}", payload=booking.facts(reward),
    )  # fmt: skip
