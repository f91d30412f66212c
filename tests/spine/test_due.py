from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from spine import due, events
from spine.models import Event, Redelivery
from tests.factories import NOON

SECOND = timedelta(seconds=1)
AFTER = NOON + due.LEASE + SECOND


def make_row(name="r1", due_at=NOON, **fields):
    """A row with work to do; what the work is does not matter here."""
    event = events.record("order.placed", person=None, subject=("order", name), at=NOON, key=name)
    return Redelivery.objects.create(
        reader="tests", event=event or Event.objects.get(key=name), due_at=due_at, **fields
    )


def names(rows):
    return [
        row.event.subject_id for row in Redelivery.objects.filter(pk__in=[r.pk for r in rows]).select_related("event")
    ]


def poisoned(*bad):
    """A call that does its part of the work for each row and fails on some."""

    def call(rows, at):
        for row in rows:
            row.reader = "done"
            row.save(update_fields=["reader"])
            if row.pk in {row.pk for row in bad}:
                raise ValueError("this one can't be done")

    return call


def done():
    return Redelivery.objects.filter(reader="done", due_at=None).count()


def test_leases_what_is_due_the_longest_due_first(db):
    make_row("later", NOON + SECOND)
    make_row("now", NOON)
    make_row("long", NOON - SECOND)
    make_row("nothing", None)

    assert names(due.lease(Redelivery.objects.all(), at=NOON, batch=1)) == ["long"]
    assert names(due.lease(Redelivery.objects.all(), at=NOON)) == ["now"]
    assert due.lease(Redelivery.objects.all(), at=NOON) == []


def test_leases_only_the_rows_asked_for(db):
    make_row("mine")
    other = make_row("other")
    Redelivery.objects.filter(pk=other.pk).update(reader="others")

    assert names(due.lease(Redelivery.objects.filter(reader="tests"), at=NOON)) == ["mine"]


def test_leases_through_a_join(db):
    make_row("r1")

    assert names(due.lease(Redelivery.objects.filter(event__subject_kind="order"), at=NOON)) == ["r1"]


def test_leases_again_what_was_never_finished(db):
    make_row()
    first = due.lease(Redelivery.objects.all(), at=NOON)[0]

    second = due.lease(Redelivery.objects.all(), at=AFTER)[0]

    assert (first.lease, first.attempts, first.due_at) == (1, 1, NOON + due.LEASE)
    assert (second.lease, second.attempts, second.due_at) == (2, 2, AFTER + due.LEASE)


def test_gives_no_row_to_two_holders(together):
    for n in range(60):
        make_row(f"r{n}")

    leased = together([lambda: due.lease(Redelivery.objects.all(), at=NOON, batch=15)] * 6)

    taken = [row.pk for batch in leased for row in batch]
    assert len(taken) == len(set(taken)) >= 15
    assert set(Redelivery.objects.filter(lease=1).values_list("pk", flat=True)) == set(taken)


@pytest.mark.services
def test_passes_over_what_another_transaction_holds(elsewhere):
    held, free = make_row("held"), make_row("free")

    with transaction.atomic():
        Redelivery.objects.select_for_update().get(pk=held.pk)
        leased = elsewhere(lambda: due.lease(Redelivery.objects.all(), at=NOON))

    assert [row.pk for row in leased] == [free.pk]


@pytest.mark.services
def test_does_not_wait_for_a_row_that_is_only_joined(elsewhere):
    row = make_row()

    with transaction.atomic():
        Event.objects.select_for_update().get(pk=row.event_id)
        leased = elsewhere(lambda: due.lease(Redelivery.objects.filter(event__subject_kind="order"), at=NOON))

    assert [taken.pk for taken in leased] == [row.pk]


def test_works_each_row_once_when_many_work_together(together):
    for n in range(40):
        make_row(f"r{n}")
    performed = []

    def call(rows, at):
        performed.extend(row.pk for row in rows)

    together([lambda: due.work(Redelivery.objects.all(), call, at=NOON, batch=7)] * 8)

    assert len(performed) == len(set(performed)) == 40
    assert Redelivery.objects.filter(due_at=None, attempts=0).count() == 40


def test_leaves_nothing_due_unless_asked(db):
    make_row("once")
    make_row("again")

    def call(rows, at):
        rows[1].due_at = at + timedelta(hours=1)

    assert due.work(Redelivery.objects.all(), call, at=NOON) == 2
    assert list(Redelivery.objects.order_by("pk").values_list("due_at", "attempts")) == [
        (None, 0),
        (NOON + timedelta(hours=1), 0),
    ]


