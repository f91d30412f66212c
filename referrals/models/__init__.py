"""Programs, links, clicks, touches, conversions and what was decided about them."""

from referrals.models.claim import Claim
from referrals.models.click import Click, LinkDay, ProgramDay, SpoolMark
from referrals.models.conversion import CapCount, Conversion, Decision, LateFact, Verdict
from referrals.models.link import Code, FriendCode, Link
from referrals.models.program import Acceptance, Ending, Program, StateChange, Terms
from referrals.models.story import StoryLine
from referrals.models.touch import CutClick, TieCut, Touch

__all__ = [
    "Acceptance",
    "CapCount",
    "Claim",
    "Click",
    "Code",
    "Conversion",
    "CutClick",
    "Decision",
    "Ending",
    "FriendCode",
    "LateFact",
    "Link",
    "LinkDay",
    "Program",
    "ProgramDay",
    "SpoolMark",
    "StateChange",
    "StoryLine",
    "Terms",
    "TieCut",
    "Touch",
    "Verdict",
]
