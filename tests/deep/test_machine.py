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


class TestMachineDeeply(test_machine.TestMachine):
    test_keeps_every_promise = None
    test_books_the_same_when_it_is_played_again = None

    @settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def test_keeps_every_promise_thousands_of_times(self, steps):
        test_machine.play(steps)

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def test_books_the_same_when_it_is_played_again_a_hundred_times(self, steps):
        assert test_machine.play(steps) == test_machine.play(steps)
