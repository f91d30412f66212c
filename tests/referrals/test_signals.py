from dataclasses import replace
from datetime import timedelta

import pytest

from customers.told import CustomerFact
from referrals.decide import signals
from referrals.decide.signals import POINTS, VELOCITY, Evidence
from referrals.models import Conversion
from referrals.reasons import SIGNALS
from referrals.touches import Told
from tests.factories import NOON, TERMS, make_advocate, make_link, make_program, make_source, make_user
from tests.referrals.cast import DAY, HOUR, MINUTE, conversion, customer, decide, order, said, standing, tell

BEN42 = Told(code="BEN42")


@pytest.fixture
def program(db):
    make_source("shop")
    return make_program()


@pytest.fixture
def ben_link(program):
    return make_link(program, make_advocate("ben", user=make_user("b.en@gmail.com")), "BEN42")


def hits(key="1001"):
    """The signals that the standing decision names, for each side."""
    told = standing(key).trace["signals"]
    return [{each["name"]: each["points"] for each in told[side]} for side in ("advocate", "friend")]


def sides(key="1001"):
    return conversion(key).advocate_side, conversion(key).friend_side


def names(**evidence):
    return [signal.name for signal in signals.read(Evidence(**evidence))]


def test_finds_nothing_in_nothing():
    assert names() == []
    assert names(customer_addresses={"a"}, advocate_addresses={"b"}, customer_mailboxes={"c"}, domain="gmail.com") == []


@pytest.mark.parametrize(
    ("evidence", "name"),
    [
        ({"customer_mailboxes": {"m"}, "advocate_mailboxes": {"m", "n"}}, "canonical_email"),
        ({"customer_keys": {(1, "c-9")}, "advocate_keys": {(2, "c-9")}}, "same_customer"),
        ({"same_fingerprint": "order"}, "same_fingerprint"),
        ({"domain": "mailinator.com"}, "disposable_domain"),
        ({"domain": "eu.Mailinator.com"}, "disposable_domain"),
        ({"cycle": 3}, "cycle"),
    ],
)
def test_names_what_it_sees_and_adds_its_points(evidence, name):
    (signal,) = signals.read(Evidence(**evidence))

    assert (signal.name, signal.advocate, signal.friend) == (name, POINTS[name].advocate, POINTS[name].friend)


@pytest.mark.parametrize(
    ("name", "field", "count", "points"),
    [
        ("velocity_advocate", "credited", 9, None),
        ("velocity_advocate", "credited", 10, 20),
        ("velocity_advocate", "credited", 24, 20),
        ("velocity_advocate", "credited", 25, 50),
        ("velocity_code", "credited_by_code", 9, None),
        ("velocity_code", "credited_by_code", 10, 10),
        ("velocity_code", "credited_by_code", 400, 25),
    ],
)
def test_counts_what_comes_fast_against_the_advocate_alone(name, field, count, points):
    found = {each.name: (each.advocate, each.friend) for each in signals.read(Evidence(**{field: count}))}

    assert found == ({name: (points, 0)} if points else {})


def test_has_an_innocent_explanation_for_each():
    assert all(str(SIGNALS[name].innocent) and str(SIGNALS[name].to_manager) for name in (*POINTS, *VELOCITY))


def test_looks_at_no_address_of_any_machine():
    assert not [name for name in Evidence.__annotations__ if "ip" in name.split("_") or "network" in name]


@pytest.mark.parametrize("email", ["ben@gmail.com", "B.E.N@gmail.com", "be.n+new@googlemail.com"])
def test_refuses_the_advocates_mailbox_under_another_spelling(ben_link, email):
    tell(order(by=customer("x", email)), BEN42)

    decide()

    assert said() == ("refused", "signals", None)
    assert hits() == [{"canonical_email": 100}] * 2


def test_stops_a_disposable_address(ben_link):
    tell(order(by=customer("x", "x@mailinator.com")), BEN42)

    decide()

    assert (said()[0], sides()) == ("stopped", ("stop", "stop"))
    assert hits() == [{"disposable_domain": 50}] * 2


def test_stops_what_is_paid_by_the_advocates_own_means(ben_link):
    own = customer("b", "b.en@gmail.com")
    tell(order("own", at=NOON - 9 * DAY, by=own, payment_fingerprint="visa 4242"))
    tell(order(payment_fingerprint="visa 4242"), BEN42)
    tell(order("other", by="eve", payment_fingerprint="visa 1111"), BEN42)

    decide()

    assert sides() == ("stop", "stop")
    assert hits() == [{"same_fingerprint": 70}] * 2
    assert sides("other") == ("allow", "allow")


def test_does_not_look_at_means_of_payment_of_later_orders(ben_link):
    tell(order("own", at=NOON - MINUTE, by=customer("b", "b.en@gmail.com"), payment_fingerprint="visa 4242"))
    tell(order(at=NOON - HOUR, payment_fingerprint="visa 4242"), BEN42)

    decide()

    assert sides() == ("allow", "allow")


# Scenario 12, the family: one household, one shop, other means of payment.
def test_lets_a_family_pass(ben_link):
    tell(order("own", at=NOON - 9 * DAY, by=customer("b", "b.en@gmail.com"), payment_fingerprint="visa 4242"))
    tell(order(by=customer("wife", "anna@gmail.com"), payment_fingerprint="visa 1111"), BEN42)
    tell(order("1002", by=customer("son", "tom@gmail.com"), payment_fingerprint="visa 2222"), BEN42)

    decide()

    assert [said(key)[0] for key in ("1001", "1002")] == ["credited"] * 2
    assert hits() == hits("1002") == [{}, {}]


