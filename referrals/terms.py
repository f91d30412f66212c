"""What a program's terms say: a document with a schema version, read into frozen values."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

from django.utils.translation import gettext_lazy as _

from spine.refusal import Refusal

SCHEMA = 1
KINDS = ("manual", "coupon", "code", "link", "invite")
LINE_KINDS = ("goods", "tax", "shipping", "gift_card", "credit", "discount")
Pick = Literal["first", "last"]
NewCustomer = Literal["no_paid_order", "no_order", "lapsed", "anyone"]
Orders = Literal["none", "first", "months"]


class BadTerms(Refusal):
    """Terms that contradict themselves or say nothing that can be decided by."""

    code = "bad_terms"
    status = 422
    sentence = _("These terms can't be decided by: %(why)s")


@dataclass(frozen=True)
class Precedence:
    """Which touch wins: the first group of kinds that has one, and in it the first or the last touch."""

    groups: tuple[tuple[str, ...], ...]
    pick: Pick

    def __post_init__(self) -> None:
        named = [kind for group in self.groups for kind in group]
        if sorted(named) != sorted(KINDS) or self.pick not in ("first", "last"):
            raise BadTerms(why="each kind of touch stands in its precedence once.")


PRESETS = {
    "last_touch": Precedence((("manual",), ("coupon", "code", "link", "invite")), "last"),
    "first_touch": Precedence((("manual",), ("coupon", "code", "link", "invite")), "first"),
    "code_beats_link": Precedence((("manual",), ("coupon", "code"), ("link", "invite")), "last"),
}


@dataclass(frozen=True)
class TermsDocument:
    """Who is credited for what. Amounts are minor units of the program's currency; None is "no limit"."""

    window_days: int = 30
    precedence: Precedence = PRESETS["last_touch"]
    new_customer: NewCustomer = "no_paid_order"
    # With `lapsed`: somebody whose last order is longer ago counts as new again.
    lapsed_months: int | None = None
    signup: bool = False
    qualified_lead: bool = False
    orders: Orders = "first"
    # With `months`: every order until so long after the first one that was credited.
    order_months: int | None = None
    minimum_order: int = 0
    # The kinds of order lines that count. Discounts and spent credit lower what counts, so they are counted as well.
    counts: tuple[str, ...] = ("goods", "credit", "discount")
    cap_per_advocate: int | None = None
    cap_total: int | None = None
    # Where advocates may live; empty: anywhere.
    countries: tuple[str, ...] = ()
    # From which score on a side waits for a person, and from which it is refused.
    stop_at: int = 50
    refuse_at: int = 100
    # Above this counted amount a stopped conversion needs two people.
    second_pair_above: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.window_days <= 730:
            raise BadTerms(why="the window is 1 to 730 days.")
        if self.new_customer not in ("no_paid_order", "no_order", "lapsed", "anyone"):
            raise BadTerms(why="it does not say who is new.")
        if (self.new_customer == "lapsed") != (self.lapsed_months is not None):
            raise BadTerms(why="it names months for those who come back, or nobody comes back.")
        if self.orders not in ("none", "first", "months") or (self.orders == "months") != bool(self.order_months):
            raise BadTerms(why="it does not say which orders count.")
        if not (self.signup or self.qualified_lead or self.orders != "none"):
            raise BadTerms(why="nothing counts.")
        if not self.counts or set(self.counts) - set(LINE_KINDS):
            raise BadTerms(why="it does not say what of an order counts.")
        if self.minimum_order < 0 or not 0 < self.stop_at <= self.refuse_at:
            raise BadTerms(why="a limit is below nothing, or checks come after refusals.")
        for most in (self.cap_per_advocate, self.cap_total, self.lapsed_months, self.order_months):
            if most is not None and most < 1:
                raise BadTerms(why="a limit of nothing is none.")

    @classmethod
    def read(cls, document: dict[str, Any]) -> Self:
        """Raises BadTerms."""
        told = dict(document)
        if told.pop("schema", None) != SCHEMA:
            raise BadTerms(why="its schema is not known here.")
        try:
            precedence = told.pop("precedence")
            groups = tuple(tuple(group) for group in precedence["groups"])
            for name in ("counts", "countries"):
                told[name] = tuple(told[name])
            return cls(**told, precedence=Precedence(groups, precedence["pick"]))
        except (KeyError, TypeError) as malformed:
            raise BadTerms(why="it can't be read.") from malformed

    def written(self) -> dict[str, Any]:
        """The document that `read` reads, as JSON has it."""
        told = asdict(self)
        told["precedence"]["groups"] = [list(group) for group in self.precedence.groups]
        return {"schema": SCHEMA, **told, "counts": list(self.counts), "countries": list(self.countries)}

    def with_preset(self, name: str) -> Self:
        """The same terms under one of the presets of precedence."""
        return replace(self, precedence=PRESETS[name])
