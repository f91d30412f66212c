"""What a benefit promises, in words for people."""

from collections.abc import Mapping
from decimal import Decimal

from babel import Locale
from babel.numbers import format_decimal
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rewards.ladders import ONCE, Ladder
from rewards.models import Grant
from rewards.plans import IN_WORDS, Benefit, PlanDocument
from spine.money import Unit, display

# Where an amount is, for the staff.
PLACES: Mapping[str, str | Promise] = {
    "on_hold": gettext_lazy("On its way"),
    "available": gettext_lazy("Free to use"),
    "in_flight": gettext_lazy("Being redeemed"),
    "owed": gettext_lazy("Owed to you"),
    "redeemed": gettext_lazy("Redeemed"),
    "paid": gettext_lazy("Paid out"),
    "expired": gettext_lazy("Expired"),
    "written_off": gettext_lazy("Not asked back"),
    "reversed": gettext_lazy("Taken back"),
}
# What a transfer does, for the staff.
ACTS: Mapping[str, str | Promise] = {
    "promise": gettext_lazy("Promised"),
    "release": gettext_lazy("Released"),
    "freeze": gettext_lazy("Put on hold again"),
    "redeem": gettext_lazy("Taken to be redeemed"),
    "deliver": gettext_lazy("Redeemed"),
    "pay": gettext_lazy("Paid out"),
    "cancel": gettext_lazy("Came back"),
    "take_back": gettext_lazy("Taken back"),
    "give_back": gettext_lazy("Given back"),
    "net": gettext_lazy("Paid what was owed"),
    "write_off": gettext_lazy("Let go of"),
    "expire": gettext_lazy("Expired"),
    "merge": gettext_lazy("Moved to one account"),
    "correct": gettext_lazy("Corrected"),
}
# What is granted and not counted.
GRANTS: Mapping[str, str | Promise] = {
    "discount_code": gettext_lazy("A discount code"),
    "goods": gettext_lazy("Goods"),
    "perk": gettext_lazy("A perk"),
    "badge": gettext_lazy("A badge"),
}


def promise(benefit: Benefit, currency: str, locale: Locale | str) -> str:
    """What somebody gets by it, to stand inside a sentence: `10 % off`, `$15 in credit`, `a bag of beans`."""
    if benefit.kind in IN_WORDS:
        return benefit.words or _("a surprise")
    if benefit.percent is not None:
        return _of_an_order(benefit.kind) % {"share": percent(benefit.percent, locale)}
    if benefit.kind == "discount_code":
        return _("%(amount)s off") % {"amount": brief(benefit, currency, locale)}
    return amount(benefit.fixed or 0, str(benefit.unit(currency)), locale)


def amount(amount: int, unit: str, locale: Locale | str) -> str:
    """So much of a unit, to stand inside a sentence: `$15 in credit`, `250 points`."""
    kinds = {"credit": _("%(amount)s in credit"), "cash": _("%(amount)s in cash"), "points": "%(amount)s"}
    return kinds[Unit.parse(unit).kind] % {"amount": display(amount, unit, locale)}


def given(grant: Grant) -> str:
    """What a grant is: the brand's words for it, or its kind. Reads `plan`."""
    rules = PlanDocument.read(grant.plan.document).all_rules
    told = next((rule.benefit.words for rule in rules if rule.name == grant.rule), "")
    return told or str(GRANTS[grant.kind])


def brief(benefit: Benefit, currency: str, locale: Locale | str) -> str:
    """The same in as few words as there are, for a headline: `10 %`, `$15`."""
    if benefit.kind in IN_WORDS:
        return benefit.words or _("a surprise")
    if benefit.percent is not None:
        return percent(benefit.percent, locale)
    return display(benefit.fixed or 0, benefit.unit(currency) or Unit("cash", currency), locale)


def unit(name: str) -> str:
    """What a unit is called: `Points`, `Credit in USD`."""
    told = Unit.parse(name)
    words = {"points": _("Points"), "credit": _("Credit in %(currency)s"), "cash": _("Cash in %(currency)s")}
    return words[told.kind] % {"currency": told.currency}


def measured(ladder: Ladder, amount: int, currency: str, locale: Locale | str) -> str:
    """An amount of what a ladder counts: `3 orders`, `$120`, `250 points`."""
    if ladder.measure == "referrals":
        count = format_decimal(amount, locale=locale)
        return ngettext("%(count)s recommendation", "%(count)s recommendations", amount) % {"count": count}
    unit = Unit("points") if ladder.measure == "points" else Unit("cash", currency)
    return display(amount, unit, locale)


def times(multiplier: int, locale: Locale | str) -> str:
    """How many times the amount: `1.5`."""
    return str(format_decimal(Decimal(multiplier) / ONCE, locale=locale))


def percent(share: int, locale: Locale | str) -> str:
    """A share in hundredths of a percent for people: `10 %`, `12.5 %`."""
    # Translators: a number and its percent sign, which never part at the end of a line.
    return _("%(number)s\u00a0%%") % {"number": format_decimal(Decimal(share) / 100, locale=locale)}


def _of_an_order(kind: str) -> str:
    return {
        "credit": _("%(share)s of the order in credit"),
        "cash": _("%(share)s of the order in cash"),
        "points": _("%(share)s of the order in points"),
        "discount_code": _("%(share)s off"),
    }[kind]
