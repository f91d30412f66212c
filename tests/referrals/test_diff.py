from dataclasses import fields, replace

import pytest

from referrals.design import diff, rules
from referrals.terms import PRESETS, Precedence, TermsDocument
from rewards.plans import Benefit, PlanDocument
from tests.factories import PLAN, TERMS, make_program, make_terms

OWN = Precedence((("invite",), ("link", "code"), ("coupon",), ("manual",)), "first")
# One change of each field, with the sentence that tells of it.
CHANGES = {
    "window_days": (60, "The window goes from 30 to 60 days."),
    "precedence": (
        PRESETS["first_touch"],
        "Whose recommendation counts: until now the last recommendation wins;"
        " from now on the first recommendation wins.",
    ),
    "new_customer": (
        "anyone",
        "Who counts as new: until now whoever has not paid for an order before; from now on anyone.",
    ),
    "signup": (True, "A friend's sign-up: until now it does not count; from now on it counts."),
    "qualified_lead": (True, "A friend's qualified enquiry: until now it does not count; from now on it counts."),
    "minimum_order": (3000, "The minimum order goes from nothing to $30."),
    "counts": (
        ("goods",),
        "What of an order counts: until now goods, less store credit that was spent and discounts; from now on goods.",
    ),
    "cap_per_advocate": (5, "How many recommendations count for one advocate goes from no limit to 5."),
    "cap_total": (500, "How many recommendations count in all goes from no limit to 500."),
    "countries": (("NO", "SE"), "Where advocates may live: until now anywhere; from now on Norway or Sweden."),
    "stop_at": (40, "The score at which somebody looks at a recommendation goes from 50 to 40."),
    "refuse_at": (90, "The score at which a recommendation is refused goes from 100 to 90."),
    "second_pair_above": (
        100_00,
        "The amount above which two people look at a stopped order goes from no limit to $100.",
    ),
}


def told(terms, plan=PLAN, before=TERMS, was=PLAN):
    old = make_terms(make_program(terms=None), before, was)
    return [line.replace("\u00a0", " ") for line in diff.from_published(old, terms, plan, "USD")]


@pytest.mark.parametrize("name", CHANGES)
def test_tells_of_a_changed_field_in_a_sentence(db, name):
    value, sentence = CHANGES[name]

    assert told(replace(TERMS, **{name: value})) == [sentence]


def test_tells_of_fields_that_change_together(db):
    assert told(replace(TERMS, orders="months", order_months=12)) == [
        "Which of a friend's orders count: until now the first one; from now on every one for a while.",
        "For how long a friend's later orders count: until now no time; from now on 12 months.",
    ]
    assert told(replace(TERMS, new_customer="lapsed", lapsed_months=6))[1] == (
        "How long ago the last order of a returning customer must be: until now no time; now 6 months."
    )


def test_tells_of_an_order_of_ones_own(db):
    assert told(replace(TERMS, precedence=OWN)) == [
        "Whose recommendation counts: until now the last recommendation wins; from now on an invitation, else a visit"
        " by a link or a code typed at the checkout, else a discount code, else a recommendation that we confirmed"
        " by hand, and of each the first one."
    ]


ADVOCATE, FRIEND = PLAN.benefits


@pytest.mark.parametrize(
    ("benefits", "sentences"),
    [
        ((replace(ADVOCATE, fixed=2000), FRIEND), ["You get $20 in credit instead of $15 in credit."]),
        ((replace(ADVOCATE, kind="cash"), FRIEND), ["You get $15 in cash instead of $15 in credit."]),
        ((replace(ADVOCATE, hold_days=30), FRIEND), ["What you get comes after 30 days instead of 14 days."]),
        (
            (replace(ADVOCATE, fixed=None, percent=500), FRIEND),
            ["You get 5 % of the order in credit instead of $15 in credit."],
        ),
        ((ADVOCATE, replace(FRIEND, percent=2000)), ["Friends get 20 % off instead of 10 % off."]),
        ((ADVOCATE, replace(FRIEND, when="after")), ["Friends get it after they ordered, and no longer before."]),
        ((ADVOCATE, replace(FRIEND, pool="p")), ["Discount codes come from another pool."]),
        ((FRIEND,), ["You no longer get $15 in credit."]),
        ((ADVOCATE,), ["Friends no longer get 10 % off."]),
        ((ADVOCATE, FRIEND), []),
    ],
)
def test_tells_of_what_people_get(db, benefits, sentences):
    assert told(TERMS, PlanDocument(benefits)) == sentences


def test_tells_of_what_is_new(db):
    assert told(TERMS, PLAN, was=PlanDocument()) == [
        "Friends get 10 % off from now on.",
        "You get $15 in credit from now on.",
    ]


def test_keeps_the_scores_from_advocates(db):
    program = make_program()
    second = make_terms(program, replace(TERMS, stop_at=40, refuse_at=90, second_pair_above=1, window_days=60))

    assert diff.between(program.terms.get(version=1), second, "USD") == ["The window goes from 30 to 60 days."]


def test_has_words_for_every_field():
    terms = {field.name for field in fields(TermsDocument)}
    benefit = {field.name for field in fields(Benefit)}

    assert set(diff.TERMS) == terms
    assert set(diff.BENEFIT) == benefit
    assert {name for chapter in rules.CHAPTERS for name in chapter.terms} == terms
    assert {name for chapter in rules.CHAPTERS for name in chapter.benefit} == benefit
    assert set(CHANGES) | {"orders", "order_months", "lapsed_months"} == terms
