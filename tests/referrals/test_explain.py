from datetime import timedelta

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext

from customers.models import Person
from referrals.models import Decision, Verdict
from referrals.tell import explain
from tests.factories import NOON, make_conversion, make_link, make_program, make_touch
from tests.referrals.judging import link_of, name, standing, told, trace

HOUR = timedelta(hours=1)


@pytest.fixture
def program(db, ben, cleo):
    """A program in which Ben and Cleo have links."""
    program = make_program("Give ten", slug="give-ten")
    make_link(program, ben, "BEN42")
    make_link(program, cleo, "CLEO7")
    return program


def decide(program, ben, cleo, **fields):
    """Ben's code won over Cleo's link; the customer had ordered before, and the checks found something."""
    referred = Person.objects.create()
    mine = make_touch(link_of(program, ben), referred, kind="code", at=NOON - HOUR)
    other = make_touch(link_of(program, cleo), referred, at=NOON - 5 * HOUR)
    steps = [
        told("fact", "fact", "reached", NOON, kind="order"),
        told("fact", "fact", "counted", counted=4860, captured=5400, currency="USD"),
        told("fact", "fact", "past_orders", NOON - 90 * HOUR, orders=2, paid=1),
        told("touch", "refused", "lost_precedence", other.touched_at, other),
        told("touch", "taken", "credited", mine.touched_at, mine),
    ]
    fields = {"credited": ben.person, "trace": trace(*steps, same_fingerprint=70), **fields}
    conversion = make_conversion(program, referred=referred, **fields)
    name(conversion, "maria@example.net")
    return standing(conversion)


def page(steps):
    return render_to_string("referrals/explanation.html", {"steps": steps, "title": "", "open": "yes"})


def test_tells_a_manager_every_step_with_names(program, ben, cleo):
    decision = decide(program, ben, cleo, advocate_side="stop", friend_side="stop", state="stopped")

    steps = explain.steps(decision)

    assert [(step.state, step.title, step.code) for step in steps] == [
        ("fact", "The rules of that day: Give ten, version 1.", ""),
        ("fact", "The goal was reached.", "reached"),
        ("fact", "What counts of the order under the terms:", "counted"),
        ("fact", "The customer had ordered before.", "past_orders"),
        ("refused", "Cleo's link was followed.", "lost_precedence"),
        ("taken", "Ben's code was typed.", "credited"),
        ("refused", "The checks add up to 70 for the advocate and 70 for the friend.", ""),
        (
            "fact",
            "70 points: The order was paid by the same means as an earlier order of the advocate's.",
            "same_fingerprint",
        ),
    ]
    assert steps[0].url == "/rules/give-ten/1/"
    assert steps[2].words == "$48.60"
    assert (steps[5].at, steps[5].words) == (NOON - HOUR, "This touch won under the precedence of the terms.")
    assert steps[5].url == "/manage/conversions/?search=BEN42"
    assert steps[7].words == "A family or an office may pay with the same card."


def test_tells_an_advocate_of_nobody_else(program, ben, cleo):
    decision = decide(program, ben, cleo, advocate_side="stop", friend_side="stop", state="stopped")

    steps = explain.steps(decision, for_advocate=ben.person)

    assert [(step.state, step.title) for step in steps] == [
        ("fact", "The rules of that day: Give ten, version 1."),
        ("fact", "Somebody else's recommendation was looked at as well."),
        ("fact", "Your friend took this step."),
        ("taken", "Your friend typed your code."),
        ("fact", "Somebody of us looks at this order before it counts. You need to do nothing."),
    ]


@pytest.mark.parametrize("reader", ["ben", "cleo"])
@pytest.mark.parametrize("sides", ["allow", "stop", "refuse"])
def test_shows_an_advocate_no_name_email_id_or_signal_of_others(program, ben, cleo, reader, sides):
    reader, other = (ben, cleo) if reader == "ben" else (cleo, ben)
    decision = decide(program, ben, cleo, advocate_side=sides, friend_side=sides)
    foreign = [str(touch.public_id) for touch in decision.referred_person.touches.exclude(link__person=reader.person)]

    html = page(explain.steps(decision, for_advocate=reader.person))

    hidden = [
        *(other.display_name, other.username, other.user.email, str(other.person_id), link_of(program, other).code),
        *("maria@example.net", str(decision.referred_person_id), *foreign),
        *("same_fingerprint", "points", "paid by the same means", "past_orders", "$48.60", "/manage/"),
        (NOON - 90 * HOUR).date().isoformat(),
    ]
    assert [word for word in hidden if word in html] == []


