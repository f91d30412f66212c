"""What the values of terms and plans are called in words: one table for the rules, the diff and the form."""

from collections.abc import Sequence

from babel import Locale
from babel.lists import format_list
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from brand import locales
from referrals.terms import PRESETS, Precedence
from rewards.plans import Benefit
from spine.money import Unit, display

TOUCHES: dict[str, Promise] = {
    "manual": gettext_lazy("a recommendation that we confirmed by hand"),
    "coupon": gettext_lazy("a discount code"),
    "code": gettext_lazy("a code typed at the checkout"),
    "link": gettext_lazy("a visit by a link"),
    "invite": gettext_lazy("an invitation"),
}
LINES: dict[str, Promise] = {
    "goods": gettext_lazy("goods"),
    "tax": gettext_lazy("tax"),
    "shipping": gettext_lazy("shipping"),
    "gift_card": gettext_lazy("gift cards"),
    "credit": gettext_lazy("store credit that was spent"),
    "discount": gettext_lazy("discounts"),
}
# Lines that only ever lower an order's sum.
LOWERING = frozenset(["credit", "discount"])
NEW: dict[str, Promise] = {
    "no_paid_order": gettext_lazy("whoever has not paid for an order before"),
    "no_order": gettext_lazy("whoever has not ordered before"),
    "lapsed": gettext_lazy("whoever has not ordered for a while"),
    "anyone": gettext_lazy("anyone"),
}
KINDS: dict[str, Promise] = {
    "credit": gettext_lazy("Store credit"),
    "cash": gettext_lazy("Cash"),
    "points": gettext_lazy("Points"),
    "discount_code": gettext_lazy("A discount code"),
    "goods": gettext_lazy("Goods"),
    "perk": gettext_lazy("A perk"),
    "badge": gettext_lazy("A badge"),
}
PRESET_NAMES: dict[str, Promise] = {
    "last_touch": gettext_lazy("the last recommendation wins"),
    "first_touch": gettext_lazy("the first recommendation wins"),
    "code_beats_link": gettext_lazy("a code beats a link, and of each the last one wins"),
}


def amount(minor: int | None, currency: str) -> str:
    """An amount of the program's currency; no limit for None, nothing for 0."""
    if minor is None:
        return _("no limit")
    return display(minor, Unit("cash", currency), locales.active()) if minor else _("nothing")


def days(count: int) -> str:
    """A number of days."""
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}


def months(count: int | None) -> str:
    """A number of months."""
    if count is None:
        return _("no time")
    return ngettext("%(count)s month", "%(count)s months", count) % {"count": count}


def most(count: int | None) -> str:
    """A cap."""
    return _("no limit") if count is None else str(count)


def precedence(order: Precedence) -> str:
    """Which recommendation wins: the preset's name, or the groups one after another."""
    for name, preset in PRESETS.items():
        if order == preset:
            return str(PRESET_NAMES[name])
    groups = [
        format_list([str(TOUCHES[kind]) for kind in group], style="or", locale=_locale()) for group in order.groups
    ]
    if order.pick == "first":
        return _("%(groups)s, and of each the first one") % {"groups": _(", else ").join(groups)}
    return _("%(groups)s, and of each the last one") % {"groups": _(", else ").join(groups)}


def lines(kinds: Sequence[str]) -> str:
    """What of an order counts; what lowers it comes last: "goods, less discounts"."""
    counted, less = (
        format_list([str(LINES[kind]) for kind in kinds if (kind in LOWERING) == lowers], locale=_locale())
        for lowers in (False, True)
    )
    return _("%(counted)s, less %(less)s") % {"counted": counted, "less": less} if counted and less else counted or less


def countries(codes: Sequence[str]) -> str:
    """Where advocates may live."""
    if not codes:
        return _("anywhere")
    names = _locale().territories
    return format_list([names.get(code, code) for code in codes], style="or", locale=_locale())


def limits(benefit: Benefit, currency: str) -> dict[str, str]:
    """The least and the most that a share comes to, in words."""
    unit = benefit.unit(currency) or Unit("cash", currency)
    least, most = (
        display(limit, unit, locales.active()) if limit is not None else None
        for limit in (benefit.minimum, benefit.maximum)
    )
    return {"least": least or _("nothing"), "most": most or _("any amount")}


def expiry(benefit: Benefit) -> str:
    """How long it can be used."""
    if benefit.expiry_days is None:
        return _("What is available can be used for ever.")
    return _("What is available can be used for %(days)s, then it expires.") % {"days": days(benefit.expiry_days)}


def hold_from(benefit: Benefit) -> str:
    """What its wait counts from."""
    if benefit.hold_from == "capture":
        return _("The wait begins when the order's money has come.")
    return _("The wait begins with the order.")


def approval(benefit: Benefit) -> str:
    """Whether a person looks at it."""
    return _("One of us looks at it before it is free.") if benefit.needs_approval else _("Nobody has to approve it.")


def clawback(benefit: Benefit) -> str:
    """What becomes of something given when the order is paid back."""
    if benefit.clawback == "keep":
        return _("What was given may be kept when the order is paid back.")
    return _("What was given is taken back when the whole order is paid back.")


def _locale() -> Locale:
    return locales.active()
