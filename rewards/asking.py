"""An occasion that is asked about, with what was answered before."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from rewards.awarding import ALLOW, Happened
from rewards.models import Award, Occasion
from rewards.plans import PlanDocument


@dataclass(frozen=True)
class Asking:
    """One occasion to be asked about: what may be read of it, under which plan, and what was answered before."""

    occasion: Occasion
    plan: PlanDocument
    happened: Happened
    earlier: Award | None

    @property
    def before(self) -> tuple[int, UUID]:
        """In which scheme, and to whom, it was credited when it was answered before."""
        read = self.earlier.trace["read"] if self.earlier else {}
        return self.occasion.scheme_id, UUID(read.get("person_id") or str(self.occasion.person_id))

    @property
    def uses(self) -> Mapping[str, Mapping[str, int]]:
        """What the earlier answer uses of caps and budget, by rule."""
        uses: Mapping[str, Mapping[str, int]] = self.earlier.trace["uses"] if self.earlier else {}
        return uses

    def is_open(self, side: str) -> bool:
        """Whether that side may be answered anew: once the occasion is final, only where it was set free since."""
        if not self.occasion.final_at:
            return True
        read = self.earlier.trace["read"] if self.earlier else {}
        return self.happened.sides[side] == ALLOW != read.get(f"{side}_side")
