"""A line of an advocate's story in words: what a friend did, and what came of it; friends are never named."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.lists import format_list
from django.utils.translation import gettext as _

from brand import days, locales
from referrals import reasons
from referrals.models import Decision, StoryLine
from rewards import explaining, gains
from rewards.gains import Gain, Gained
from rewards.plans import PlanDocument
from spine.money import display

# Why nothing came of it, where that is no matter of the order itself.
USED_UP = frozenset({"cap_used_up", "budget_used_up"})


@dataclass(frozen=True)
class Told:
    """One line in words; `when` is empty where there is no money to wait for."""

    line: StoryLine
    what: str
    outcome: str
    # The promise itself, and when it is free: "$15 in credit", "free on 5 Dec, if the order stands".
    promise: str = ""
    when: str = ""


def tell(line: StoryLine, decision: Decision, at: datetime) -> Told:
    """The line in the language that is active now."""
    if line.state == StoryLine.State.REFUSED:
        return Told(line, _refused(line), _why(line.reason))
    if line.state == StoryLine.State.STOPPED:
        checked = _("We are having a look at it before it counts. There is nothing for you to do.")
        return Told(line, _done(line), checked)
    if line.gained is None:
        return Told(line, _done(line), _("It counts for you. In a moment you read here what it brings you."))
    gained = Gained.read(line.gained)
    return _gained(line, gained.gains, decision, at) if gained.gains else Told(line, _done(line), _nothing(gained))


def _gained(line: StoryLine, found: Sequence[Gain], decision: Decision, at: datetime) -> Told:
    promise, back = _all(found, decision), _back(found)
    if all(gain.is_gone for gain in found):
        gone = _("The order was paid back, and the %(promise)s with it.") % {"promise": promise}
        return Told(line, _done(line), gone)
    when = _free(found, at, is_order=line.conversion.order_id is not None)
    if back:
        said = _("You get %(promise)s less %(back)s that went back with the order, %(when)s.")
        return Told(line, _done(line), said % {"promise": promise, "back": back, "when": when}, promise, when)
    said = _("You get %(promise)s, %(when)s.") % {"promise": promise, "when": when}
    return Told(line, _done(line), said, promise, when)


def _all(found: Sequence[Gain], decision: Decision) -> str:
    """All that it brought: "$15 in credit and a bag of beans"; `decision` with the terms and the plan that it names."""
    assert decision.terms is not None, "whoever is credited is credited by terms"
    plan, currency = PlanDocument.read(decision.terms.plan.document), decision.terms.program.currency
    told = [gains.words(gain, plan, currency, locales.active()) for gain in found]
    return str(format_list(told, locale=locales.active()))


def _back(found: Sequence[Gain]) -> str:
    gone = [display(gain.back, gain.unit, locales.active()) for gain in found if gain.back]
    return str(format_list(gone, locale=locales.active())) if gone else ""


def _nothing(gained: Gained) -> str:
    if not gained.code:
        return _("It counts for you.")
    told = _("It counts for you, and brings no reward this time.")
    return f"{told} {explaining.CODES[gained.code]}" if gained.code in USED_UP else told


def _done(line: StoryLine) -> str:
    if line.conversion.lead:
        return _("A friend signed up.") if line.conversion.lead.goal == "signup" else _("A friend made an enquiry.")
    return _("A friend ordered again.") if line.reason == "renewal" else _("A friend ordered.")


def _refused(line: StoryLine) -> str:
    if line.reason == "self_referral":
        return _("You ordered by your own link, and that did not count.")
    if line.conversion.lead:
        if line.conversion.lead.goal == "signup":
            return _("A friend signed up, and it did not count.")
        return _("A friend made an enquiry, and it did not count.")
    return _("A friend ordered, and it did not count.")


def _why(reason: str) -> str:
    found = reasons.REASONS.get(reason)
    return str(found.to_advocate) if found else ""


def _free(found: Sequence[Gain], at: datetime, *, is_order: bool) -> str:
    if any(gain.waits for gain in found):
        return _("once one of us has looked at it")
    free_at = max(gain.free_at for gain in found)
    day = {"day": days.short(free_at, at)}
    if free_at <= at:
        return _("free since %(day)s") % day
    return _("free on %(day)s, if the order stands") % day if is_order else _("free on %(day)s") % day
