"""What people of the demo brand can take for what they earned."""

from datetime import datetime

from referrals.models import Program
from rewards import pools
from rewards.catalogue import items
from rewards.models import Item

ACTOR = ("command", "load_demo")


def load(program: Program, at: datetime) -> None:
    """Three things: a code, a parcel and an afternoon."""
    pool = pools.create(program.scheme, "Free shipping", ACTOR, at)
    pools.fill(pool, [f"SHIP-{number:03}" for number in range(1, 81)], ACTOR, at)
    common = {"unit": "credit:USD", "currency": "USD"}
    for item in (
        Item(
            kind=Item.Kind.DISCOUNT_CODE, name="Free shipping, once", pool=pool, price=500, cost=490,
            words="A code for the checkout. It works for any order, and it does not expire.", **common,
        ),
        Item(
            kind=Item.Kind.GOODS, name="Two bags of the month's roast", price=1500, cost=900, stock=40,
            needs_address=True, countries=["DE", "DK", "GB", "NO", "SE", "US"],
            words="Roasted on Monday, with you by the end of the week. 2 x 250 g, whole beans.", **common,
        ),
        Item(
            kind=Item.Kind.PERK, name="An afternoon at the roastery", price=4000, cost=2500, stock=6,
            words="Taste what comes next with Liv, who roasts it. In Halden, on a day that suits you both.", **common,
        ),
    ):  # fmt: skip
        items.offer(items.save(item, None, ACTOR, at), ACTOR, at)
