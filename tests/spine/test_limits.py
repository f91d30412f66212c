from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from spine import limits
from spine.models import LimitWindow
from tests.factories import NOON

HOUR = timedelta(hours=1)


def take(whose="203.0.113.9", at=NOON, limit=3):
    return limits.take("signup", whose, limit=limit, per=HOUR, at=at)


def test_counts_up_to_the_limit_and_then_refuses(db):
    assert [take(), take(), take()] == [1, 2, 3]

    with pytest.raises(limits.TooManyTries) as refused:
        take(at=NOON + timedelta(minutes=20))
    assert refused.value.retry_after == 2400
    assert refused.value.detail == "That was tried too often. Wait 40 minutes, then try again."


def test_says_a_minute_when_a_minute_is_left(db):
    with pytest.raises(limits.TooManyTries) as refused:
        take(at=NOON + HOUR - timedelta(seconds=20), limit=0)

    assert refused.value.retry_after == 20
    assert refused.value.detail == "That was tried too often. Wait a minute, then try again."


def test_counts_each_person_and_each_act_apart(db):
    take()

    assert take("198.51.100.4") == 1
    assert limits.take("reset", "203.0.113.9", limit=3, per=HOUR, at=NOON) == 1


def test_begins_again_at_the_window_edge(db):
    last = NOON + HOUR - timedelta(microseconds=1)

    assert [take(at=NOON), take(at=last), take(at=NOON + HOUR)] == [1, 2, 1]
    with pytest.raises(limits.TooManyTries) as refused:
        take(at=last, limit=2)
    assert refused.value.retry_after == 1


def test_keeps_no_address(db):
    take("203.0.113.9")

    assert "203.0.113.9" not in LimitWindow.objects.get().key


def test_lets_exactly_as_many_through_as_allowed(together):
    taken = together([lambda: take(limit=5)] * 12)

    assert sorted(count for count in taken if isinstance(count, int)) == [1, 2, 3, 4, 5]
    assert sum(isinstance(refused, limits.TooManyTries) for refused in taken) == 7


def test_forgets_windows_that_are_over(db):
    take(at=NOON - timedelta(days=3))
    take()

    assert limits.purge(NOON) == 1
    assert LimitWindow.objects.count() == 1


def wait(at):
    """How long to wait before the try that is refused at this instant; 0 if it is not refused."""
    try:
        take(at=at)
    except limits.TooManyTries as refused:
        return refused.retry_after
    return 0


class TestWindows(TestCase):
    @given(st.lists(st.integers(0, 3 * 3600 * 10**6 - 1), max_size=30))
    def test_never_lets_more_than_the_limit_through_in_one_window(self, offsets):
        tries = [(offset // (3600 * 10**6), wait(NOON + timedelta(microseconds=offset))) for offset in offsets]

        for window in range(3):
            waits = [(n, seconds) for n, (at, seconds) in enumerate(tries) if at == window]
            assert [seconds for _n, seconds in waits[:3]] == [0] * len(waits[:3])
            for n, seconds in waits[3:]:
                assert 0 <= offsets[n] / 10**6 + seconds - (window + 1) * 3600 < 2
