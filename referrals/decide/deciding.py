"""Deciding: who is credited for one fact in one program, and why. Pure, so that it can be run over history."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from referrals.decide import choosing, newness
from referrals.decide.inputs import Candidate, Claimant, Credit, Inputs, Rules, Touched
from referrals.decide.tracing import trace
from referrals.models.program import State

CREDITED, REFUSED = "credited", "refused"
ALLOW, STOP, REFUSE = "allow", "stop", "refuse"


@dataclass(frozen=True)
class Outcome:
    """One answer. A refused one may name the touch that would have won; it credits nobody."""

    outcome: str
    reason: str
    goal: str
    rules: Rules | None = None
    touch: Touched | None = None
    credited: UUID | None = None
    counted: int = 0
    currency: str = ""
    advocate_side: str = REFUSE
    friend_side: str = REFUSE
    score: int = 0
    trace: dict[str, Any] = field(default_factory=dict)

    def side(self, name: str) -> str:
        """The verdict on one side."""
        return self.advocate_side if name == "advocate" else self.friend_side


def decide(inputs: Inputs) -> Outcome:
    """Credit one advocate or nobody.

    The rules ask in this order, and the first that refuses gives the reason:

    1. Currency: an order counts in the program's currency only.
    2. Life: the program was live, and had terms, at the fact's instant.
    3. Which terms: those in force at that instant; for a renewal those under which the first order was credited.
    4. Goal: the terms offer it.
    5. What counts: of the lines that count, the share that was collected; more than nothing, at least the minimum.
    6. Newness, unless it renews: the first of its kind, by somebody who was new at that instant.
    7. Touches: which could win, and which of them does. A renewal keeps the touch of the order that it renews.
    8. Other programs: one of them renews, or has the later touch, or has credited the order for good.
    9. Signals: the score of each side; both refused is a refusal.
    10. Caps of the program and of the advocate.
    """
    renews = newness.renewed(inputs)
    rules = renews.rules if renews else inputs.rules
    refused = _touches_refused(inputs, rules, renews)
    winner = _winner(inputs, rules, renews, refused)
    counted = inputs.fact.base(rules) if rules and inputs.fact.kind == "order" else 0
    sides, scores = _sides(inputs, rules, winner if winner and not refused[winner] else None)
    reason = next(_refusals(inputs, rules, renews, refused, winner, counted, sides), "")
    told = trace(inputs, rules, renews, refused, winner, counted, scores, reason)
    goal = "renewal" if renews else inputs.fact.goal or "first_order"
    score = max(scores.values())
    if reason:
        return Outcome(
            REFUSED, reason, goal, rules, winner, None, counted, inputs.fact.currency, score=score, trace=told
        )
    assert winner is not None, "nobody is credited without a touch"
    return Outcome(
        CREDITED, goal if renews else CREDITED, goal, rules, winner, winner.advocate, counted, inputs.fact.currency,
        sides["advocate"], sides["friend"], score, told,
    )  # fmt: skip


def claim(inputs: Inputs) -> Claimant | None:
    """What speaks for this program where another one could credit the same fact as well; None where nothing does.

    A program claims nothing in which this fact could not count: that is not live, in another currency, or offers no
    such goal. What it may refuse besides does not pass the fact on to an earlier touch elsewhere.
    """
    renews = newness.renewed(inputs)
    rules = renews.rules if renews else inputs.rules
    if rules is None or next(_unfit(inputs, rules, renews), ""):
        return None
    refused = _touches_refused(inputs, rules, renews)
    if renews:
        return Claimant(inputs.program, renews.touch, renews) if not refused[renews.touch] else None
    able = [touch for touch in inputs.touches if not refused[touch]]
    return Claimant(inputs.program, max(able, key=lambda touch: touch.place)) if able else None


def _refusals(
    inputs: Inputs, rules: Rules | None, renews: Credit | None, refused: dict[Touched, str], winner: Touched | None,
    counted: int, sides: dict[str, str],
) -> Iterator[str]:  # fmt: skip
    """Every rule that refuses, in the order in which they ask."""
    yield from _unfit(inputs, rules, renews)
    assert rules is not None, "without terms the program is unfit"
    if inputs.fact.kind == "order":
        yield from _too_little(rules, counted)
    if not renews and (code := newness.refusal(inputs, rules)):
        yield code
    if winner is None or refused[winner]:
        yield refused[winner] if winner else "no_touch"
        return
    if _is_elsewhere(inputs):
        yield "other_program"
    if set(sides.values()) == {REFUSE}:
        yield "signals"
    if _is_capped(inputs, rules, inputs.candidates[winner.advocate]):
        yield "cap_reached"


def _unfit(inputs: Inputs, rules: Rules | None, renews: Credit | None) -> Iterator[str]:
    fact = inputs.fact
    if fact.kind == "order" and fact.currency != inputs.currency:
        yield "currency_mismatch"
    if inputs.state != State.LIVE or rules is None:
        yield "program_not_live"
    elif not renews and not _is_offered(inputs, rules):
        yield "goal_not_offered"


def _is_offered(inputs: Inputs, rules: Rules) -> bool:
    terms = rules.document
    return {"signup": terms.signup, "qualified_lead": terms.qualified_lead}.get(
        inputs.fact.goal, terms.orders != "none"
    )


def _too_little(rules: Rules, counted: int) -> Iterator[str]:
    if counted <= 0:
        yield "nothing_collected"
    elif counted < rules.document.minimum_order:
        yield "below_minimum"


def _touches_refused(inputs: Inputs, rules: Rules | None, renews: Credit | None) -> dict[Touched, str]:
    """Why each touch cannot win, by touch; empty where it can."""
    if rules is None:
        return dict.fromkeys(inputs.touches, "program_not_live")
    cut = inputs.tie_cut_at
    judged = choosing.judge(inputs.touches, inputs.fact, rules, inputs.candidates, cut)
    if renews:
        inherited, candidate = renews.touch, inputs.candidates[renews.touch.advocate]
        judged[inherited] = choosing.refusal(inherited, inputs.fact, rules, candidate, cut, renews=True)
    return judged


def _winner(inputs: Inputs, rules: Rules | None, renews: Credit | None, refused: dict[Touched, str]) -> Touched | None:
    """The touch that wins; where none can, the one that came nearest, by whose refusal the reason is told."""
    if renews:
        return renews.touch
    if rules is None:
        return None
    precedence = rules.document.precedence
    able = [touch for touch in inputs.touches if not refused[touch]]
    in_time = [touch for touch in inputs.touches if touch.touched_at <= inputs.fact.at]
    return choosing.pick(able or in_time or inputs.touches, precedence)


def _is_elsewhere(inputs: Inputs) -> bool:
    own = claim(inputs)
    assert own is not None, "a touch could win"
    best = choosing.strongest([own, inputs.elsewhere] if inputs.elsewhere else [own])
    return inputs.is_held_elsewhere or best != own


def _sides(inputs: Inputs, rules: Rules | None, winner: Touched | None) -> tuple[dict[str, str], dict[str, int]]:
    """The verdict on each side, and its score."""
    signals = inputs.candidates[winner.advocate].signals if winner else ()
    scores = {
        "advocate": sum(signal.advocate for signal in signals),
        "friend": sum(signal.friend for signal in signals),
    }
    return {side: _verdict(score, rules) for side, score in scores.items()}, scores


def _verdict(score: int, rules: Rules | None) -> str:
    if rules is None or score >= rules.document.refuse_at:
        return REFUSE
    return STOP if score >= rules.document.stop_at else ALLOW


def _is_capped(inputs: Inputs, rules: Rules, advocate: Candidate) -> bool:
    total, each = rules.document.cap_total, rules.document.cap_per_advocate
    return (total is not None and inputs.cap_used >= total) or (each is not None and advocate.cap_used >= each)
