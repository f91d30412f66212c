"""A line of an advocate's story in words: what a friend did, and what came of it; friends are never named."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from brand import days, locales
from referrals import reasons
from referrals.models import Decision, StoryLine
from referrals.tell.story import prospect
from spine.money import display


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
    in_view = prospect(line.conversion, decision)
    if in_view is None:
        return Told(line, _done(line), _("It counts for you."))
    promise = in_view.words(locales.active())
    if line.unit and line.amount and line.back >= line.amount:
        gone = _("The order was paid back, and the %(promise)s with it.") % {"promise": promise}
        return Told(line, _done(line), gone)
    when = _free(in_view.free_at, at, is_order=line.conversion.order_id is not None)
    if line.back:
        back = display(line.back, line.unit, locales.active())
        said = _("You get %(promise)s less %(back)s that went back with the order, %(when)s.")
        return Told(line, _done(line), said % {"promise": promise, "back": back, "when": when}, promise, when)
    said = _("You get %(promise)s, %(when)s.") % {"promise": promise, "when": when}
    return Told(line, _done(line), said, promise, when)


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


def _free(free_at: datetime, at: datetime, *, is_order: bool) -> str:
    day = {"day": days.short(free_at, at)}
    if free_at <= at:
        return _("free since %(day)s") % day
    return _("free on %(day)s, if the order stands") % day if is_order else _("free on %(day)s") % day
