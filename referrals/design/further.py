"""What a plan says beside the plain offer, in sentences for advocates: further rules, tiers, limits, what is owed."""

from collections.abc import Iterator

from babel.lists import format_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from brand import locales
from referrals.design import sayings
from rewards import words
from rewards.ladders import ONCE, Ladder
from rewards.plans import Cap, PlanDocument, Rule
from spine.money import Unit, display


def sentences(plan: PlanDocument, currency: str) -> list[str]:
    """All of it; none for a plan that is the plain offer and nothing else."""
    found = [_rule(rule, currency) for rule in plan.rules]
    found += _ladder(plan.ladder, currency) if plan.ladder else []
    found += [_cap(cap, currency) for cap in plan.caps]
    if plan.budget is not None:
        found.append(_("Rewards are given as long as the program's budget lasts, in the order in which orders come."))
    if plan.owed == "write_off":
        found.append(_("What you spent before its order was paid back is not asked back."))
    return found


def changes(before: PlanDocument, after: PlanDocument, currency: str) -> list[str]:
    """What is new of it, and what no longer holds."""
    old, new = sentences(before, currency), sentences(after, currency)
    found = [_("New: %(sentence)s") % {"sentence": each} for each in new if each not in old]
    found += [_("No longer: %(sentence)s") % {"sentence": each} for each in old if each not in new]
    if before.budget != after.budget:
        told = {"old": sayings.amount(before.budget, currency), "new": sayings.amount(after.budget, currency)}
        found.append(_("The budget goes from %(old)s to %(new)s.") % told)
    if before.points_worth != after.points_worth:
        told = {
            "old": sayings.amount(before.points_worth, currency),
            "new": sayings.amount(after.points_worth, currency),
        }
        found.append(_("What 100 points are worth goes from %(old)s to %(new)s.") % told)
    return found


def _rule(rule: Rule, currency: str) -> str:
    locale = locales.active()
    told = {"promise": words.promise(rule.benefit, currency, locale), "when": _when(rule, currency)}
    if rule.benefit.side == "friend":
        return (
            _("Friends get %(promise)s %(when)s.") if told["when"] else _("Friends get %(promise)s besides.")
        ) % told
    return (_("You get %(promise)s %(when)s.") if told["when"] else _("You get %(promise)s besides.")) % told


def _when(rule: Rule, currency: str) -> str:
    return format_list(list(_conditions(rule, currency)), style="unit", locale=locales.active())


def _conditions(rule: Rule, currency: str) -> Iterator[str]:
    goals = {
        "first_order": _("a first order"),
        "renewal": _("a later order"),
        "signup": _("a sign-up"),
        "qualified_lead": _("a qualified enquiry"),
    }
    if rule.nth is not None:
        yield _("for recommendation number %(nth)s") % {"nth": rule.nth}
    if rule.goals:
        named = [goals.get(goal, goal) for goal in rule.goals]
        yield _("for %(goals)s") % {"goals": format_list(named, style="or", locale=locales.active())}
    if rule.at_least:
        yield _("from %(amount)s on") % {"amount": sayings.amount(rule.at_least, currency)}
    if rule.tiers:
        yield _("if you are %(tiers)s") % {"tiers": format_list(list(rule.tiers), style="or", locale=locales.active())}
    if rule.countries:
        yield _("if you live in %(countries)s") % {"countries": sayings.countries(rule.countries)}


def _ladder(ladder: Ladder, currency: str) -> Iterator[str]:
    locale = locales.active()
    if ladder.period == "rolling":
        yield _("Your tier goes by what you brought in the last %(months)s.") % {
            "months": sayings.months(ladder.months)
        }
    else:
        told = _("Your tier goes by what you brought in %(months)s of the calendar, and holds for as long again.")
        yield told % {"months": sayings.months(ladder.months)}
    for step in ladder.steps:
        takes = words.measured(ladder, step.threshold, currency, locale)
        told = _("%(tier)s from %(takes)s on") % {"tier": step.name, "takes": takes}
        brings = []
        if step.multiplier != ONCE:
            brings.append(_("%(times)s times the reward") % {"times": words.times(step.multiplier, locale)})
        if step.perks:
            brings.append(step.perks)
        yield f"{told}: {', '.join(brings)}." if brings else f"{told}."


def _cap(cap: Cap, currency: str) -> str:
    if cap.counts == "worth":
        most = display(cap.most, Unit("cash", currency), locales.active())
        told = {"most": _("Rewards worth at most %(amount)s") % {"amount": most}, **_limit(cap)}
    else:
        most = ngettext("At most %(count)s reward", "At most %(count)s rewards", cap.most) % {"count": cap.most}
        told = {"most": most, **_limit(cap)}
    return _("%(most)s for %(whose)s %(period)s.") % told


def _limit(cap: Cap) -> dict[str, str]:
    whose = {
        ("person", "advocate"): _("one advocate"),
        ("scheme", "advocate"): _("all advocates together"),
        ("person", "friend"): _("one friend"),
        ("scheme", "friend"): _("all friends together"),
    }[cap.whose, cap.side]
    period = {"ever": _("in all"), "day": _("a day"), "month": _("a month"), "year": _("a year")}[cap.period]
    return {"whose": whose, "period": period}
