"""What a plan would give one side for one thing that happened: something to look forward to, nothing is booked."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from babel import Locale

from rewards import words
from rewards.plans import WHOLE, Benefit, PlanDocument, Side
from spine.money import Unit, proportion


@dataclass(frozen=True)
class Prospect:
    """One benefit, a share of an order turned into its amount, and when it is free if the order stands."""

    benefit: Benefit
    currency: str
    free_at: datetime

    @property
    def unit(self) -> Unit | None:
        """What its amount is counted in; None where it has none."""
        return self.benefit.unit(self.currency) if self.benefit.fixed else None

    @property
    def amount(self) -> int:
        """In minor units, or points; 0 where it is nothing that can be added up."""
        return (self.benefit.fixed or 0) if self.unit else 0

    def words(self, locale: Locale | str) -> str:
        """It in words: `$15 in credit`."""
        return words.promise(self.benefit, self.currency, locale)


def of(plan: PlanDocument, side: Side, *, counted: int, currency: str, at: datetime) -> Prospect | None:
    """What `side` may look forward to for what happened at `at` and of which `counted` counts; None for nothing."""
    benefit = plan.of(side)
    if benefit is None:
        return None
    if benefit.percent is not None and benefit.kind in ("credit", "cash"):
        share = proportion(benefit.percent, counted, WHOLE)
        if not share:
            return None
        benefit = replace(benefit, fixed=share, percent=None)
    return Prospect(benefit, currency, at + timedelta(days=benefit.hold_days))