def test_tries_row_by_row_what_fails_as_a_batch(db):
    rows = [make_row(f"r{n}") for n in range(5)]

    due.work(Redelivery.objects.all(), poisoned(rows[2]), at=NOON)

    assert done() == 4
    bad = Redelivery.objects.get(pk=rows[2].pk)
    assert (bad.reader, bad.attempts, bad.error) == ("tests", 1, "ValueError: this one can't be done")
    assert NOON + 5 * SECOND <= bad.due_at <= NOON + 7.5 * SECOND


def test_rests_longer_after_each_failure_and_then_waits_for_a_person(db):
    row = make_row()
    at, rests = NOON, []
    while True:
        due.work(Redelivery.objects.all(), poisoned(row), at=at)
        row.refresh_from_db()
        if row.dead_at:
            break
        rests.append((row.due_at - at).total_seconds())
        at = row.due_at

    assert [low <= rest <= low * 1.5 for low, rest in zip([5 * 2**n for n in range(9)], rests, strict=True)] == [
        True
    ] * 9
    assert (row.attempts, row.dead_at, row.due_at) == (10, at, None)


def test_rests_an_hour_and_a_half_at_most():
    assert timedelta(hours=1) <= due.backoff(50) <= timedelta(hours=1.5)


def test_keeps_any_failure_as_one_line(db):
    row = due.lease(Redelivery.objects.filter(pk=make_row().pk), at=NOON)[0]

    due.fail(row, ValueError("a\0b\ud800" + "c" * 400), NOON)

    row.refresh_from_db()
    assert row.error == "ValueError: ab?" + "c" * 285


def test_dead_letters_what_kills_every_holder(db):
    row = make_row()
    for n in range(10):
        assert due.lease(Redelivery.objects.all(), at=NOON + n * (due.LEASE + SECOND))

    end = NOON + 10 * (due.LEASE + SECOND)
    assert due.lease(Redelivery.objects.all(), at=end) == []

    row.refresh_from_db()
    assert (row.dead_at, row.due_at, row.error) == (end, None, "TimeoutError: every lease ended before the work did")


def test_lets_what_kills_its_holder_take_nobody_along(db):
    killer, *innocent = [make_row(f"r{n}") for n in range(6)]

    class Killed(BaseException):
        """The process is gone: nothing is caught, nothing is tidied up."""

    def call(rows, at):
        if any(row.pk == killer.pk for row in rows):
            raise Killed
        poisoned()(rows, at)

    at = NOON
    for _round in range(20):
        with suppress(Killed):
            for _batch in range(20):
                due.work(Redelivery.objects.all(), call, at=at)
        at += due.LEASE + SECOND

    assert done() == len(innocent)
    assert Redelivery.objects.get(dead_at__isnull=False).pk == killer.pk


def test_fences_off_a_holder_whose_lease_has_ended(db):
    make_row()

    def slow(rows, at):
        poisoned()(rows, at)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE spine_redelivery SET lease = lease + 1, due_at = %s", [_stored(AFTER + due.LEASE)])

    due.work(Redelivery.objects.all(), slow, at=NOON)

    assert Redelivery.objects.values_list("lease", "due_at").get() == (2, AFTER + due.LEASE)


def _stored(instant):
    return connection.ops.adapt_datetimefield_value(instant)


def test_does_not_begin_work_under_a_lease_that_another_has_now(db):
    make_row()
    stale = due.lease(Redelivery.objects.all(), at=NOON)
    due.lease(Redelivery.objects.all(), at=AFTER)
    begun = []

    due._perform(stale, lambda rows, at: begun.extend(rows), AFTER)

    assert begun == []
    assert Redelivery.objects.get().due_at == AFTER + due.LEASE


def test_fails_nothing_under_a_lease_that_another_has_now(db):
    make_row()
    stale = due.lease(Redelivery.objects.all(), at=NOON)[0]
    due.lease(Redelivery.objects.all(), at=AFTER)

    due.fail(stale, ValueError("late"), AFTER)

    assert Redelivery.objects.values_list("error", "due_at").get() == ("", AFTER + due.LEASE)