def test_stops_who_has_the_advocates_number_in_another_shop(ben_link):
    make_source("other")
    own = order("own", at=NOON - 9 * DAY, by=customer("c-9", "b.en@gmail.com"))
    tell(replace(own, source="other"))
    tell(order(by=customer("c-9", "dan@example.com")), BEN42)

    decide()

    assert hits() == [{"same_customer": 50}] * 2


def cast_of(program, *people):
    """Advocates who also buy, each under a record of the shop's that no id joins to them."""
    for name in people:
        make_link(program, make_advocate(name, user=make_user(f"{name}@example.com")), f"{name.upper()}42")


def refer(key, advocate, friend, at):
    """The friend orders with the advocate's code; told before anybody could know the friend as a user."""
    who = CustomerFact(f"c-{friend}", f"{friend}@example.com")
    tell(order(key, at=at, by=who), Told(code=f"{advocate.upper()}42"), at=at)
    decide(at)


# Scenario 12, the circle.
@pytest.mark.parametrize("length", [2, 3, 4, 9])
def test_stops_a_circle_of_any_length(program, length):
    people = [f"p{number}" for number in range(length)]
    cast_of(program, *people)
    for number in range(length - 1):
        refer(f"o-{number}", people[number], people[number + 1], NOON - 9 * DAY + number * HOUR)

    refer("last", people[-1], people[0], NOON - DAY)

    assert [said(f"o-{number}")[0] for number in range(length - 1)] == ["credited"] * (length - 1)
    assert (said("last")[0], sides("last")) == ("stopped", ("stop", "stop"))
    assert hits("last") == [{"cycle": 60}] * 2
    assert standing("last").trace["signals"]["friend"][0]["facts"] == {"people": length}


def test_sees_a_circle_that_closes_within_one_batch(program):
    cast_of(program, "a", "b", "c")
    for number, (advocate, friend) in enumerate([("a", "b"), ("b", "c"), ("c", "a")]):
        who = CustomerFact(f"c-{friend}", f"{friend}@example.com")
        tell(order(f"o-{number}", at=NOON - DAY + number * HOUR, by=who), Told(code=f"{advocate.upper()}42"))

    decide()

    assert [said(f"o-{number}")[0] for number in range(3)] == ["credited", "credited", "stopped"]


def test_takes_no_chain_for_a_circle(program):
    cast_of(program, "a", "b", "c", "d")
    refer("o-1", "a", "b", NOON - 9 * DAY)
    refer("o-2", "b", "c", NOON - 8 * DAY)
    refer("o-3", "a", "d", NOON - 7 * DAY)

    assert [said(f"o-{number}")[0] for number in (1, 2, 3)] == ["credited"] * 3


def test_sees_a_circle_of_people_whom_the_shop_knew_before_they_joined(program):
    cast_of(program, "a")
    refer("o-1", "a", "b", NOON - 9 * DAY)
    cast_of(program, "b")

    refer("o-2", "b", "a", NOON - 8 * DAY)

    assert Conversion.objects.get(order__key="o-1").referred_person != make_person_of(program, "B42")
    assert said("o-2")[0] == "stopped"


def make_person_of(program, code):
    return program.links.get(code=code).person


def burst(count, at=NOON - MINUTE, prefix="o"):
    for number in range(count):
        tell(order(f"{prefix}-{number:02}", by=f"{prefix}-{number}", at=at + timedelta(seconds=number)), BEN42)


def test_adds_up_how_fast_credits_come(ben_link):
    burst(26)
    decide()

    assert hits("o-09") == [{}, {}]
    assert hits("o-10") == [{"velocity_advocate": 20, "velocity_code": 10}, {}]
    assert sides("o-10") == ("allow", "allow")
    assert hits("o-25") == [{"velocity_advocate": 50, "velocity_code": 25}, {}]
    assert (said("o-25")[0], sides("o-25")) == ("stopped", ("stop", "allow"))


def test_counts_the_credits_of_24_hours_whichever_batch_they_came_in(ben_link):
    burst(10, NOON - 25 * HOUR)
    decide()
    tell(order("in", at=NOON - HOUR + timedelta(seconds=0), by="in"), BEN42)
    tell(order("later", at=NOON - HOUR + timedelta(seconds=1), by="later"), BEN42)
    decide()

    assert hits("in") == [{"velocity_advocate": 20, "velocity_code": 10}, {}]
    assert hits("later") == [{"velocity_advocate": 20, "velocity_code": 10}, {}]
    tell(order("after", at=NOON - HOUR + timedelta(seconds=3), by="after"), BEN42)
    decide()
    assert hits("after") == [{}, {}]


def test_lets_each_side_have_its_own_verdict(ben_link):
    program = ben_link.program
    assert TERMS.stop_at == 50
    burst(25)
    tell(order("last", at=NOON, by=customer("x", "x@mailinator.com")), BEN42)
    decide()

    assert sides("last") == ("refuse", "stop")
    assert said("last")[0] == "stopped"
    assert program.conversions.filter(state="refused").count() == 0
