"""The state machine of the ledger, played thousands of times."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rewards import test_machine

pytestmark = pytest.mark.deep
# Short runs find what long ones do, and more of them are played.
STEPS = st.lists(
    st.tuples(st.sampled_from(test_machine.ACTIONS), test_machine.KEYS, test_machine.AMOUNTS), min_size=1, max_size=9
)
thousand = settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
hundred = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


class Deeply(test_machine.TestMachine):
    """The same world, with none of the shorter tests."""

    __test__ = False
    test_keeps_every_promise = None
    test_books_the_same_when_it_is_played_again = None


class TestMachineDeeply(Deeply):
    __test__ = True

    @thousand
    @given(STEPS)
    def test_keeps_every_promise_a_thousand_times(self, steps):
        test_machine.play(steps)


class TestMachineDeeplyAgain(Deeply):
    """Another thousand, on another processor."""

    __test__ = True

    @thousand
    @given(STEPS)
    def test_keeps_every_promise_another_thousand_times(self, steps):
        test_machine.play(steps)

    @hundred
    @given(STEPS)
    def test_books_the_same_when_it_is_played_again_a_hundred_times(self, steps):
        assert test_machine.play(steps) == test_machine.play(steps)
