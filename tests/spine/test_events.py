from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from spine import events
from spine.models import AuditEntry, Cursor, Event, Redelivery
from tests.factories import NOON

LATER = NOON + timedelta(minutes=1)


def record(key, **payload):
    return events.record("order.placed", person=None, subject=("order", key), at=NOON, key=key, payload=payload)


def positions():
    return dict(Event.objects.order_by("pk").values_list("key", "position"))


def write_down(rows, at):
    """A reader with an effect that can be counted."""
    for row in rows:
        AuditEntry.objects.create(actor_id="reader", verb="seen", subject_id=row.key, at=at)


def seen():
    return list(AuditEntry.objects.order_by("pk").values_list("subject_id", flat=True))


def but_not(*bad):
    def take(rows, at):
        write_down(rows, at)
        if any(row.key in bad for row in rows):
            raise ValueError("no\0 thanks")

    return take


def test_records_an_act(db):
    person = uuid4()

    event = events.record(
        "order.placed", person=person, subject=("order", "o1"), at=NOON, key="k", payload={"amount": 5}
    )

    event.refresh_from_db()
    assert (
        event.name,
        event.person,
        event.subject_kind,
        event.subject_id,
        event.at,
        event.payload,
        event.position,
    ) == (
        "order.placed",
        person,
        "order",
        "o1",
        NOON,
        {"amount": 5},
        None,
    )


def test_records_an_act_once(db):
    assert record("o1", amount=1)
    assert record("o1", amount=2) is None
    assert Event.objects.get().payload == {"amount": 1}


def test_goes_when_the_act_is_undone(transactional_db):
    with transaction.atomic():
        record("o1")
        transaction.set_rollback(True)

    assert Event.objects.count() == 0


def test_gives_positions_without_a_gap(db):
    for key in ("a", "b", "c"):
        record(key)

    assert [events.number(NOON, batch=2), events.number(NOON, batch=2), events.number(NOON, batch=2)] == [2, 1, 0]
    assert positions() == {"a": 1, "b": 2, "c": 3}


@pytest.mark.services
def test_gives_no_smaller_position_to_what_commits_late(elsewhere):
    with transaction.atomic():
        slow = record("slow")
        fast = elsewhere(lambda: record("fast"))
        assert elsewhere(lambda: events.number(NOON)) == 1
        assert elsewhere(lambda: events.read("r", write_down, at=NOON)) == 1

    assert slow.pk < fast.pk
    assert events.number(NOON) == 1
    assert positions() == {"slow": 2, "fast": 1}
    assert events.read("r", write_down, at=NOON) == 1
    assert seen() == ["fast", "slow"]


def test_numbers_without_a_gap_when_many_number_together(together):
    def both(n):
        for i in range(10):
            record(f"{n}-{i}")
            events.number(NOON, batch=3)

    assert together([lambda n=n: both(n) for n in range(5)]) == [None] * 5
    while events.number(NOON):
        pass

    assert sorted(positions().values()) == list(range(1, 51))
    assert Cursor.objects.get(name=events.NUMBERING).position == 50


def test_hands_events_over_in_order_and_once(db):
    for key in ("a", "b", "c"):
        record(key)
    events.number(NOON)

    counts = [events.read("r", write_down, at=NOON, batch=2) for _ in range(3)]

    assert counts == [2, 1, 0]
    assert seen() == ["a", "b", "c"]
    assert Cursor.objects.get(name="r").position == 3


def test_hands_over_nothing_that_has_no_position(db):
    record("a")

    assert events.read("r", write_down, at=NOON) == 0


def test_lets_each_reader_read_at_its_own_pace(db):
    record("a")
    events.number(NOON)
    events.read("r1", write_down, at=NOON)

    assert events.read("r2", write_down, at=NOON) == 1
    assert seen() == ["a", "a"]


def test_commits_the_cursor_with_the_effects_or_neither(transactional_db):
    record("a")
    events.number(NOON)

    class Killed(BaseException):
        """The process is gone."""

    def die(rows, at):
        write_down(rows, at)
        raise Killed

    with pytest.raises(Killed):
        events.read("r", die, at=NOON)
    assert (seen(), Cursor.objects.filter(name="r").count()) == ([], 0)

    assert events.read("r", write_down, at=NOON) == 1
    assert seen() == ["a"]


def test_sets_aside_only_what_a_reader_cannot_take(db):
    for key in ("a", "b", "c"):
        record(key)
    events.number(NOON)

    assert events.read("r", but_not("b"), at=NOON) == 3

    assert seen() == ["a", "c"]
    assert Cursor.objects.get(name="r").position == 3
    aside = Redelivery.objects.get()
    assert (aside.reader, aside.event.key, aside.error) == ("r", "b", "ValueError: no thanks")
    assert NOON < aside.due_at < LATER


def test_offers_again_what_was_set_aside(db):
    record("b")
    events.number(NOON)
    events.read("r", but_not("b"), at=NOON)

    assert events.redeliver("r", write_down, at=NOON) == 0
    assert events.redeliver("another", write_down, at=LATER) == 0
    assert events.redeliver("r", write_down, at=LATER) == 1
    assert events.redeliver("r", write_down, at=LATER) == 0

    assert seen() == ["b"]
    assert Redelivery.objects.get().due_at is None


def test_takes_each_event_once_when_two_read_together(together):
    for n in range(30):
        record(f"e{n:02}")
    events.number(NOON)

    def read():
        count = 0
        for _ in range(12):
            count += events.read("r", write_down, at=NOON, batch=5)
        return count

    counts = together([read, read, read])

    assert sum(counts) == 30
    assert seen() == [f"e{n:02}" for n in range(30)]


class TestReaders(TestCase):
    @given(
        st.lists(st.sampled_from(["record", "number", "read", "redeliver"]), max_size=40), st.sets(st.integers(0, 20))
    )
    def test_takes_every_event_once_whatever_the_order(self, steps, bad):
        recorded, at = 0, NOON
        poison = {f"e{n}" for n in bad}
        for step in steps:
            at += timedelta(seconds=10)
            if step == "record":
                record(f"e{recorded}")
                recorded += 1
            elif step == "number":
                events.number(at, batch=2)
            elif step == "read":
                events.read("r", but_not(*poison), at=at, batch=3)
            else:
                events.redeliver("r", write_down, at=at)
        while events.number(at) or events.read("r", but_not(*poison), at=at):
            pass
        events.redeliver("r", write_down, at=at + timedelta(hours=1))
        while events.redeliver("r", write_down, at=at + timedelta(hours=1)):
            pass

        assert sorted(seen()) == sorted(f"e{n}" for n in range(recorded))
        assert sorted(position for position in positions().values()) == list(range(1, recorded + 1))
