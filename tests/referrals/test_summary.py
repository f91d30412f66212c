from dataclasses import replace
from itertools import product

import pytest
from babel import Locale

from referrals.design import summary
from referrals.terms import TermsDocument
from rewards.plans import Benefit, PlanDocument

BEFORE = Benefit("friend", "discount_code", "before", percent=1000)
CODE = Benefit("friend", "discount_code", percent=1000)
CREDIT = Benefit("friend", "credit", fixed=500, hold_days=14)
YOURS = Benefit("advocate", "credit", fixed=1500, hold_days=14)
FIRST = TermsDocument()
OVER = TermsDocument(minimum_order=3000)
MONTHS = TermsDocument(orders="months", order_months=12, minimum_order=3000)
SIGNUP = TermsDocument(orders="none", signup=True)
ALL = TermsDocument(signup=True, qualified_lead=True)
EN = Locale("en")


def say(terms, *benefits, currency="USD", locale=EN):
    return summary.sentence(terms, PlanDocument(benefits), currency, locale).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("terms", "benefits", "sentence"),
    [
        (
            OVER,
            (BEFORE, YOURS),
            "Friends get 10 % off their first order of $30 or more; you get $15 in credit 14 days after it.",
        ),
        (
            FIRST,
            (BEFORE, replace(YOURS, hold_days=0)),
            "Friends get 10 % off their first order; you get $15 in credit for it.",
        ),
        (
            MONTHS,
            (BEFORE, replace(YOURS, hold_days=1)),
            "Friends get 10 % off their first order of $30 or more; you get $15 in credit 1 day after each of their"
            " orders of $30 or more for 12 months.",
        ),
        (
            SIGNUP,
            (BEFORE, replace(YOURS, hold_days=0)),
            "Friends get 10 % off their first order; you get $15 in credit for their sign-up.",
        ),
        (FIRST, (CODE,), "Friends get a code for 10 % off their next order for their first order."),
        (
            SIGNUP,
            (CREDIT, YOURS),
            "Friends get $5 in credit 14 days after their sign-up; you get $15 in credit 14 days after it.",
        ),
        (FIRST, (YOURS,), "You get $15 in credit 14 days after a friend's first order."),
        (OVER, (replace(YOURS, hold_days=0),), "You get $15 in credit for a friend's first order of $30 or more."),
        (
            ALL,
            (YOURS,),
            "You get $15 in credit 14 days after a friend's sign-up, a friend's qualified enquiry, and a friend's first"
            " order.",
        ),
        (
            TermsDocument(orders="months", order_months=1),
            (Benefit("advocate", "cash", percent=500),),
            "You get 5 % of the order in cash for each of a friend's orders for 1 month.",
        ),
        (FIRST, (), "Recommendations are counted, and nobody gets anything for them."),
    ],
)
def test_says_who_gets_what_for_what(terms, benefits, sentence):
    assert say(terms, *benefits) == sentence


def test_writes_amounts_as_the_reader_does():
    said = say(OVER, BEFORE, replace(YOURS, fixed=123450), currency="EUR", locale=Locale("de"))

    assert (
        said == "Friends get 10 % off their first order of 30 € or more; you get 1.234,50 € in credit 14 days after it."
    )


FRIENDS = [
    None,
    BEFORE,
    replace(BEFORE, percent=None, fixed=500),
    CODE,
    CREDIT,
    replace(CREDIT, hold_days=0),
    *(Benefit("friend", kind, fixed=500) for kind in ("cash", "points")),
    *(Benefit("friend", kind, words="a mug") for kind in ("goods", "perk")),
]
ADVOCATES = [
    None,
    YOURS,
    *(
        Benefit("advocate", kind, percent=500, hold_days=days)
        for kind in ("credit", "cash", "points")
        for days in (0, 1)
    ),
    *(Benefit("advocate", kind, words="a mug") for kind in ("goods", "perk")),
    Benefit("advocate", "discount_code", fixed=500),
]
TERMS = [
    TermsDocument(
        signup=signup,
        qualified_lead=lead,
        orders=orders,
        order_months=6 if orders == "months" else None,
        minimum_order=least,
    )
    for signup, lead, orders, least in product((False, True), (False, True), ("none", "first", "months"), (0, 3000))
    if signup or lead or orders != "none"
]


@pytest.mark.parametrize("terms", TERMS)
def test_makes_one_whole_sentence_of_every_combination(terms):
    for friend, advocate in product(FRIENDS, ADVOCATES):
        said = say(terms, *[benefit for benefit in (friend, advocate) if benefit])

        assert said[0].isupper()
        assert said.endswith(".")
        assert "None" not in said
        assert "%(" not in said
        assert "  " not in said
        assert ("$30" in said) == bool(terms.minimum_order and terms.orders != "none" and (friend or advocate))


@pytest.mark.parametrize(
    ("benefits", "headline"),
    [
        ((BEFORE, YOURS), "Give 10 %, get $15"),
        ((YOURS,), "Get $15"),
        ((BEFORE,), "Give 10 %"),
        ((), ""),
    ],
)
def test_says_it_in_a_headline(benefits, headline):
    assert summary.headline(PlanDocument(benefits), "USD", EN).replace("\u00a0", " ") == headline
