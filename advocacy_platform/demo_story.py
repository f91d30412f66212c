"""What happened to the demo brand before anybody looked: three friends ordered by Ben's code, one sent half back."""

from datetime import datetime, timedelta

from customers.told import CustomerFact, LineFact, OrderFact, RefundFact
from referrals import intake
from referrals.models import Link, Program
from referrals.touches import Told

# How long the program is live when somebody looks for the first time: an order of its first days has waited its hold.
SINCE = timedelta(days=21)
SHOP = "halden-shop"
# The friend, the order's day counted from the start, its amount in minor units, and what of it went back later.
ORDERS = (("erik", 1, 6200, 0), ("sanne", 3, 4800, 2400), ("luca", 16, 8900, 0))


def load(program: Program, advocate: str, at: datetime) -> None:
    """Tell what the shop would have told; sweeps do the rest as soon as they run."""
    link = Link.objects.get(program=program, person__user__email=advocate)
    for name, day, amount, back in ORDERS:
        ordered_at = at - SINCE + timedelta(days=day)
        order = OrderFact(
            SHOP,
            f"demo-{name}",
            "USD",
            ordered_at,
            (LineFact("1", "goods", amount),),
            customer=CustomerFact(f"demo-{name}", f"{name}@example.org"),
        )
        intake.take_order(order, Told(code=link.code), at)
        if back:
            refund = RefundFact(SHOP, order.key, f"demo-{name}-1", back, ordered_at + timedelta(days=4), "succeeded")
            intake.take_refund(refund, at)
