from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.counting import Returned, base, is_cancelled, proportional, refunded

amounts = st.integers(min_value=0, max_value=10**12)
positive = st.integers(min_value=1, max_value=10**12)
statuses = st.sampled_from(["succeeded", "pending", "failed"])
returns = st.lists(st.builds(Returned, positive, statuses, st.none() | amounts), max_size=6)


def done(*amounts):
    return [Returned(amount, "succeeded") for amount in amounts]


def test_takes_33_34_33_of_100_points_for_three_refunds_of_a_third():
    cumulative = [proportional(100, refunded(done(*[3333] * n), 9999, 9999), 9999) for n in range(4)]

    assert [after - before for before, after in pairwise(cumulative)] == [33, 34, 33]


@pytest.mark.parametrize(
    ("counting", "captured", "total", "counts"),
    [
        (5000, 5400, 5400, 5000),
        (5000, 2700, 5400, 2500),
        (1, 1, 2, 1),
        (3, 1, 2, 2),
        (5000, 0, 5400, 0),
        (5000, 0, 0, 0),
        (-500, 100, 100, 0),
        (300, 0, -200, 0),
    ],
)
def test_counts_only_the_share_that_was_collected(counting, captured, total, counts):
    assert base(counting, captured, total) == counts


def test_counts_a_refund_by_its_lines_where_they_were_told():
    assert refunded([Returned(3000, "succeeded", 2500)], 5000, 5400) == 2500
    assert refunded(done(2700), 5000, 5400) == 2500
    assert refunded([Returned(3000, "succeeded", 2500), *done(270)], 5000, 5400) == 2750


def test_counts_no_refund_that_is_only_tried():
    assert refunded([Returned(5400, "pending"), Returned(5400, "failed", 5000)], 5000, 5400) == 0


def test_rounds_refunds_without_lines_together():
    assert refunded(done(1, 1, 1), 1, 3) == 1
    assert refunded(done(1), 1, 3) == 0


def test_takes_all_of_a_reward_on_an_order_that_counts_nothing_only_when_it_is_cancelled():
    assert proportional(100, 0, 0) == 0
    assert proportional(100, 0, 0, cancelled=True) == 100


def test_knows_a_cancellation_by_all_the_money_that_went_back():
    assert is_cancelled(done(3000, 2400), 5400)
    assert not is_cancelled(done(3000), 5400)
    assert not is_cancelled([Returned(5400, "failed")], 5400)
    assert not is_cancelled([], 0)


@given(returns, amounts, positive)
def test_never_gives_back_more_than_the_base(told, base, captured):
    assert 0 <= refunded(told, base, captured) <= base


@given(returns, amounts, positive, st.randoms(use_true_random=False))
def test_counts_refunds_in_any_order_alike(told, base, captured, random):
    shuffled = random.sample(told, len(told))

    assert refunded(shuffled, base, captured) == refunded(told, base, captured)


@given(returns, amounts, positive)
def test_gives_back_never_less_with_one_more_refund(told, base, captured):
    parts = [refunded(told[:n], base, captured) for n in range(len(told) + 1)]

    assert parts == sorted(parts)


@given(returns, st.integers(0, 5), amounts, positive)
def test_gives_the_share_back_when_a_refund_fails(told, place, base, captured):
    place = min(place, len(told))
    refund = Returned(captured, "failed")

    assert refunded([*told[:place], refund, *told[place:]], base, captured) == refunded(told, base, captured)


@given(amounts, st.lists(positive, min_size=1, max_size=8))
def test_takes_the_whole_reward_for_the_whole_order_in_however_many_parts(reward, parts):
    whole = sum(parts)
    cumulative = [0, *(proportional(reward, part, whole) for part in accumulate(parts))]
    taken = [after - before for before, after in pairwise(cumulative)]

    assert sum(taken) == reward
    assert min(taken) >= 0


@given(amounts, amounts, positive, positive)
def test_never_takes_more_than_the_reward(reward, returned, captured, counting):
    assert 0 <= proportional(reward, refunded(done(returned or 1), counting, captured), counting) <= reward
