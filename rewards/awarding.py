"""Awarding: what one occasion earns under one plan, and why. Pure, so that it can be run over history."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from rewards.ladders import ONCE
from rewards.plans import IN_UNITS, WHOLE, Benefit, Cap, PlanDocument, Rule, Side
from spine.money import MOST, proportion

BUDGET = "budget"
ALLOW = "allow"
# Why a rule gave nothing. `given` says that it gave something, `used_before` that what it gave beforehand was used.
CODES = (
    "given", "given_before", "used_before", "side_stopped", "side_refused", "other_trigger", "other_goal",
    "below_amount", "other_country", "other_tier", "other_place_in_line", "nothing_to_give", "another_is_worth_more",
    "cap_used_up", "budget_used_up",
)  # fmt: skip


@dataclass(frozen=True)
class Happened:
    """What a rule may read of an occasion; amounts in minor units of its currency."""

    kind: str
    at: datetime
    advocate: UUID
    friend: UUID | None = None
    counted: int = 0
    currency: str = ""
    goal: str = ""
    country: str = ""
    tier: str = ""
    # The discount code that the friend was given before it and used at it.
    coupon: str = ""
    # Its place among the advocate's conversions in this scheme, counted from 1.
    nth: int = 1
    captured_at: datetime | None = None
    sides: Mapping[str, str] = field(default_factory=dict)

    def person(self, side: Side) -> UUID | None:
        """Whom that side is."""
        return self.advocate if side == "advocate" else self.friend


@dataclass(frozen=True)
class Earned:
    """One thing that a rule gives; `unit` is empty and `amount` 0 for what is granted and not counted."""

    rule: str
    side: Side
    person: UUID
    benefit: Benefit
    unit: str
    amount: int
    # What it is worth, or costs, in minor units of the occasion's currency.
    worth: int
    hold_until: datetime
    # What it uses of the plan's caps and budget, by name.
    uses: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """What became of one rule."""

    rule: str
    side: Side
    code: str
    amount: int = 0
    unit: str = ""


@dataclass(frozen=True)
class Answer:
    """What an occasion earns, and what became of every rule."""

    earned: tuple[Earned, ...]
    lines: tuple[Line, ...]

    def trace(self) -> list[dict[str, Any]]:
        """The lines as JSON has them."""
        return [
            {"rule": line.rule, "side": line.side, "code": line.code, "amount": line.amount, "unit": line.unit}
            for line in self.lines
        ]


def award(plan: PlanDocument, happened: Happened, used: Mapping[str, int]) -> Answer:
    """Ask every rule; of those of one side and group that apply, the one that is worth the most on this order gives.

    `used` says how much of each cap and budget others have used. What would go over a limit is not given at all.
    """
    lines: dict[str, Line] = {}
    able: dict[tuple[Side, str], list[Earned]] = {}
    before: list[Earned] = []
    for rule in plan.all_rules:
        side = rule.benefit.side
        if used_up := _used(plan, rule, happened):
            before.append(used_up)
            lines[rule.name] = _line(used_up, "used_before")
        elif code := _refusal(rule, happened):
            lines[rule.name] = Line(rule.name, side, code)
        elif earned := _earned(plan, rule, happened):
            able.setdefault((side, rule.group), []).append(earned)
        else:
            lines[rule.name] = Line(rule.name, side, "nothing_to_give")
    # What was given beforehand is given, whatever the verdict and the limits say now: it only counts.
    taken, uses = [replace(each, uses=dict(_uses(plan, each, happened))) for each in before], dict(used)
    for each in taken:
        _add(uses, each.uses)
    for candidates in able.values():
        # Of two that are worth the same, the one that the plan names first.
        best = max(candidates, key=lambda each: each.worth)
        lines |= {each.rule: _line(each, "another_is_worth_more") for each in candidates if each is not best}
        if code := _limit(plan, best, happened, uses):
            lines[best.rule] = _line(best, code)
            continue
        best = replace(best, uses=dict(_uses(plan, best, happened)))
        _add(uses, best.uses)
        taken.append(best)
        lines[best.rule] = _line(best, "given")
    return Answer(tuple(taken), tuple(lines[rule.name] for rule in plan.all_rules))


def _add(uses: dict[str, int], more: Mapping[str, int]) -> None:
    for name, amount in more.items():
        uses[name] = uses.get(name, 0) + amount


def names(plan: PlanDocument, happened: Happened) -> set[str]:
    """The caps and budgets that awarding under this plan may use, by name."""
    people: Iterable[tuple[Side, UUID | None]] = (("advocate", happened.advocate), ("friend", happened.friend))
    return {BUDGET} | {_name(cap, person, happened) for side, person in people for cap in plan.caps if cap.side == side}


def worth(plan: PlanDocument, benefit: Benefit, amount: int, counted: int) -> int:
    """What an amount of a benefit is worth on an order of which `counted` counts, in minor units of its currency."""
    if benefit.kind == "points":
        return proportion(plan.points_worth, amount, 100)
    if benefit.kind in IN_UNITS:
        return amount
    if benefit.kind == "discount_code" and not benefit.cost:
        return benefit.fixed or proportion(benefit.percent or 0, counted, WHOLE)
    return benefit.cost


def _used(plan: PlanDocument, rule: Rule, happened: Happened) -> Earned | None:
    """What a rule gave before the order and was used at it, which is known by its code; None where it was not."""
    benefit, friend = rule.benefit, happened.friend
    if benefit.when != "before" or rule.trigger != happened.kind or not happened.coupon or friend is None:
        return None
    # Of an order of which nothing counts, or for which nobody is credited any more, nothing was given.
    if not happened.counted:
        return None
    cost = benefit.cost or benefit.fixed or _taken_off(benefit.percent or 0, happened.counted)
    return Earned(rule.name, benefit.side, friend, benefit, "", 0, cost, happened.at)


def _taken_off(percent: int, counted: int) -> int:
    """What a share took off what counts, which is what was left of it: 10 % off left 90 of 100."""
    return proportion(percent, counted, WHOLE - percent) if percent < WHOLE else 0


def _refusal(rule: Rule, happened: Happened) -> str:
    """Why a rule does not apply; empty where it does."""
    return next(_refusals(rule, happened), "")


def _refusals(rule: Rule, happened: Happened) -> Iterator[str]:
    verdict = happened.sides.get(rule.benefit.side, "refuse")
    if rule.trigger != happened.kind:
        yield "other_trigger"
    if rule.benefit.when == "before":
        yield "given_before"
    if verdict != ALLOW or happened.person(rule.benefit.side) is None:
        yield "side_stopped" if verdict == "stop" else "side_refused"
    if rule.goals and happened.goal not in rule.goals:
        yield "other_goal"
    if happened.counted < rule.at_least:
        yield "below_amount"
    if rule.countries and happened.country not in rule.countries:
        yield "other_country"
    if rule.tiers and happened.tier not in rule.tiers:
        yield "other_tier"
    if rule.nth is not None and happened.nth != rule.nth:
        yield "other_place_in_line"


def _earned(plan: PlanDocument, rule: Rule, happened: Happened) -> Earned | None:
    benefit, person = rule.benefit, happened.person(rule.benefit.side)
    assert person is not None, "a rule applies to somebody"
    unit = benefit.unit(happened.currency) if benefit.kind == "points" or happened.currency else None
    if benefit.kind in IN_UNITS and unit is None:
        return None
    amount = _amount(plan, benefit, happened) if unit else 0
    if unit and not 0 < amount <= MOST:
        return None
    begins = happened.captured_at if benefit.hold_from == "capture" else None
    free_at = (begins or happened.at) + timedelta(days=benefit.hold_days)
    value = worth(plan, benefit, amount, happened.counted)
    return Earned(rule.name, benefit.side, person, benefit, str(unit or ""), amount, value, free_at)


def _amount(plan: PlanDocument, benefit: Benefit, happened: Happened) -> int:
    """The amount in its unit, the tier's multiplier of the advocate's own included; rounded half up."""
    amount = benefit.fixed or 0
    if benefit.percent is not None:
        amount = proportion(benefit.percent, happened.counted, WHOLE)
        if benefit.kind == "points" and plan.points_worth:
            # A share of an order in points is so many points as are worth that share.
            amount = proportion(amount, 100, plan.points_worth)
        amount = max(amount, benefit.minimum or 0) if happened.counted else amount
        amount = min(amount, benefit.maximum) if benefit.maximum is not None else amount
    step = plan.ladder.step(happened.tier) if plan.ladder and benefit.side == "advocate" else None
    return proportion(amount, step.multiplier, ONCE) if step else amount


def _limit(plan: PlanDocument, earned: Earned, happened: Happened, used: Mapping[str, int]) -> str:
    for cap in plan.caps:
        if cap.side == earned.side:
            amount = 1 if cap.counts == "rewards" else earned.worth
            if used.get(_name(cap, earned.person, happened), 0) + amount > cap.most:
                return "cap_used_up"
    if plan.budget is not None and used.get(BUDGET, 0) + earned.worth > plan.budget:
        return "budget_used_up"
    return ""


def _uses(plan: PlanDocument, earned: Earned, happened: Happened) -> Iterator[tuple[str, int]]:
    for cap in plan.caps:
        if cap.side == earned.side:
            yield _name(cap, earned.person, happened), 1 if cap.counts == "rewards" else earned.worth
    # Counted also while no budget is set, so that one set later knows what was spent.
    yield BUDGET, earned.worth


def _name(cap: Cap, person: UUID | None, happened: Happened) -> str:
    day = happened.at.astimezone(UTC)
    period = {"ever": "", "day": f"{day:%Y-%m-%d}", "month": f"{day:%Y-%m}", "year": f"{day:%Y}"}[cap.period]
    whose = str(person) if cap.whose == "person" else "all"
    return f"cap:{cap.side}:{cap.counts}:{whose}:{cap.period}:{period}"


def _line(earned: Earned, code: str) -> Line:
    return Line(earned.rule, earned.side, code, earned.amount, earned.unit)
