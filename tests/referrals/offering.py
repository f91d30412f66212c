"""A program whose friends need their discount at their first order, and codes for them."""

from advocates.models import Advocate
from referrals.models import Link
from referrals.terms import TermsDocument
from rewards import pools
from rewards.plans import Benefit, PlanDocument
from tests.factories import NOON, TERMS, make_link, make_program, make_terms


def make_offer(advocate: Advocate, *texts: str, terms: TermsDocument = TERMS, **fields) -> Link:
    """The advocate's link BEN42 in a live program with these discount codes in its pool."""
    program = make_program(terms=None, **fields)
    pool = pools.create(program.scheme, "Ten off", ("user", "u-1"), NOON)
    if texts:
        pools.fill(pool, texts, ("user", "u-1"), NOON)
    benefit = Benefit("friend", "discount_code", when="before", percent=1000, pool=str(pool.public_id))
    make_terms(program, terms, PlanDocument((benefit,)))
    return make_link(program, advocate, "BEN42")
