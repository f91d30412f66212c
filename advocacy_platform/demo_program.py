"""The demo brand's shop and its program: live, with rules published and discount codes to hand out."""

from dataclasses import replace
from datetime import datetime

from customers import sources
from referrals.design import designing, life
from referrals.models import Program
from rewards import pools
from rewards.plans import PlanDocument

ACTOR = ("command", "load_demo")
CODES = 200


def load(at: datetime) -> Program:
    """Connect the shop, which has no past customers, and let the program go live in it."""
    shop = sources.connect("Halden Shop", ACTOR, at)
    sources.confirm_no_past_customers(shop, ACTOR, at)
    program = designing.create(
        "Give 10 %, get $15",
        currency="USD",
        time_zone="Europe/Oslo",
        destination="https://halden.example/",
        actor=ACTOR,
        at=at,
        utm={"utm_source": "friends", "utm_campaign": "{program}"},
        share_text="This is the coffee I keep talking about. 10 % off your first order:",
    )
    pool = pools.create(program.scheme, "Welcome, 10 % off", ACTOR, at)
    pools.fill(pool, [f"WELCOME-{number:03}" for number in range(1, CODES + 1)], ACTOR, at)
    first = designing.draft(program)
    benefits = (
        replace(each, pool=str(pool.public_id)) if each.when == "before" else each for each in first.plan.benefits
    )
    plan = PlanDocument(tuple(benefits))
    terms = replace(first.terms, minimum_order=3000)
    program = designing.edit(program, terms=terms, plan=plan, upon=first.revision, actor=ACTOR, at=at)
    designing.publish(program, terms, plan, ACTOR, at)
    life.go_live(program, ACTOR, at)
    return program
