from datetime import timedelta

import pytest

from customers import silence
from customers.leads import record_lead
from customers.orders import record_order
from customers.told import CustomerFact, LeadFact, LineFact, OrderFact
from tests.factories import NOON, make_source

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def order(source, *ago):
    for each in ago:
        at = NOON - each
        record_order(OrderFact(source, f"{each}", "USD", at, (LineFact("1", "goods", 1),)), at)


def lead(source, *ago):
    for each in ago:
        at = NOON - each
        record_lead(LeadFact(source, f"{each}", CustomerFact("c"), "signup", at), at)


def silent():
    return [heard.source.key for heard in silence.silent(NOON)]


def test_misses_a_shop_that_told_something_on_five_of_seven_days(shop):
    order("shop", *(n * DAY + HOUR for n in (1, 2, 3, 5, 7)))

    assert silent() == ["shop"]
    assert silence.heard(NOON)[0].last_at == NOON - DAY - HOUR


@pytest.mark.parametrize(
    "ago",
    [
        [],
        [n * DAY + HOUR for n in (1, 2, 3, 4)],
        [n * DAY + HOUR for n in (1, 2, 3, 5, 8)],
        [DAY + n * HOUR for n in range(1, 10)],
        [n * DAY + HOUR for n in range(8)],
        [HOUR, *(n * DAY + HOUR for n in (1, 2, 3, 5, 7))],
    ],
)
def test_misses_no_shop_that_tells_little_or_told_something_today(shop, ago):
    order("shop", *ago)

    assert silent() == []


def test_hears_a_lead_as_well_as_an_order(shop):
    lead("shop", *(n * DAY + HOUR for n in (1, 2, 3)))
    order("shop", *(n * DAY + HOUR for n in (4, 5)))

    assert silent() == ["shop"]
    heard = silence.heard(NOON)[0]
    assert (heard.last_order_at, heard.last_at) == (NOON - 4 * DAY - HOUR, NOON - DAY - HOUR)

    lead("shop", HOUR)
    assert silent() == []


def test_counts_a_day_to_the_microsecond(shop):
    order("shop", *(n * DAY for n in (1, 2, 3, 4, 5)))

    assert silent() == ["shop"]
    order("shop", DAY - timedelta(microseconds=1))
    assert silent() == []


def test_does_not_miss_a_test_shop(shop, settings):
    settings.SANDBOX = True
    make_source("trial", is_test=True)
    order("trial", *(n * DAY + HOUR for n in (1, 2, 3, 5, 7)))

    assert silent() == []


def test_asks_once_for_all_shops(shop, django_assert_num_queries):
    make_source("other")

    with django_assert_num_queries(1):
        heard = silence.heard(NOON)

    assert [(each.source.key, each.last_order_at, each.last_at, each.is_silent) for each in heard] == [
        ("shop", None, None, False),
        ("other", None, None, False),
    ]
