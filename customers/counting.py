"""What of an order counts, and what a refund takes back: whole numbers, rounded half up, from facts in any order."""

from collections.abc import Sequence
from dataclasses import dataclass

from spine.money import proportion


@dataclass(frozen=True)
class Returned:
    """One refund, as it is counted."""

    amount: int
    status: str
    # What of it fell on lines that count; None where the shop did not say on which lines it fell.
    counting: int | None = None


def base(counting: int, captured: int, total: int) -> int:
    """The part of an order that counts: of its counting lines, the share that was collected; never below nothing."""
    return max(proportion(counting, captured, total), 0) if total > 0 else 0


def refunded(refunds: Sequence[Returned], base: int, captured: int) -> int:
    """What of the base all refunds together gave back, the base at most. Only those that succeeded give back."""
    done = [refund for refund in refunds if refund.status == "succeeded"]
    by_lines = sum(refund.counting for refund in done if refund.counting is not None)
    unsaid = sum(refund.amount for refund in done if refund.counting is None)
    by_share = proportion(base, unsaid, captured) if captured > 0 else 0
    return max(min(by_lines + by_share, base), 0)


def is_cancelled(refunds: Sequence[Returned], captured: int) -> bool:
    """Whether all that was collected went back."""
    done = [refund.amount for refund in refunds if refund.status == "succeeded"]
    return bool(done) and sum(done) >= captured


def proportional(reward: int, refunded: int, base: int, *, cancelled: bool = False) -> int:
    """What the cumulative refund takes back of a reward; where nothing counts, only a full cancellation takes it."""
    if base == 0:
        return reward if cancelled else 0
    return proportion(reward, refunded, base)
