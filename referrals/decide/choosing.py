"""Choosing among touches: which of them could win, and which does, under the terms."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from referrals.decide.inputs import Candidate, Claimant, Fact, Rules, Touched
from referrals.terms import Precedence, TermsDocument

# A day of a window is 86,400 seconds, whatever the clocks on the wall do.
DAY = timedelta(seconds=86_400)


def refusal(
    touch: Touched, fact: Fact, rules: Rules, candidate: Candidate, tie_cut_at: datetime | None, *, renews: bool = False
) -> str:
    """The code of why a touch cannot win; empty where it can.

    The window is half open and in UTC, exact to the microsecond: `touched <= t < touched + window`. It holds for a
    granted claim as well, from the instant that was claimed; when it was granted makes no difference. A renewal
    inherits a touch that won within its window, so its own window is the months of the terms.
    """
    terms = rules.document
    if touch.touched_at > fact.at:
        return "touch_after_conversion"
    if not renews and fact.at >= touch.touched_at + terms.window_days * DAY:
        return "outside_window"
    if touch.is_cut or (tie_cut_at is not None and touch.touched_at <= tie_cut_at):
        return "tie_cut"
    return _against(candidate, terms)


def pick(touches: Iterable[Touched], precedence: Precedence) -> Touched | None:
    """The touch that goes before all others: of the first group of kinds that has one, the first or the last.

    Touches of one instant are ordered by their natural keys, which say the same in whatever order they came.
    """
    told = list(touches)
    for group in precedence.groups:
        among = [touch for touch in told if touch.kind in group]
        if among:
            choose = min if precedence.pick == "first" else max
            return choose(among, key=lambda touch: touch.place)
    return None


def judge(
    touches: Iterable[Touched],
    fact: Fact,
    rules: Rules,
    candidates: Mapping[UUID, Candidate],
    tie_cut_at: datetime | None,
) -> dict[Touched, str]:
    """Why each touch cannot win, by touch; empty where it can."""
    return {touch: refusal(touch, fact, rules, candidates[touch.advocate], tie_cut_at) for touch in touches}


def strongest(claimants: Iterable[Claimant]) -> Claimant | None:
    """Which of several programs may credit one fact.

    Who renews goes first, of two the one that was credited first; else who has the latest touch that could win.
    """
    told = list(claimants)
    renewing = [(each.renews.place, each.program, each) for each in told if each.renews]
    if renewing:
        return min(renewing, key=lambda found: found[:2])[2]
    return max(told, key=lambda each: (*each.touch.place, each.program), default=None)


def _against(candidate: Candidate, terms: TermsDocument) -> str:
    if candidate.is_customer:
        return "self_referral"
    if candidate.is_erased:
        return "advocate_erased"
    if candidate.is_suspended:
        return "advocate_suspended"
    if terms.countries and candidate.country not in terms.countries:
        return "country_not_covered"
    return ""