def test_tells_who_lost_that_somebody_else_counted(program, ben, cleo):
    decision = decide(program, ben, cleo)

    stopped = decide(program, ben, cleo, advocate_side="stop", friend_side="stop", state="stopped")

    steps = explain.steps(decision, for_advocate=cleo.person)

    assert explain.steps(stopped, for_advocate=cleo.person)[1:3] == steps[1:3]
    assert len(explain.steps(stopped, for_advocate=cleo.person)) == len(steps)
    assert [(step.state, step.title, step.words) for step in steps[1:]] == [
        ("refused", "Somebody else's recommendation counted.", ""),
        ("fact", "Your friend took this step.", ""),
        ("refused", "Your friend followed your link.", "Somebody else's recommendation counted."),
    ]


def test_tells_who_failed_the_checks_how_to_ask_and_not_which(program, ben, cleo):
    touch = make_touch(link_of(program, ben), Person.objects.create(), at=NOON - HOUR)
    steps = [told("touch", "refused", "signals", touch.touched_at, touch), told("rule", "refused", "signals")]
    fields = {"reason": "signals", "trace": trace(*steps, canonical_email=100)}
    decision = standing(make_conversion(program, referred=touch.person, **fields))

    told_to_ben = explain.steps(decision, for_advocate=ben.person)[1:]

    assert [(step.title, step.words, step.url) for step in told_to_ben] == [
        ("Your friend followed your link.", "", ""),
        (
            "This order did not pass our checks.",
            "If you think that this is wrong, tell us, and somebody looks at it.",
            "/claims/file/",
        ),
    ]


def test_says_a_rule_once(program, ben):
    touch = make_touch(link_of(program, ben), Person.objects.create(), at=NOON - HOUR)
    steps = [told("touch", "refused", "below_minimum", NOON, touch), told("rule", "refused", "below_minimum")]
    decision = standing(make_conversion(program, referred=touch.person, trace=trace(*steps)))

    assert [(step.title, step.words) for step in explain.steps(decision)[1:]] == [
        ("Ben's link was followed.", "It would have won."),
        ("What counts of the order is below the minimum.", ""),
    ]
    assert [step.words for step in explain.steps(decision, for_advocate=ben.person)[1:]] == ["", ""]


def test_knows_an_advocate_under_the_id_that_they_were_merged_from(program, ben, cleo, dan):
    decision = decide(program, ben, cleo)
    Person.objects.filter(pk=ben.person_id).update(merged_into=dan.person)

    steps = explain.steps(decision, for_advocate=dan.person)

    assert "Your friend typed your code." in [step.title for step in steps]


def test_tells_an_advocate_what_people_said_of_their_side_only(program, ben, cleo, ada):
    decision = decide(program, ben, cleo, advocate_side="stop", friend_side="stop")
    Verdict.objects.create(decision=decision, side="friend", verdict="refuse", by=ada.user.public_id, at=NOON)
    Verdict.objects.create(decision=decision, side="advocate", verdict="allow", by=ada.user.public_id, at=NOON)
    undone = {"by": "somebody", "at": NOON, "undone_at": NOON}
    Verdict.objects.create(decision=decision, side="advocate", verdict="refuse", **undone)

    theirs = explain.steps(decision, for_advocate=ben.person)

    assert (theirs[-1].state, theirs[-1].title) == ("taken", "Somebody of us looked at it and approved it.")
    assert "Somebody of us looks at this order" not in " ".join(step.title for step in theirs)
    assert [step.title for step in explain.steps(decision)[-2:]] == [
        "Somebody on the staff looked at the friend's side and refused it.",
        "Somebody on the staff looked at the advocate's side and approved it.",
    ]


def test_survives_an_advocate_who_was_erased(program, ben, cleo):
    decision = decide(program, ben, cleo)
    cleo.delete()

    assert "somebody without a name's link was followed." in [step.title for step in explain.steps(decision)]


def test_explains_in_plain_text(program, ben, cleo):
    lines = explain.lines(decide(program, ben, cleo))

    assert lines[0] == "· The rules of that day: Give ten, version 1."
    assert (
        "+ 2026-11-21 11:00:00Z Ben's code was typed. This touch won under the precedence of the terms. (credited)"
        in lines
    )


@pytest.mark.parametrize("masked", [False, True])
def test_costs_the_same_for_many_decisions(program, ben, cleo, masked):
    reader = {"for_advocate": ben.person} if masked else {}
    decide(program, ben, cleo)

    def cost():
        with CaptureQueriesContext(connection) as captured:
            explain.many(list(Decision.objects.all()), **reader)
        return len(captured)

    one = cost()
    for _ in range(3):
        decide(program, ben, cleo)

    assert cost() == one
    assert one <= (5 if masked else 7)
