"""A small world of orders, refunds and disputes that earn rewards, told through the one way in for facts."""

from datetime import datetime, timedelta
from typing import Any

from advocates.models import Advocate
from customers.models import Person
from customers.told import CustomerFact, DisputeFact, LineFact, OrderFact, RefundFact
from referrals import intake
from referrals.decide import attribution
from referrals.models import Link
from referrals.touches import Told
from rewards import awards, climbing, granting, releasing
from rewards.models import Account, Reward
from rewards.plans import Benefit, PlanDocument
from tests.factories import NOON, make_link, make_program, make_source

DAY = timedelta(days=1)
SHARE = PlanDocument((Benefit("advocate", "credit", percent=1000, hold_days=14),))


def open_program(advocate: Advocate, plan: PlanDocument = SHARE, **terms: Any) -> Link:
    """A live program with a link of the advocate's, and a shop that sells."""
    make_source()
    return make_link(make_program(plan=plan, **terms), advocate, "BEN42")


def order(key: str = "1001", amount: int = 10_000, *, at: datetime = NOON, **fields: Any) -> None:
    """An order of a friend's, by the code, and what follows from it."""
    fields.setdefault("customer", CustomerFact(f"c-{key}"))
    fields.setdefault("currency", "USD")
    fields.setdefault("lines", (LineFact("1", "goods", amount),))
    told = Told(code=fields.pop("code", "BEN42"), coupon=fields.pop("coupon", ""))
    intake.take_order(OrderFact("shop", key, placed_at=at, **fields), told, at)
    follow(at)


def refund(
    key: str, amount: int, *, of: str = "1001", at: datetime = NOON, status: str = "succeeded", **fields: Any
) -> None:
    """Money paid back, and what follows from it."""
    intake.take_refund(RefundFact("shop", of, key, amount, at, status, **fields), at)
    follow(at)


def dispute(status: str, key: str = "d-1", *, of: str = "1001", at: datetime = NOON, **fields: Any) -> None:
    """What a bank says, and what follows from it."""
    intake.take_dispute(DisputeFact("shop", of, key, at, status, **fields), at)
    follow(at)


def follow(at: datetime) -> None:
    """Every sweep of the way from a fact to a reward, until nothing is due any more."""
    for _round in range(10):
        sweeps = (attribution.decide_due, awards.award_due, releasing.release_due, granting.grant_due)
        if not sum(sweep(at) for sweep in (*sweeps, climbing.climb_due)):
            return
    raise AssertionError("the sweeps never come to rest")


def balances(person: Person, unit: str = "credit:USD") -> dict[str, int]:
    """What the person has in each kind of account, where there is anything."""
    found = Account.objects.filter(person=person, unit=unit).values_list("kind", "balance")
    return {kind: balance for kind, balance in found if balance}


def taken_back() -> list[int]:
    """How much of each reward was taken back, in the order of the promises."""
    return [reward.taken_back for reward in Reward.objects.order_by("pk")]
