from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from referrals.design import rules
from referrals.terms import TermsDocument
from rewards.plans import Benefit, PlanDocument
from tests.factories import LONG_AGO, PLAN, TERMS, make_program, make_terms


def address(program, version=None):
    if version is None:
        return reverse("referrals:rules", args=[program.slug])
    return reverse("referrals:rules_version", args=[program.slug, version])


def say(program, terms, plan=PLAN):
    return {section.key: " ".join(section.sentences) for section in rules.read(program, terms, plan)}


def test_shows_the_rules_in_force_with_their_version_and_date(client, db):
    program = make_program()

    page = client.get(address(program))

    assert page.status_code == 200
    assert "Version 1, published on Jan. 1, 2026." in page.text
    assert "Friends get 10\u00a0% off their first order; you get $15 in credit 14 days after it." in page.text
    assert "#ad" in page.text


def test_links_earlier_versions_and_says_that_they_are_earlier(client, db):
    program = make_program()
    make_terms(program, replace(TERMS, window_days=60), at=LONG_AGO + timedelta(days=1))

    now, then = client.get(address(program)), client.get(address(program, 1))

    assert f'href="{address(program, 1)}"' in now.text
    assert "60 days" in now.text
    assert "30 days" in then.text
    assert "This version holds for orders placed while it was in force." in then.text
    assert "This version holds" not in now.text


@pytest.mark.parametrize("version", [None, 1])
def test_hides_the_rules_of_a_draft(client, db, version):
    assert client.get(address(make_program(state="draft"), version)).status_code == 404


def test_knows_no_other_version_or_program(client, db):
    program = make_program()

    assert client.get(address(program, 2)).status_code == 404
    assert client.get(address(program, 99_999_999_999_999_999_999)).status_code == 404
    assert client.get("/rules/nothing/").status_code == 404


@pytest.mark.parametrize(
    ("state", "words"),
    [("paused", "The program is paused"), ("ended", "The program ended on"), ("scheduled", "has not begun yet")],
)
def test_says_where_the_program_stands(client, db, state, words):
    assert words in client.get(address(make_program(state=state))).text


def test_costs_the_same_however_many_versions_there_are(client, db, django_assert_num_queries):
    few, many = make_program(), make_program()
    for days in range(40, 50):
        make_terms(many, replace(TERMS, window_days=days))
    client.get(address(few))

    with django_assert_num_queries(4):
        client.get(address(few))
    with django_assert_num_queries(4):
        client.get(address(many))


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"new_customer": "anyone"}, "new", "Anyone counts, also those who ordered from us before."),
        ({"new_customer": "no_order"}, "new", "have not ordered from us before"),
        ({"new_customer": "lapsed", "lapsed_months": 6}, "new", "not for 6 months"),
        ({"window_days": 1}, "window", "has 1 day after"),
        ({"orders": "months", "order_months": 12}, "goals", "Later orders count for 12 months"),
        ({"orders": "months", "order_months": 12}, "time", "later orders keep the rules of their first one"),
        ({"orders": "none", "signup": True}, "goals", "What counts: a friend's sign-up."),
        ({"minimum_order": 3000}, "goals", "What counts of it must come to at least $30."),
        ({"counts": ("goods", "tax", "shipping")}, "goals", "Of an order we count goods, tax, and shipping."),
        ({"cap_per_advocate": 1}, "limits", "At most 1 recommendation of yours counts."),
        ({"cap_total": 500}, "limits", "At most 500 recommendations count in all"),
        ({"countries": ("NO",)}, "limits", "advocates who live in Norway"),
        ({}, "limits", "There is no limit"),
        ({"stop_at": 10, "refuse_at": 20}, "checks", "waits until one of us has looked at it"),
    ],
)
def test_says_each_term_in_plain_words(db, changes, key, words):
    program = make_program()

    assert words in say(program, TermsDocument(**changes))[key]


def test_keeps_the_scores_to_itself(db):
    said = say(make_program(), TermsDocument(stop_at=777, refuse_at=888, second_pair_above=99_900))

    assert not any(number in " ".join(said.values()) for number in ("777", "888", "999"))


def test_says_what_the_friend_waits_for(db):
    plan = PlanDocument((Benefit("friend", "credit", fixed=500, hold_days=1),))

    assert "What your friend gets waits 1 day" in say(make_program(), TERMS, plan)["offer"]


def test_asks_for_no_mark_where_the_program_has_none(db):
    assert "end with" not in say(make_program(disclosure=""), TERMS)["honesty"]
