"""Gains: what one side got of what rewards was asked to reward, for rooms that tell people of it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from babel import Locale
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from rewards import words as saying
from rewards.awarding import CODES
from rewards.models import Award, Grant, Occasion, Reward
from rewards.plans import PlanDocument, Side


@dataclass(frozen=True)
class Gain:
    """One thing that somebody got: so much of a unit, or what a rule of the plan gives and no ledger counts."""

    rule: str
    # From when on it is free, if nothing happens to it before.
    free_at: datetime
    unit: str = ""
    amount: int = 0
    # How much of the amount went back since; and whether nothing of it is left.
    back: int = 0
    is_gone: bool = False
    # It waits for somebody's yes.
    waits: bool = False


@dataclass(frozen=True)
class Gained:
    """What one decision brought one side: its gains, or else why there are none, one of `awarding.CODES`."""

    decision: int
    verdict: str
    gains: tuple[Gain, ...] = ()
    code: str = ""

    def document(self) -> dict[str, Any]:
        """It as JSON has it; `read` takes it back."""
        told = [{**asdict(gain), "free_at": gain.free_at.isoformat()} for gain in self.gains]
        return {"decision": self.decision, "verdict": self.verdict, "gains": told, "code": self.code}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Gained":
        """What `document` wrote."""
        gains = [Gain(**{**told, "free_at": datetime.fromisoformat(told["free_at"])}) for told in document["gains"]]
        return cls(document["decision"], document["verdict"], tuple(gains), document["code"])


def of(kind: str, subjects: Collection[str], side: Side) -> dict[str, Gained]:
    """What `side` got of each of these subjects that rewards has answered, by subject; four queries."""
    answers = Prefetch("awards", Award.objects.filter(superseded_at=None))
    asked = Occasion.objects.filter(kind=kind, subject__in=subjects).prefetch_related(answers)
    gains: dict[int, list[Gain]] = {occasion.pk: [] for occasion in asked}
    for reward in Reward.objects.filter(occasion__in=gains, side=side, withdrawn_at=None).order_by("pk"):
        gains[reward.occasion_id].append(_counted(reward))
    for grant in Grant.objects.filter(occasion__in=gains, side=side, withdrawn_at=None).order_by("pk"):
        gains[grant.occasion_id].append(_granted(grant))
    return {each.subject: _gained(answer, side, gains[each.pk]) for each in asked for answer in each.awards.all()}


def words(gain: Gain, plan: PlanDocument, currency: str, locale: Locale | str) -> str:
    """A gain under its plan, to stand inside a sentence: `$15 in credit`, `a bag of beans`."""
    if gain.unit:
        return saying.amount(gain.amount, gain.unit, locale)
    # Until it is answered anew, what is told may be of a rule that the plan of a later decision has not.
    benefit = next((rule.benefit for rule in plan.all_rules if rule.name == gain.rule), None)
    return saying.promise(benefit, currency, locale) if benefit else _("a surprise")


def _gained(answer: Award, side: Side, gains: Iterable[Gain]) -> Gained:
    lines = [line["code"] for line in answer.trace["rules"] if line["side"] == side]
    # The codes are in the order in which rules are asked: the last one says what kept back the rule that came furthest.
    nearest = max(lines, key=CODES.index, default="")
    verdict = answer.trace["read"][f"{side}_side"]
    found = tuple(gains)
    return Gained(answer.decision, verdict, found, "" if found else nearest)


def _counted(reward: Reward) -> Gain:
    return Gain(
        rule=reward.rule,
        free_at=reward.released_at or reward.hold_until,
        unit=reward.unit,
        amount=reward.amount,
        back=reward.taken_back,
        is_gone=reward.taken_back == reward.amount,
        waits=reward.needs_approval and reward.approved_at is None,
    )


def _granted(grant: Grant) -> Gain:
    return Gain(
        rule=grant.rule,
        free_at=grant.sent_at or grant.ready_at or grant.hold_until,
        is_gone=grant.revoked_at is not None,
        waits=grant.needs_approval and grant.approved_at is None,
    )
