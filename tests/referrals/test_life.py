from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from referrals import programs
from referrals.design import designing, life, readiness
from referrals.models import Ending, Program, StateChange
from spine.models import AuditEntry, Event
from spine.refusal import Refusal
from tests.factories import LONG_AGO, NOON, PLAN, make_program, make_source

ADA = ("user", "ada")
DAY = timedelta(days=1)
CREDIT = type(PLAN)(PLAN.benefits[:1])


def ready(**fields):
    """A program that nothing keeps from going live."""
    make_source(f"shop-{Program.objects.count()}", no_past_customers_at=NOON)
    return make_program(**{"state": "draft", "plan": CREDIT, **fields})


def fresh(program):
    return Program.objects.get(pk=program.pk)


def states(program, *instants):
    return [programs.state_at(fresh(program), at).value for at in instants]


def test_goes_live_pauses_resumes_and_ends(db):
    program = ready()

    life.go_live(program, ADA, NOON)
    life.pause(program, ADA, NOON + DAY)
    life.resume(program, ADA, NOON + 2 * DAY)
    life.end(program, None, ADA, NOON + 3 * DAY)

    expected = ["draft", "live", "paused", "live", "ended"]
    assert states(program, NOON - DAY, *[NOON + count * DAY for count in range(4)]) == expected
    names = ["program.launched", "program.paused", "program.resumed", "program.ended"]
    assert list(Event.objects.order_by("pk").values_list("name", flat=True)) == names
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True)) == names
    assert StateChange.objects.first().changed_by == "ada"


def test_goes_live_by_itself_on_its_day(db):
    program = ready()

    life.schedule(program, NOON + DAY, ADA, NOON)

    second = timedelta(microseconds=1)
    assert states(program, NOON, NOON + DAY - second, NOON + DAY) == ["scheduled", "scheduled", "live"]


def test_is_scheduled_anew_and_goes_live_sooner(db):
    program = ready()
    life.schedule(program, NOON + DAY, ADA, NOON)

    life.schedule(program, NOON + 3 * DAY, ADA, NOON)
    assert states(program, NOON + DAY, NOON + 3 * DAY) == ["scheduled", "live"]

    life.go_live(program, ADA, NOON + timedelta(hours=1))
    assert states(program, NOON + timedelta(hours=1), NOON + 3 * DAY) == ["live", "live"]


def test_ends_with_the_last_moment_of_a_day_where_the_program_is(db):
    program = ready(time_zone="America/New_York")
    life.go_live(program, ADA, NOON)

    life.end(program, date(2026, 11, 30), ADA, NOON)

    midnight = datetime(2026, 12, 1, 5, tzinfo=UTC)
    assert states(program, midnight - timedelta(microseconds=1), midnight) == ["live", "ended"]
    assert Event.objects.latest("pk").name == "ending.planned"


def test_keeps_a_planned_end_through_pause_and_resumption(db):
    program = ready()
    life.go_live(program, ADA, NOON)
    life.end(program, date(2026, 12, 24), ADA, NOON)

    life.pause(program, ADA, NOON + DAY)
    life.resume(program, ADA, NOON + 2 * DAY)

    end = datetime(2026, 12, 25, tzinfo=UTC)
    assert states(program, NOON + DAY, NOON + 2 * DAY, end) == ["paused", "live", "ended"]
    assert Ending.objects.count() == 1


@pytest.mark.parametrize("day", [date(2026, 12, 1), date(2027, 1, 31)])
def test_moves_a_planned_end_either_way(db, day):
    program = ready()
    life.go_live(program, ADA, NOON)
    life.end(program, date(2026, 12, 24), ADA, NOON)

    life.end(program, day, ADA, NOON + DAY)

    end = datetime(day.year, day.month, day.day, tzinfo=UTC) + DAY
    assert states(program, NOON + DAY, end - timedelta(seconds=1), end) == ["live", "live", "ended"]
    assert [change.at for change in life.planned(fresh(program), NOON + DAY)] == [end]


def test_plans_the_end_of_what_has_not_begun(db):
    program = ready()
    life.schedule(program, NOON + 2 * DAY, ADA, NOON)

    life.end(program, date(2026, 12, 24), ADA, NOON)
    life.end(program, date(2026, 12, 25), ADA, NOON)
    life.schedule(program, NOON + DAY, ADA, NOON)

    end = datetime(2026, 12, 26, tzinfo=UTC)
    assert states(program, NOON, NOON + DAY, end - DAY, end) == ["scheduled", "live", "live", "ended"]


ACTS = {
    "schedule": lambda program: life.schedule(program, NOON + DAY, ADA, NOON),
    "go_live": lambda program: life.go_live(program, ADA, NOON),
    "pause": lambda program: life.pause(program, ADA, NOON),
    "resume": lambda program: life.resume(program, ADA, NOON),
    "end": lambda program: life.end(program, date(2026, 12, 24), ADA, NOON),
}
NAMED = {
    "draft": life.ProgramIsDraft,
    "scheduled": life.ProgramIsScheduled,
    "live": life.ProgramIsLive,
    "paused": life.ProgramIsPaused,
    "ended": programs.ProgramHasEnded,
}
ALLOWED = {
    "draft": {"schedule", "go_live"},
    "scheduled": {"schedule", "go_live", "end"},
    "live": {"pause", "end"},
    "paused": {"resume", "end"},
    "ended": set(),
}


