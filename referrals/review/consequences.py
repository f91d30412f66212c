"""What a verdict sets off, in words, before anybody gives it: computed from the plan of the decision."""

from collections.abc import Collection

from babel.lists import format_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from brand import locales
from referrals.models import Decision
from referrals.models.conversion import Side
from referrals.naming import Names
from rewards.plans import WHOLE, Benefit, PlanDocument
from rewards.words import promise
from spine.money import display, proportion


def approved(decision: Decision, sides: Collection[Side], names: Names) -> str:
    """What is released once these sides are approved: `Releases $15 in credit to Ben after 14 days.`"""
    promises = [_released(decision, side, names) for side in sides]
    told = [words for words in promises if words]
    if not told:
        return _("Releases nothing: the plan promises these sides nothing after the order.")
    return _("Releases %(promises)s.") % {"promises": format_list(told, locale=locales.active())}


def refused(decision: Decision, sides: Collection[Side], names: Names) -> str:
    """What does not happen once these sides are refused."""
    told = [words for side in sides if (words := _withheld(decision, side, names))]
    return " ".join(told) or _("Nobody loses anything by it: the plan promises these sides nothing after the order.")


def _released(decision: Decision, side: Side, names: Names) -> str:
    benefit = _benefit(decision, side)
    if benefit is None or benefit.when == "before":
        return ""
    what = {"promise": _worth(benefit, decision), "name": _name(decision, side, names)}
    if not benefit.hold_days:
        return _("%(promise)s to %(name)s at once") % what
    after = ngettext(
        "%(promise)s to %(name)s after %(days)d day", "%(promise)s to %(name)s after %(days)d days", benefit.hold_days
    )
    return after % {**what, "days": benefit.hold_days}


def _withheld(decision: Decision, side: Side, names: Names) -> str:
    benefit = _benefit(decision, side)
    if benefit is None:
        return ""
    what = {"promise": _worth(benefit, decision), "name": _name(decision, side, names)}
    if benefit.when == "before":
        return _("%(name)s had %(promise)s at the order and keeps it.") % what
    return _("%(name)s does not get %(promise)s.") % what


def _benefit(decision: Decision, side: Side) -> Benefit | None:
    assert decision.terms is not None, "without terms nothing is stopped"
    return PlanDocument.read(decision.terms.plan.document).of("advocate" if side == Side.ADVOCATE else "friend")


def _worth(benefit: Benefit, decision: Decision) -> str:
    """The promise, and what a share of the order comes to."""
    words = promise(benefit, _currency(decision), locales.active())
    unit = benefit.unit(_currency(decision))
    if benefit.percent is None or unit is None or unit.currency is None:
        return words
    amount = display(proportion(decision.counted, benefit.percent, WHOLE), unit, locales.active())
    return _("%(promise)s (%(amount)s)") % {"promise": words, "amount": amount}


def _currency(decision: Decision) -> str:
    assert decision.terms is not None, "without terms nothing is stopped"
    return decision.currency or decision.terms.program.currency


def _name(decision: Decision, side: Side, names: Names) -> str:
    return names.of(decision.credited_person_id if side == Side.ADVOCATE else decision.referred_person_id)
