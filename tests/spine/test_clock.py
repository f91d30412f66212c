from datetime import timedelta

import pytest
import time_machine

from spine import clock
from spine.models import ClockOffset
from tests.factories import NOON


@pytest.fixture
def sandbox(db, settings):
    settings.SANDBOX = True
    with time_machine.travel(NOON, tick=False):
        yield


def test_tells_the_real_time_without_asking_the_database():
    with time_machine.travel(NOON, tick=False):
        assert clock.now() == NOON


def test_refuses_to_move_the_live_clock(db):
    with pytest.raises(clock.ClockIsReal):
        clock.move_forward(timedelta(days=1))

    assert ClockOffset.objects.count() == 0
    assert clock.offset() == timedelta()


def test_moves_the_sandbox_clock_forward(sandbox):
    assert clock.move_forward(timedelta(days=1)) == NOON + timedelta(days=1)
    assert clock.move_forward(timedelta(hours=2)) == NOON + timedelta(days=1, hours=2)
    assert clock.now() == NOON + timedelta(days=1, hours=2)


def test_ignores_the_offset_outside_the_sandbox(sandbox, settings):
    clock.move_forward(timedelta(days=1))
    settings.SANDBOX = False

    assert clock.now() == NOON


def test_never_moves_back(sandbox):
    clock.move_forward(timedelta(days=1))

    with pytest.raises(clock.TimeRunsForward):
        clock.move_forward(timedelta(seconds=-1))

    assert clock.now() == NOON + timedelta(days=1)


@pytest.mark.parametrize("by", [timedelta(days=36_526), timedelta.max])
def test_stays_within_the_calendar(sandbox, by):
    clock.move_forward(timedelta(days=36_000))

    with pytest.raises(clock.TooFarAhead):
        clock.move_forward(by)
    with pytest.raises(clock.TooFarAhead):
        clock.move_forward(timedelta(days=526))

    assert clock.now() == NOON + timedelta(days=36_000)
