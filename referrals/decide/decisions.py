"""Decisions as rows: when a new one is needed, what it says, and which words of the staff hold for it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from referrals.decide import outcomes
from referrals.decide.deciding import ALLOW, CREDITED, REFUSE, STOP, Outcome
from referrals.decide.inputs import Fact
from referrals.models import Conversion, Decision, Terms, Verdict
from referrals.models.conversion import Side
from referrals.review import reviewing

_GRAVITY = (ALLOW, STOP, REFUSE)


def is_same(standing: Decision, outcome: Outcome) -> bool:
    """Whether a standing decision says the same: then no new one is made, whatever else its trace would list.

    What makes a new one: another outcome, reason, goal, advocate, touch, version of the terms, counted amount or
    currency, or another verdict on a side. Another score under the same verdicts is none.
    """
    return _said(standing) == (
        outcome.outcome, outcome.reason, outcome.goal, outcome.credited, outcome.touch.pk if outcome.touch else None,
        outcome.rules.pk if outcome.rules else None, outcome.counted, outcome.currency, outcome.advocate_side,
        outcome.friend_side,
    )  # fmt: skip


def kept(outcome: Outcome, standing: Decision | None) -> Outcome:
    """The outcome, where a side that the staff refused stays stopped, so that their refusal goes on holding for it.

    New facts may take a signal away, but what was refused by a person is not set free by a machine while the advocate
    and the amount are the same.
    """
    refused = {each.side for each in _words(outcome, standing) if each.verdict == REFUSE}
    freed = {side for side in refused if outcome.side(side) == ALLOW}
    return replace(
        outcome,
        advocate_side=STOP if Side.ADVOCATE in freed else outcome.advocate_side,
        friend_side=STOP if Side.FRIEND in freed else outcome.friend_side,
    )


def make(
    conversion: Conversion, outcome: Outcome, standing: Decision | None, terms: Terms | None, fact: Fact, at: datetime
) -> tuple[Decision, Sequence[Verdict]]:
    """The next decision, unsaved, with the verdicts that hold for it, and the conversion as it says then.

    A person's verdict on a side holds as long as the advocate and the counted amount are the same and the machine's
    own word on the side is no graver than the one that they judged. It is written down again for the new decision,
    with the instant at which it was given.
    """
    decision = _row(conversion, outcome, terms, fact, at)
    carried = [
        Verdict(decision=decision, side=word.side, verdict=word.verdict, by=word.by, at=word.at)
        for word in _words(outcome, standing)
        if outcome.side(word.side) == STOP
    ]
    sides = reviewing.sides(decision, carried)
    outcomes.copy(conversion, decision, sides.advocate, sides.friend, at)
    return decision, carried


def _words(outcome: Outcome, standing: Decision | None) -> list[Verdict]:
    """The staff's words about the standing decision that may hold for this outcome. Reads its verdicts."""
    if standing is None or outcome.outcome != CREDITED:
        return []
    same = (standing.credited_person_id, standing.counted, standing.currency)
    if same != (outcome.credited, outcome.counted, outcome.currency):
        return []
    words = sorted((word for word in standing.verdicts.all() if word.undone_at is None), key=lambda word: word.pk)
    return [word for word in words if not _is_graver(outcome, standing, word.side)]


def _is_graver(outcome: Outcome, standing: Decision, side: str) -> bool:
    then = standing.advocate_side if side == Side.ADVOCATE else standing.friend_side
    return _GRAVITY.index(outcome.side(side)) > _GRAVITY.index(then)


def _said(decision: Decision) -> tuple[object, ...]:
    return (
        decision.outcome, decision.reason, decision.goal, decision.credited_person_id, decision.touch_id,
        decision.terms_id, decision.counted, decision.currency, decision.advocate_side, decision.friend_side,
    )  # fmt: skip


def _row(conversion: Conversion, outcome: Outcome, terms: Terms | None, fact: Fact, at: datetime) -> Decision:
    return Decision(
        conversion=conversion,
        number=conversion.number + 1,
        at=at,
        terms=terms,
        outcome=outcome.outcome,
        reason=outcome.reason,
        goal=outcome.goal,
        touch_id=outcome.touch.pk if outcome.touch else None,
        credited_person_id=outcome.credited,
        referred_person_id=conversion.referred_person_id,
        advocate_side=outcome.advocate_side,
        friend_side=outcome.friend_side,
        score=outcome.score,
        counted=outcome.counted,
        currency=outcome.currency,
        order_revision=fact.revision,
        trace=outcome.trace,
    )
