"""What a program offers, in one sentence and in one headline, as its terms and plan say it."""

from babel import Locale
from babel.lists import format_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from brand import locales
from referrals.terms import TermsDocument
from rewards import words
from rewards.plans import Benefit, PlanDocument
from spine.money import Unit, display


def sentence(terms: TermsDocument, plan: PlanDocument, currency: str, locale: Locale | None = None) -> str:
    """Who gets what for which step of a friend's; "you" is the advocate."""
    locale = locale or locales.active()
    friend, advocate = plan.of("friend"), plan.of("advocate")
    if friend and advocate:
        clauses = {
            "friend": _friends(friend, terms, currency, locale),
            "advocate": _you_too(advocate, friend, terms, currency, locale),
        }
        return _("%(friend)s; %(advocate)s.") % clauses
    if friend:
        return _("%(friend)s.") % {"friend": _friends(friend, terms, currency, locale)}
    if advocate:
        promise = words.promise(advocate, currency, locale)
        return _you_alone(advocate.hold_days) % {
            "promise": promise,
            "days": advocate.hold_days,
            "steps": steps(terms, currency, locale, is_named=False),
        }
    return _("Recommendations are counted, and nobody gets anything for them.")


def headline(plan: PlanDocument, currency: str, locale: Locale | None = None) -> str:
    """The offer in as few words as there are: `Give 10 %, get $15`; empty where the plan promises nothing."""
    locale = locale or locales.active()
    friend, advocate = plan.of("friend"), plan.of("advocate")
    if friend and advocate:
        return _("Give %(friend)s, get %(advocate)s") % {
            "friend": words.brief(friend, currency, locale),
            "advocate": words.brief(advocate, currency, locale),
        }
    if friend:
        return _("Give %(friend)s") % {"friend": words.brief(friend, currency, locale)}
    return _("Get %(advocate)s") % {"advocate": words.brief(advocate, currency, locale)} if advocate else ""


def steps(terms: TermsDocument, currency: str, locale: Locale | None = None, *, is_named: bool = True) -> str:
    """What friends do that counts: "their first order of $30 or more"; unnamed, "a friend's first order"."""
    locale = locale or locales.active()
    found = []
    if terms.signup:
        found.append(_("their sign-up") if is_named else _("a friend's sign-up"))
    if terms.qualified_lead:
        found.append(_("their qualified enquiry") if is_named else _("a friend's qualified enquiry"))
    if terms.orders != "none":
        found.append(_orders(terms, currency, locale, is_named=is_named))
    return format_list(found, style="standard", locale=locale)


def _orders(terms: TermsDocument, currency: str, locale: Locale, *, is_named: bool) -> str:
    facts: dict[str, object] = {"months": terms.order_months}
    if terms.minimum_order:
        facts["minimum"] = display(terms.minimum_order, Unit("cash", currency), locale)
    sayings = _theirs if is_named else _a_friends
    if terms.orders == "first":
        return sayings()[bool(terms.minimum_order)] % facts
    return _monthly(terms, is_named=is_named) % facts


def _theirs() -> tuple[str, str]:
    return _("their first order"), _("their first order of %(minimum)s or more")


def _a_friends() -> tuple[str, str]:
    return _("a friend's first order"), _("a friend's first order of %(minimum)s or more")


def _monthly(terms: TermsDocument, *, is_named: bool) -> str:
    months = terms.order_months or 0
    if is_named and terms.minimum_order:
        return ngettext(
            "each of their orders of %(minimum)s or more for %(months)s month",
            "each of their orders of %(minimum)s or more for %(months)s months",
            months,
        )
    if is_named:
        return ngettext(
            "each of their orders for %(months)s month", "each of their orders for %(months)s months", months
        )
    if terms.minimum_order:
        return ngettext(
            "each of a friend's orders of %(minimum)s or more for %(months)s month",
            "each of a friend's orders of %(minimum)s or more for %(months)s months",
            months,
        )
    return ngettext(
        "each of a friend's orders for %(months)s month", "each of a friend's orders for %(months)s months", months
    )


def _friends(benefit: Benefit, terms: TermsDocument, currency: str, locale: Locale) -> str:
    facts = {"promise": words.promise(benefit, currency, locale), "days": benefit.hold_days}
    if benefit.when == "before":
        return _("Friends get %(promise)s %(order)s") % {**facts, "order": _first_order(terms, currency, locale)}
    if benefit.kind == "discount_code":
        facts["promise"] = _("a code for %(promise)s their next order") % facts
    return _after_friend(benefit.hold_days) % {**facts, "steps": steps(terms, currency, locale)}


def _first_order(terms: TermsDocument, currency: str, locale: Locale) -> str:
    """A code that comes before the order is for the first one, whatever counts after it."""
    plain, over = _theirs()
    if terms.orders == "none" or not terms.minimum_order:
        return plain
    return over % {"minimum": display(terms.minimum_order, Unit("cash", currency), locale)}


def _after_friend(days: int) -> str:
    if not days:
        return _("Friends get %(promise)s for %(steps)s")
    return ngettext(
        "Friends get %(promise)s %(days)s day after %(steps)s",
        "Friends get %(promise)s %(days)s days after %(steps)s",
        days,
    )


def _you_too(benefit: Benefit, friend: Benefit, terms: TermsDocument, currency: str, locale: Locale) -> str:
    """The advocate's half, which says "it" where the friend's half named the same step already."""
    facts = {"promise": words.promise(benefit, currency, locale), "days": benefit.hold_days}
    only_first = terms.orders == "first" and not (terms.signup or terms.qualified_lead)
    if friend.when == "after" or only_first:
        return _you_for_it(benefit.hold_days) % facts
    return _you_for(benefit.hold_days) % {**facts, "steps": steps(terms, currency, locale)}


def _you_for_it(days: int) -> str:
    if not days:
        return _("you get %(promise)s for it")
    return ngettext("you get %(promise)s %(days)s day after it", "you get %(promise)s %(days)s days after it", days)


def _you_for(days: int) -> str:
    if not days:
        return _("you get %(promise)s for %(steps)s")
    return ngettext(
        "you get %(promise)s %(days)s day after %(steps)s", "you get %(promise)s %(days)s days after %(steps)s", days
    )


def _you_alone(days: int) -> str:
    if not days:
        return _("You get %(promise)s for %(steps)s.")
    return ngettext(
        "You get %(promise)s %(days)s day after %(steps)s.", "You get %(promise)s %(days)s days after %(steps)s.", days
    )
