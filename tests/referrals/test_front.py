from dataclasses import replace

import pytest
from django.urls import reverse

from referrals.pages import front
from rewards.plans import PlanDocument
from tests.factories import NOON, PLAN, TERMS, make_program

LANDING = reverse("landing")


def test_promises_what_the_live_program_gives(client, db):
    terms = replace(TERMS, cap_per_advocate=10, cap_total=500, window_days=60)
    program = make_program(terms=terms)
    make_program()

    page = client.get(LANDING)

    assert page.context["promise"].program == program
    assert "Give 10\u00a0%, get $15" in page.text
    assert f'href="{reverse("referrals:rules", args=[program.slug])}"' in page.text
    assert page.context["promise"].print == [
        "Your reward comes 14 days after the order, in case it is sent back.",
        "At most 10 recommendations count for one person.",
        "The first 500 recommendations count in all.",
        "Who counts: whoever has not paid for an order before.",
        "A recommendation holds for 60 days.",
    ]


@pytest.mark.parametrize("state", ["draft", "scheduled", "paused", "ended"])
def test_promises_nothing_without_a_live_program(client, db, state):
    make_program(state=state)

    page = client.get(LANDING)

    assert page.context["promise"] is None
    assert "Joining is free" in page.text


def test_passes_over_a_program_that_gives_nothing(db):
    make_program(plan=PlanDocument())
    giving = make_program(plan=PLAN)

    assert front.promise(NOON).program == giving


def test_costs_the_same_with_more_programs(client, db, django_assert_max_num_queries):
    for _number in range(4):
        make_program()

    with django_assert_max_num_queries(5):
        client.get(LANDING)
