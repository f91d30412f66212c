"""What a plan promises: a document with a schema version, read into frozen values."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from django.utils.translation import gettext_lazy as _

from spine.money import Unit
from spine.refusal import Refusal

SCHEMA = 1
WHOLE = 10_000
Side = Literal["advocate", "friend"]
When = Literal["before", "after"]
Kind = Literal["credit", "cash", "points", "discount_code", "goods", "perk"]
IN_UNITS = ("credit", "cash", "points")
KINDS = (*IN_UNITS, "discount_code", "goods", "perk")
MOST_HOLD_DAYS = 365


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
    # What goods and perks are, in the brand's words.
    words: str = ""

    def __post_init__(self) -> None:
        if self.side not in ("advocate", "friend") or self.kind not in KINDS or self.when not in ("before", "after"):
            raise BadPlan(why="it names a side or a kind that there is not.")
        if (self.fixed is None) == (self.percent is None) and self.kind not in ("goods", "perk"):
            raise BadPlan(why="each benefit is either an amount or a share.")
        if (self.fixed is not None and self.fixed <= 0) or (self.percent is not None and not 0 < self.percent <= WHOLE):
            raise BadPlan(why="an amount is above nothing, and a share at most the whole.")
        if self.when == "before" and (self.side, self.kind) != ("friend", "discount_code"):
            raise BadPlan(why="only the friend's discount code comes before the order.")
        if not 0 <= self.hold_days <= MOST_HOLD_DAYS:
            raise BadPlan(why="a reward waits between 0 and 365 days.")

    def unit(self, currency: str) -> Unit | None:
        """What the amount is counted in; None for what is granted and not counted."""
        if self.kind == "points":
            return Unit("points")
        return Unit(self.kind, currency) if self.kind in ("credit", "cash") else None


@dataclass(frozen=True)
class PlanDocument:
    """All benefits of one version of a plan, at most one for each side."""

    benefits: tuple[Benefit, ...] = ()

    def __post_init__(self) -> None:
        sides = [benefit.side for benefit in self.benefits]
        if len(sides) != len(set(sides)):
            raise BadPlan(why="each side has one benefit.")

    def of(self, side: Side) -> Benefit | None:
        """What that side gets, if anything."""
        return next((benefit for benefit in self.benefits if benefit.side == side), None)

    @classmethod
    def read(cls, document: dict[str, Any]) -> Self:
        """Raises BadPlan."""
        if document.get("schema") != SCHEMA:
            raise BadPlan(why="its schema is not known here.")
        try:
            return cls(tuple(Benefit(**benefit) for benefit in document["benefits"]))
        except (KeyError, TypeError) as malformed:
            raise BadPlan(why="it can't be read.") from malformed

    def written(self) -> dict[str, Any]:
        """The document that `read` reads."""
        return {"schema": SCHEMA, "benefits": [asdict(benefit) for benefit in self.benefits]}
