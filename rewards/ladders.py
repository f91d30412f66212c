"""A ladder of tiers: what one has to reach in how long, and what each step is worth."""

import zoneinfo
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from django.utils.translation import gettext_lazy as _

from spine.money import MOST
from spine.refusal import Refusal

# A multiplier of once the amount.
ONCE = 10_000


class BadLadder(Refusal):
    """A ladder that nobody can climb."""

    code = "bad_ladder"
    status = 422
    sentence = _("These tiers can't be kept: %(why)s")


@dataclass(frozen=True)
class Step:
    """One tier: how much it takes, how many times the amount its people get (10000 is once), and its perks in words."""

    name: str
    threshold: int
    multiplier: int = ONCE
    perks: str = ""

    def __post_init__(self) -> None:
        if not (self.name and len(self.name) <= 40) or len(self.perks) > 500:
            raise BadLadder(why=_("a tier has a name of at most 40 characters."))
        if not 0 < self.threshold <= MOST or not 0 < self.multiplier <= 10 * ONCE:
            raise BadLadder(why=_("a tier begins above nothing, and multiplies by at most 10."))


@dataclass(frozen=True)
class Ladder:
    """Tiers from the lowest to the highest, reached by what was done within a period.

    `referrals` counts qualified conversions, `revenue` adds what of them counts, `points` adds points promised.
    A rolling period is the last so many months; a calendar one the present stretch of so many months since January,
    at whose end a tier holds for one stretch more. Months are those of the time zone.
    """

    measure: Literal["referrals", "revenue", "points"]
    period: Literal["rolling", "calendar"]
    months: int
    steps: tuple[Step, ...]
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if self.measure not in ("referrals", "revenue", "points") or self.period not in ("rolling", "calendar"):
            raise BadLadder(why=_("it does not say what counts, or in which period."))
        if not 1 <= self.months <= 60 or (self.period == "calendar" and self.months not in (1, 3, 6, 12)):
            raise BadLadder(why=_("a period has 1 to 60 months, by the calendar 1, 3, 6 or 12."))
        if self.zone not in zoneinfo.available_timezones():
            raise BadLadder(why=_("its time zone is not known."))
        thresholds = [step.threshold for step in self.steps]
        names = {step.name for step in self.steps}
        if not self.steps or thresholds != sorted(set(thresholds)) or len(names) != len(self.steps):
            raise BadLadder(why=_("each tier has a name of its own and takes more than the one before."))

    def step(self, name: str) -> Step | None:
        """The tier of that name, if the ladder has it."""
        return next((step for step in self.steps if step.name == name), None)

    @classmethod
    def read(cls, told: dict[str, Any]) -> Self:
        """Raises BadLadder."""
        return cls(**{**told, "steps": tuple(Step(**step) for step in told["steps"])})

    def written(self) -> dict[str, Any]:
        """What `read` reads, as JSON has it."""
        return {**asdict(self), "steps": [asdict(step) for step in self.steps]}