def test_delivers_outside_a_transaction_and_keeps_the_outcome(transactional_db):
    make_row()
    open_transactions = []

    def send(row):
        open_transactions.append(connection.in_atomic_block)
        return {"reader": "accepted"}

    assert due.deliver(Redelivery.objects.all(), send, at=NOON) == 1
    assert open_transactions == [False]
    assert Redelivery.objects.values_list("reader", "due_at", "attempts").get() == ("accepted", None, 0)


def test_delivers_again_later_when_asked_to(db):
    make_row()

    due.deliver(Redelivery.objects.all(), lambda row: {"due_at": NOON + timedelta(hours=1)}, at=NOON)

    assert Redelivery.objects.get().due_at == NOON + timedelta(hours=1)


def test_writes_no_outcome_of_a_holder_whose_lease_has_ended(db):
    make_row()

    def slow(row):
        assert due.lease(Redelivery.objects.all(), at=AFTER)
        return {"reader": "accepted late"}

    due.deliver(Redelivery.objects.all(), slow, at=NOON)

    assert Redelivery.objects.values_list("reader", "lease", "due_at").get() == ("tests", 2, AFTER + due.LEASE)


def test_stops_delivering_while_leases_are_still_long(db, monkeypatch):
    for n in range(5):
        make_row(f"r{n}")
    passed = iter(range(0, 1000, 9))
    monkeypatch.setattr(due.time, "monotonic", lambda: next(passed))

    assert due.deliver(Redelivery.objects.all(), lambda row: {}, at=NOON) == 2
    assert Redelivery.objects.filter(due_at=NOON, attempts=0).count() == 3


def test_retries_only_the_delivery_that_failed(db):
    bad = make_row("bad")
    make_row("good")

    def send(row):
        if row.pk == bad.pk:
            raise ConnectionError("nobody there")
        return {"reader": "accepted"}

    assert due.deliver(Redelivery.objects.all(), send, at=NOON) == 2
    assert list(Redelivery.objects.order_by("pk").values_list("reader", "error", "attempts")) == [
        ("tests", "ConnectionError: nobody there", 1),
        ("accepted", "", 0),
    ]


def test_revives_a_dead_row_once(db):
    row = make_row(due_at=None, dead_at=NOON, attempts=10)

    assert (row.retry(NOON), row.retry(NOON)) == (True, False)
    assert due.work(Redelivery.objects.all(), poisoned(), at=NOON) == 1
    assert done() == 1


def test_does_not_touch_a_row_that_is_not_dead(db):
    row = make_row()

    assert row.retry(AFTER) is False
    assert Redelivery.objects.get().due_at == NOON


def test_names_what_is_stuck(db):
    make_row("dead", None, dead_at=NOON)
    make_row("overdue", NOON - Redelivery.deadline - SECOND)
    make_row("due", NOON - Redelivery.deadline)
    make_row("idle", None)

    assert names(due.stuck(Redelivery, NOON)) == ["dead", "overdue"]


def test_knows_every_kind_of_due_row():
    assert Redelivery in due.due_models()


class Workers(RuleBasedStateMachine):
    """Two holders that lease, die, fail and finish in any order, while time passes."""

    def __init__(self):
        super().__init__()
        Redelivery.objects.all().delete()
        self.at, self.finished, self.held = NOON, [], {}
        self.rows = [make_row(f"{id(self)}-{n}").pk for n in range(4)]

    @rule(seconds=st.integers(0, 400))
    def time_passes(self, seconds):
        self.at += timedelta(seconds=seconds)

    @rule(holder=st.sampled_from("ab"), batch=st.integers(1, 3))
    def lease(self, holder, batch):
        self.held[holder] = due.lease(Redelivery.objects.all(), at=self.at, batch=batch)

    @rule(holder=st.sampled_from("ab"))
    def finish(self, holder):
        due._perform(self.held.pop(holder, []), lambda rows, at: self.finished.extend(r.pk for r in rows), self.at)

    @rule(holder=st.sampled_from("ab"))
    def fail(self, holder):
        for row in self.held.pop(holder, []):
            due.fail(row, ValueError("no"), self.at)

    @invariant()
    def no_row_is_finished_twice(self):
        assert len(self.finished) == len(set(self.finished))

    @invariant()
    def every_row_is_finished_or_due_or_dead(self):
        for row in Redelivery.objects.all():
            assert (row.pk in self.finished) + (row.due_at is not None) + (row.dead_at is not None) == 1


class TestWorkers(TestCase, Workers.TestCase):
    settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
