import json
from datetime import timedelta

import pytest

from customers.told import CustomerFact, LineFact, OrderFact, RefundFact
from integrations.vendors import woocommerce
from integrations.vendors.base import BadBody, OrderTold, Parsed, RefundTold
from referrals.touches import Told
from tests.factories import NOON
from tests.integrations.payloads import woo_order

DAN = CustomerFact("26", "dan@example.com")
CHANGED = NOON + timedelta(seconds=5)


def parse(told, topic="order.updated"):
    return woocommerce.parse(json.dumps(told).encode(), topic, "shop")


def order(**fields):
    return parse(woo_order(**fields)).facts[0]


def amounts(told):
    return {line.key: (line.kind, line.amount) for line in told.fact.lines}


def test_reads_an_order():
    parsed = parse(woo_order(), "order.created")

    lines = (
        LineFact("315", "goods", 5000, "TENT", 2),
        LineFact("discount", "discount", -500),
        LineFact("shipping", "shipping", 400),
        LineFact("tax", "tax", 400),
    )
    fact = OrderFact("shop", "727", "USD", NOON, lines, customer=DAN, updated_at=CHANGED)
    assert parsed == Parsed([OrderTold(fact, Told())], customer="26")


def test_reads_fees():
    told = order(fee_lines=[{"id": 1, "total": "3.00"}, {"id": 2, "total": "-1.00"}], total="55.00")

    assert amounts(told)["shipping"] == ("shipping", 600)
    assert "rest" not in amounts(told)


def test_reads_what_came_along():
    meta = [
        {"id": 1, "key": "advocacy_tokens", "value": "token-a token-b"},
        {"id": 2, "key": "advocacy_code", "value": "BEN42"},
        {"id": 3, "key": "_other", "value": {"a": 1}},
    ]

    told = order(meta_data=meta, coupon_lines=[{"id": 9, "code": "friend7", "discount": "5.00"}])

    assert told.told == Told(("token-a", "token-b"), "BEN42", "friend7")


@pytest.mark.parametrize(
    ("status", "paid_at", "captures"),
    [
        ("pending", None, ()),
        ("on-hold", None, ()),
        ("failed", None, ()),
        ("cancelled", None, ()),
        ("processing", None, None),
        ("completed", "2026-11-21T12:00:03", None),
        ("cancelled", "2026-11-21T12:00:03", None),
    ],
)
def test_counts_what_is_paid(status, paid_at, captures):
    assert order(status=status, date_paid_gmt=paid_at).fact.captures == captures


@pytest.mark.parametrize("status", ["checkout-draft", "auto-draft", "trash"])
def test_passes_over_what_is_no_order_yet(status):
    assert parse(woo_order(status=status)) == Parsed()


def test_reads_refunds_that_an_order_carries():
    parsed = parse(woo_order(refunds=[{"id": 9, "reason": "too small", "total": "-10.00"}]))

    fact = RefundFact("shop", "727", "9", 1000, CHANGED, "succeeded")
    assert parsed.facts[1:] == [RefundTold(fact, is_undated=True)]


def test_knows_a_guest_by_their_address():
    customer = order(customer_id=0).fact.customer

    assert customer.email == "dan@example.com"
    assert customer.key.startswith("guest:")


def test_reads_an_order_without_any_address():
    assert order(customer_id=0, billing={"email": ""}).fact.customer is None


def test_has_nothing_to_do_with_other_topics():
    assert parse({"id": 1}, "product.updated") == Parsed()


@pytest.mark.parametrize(
    "fields",
    [
        {"total": None, "line_items": [{"id": 1, "quantity": 1.5, "subtotal": "1", "total": "1"}]},
        {"total": "1,00"},
        {"date_created_gmt": "yesterday"},
        {"billing": "nobody"},
        {"meta_data": {"advocacy_code": "BEN42"}},
        {"refunds": [7]},
    ],
)
def test_refuses_an_order_that_is_none(fields):
    with pytest.raises(BadBody):
        order(**fields)
