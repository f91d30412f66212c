"""What changes from one version of a program's terms and plan to another, in plain sentences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brand import locales
from referrals.design import further, sayings
from referrals.models import Terms
from referrals.terms import TermsDocument
from rewards import words
from rewards.plans import Benefit, PlanDocument, Side

Words = Callable[[Any, str], str]


@dataclass(frozen=True)
class Saying:
    """How the change of one field is told: a sentence, and what its values are called (given the currency)."""

    sentence: Promise
    words: Words


def _days(value: int, currency: str) -> str:
    return str(value)


def _most(value: int | None, currency: str) -> str:
    return sayings.most(value)


def _months(value: int | None, currency: str) -> str:
    return sayings.months(value)


def _yes(value: bool, currency: str) -> str:
    return _("counts") if value else _("does not count")


def _orders(value: str, currency: str) -> str:
    return {"none": _("none"), "first": _("the first one"), "months": _("every one for a while")}[value]


TERMS: Mapping[str, Saying] = {
    "window_days": Saying(gettext_lazy("The window goes from %(old)s to %(new)s days."), _days),
    "precedence": Saying(
        gettext_lazy("Whose recommendation counts: until now %(old)s; from now on %(new)s."),
        lambda value, _currency: sayings.precedence(value),
    ),
    "new_customer": Saying(
        gettext_lazy("Who counts as new: until now %(old)s; from now on %(new)s."),
        lambda value, _currency: str(sayings.NEW[value]),
    ),
    "lapsed_months": Saying(
        gettext_lazy("How long ago the last order of a returning customer must be: until now %(old)s; now %(new)s."),
        _months,
    ),
    "signup": Saying(gettext_lazy("A friend's sign-up: until now it %(old)s; from now on it %(new)s."), _yes),
    "qualified_lead": Saying(
        gettext_lazy("A friend's qualified enquiry: until now it %(old)s; from now on it %(new)s."), _yes
    ),
    "orders": Saying(
        gettext_lazy("Which of a friend's orders count: until now %(old)s; from now on %(new)s."), _orders
    ),
    "order_months": Saying(
        gettext_lazy("For how long a friend's later orders count: until now %(old)s; from now on %(new)s."), _months
    ),
    "minimum_order": Saying(gettext_lazy("The minimum order goes from %(old)s to %(new)s."), sayings.amount),
    "counts": Saying(
        gettext_lazy("What of an order counts: until now %(old)s; from now on %(new)s."),
        lambda value, _currency: sayings.lines(value),
    ),
    "cap_per_advocate": Saying(
        gettext_lazy("How many recommendations count for one advocate goes from %(old)s to %(new)s."), _most
    ),
    "cap_total": Saying(gettext_lazy("How many recommendations count in all goes from %(old)s to %(new)s."), _most),
    "countries": Saying(
        gettext_lazy("Where advocates may live: until now %(old)s; from now on %(new)s."),
        lambda value, _currency: sayings.countries(value),
    ),
    "stop_at": Saying(
        gettext_lazy("The score at which somebody looks at a recommendation goes from %(old)s to %(new)s."), _most
    ),
    "refuse_at": Saying(
        gettext_lazy("The score at which a recommendation is refused goes from %(old)s to %(new)s."), _most
    ),
    "second_pair_above": Saying(
        gettext_lazy("The amount above which two people look at a stopped order goes from %(old)s to %(new)s."),
        sayings.amount,
    ),
}
# What only those read who run the program: who knew the scores could stay just below them.
FOR_STAFF = frozenset({"stop_at", "refuse_at", "second_pair_above"})


def from_published(old: Terms, terms: TermsDocument, plan: PlanDocument, currency: str) -> list[str]:
    """What publishing these terms and this plan would change, the offer first."""
    before = TermsDocument.read(old.document), PlanDocument.read(old.plan.document)
    return offers(before[1], plan, currency) + _terms(before[0], terms, currency, TERMS)


def between(old: Terms, new: Terms, currency: str) -> list[str]:
    """What changed from one published version to another, for those who accept it."""
    table = {name: saying for name, saying in TERMS.items() if name not in FOR_STAFF}
    plans = PlanDocument.read(old.plan.document), PlanDocument.read(new.plan.document)
    read = TermsDocument.read
    return offers(*plans, currency) + _terms(read(old.document), read(new.document), currency, table)


def offers(before: PlanDocument, after: PlanDocument, currency: str) -> list[str]:
    """What changes of what friends and advocates get."""
    sides = _side("friend", before, after, currency) + _side("advocate", before, after, currency)
    return sides + further.changes(before, after, currency)


def _terms(before: TermsDocument, after: TermsDocument, currency: str, table: Mapping[str, Saying]) -> list[str]:
    return [
        str(saying.sentence)
        % {"old": saying.words(getattr(before, name), currency), "new": saying.words(getattr(after, name), currency)}
        for name, saying in table.items()
        if getattr(before, name) != getattr(after, name)
    ]


def _side(side: Side, before: PlanDocument, after: PlanDocument, currency: str) -> list[str]:
    old, new = before.of(side), after.of(side)
    if old is None or new is None:
        return _appears(side, old, new, currency) if old != new else []
    found = dict.fromkeys(
        tell(old, new, currency) for name, tell in BENEFIT.items() if getattr(old, name) != getattr(new, name)
    )
    return list(found)


def _appears(side: Side, old: Benefit | None, new: Benefit | None, currency: str) -> list[str]:
    benefit = new or old
    assert benefit
    promise = {"promise": words.promise(benefit, currency, locales.active())}
    if side == "friend":
        return [
            (_("Friends get %(promise)s from now on.") if new else _("Friends no longer get %(promise)s.")) % promise
        ]
    return [(_("You get %(promise)s from now on.") if new else _("You no longer get %(promise)s.")) % promise]


def _amount(old: Benefit, new: Benefit, currency: str) -> str:
    promises = {
        "old": words.promise(old, currency, locales.active()),
        "new": words.promise(new, currency, locales.active()),
    }
    if new.side == "friend":
        return _("Friends get %(new)s instead of %(old)s.") % promises
    return _("You get %(new)s instead of %(old)s.") % promises


def _when(old: Benefit, new: Benefit, currency: str) -> str:
    if new.when == "before":
        return _("Friends get it before they order, and no longer afterwards.")
    return _("Friends get it after they ordered, and no longer before.")


def _hold(old: Benefit, new: Benefit, currency: str) -> str:
    waits = {"old": sayings.days(old.hold_days), "new": sayings.days(new.hold_days)}
    if new.side == "friend":
        return _("What friends get comes after %(new)s instead of %(old)s.") % waits
    return _("What you get comes after %(new)s instead of %(old)s.") % waits


def _pool(old: Benefit, new: Benefit, currency: str) -> str:
    return _("Discount codes come from another pool.")


def _limits(old: Benefit, new: Benefit, currency: str) -> str:
    return _("A share comes to %(least)s at least and %(most)s at most.") % sayings.limits(new, currency)


def _expiry(old: Benefit, new: Benefit, currency: str) -> str:
    return sayings.expiry(new)


def _hold_from(old: Benefit, new: Benefit, currency: str) -> str:
    return sayings.hold_from(new)


def _approval(old: Benefit, new: Benefit, currency: str) -> str:
    return sayings.approval(new)


def _clawback(old: Benefit, new: Benefit, currency: str) -> str:
    return sayings.clawback(new)


def _cost(old: Benefit, new: Benefit, currency: str) -> str:
    costs = {"old": sayings.amount(old.cost, currency), "new": sayings.amount(new.cost, currency)}
    return _("What is given counts for %(new)s of the budget instead of %(old)s.") % costs


# How a change of each field of a benefit is told; several may be told by one sentence.
BENEFIT: Mapping[str, Callable[[Benefit, Benefit, str], str]] = {
    "side": _amount,
    "kind": _amount,
    "fixed": _amount,
    "percent": _amount,
    "words": _amount,
    "when": _when,
    "hold_days": _hold,
    "pool": _pool,
    "minimum": _limits,
    "maximum": _limits,
    "hold_from": _hold_from,
    "expiry_days": _expiry,
    "needs_approval": _approval,
    "cost": _cost,
    "clawback": _clawback,
}
