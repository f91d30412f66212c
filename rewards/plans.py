"""What a plan promises: a document with a schema version, read into frozen values."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from django.utils.translation import gettext_lazy as _

from rewards.ladders import Ladder
from spine.money import MOST, Unit
from spine.refusal import Refusal

SCHEMA = 2
# Plans of schema 1 have benefits and nothing else.
READABLE = (1, 2)
WHOLE = 10_000
Side = Literal["advocate", "friend"]
When = Literal["before", "after"]
Kind = Literal["credit", "cash", "points", "discount_code", "goods", "perk", "badge"]
Period = Literal["ever", "day", "month", "year"]
IN_UNITS = ("credit", "cash", "points")
KINDS = (*IN_UNITS, "discount_code", "goods", "perk", "badge")
IN_WORDS = ("goods", "perk", "badge")
PERIODS = ("ever", "day", "month", "year")
CLAWBACKS = ("keep", "revoke_on_full_refund")
MOST_HOLD_DAYS = 365
MOST_EXPIRY_DAYS = 3650
# What an occasion may be; other rooms bring theirs.
CONVERSION = "conversion"


class BadPlan(Refusal):
    """A plan that contradicts itself or says nothing that can be kept."""

    code = "bad_plan"
    status = 422
    sentence = _("This plan can't be kept: %(why)s")


@dataclass(frozen=True)
class Benefit:
    """What one side gets for one conversion: an amount, fixed or a share of what counts, or something that is granted.

    `fixed` is in minor units of the currency (points for points), `percent` in hundredths of a percent. `before` is for
    the friend alone: they need it at their first order, so the friend page hands out a code of the `pool`.
    """

    side: Side
    kind: Kind
    when: When = "after"
    fixed: int | None = None
    percent: int | None = None
    hold_days: int = 0
    # The public id of the pool that discount codes come from.
    pool: str | None = None
    # What goods, perks and badges are, in the brand's words.
    words: str = ""
    # The least and the most that a share comes to.
    minimum: int | None = None
    maximum: int | None = None
    # The hold's days count from the order, or from when its money was collected.
    hold_from: Literal["order", "capture"] = "order"
    # How long it can be used once it is available; None: for ever.
    expiry_days: int | None = None
    # Somebody of the staff says yes before it is released.
    needs_approval: bool = False
    # What a granted thing costs the brand, in minor units of the currency: it uses the budget.
    cost: int = 0
    clawback: Literal["keep", "revoke_on_full_refund"] = "keep"

    def __post_init__(self) -> None:
        if self.side not in ("advocate", "friend") or self.kind not in KINDS or self.when not in ("before", "after"):
            raise BadPlan(why="it names a side or a kind that there is not.")
        if (self.fixed is None) == (self.percent is None) and self.kind not in IN_WORDS:
            raise BadPlan(why="each benefit is either an amount or a share.")
        if (self.fixed is not None and self.fixed <= 0) or (self.percent is not None and not 0 < self.percent <= WHOLE):
            raise BadPlan(why="an amount is above nothing, and a share at most the whole.")
        if self.when == "before" and (self.side, self.kind) != ("friend", "discount_code"):
            raise BadPlan(why="only the friend's discount code comes before the order.")
        if not 0 <= self.hold_days <= MOST_HOLD_DAYS:
            raise BadPlan(why="a reward waits between 0 and 365 days.")
        if self.expiry_days is not None and not 1 <= self.expiry_days <= MOST_EXPIRY_DAYS:
            raise BadPlan(why="a reward can be used for between 1 and 3650 days.")
        if self.hold_from not in ("order", "capture") or self.clawback not in CLAWBACKS:
            raise BadPlan(why="it does not say what a hold counts from, or what a refund takes back.")
        self._refuse_bad_limits()

    def _refuse_bad_limits(self) -> None:
        limits = [limit for limit in (self.minimum, self.maximum) if limit is not None]
        if limits and (self.percent is None or self.kind not in IN_UNITS):
            raise BadPlan(why="only a share in credit, cash or points has a least and a most.")
        if any(not 0 < limit <= MOST for limit in limits) or limits != sorted(limits):
            raise BadPlan(why="the least is above nothing, and the most is not below it.")
        if not 0 <= self.cost <= MOST:
            raise BadPlan(why="a cost is an amount.")

    def unit(self, currency: str) -> Unit | None:
        """What the amount is counted in; None for what is granted and not counted."""
        if self.kind == "points":
            return Unit("points")
        return Unit(self.kind, currency) if self.kind in ("credit", "cash") else None


@dataclass(frozen=True)
class Rule:
    """When a benefit is given. Of the rules of one side and one group that apply, only the most worth is taken."""

    name: str
    benefit: Benefit
    # The kind of occasion that it answers.
    trigger: str = CONVERSION
    # Each condition holds for anything where it is empty.
    goals: tuple[str, ...] = ()
    at_least: int = 0
    countries: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    # Only the nth conversion of an advocate in this scheme, counted from 1.
    nth: int | None = None
    group: str = ""

    def __post_init__(self) -> None:
        if not (self.name and len(self.name) <= 40 and len(self.group) <= 40 and self.trigger):
            raise BadPlan(why="a rule has a name of at most 40 characters.")
        if self.at_least < 0 or (self.nth is not None and self.nth < 1):
            raise BadPlan(why="a condition of a rule is below nothing.")


@dataclass(frozen=True)
class Cap:
    """The most that the rewards of one side may come to: for one person or all together, in a stretch of time."""

    whose: Literal["person", "scheme"]
    most: int
    # A number of rewards, or what they are worth in minor units of the currency.
    counts: Literal["rewards", "worth"] = "rewards"
    period: Period = "ever"
    side: Side = "advocate"

    def __post_init__(self) -> None:
        if self.whose not in ("person", "scheme") or self.counts not in ("rewards", "worth"):
            raise BadPlan(why="a cap is for a person or the scheme, and counts rewards or their worth.")
        if self.period not in PERIODS or self.side not in ("advocate", "friend") or not 0 < self.most <= MOST:
            raise BadPlan(why="a cap has a period, a side and a limit above nothing.")


@dataclass(frozen=True)
class PlanDocument:
    """One version of a plan: at most one plain benefit for each side, and further rules, limits and tiers."""

    benefits: tuple[Benefit, ...] = ()
    rules: tuple[Rule, ...] = ()
    caps: tuple[Cap, ...] = ()
    # The most that all rewards and grants of the scheme may be worth, in minor units of the currency.
    budget: int | None = None
    # What 100 points are worth, in minor units of the currency.
    points_worth: int = 100
    # What becomes of what was spent before it was taken back: it is owed, or it is given up.
    owed: Literal["carry", "write_off"] = "carry"
    ladder: Ladder | None = None

    def __post_init__(self) -> None:
        sides = [benefit.side for benefit in self.benefits]
        if len(sides) != len(set(sides)):
            raise BadPlan(why="each side has one benefit.")
        names = [rule.name for rule in self.all_rules]
        if len(names) != len(set(names)):
            raise BadPlan(why="each rule has a name of its own.")
        if self.budget is not None and not 0 < self.budget <= MOST:
            raise BadPlan(why="a budget is above nothing.")
        if not 0 <= self.points_worth <= MOST or self.owed not in ("carry", "write_off"):
            raise BadPlan(why="it does not say what a point is worth, or what becomes of what is owed.")
        steps = {step.name for step in self.ladder.steps} if self.ladder else set()
        if any(set(rule.tiers) - steps for rule in self.rules):
            raise BadPlan(why="a rule names a tier that there is not.")

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """The plain benefits as rules named after their sides, and the further ones."""
        return (*(Rule(benefit.side, benefit) for benefit in self.benefits), *self.rules)

    def of(self, side: Side) -> Benefit | None:
        """What that side gets for any conversion, if anything."""
        return next((benefit for benefit in self.benefits if benefit.side == side), None)

    @classmethod
    def read(cls, document: dict[str, Any]) -> Self:
        """Raises BadPlan."""
        told = dict(document)
        if told.pop("schema", None) not in READABLE:
            raise BadPlan(why="its schema is not known here.")
        try:
            return cls(
                benefits=tuple(Benefit(**benefit) for benefit in told.pop("benefits")),
                rules=tuple(_rule(rule) for rule in told.pop("rules", ())),
                caps=tuple(Cap(**cap) for cap in told.pop("caps", ())),
                ladder=Ladder.read(ladder) if (ladder := told.pop("ladder", None)) else None,
                **told,
            )
        except (KeyError, TypeError, AttributeError) as malformed:
            raise BadPlan(why="it can't be read.") from malformed

    def written(self) -> dict[str, Any]:
        """The document that `read` reads, as JSON has it."""
        return {
            "schema": SCHEMA,
            "benefits": [asdict(benefit) for benefit in self.benefits],
            "rules": [_written(rule) for rule in self.rules],
            "caps": [asdict(cap) for cap in self.caps],
            "budget": self.budget,
            "points_worth": self.points_worth,
            "owed": self.owed,
            "ladder": self.ladder.written() if self.ladder else None,
        }


def _rule(told: dict[str, Any]) -> Rule:
    plain = {name: value for name, value in told.items() if name not in ("benefit", "goals", "countries", "tiers")}
    lists = {name: tuple(told.get(name, ())) for name in ("goals", "countries", "tiers")}
    return Rule(**{**plain, **lists, "benefit": Benefit(**told["benefit"])})


def _written(rule: Rule) -> dict[str, Any]:
    lists = {name: list(getattr(rule, name)) for name in ("goals", "countries", "tiers")}
    return {**asdict(rule), **lists}
