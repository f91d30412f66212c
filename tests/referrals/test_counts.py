from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from customers.models import Order
from referrals import conversions
from referrals.models import ProgramDay
from referrals.tell import counts
from referrals.tell.counts import Tally
from spine import due, events
from spine.models import Redelivery
from tests.factories import NOON, make_advocate, make_conversion, make_program
from tests.referrals.telling import decided, redecide

TODAY = NOON.date()
STATES = st.sampled_from(["credited", "refused", "stopped"])


@pytest.fixture
def program(db):
    return make_program()


def read_all(at=NOON):
    """Number what is recorded and count it, until nothing is left."""
    while events.number(at):
        pass
    while counts.count(at):
        pass


def stored(program):
    return {
        day.day: Tally(day.credited, day.refused, day.stopped, day.revenue)
        for day in ProgramDay.objects.order_by("day")
    }


def test_counts_what_was_decided_on_the_day_on_which_it_happened(program, ben):
    for counted in (5000, 1200):
        decided(make_conversion(program, credited=ben.person, counted=counted))
    decided(make_conversion(program, at=NOON - timedelta(days=1)))
    decided(make_conversion(program, credited=ben.person, state="stopped"))

    read_all(NOON + timedelta(days=3))

    assert stored(program) == {
        TODAY - timedelta(days=1): Tally(refused=1),
        TODAY: Tally(credited=2, stopped=1, revenue=6200),
    }
    assert counts.differing(program) == {}


def test_moves_a_conversion_that_is_decided_anew(program, ben):
    conversion = make_conversion(program, credited=ben.person)
    decided(conversion)
    read_all()

    redecide(conversion, "stopped", 5000)
    redecide(conversion, "credited", 4000)
    redecide(conversion, "refused", 4000, credited_person=None)
    read_all()

    assert stored(program) == {TODAY: Tally(refused=1)}


def test_counts_nothing_twice(program, ben):
    decided(make_conversion(program, credited=ben.person))
    read_all()

    read_all()

    assert stored(program) == {TODAY: Tally(credited=1, revenue=5000)}


def test_leaves_the_visits_of_a_day_alone(program, ben):
    ProgramDay.objects.create(program=program, day=TODAY, raw=9, qualified=7)
    decided(make_conversion(program, credited=ben.person))

    read_all()

    day = ProgramDay.objects.get()
    assert (day.raw, day.qualified, day.credited, day.revenue) == (9, 7, 1, 5000)


def test_knows_a_day_by_utc(program, ben):
    decided(make_conversion(program, credited=ben.person, at=datetime(2026, 11, 20, 23, 59, tzinfo=UTC)))

    read_all()

    assert list(stored(program)) == [date(2026, 11, 20)]
    assert counts.differing(program) == {}


def test_follows_an_order_that_the_shop_dated_anew(program, ben):
    conversion = make_conversion(program, credited=ben.person)
    decided(conversion)
    read_all()

    redecide(conversion, "credited", 4000, occurred_at=NOON - timedelta(days=2))
    read_all()

    assert stored(program) == {TODAY - timedelta(days=2): Tally(credited=1, revenue=4000), TODAY: Tally()}


def test_follows_an_order_that_was_dated_anew_and_is_decided_as_before(program, ben):
    conversion = make_conversion(program, credited=ben.person)
    decided(conversion)
    read_all()
    Order.objects.update(placed_at=NOON - timedelta(days=2))

    conversions.follow(Order.objects.get(), NOON)
    conversions.follow(Order.objects.get(), NOON)
    read_all()

    assert stored(program) == {TODAY - timedelta(days=2): Tally(credited=1, revenue=5000), TODAY: Tally()}
    assert counts.differing(program) == {}


def test_says_which_day_was_counted_wrong(program, ben):
    decided(make_conversion(program, credited=ben.person))
    read_all()
    ProgramDay.objects.update(credited=3)

    found = counts.differing(program)

    assert found == {TODAY: (Tally(credited=3, revenue=5000), Tally(credited=1, revenue=5000))}


def test_takes_an_event_that_it_could_not_take_once_it_can(program, ben):
    bad = {"version": 1, "program": "00000000-0000-4000-8000-000000000000", "counted": 1, "day": TODAY.isoformat()}
    events.record("conversion.credited", person=None, subject=("c", "1"), at=NOON, key="bad", payload=bad)
    decided(make_conversion(program, credited=ben.person))

    read_all()

    assert stored(program) == {TODAY: Tally(credited=1, revenue=5000)}
    assert Redelivery.objects.get().reader == counts.READER
    assert due.stuck(Redelivery, NOON + timedelta(hours=2)).exists()


class Sequences(TestCase):
    @settings(deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(0, 3), STATES, st.integers(0, 10**9), st.integers(0, 2), st.booleans()),
            max_size=30,
        )
    )
    def test_says_what_a_recount_says_whatever_is_decided_in_whatever_rounds(self, steps):
        program, ben = make_program(), make_advocate()
        conversions = [
            make_conversion(program, at=NOON + timedelta(days=days), state="undecided", counted=0)
            for days in (0, 0, 1, 400)
        ]
        for which, state, counted, days, is_read in steps:
            credited = ben.person if state in ("credited", "stopped") else None
            moved = NOON + timedelta(days=days)
            redecide(conversions[which], state, counted, credited_person=credited, occurred_at=moved)
            if is_read:
                read_all()

        read_all()

        assert counts.differing(program) == {}
        assert sum(tally.revenue for tally in counts.recount(program).values()) == sum(
            conversion.counted for conversion in conversions if conversion.state == "credited"
        )