@pytest.mark.parametrize(
    ("state", "act"), [(state, act) for state in NAMED for act in ACTS if act not in ALLOWED[state]]
)
def test_refuses_what_the_state_does_not_allow_and_names_it(db, state, act):
    program = ready(state=state)
    before = StateChange.objects.count()

    with pytest.raises(NAMED[state]):
        ACTS[act](program)

    assert StateChange.objects.count() == before
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (lambda program: life.schedule(program, NOON, ADA, NOON), life.StartHasPassed),
        (
            lambda program: life.schedule(program, datetime(2026, 12, 25, tzinfo=UTC), ADA, NOON),
            life.EndsBeforeItStarts,
        ),
        (lambda program: life.end(program, date(2026, 11, 20), ADA, NOON), life.EndHasPassed),
        (lambda program: life.end(program, date(2026, 11, 21), ADA, NOON), life.EndsBeforeItStarts),
        (lambda program: life.end(program, date(2026, 12, 24), ADA, NOON), life.EndsThenAlready),
    ],
)
def test_refuses_days_that_contradict_each_other(db, act, refusal):
    program = ready()
    life.schedule(program, NOON + 2 * DAY, ADA, NOON - DAY)
    life.end(program, date(2026, 12, 24), ADA, NOON - DAY)
    before = StateChange.objects.count()

    with pytest.raises(refusal):
        act(program)

    assert StateChange.objects.count() == before


@pytest.mark.parametrize("act", ["schedule", "go_live"])
def test_needs_terms_a_shop_and_its_past_customers(db, act):
    program = make_program(state="draft", terms=None)
    with pytest.raises(readiness.NotPublished):
        ACTS[act](program)

    designing.publish(program, designing.draft(program).terms, PLAN, ADA, LONG_AGO)
    with pytest.raises(designing.NoPool):
        ACTS[act](program)
    designing.publish(program, designing.draft(program).terms, CREDIT, ADA, LONG_AGO)
    with pytest.raises(readiness.NoShop):
        ACTS[act](program)

    make_source("test-shop", is_test=True)
    old, new = make_source("old"), make_source("new", no_past_customers_at=NOON)
    with pytest.raises(
        readiness.PastCustomersUnknown, check=lambda refusal: refusal.facts["source"] == "old"
    ) as refused:
        ACTS[act](program)
    assert "Old" in refused.value.detail
    assert not StateChange.objects.exists()

    type(old).objects.filter(pk=old.pk).update(past_customers_imported_at=NOON)
    ACTS[act](program)
    assert StateChange.objects.exists()
    assert new.no_past_customers_at == NOON


def test_names_everything_that_is_missing_at_once(db):
    make_source("one"), make_source("two")
    program = make_program(state="draft", terms=None)

    found = readiness.hindrances(program, NOON)

    assert [refusal.code for refusal in found] == ["terms_not_published", *["past_customers_unknown"] * 2]


def test_keeps_its_steps_in_the_database(db):
    program = make_program()

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        StateChange.objects.update(state="ended")

    assert states(program, NOON) == ["live"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["schedule", "go_live", "pause", "resume", "end", "end_now"]),
        st.integers(0, 6),
        st.integers(-2, 20),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_lives_as_its_accepted_acts_say_whatever_their_order(db, steps):
    with transaction.atomic():
        program, at = ready(), NOON
        # What should hold from now on: the present state, the planned start and the planned end.
        state, start, end = "draft", None, None
        for act, hours, days in steps:
            at += timedelta(hours=12 * hours)
            if start and start <= at:
                state, start = "live", None
            if end and end <= at:
                state, start, end = "ended", None, None
            told, plan = at + days * DAY, at.date() + days * DAY
            midnight = datetime(plan.year, plan.month, plan.day, tzinfo=UTC) + DAY
            try:
                if act == "schedule":
                    life.schedule(fresh(program), told, ADA, at)
                    state, start = "scheduled", told
                elif act in ("end", "end_now"):
                    life.end(fresh(program), None if act == "end_now" else plan, ADA, at)
                    state, start, end = ("ended", None, None) if act == "end_now" else (state, start, midnight)
                else:
                    getattr(life, act)(fresh(program), ADA, at)
                    state, start = {"go_live": "live", "pause": "paused", "resume": "live"}[act], None
            except Refusal:
                pass
            assert states(program, at) == [state]
            if start:
                assert states(program, start - timedelta(seconds=1), start) == [state, "live"]
            if end:
                last = "live" if start else state
                assert states(program, end - timedelta(seconds=1), end, end + 999 * DAY) == [last, "ended", "ended"]
        transaction.set_rollback(True)
