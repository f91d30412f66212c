"""A program and its draft as the form of its design shows them."""

from typing import Any

from referrals.design import designing
from referrals.models import Program
from referrals.terms import PRESETS
from rewards.plans import Benefit
from spine import money

CUSTOM = "custom"
# What the terms take over from the fields as it stands.
PLAIN = (
    *("window_days", "new_customer", "signup", "qualified_lead", "orders", "cap_per_advocate", "cap_total"),
    *("stop_at", "refuse_at", "second_pair_above"),
)
COLUMNS = (
    *("name", "currency", "time_zone", "destination", "hosts", "utm", "share_text", "disclosure", "asks_consent"),
)


def written(program: Program) -> dict[str, Any]:
    """The program's row and draft, as the form's fields show them."""
    draft = designing.draft(program)
    terms, currency = draft.terms, program.currency
    preset = next((name for name, order in PRESETS.items() if order == terms.precedence), CUSTOM)
    return {
        **{name: getattr(terms, name) for name in PLAIN},
        **_benefit_written("friend", draft.plan.of("friend"), currency),
        **_benefit_written("advocate", draft.plan.of("advocate"), currency),
        "precedence": preset,
        "groups": "\n".join(", ".join(group) for group in terms.precedence.groups),
        "pick": terms.precedence.pick,
        "lapsed_months": terms.lapsed_months,
        "order_months": terms.order_months,
        "countries": ", ".join(terms.countries),
        "minimum_order": _amount_written(terms.minimum_order or None, currency),
        "second_pair_above": _amount_written(terms.second_pair_above, currency),
        "counts": list(terms.counts),
        **{name: getattr(program, name) for name in COLUMNS},
        "hosts": "\n".join(program.hosts),
        "utm": "\n".join(f"{name}={value}" for name, value in program.utm.items()),
        "revision": draft.revision,
    }


def _benefit_written(side: str, benefit: Benefit | None, currency: str) -> dict[str, Any]:
    if benefit is None:
        return {f"{side}_kind": "", f"{side}_hold": 14}
    return {
        f"{side}_kind": benefit.kind,
        f"{side}_worth": _worth_written(benefit, currency),
        f"{side}_words": benefit.words,
        f"{side}_hold": benefit.hold_days,
        f"{side}_when": benefit.when,
        f"{side}_pool": benefit.pool or "",
    }


def _worth_written(benefit: Benefit, currency: str) -> str:
    if benefit.percent is not None:
        return f"{benefit.percent / 100:g} %"
    if benefit.kind == "points":
        return str(benefit.fixed)
    return _amount_written(benefit.fixed, currency)


def _amount_written(minor: int | None, currency: str) -> str:
    return "" if minor is None else str(money.to_major(minor, currency))
