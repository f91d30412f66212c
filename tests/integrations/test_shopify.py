import json
from datetime import timedelta

import pytest

from customers.told import CaptureFact, CustomerFact, LineFact, OrderFact, RefundFact, RefundLineFact
from integrations.vendors import shopify
from integrations.vendors.base import BadBody, OrderTold, Parsed, PrivacyTold, RefundTold
from referrals.touches import Told
from tests.factories import NOON
from tests.integrations.payloads import shopify_order, shopify_refund, shopify_transaction

ORDER, LINE, REFUND = "820982911946154508", "866550311766439020", "890088186047892319"
DAN = CustomerFact("115310627314723954", "dan@example.com")
LATER = NOON + timedelta(days=1)


def parse(told, topic="orders/create"):
    return shopify.parse(json.dumps(told).encode(), topic, "shop")


def order(**fields):
    return parse(shopify_order(**fields)).facts[0]


def amounts(told):
    return {line.key: (line.kind, line.amount) for line in told.fact.lines}


def test_reads_an_order():
    parsed = parse(shopify_order())

    lines = (
        LineFact(LINE, "goods", 5000, "TENT", 2),
        LineFact("discount", "discount", -500),
        LineFact("tax", "tax", 400),
        LineFact("shipping", "shipping", 400),
    )
    fact = OrderFact("shop", ORDER, "USD", NOON, lines, customer=DAN, updated_at=NOON + timedelta(seconds=5))
    assert parsed == Parsed([OrderTold(fact, Told())], is_test=False, customer=DAN.key)


def test_takes_a_tax_out_of_prices_that_hold_it():
    told = order(taxes_included=True, total_price="49.00")

    assert amounts(told) == {
        LINE: ("goods", 4600),
        "discount": ("discount", -500),
        "tax": ("tax", 400),
        "shipping": ("shipping", 400),
    }


def test_keeps_a_tip_apart_from_the_goods():
    told = order(total_price="55.50", total_tip_received="2.50")

    assert amounts(told)["rest"] == ("tax", 250)


def test_keeps_gift_cards_apart_from_the_goods():
    card = {"id": 7, "gift_card": True, "price": "20.00", "quantity": 1, "discount_allocations": [], "tax_lines": []}
    told = order(line_items=[card], shipping_lines=[], total_price="20.00")

    assert amounts(told) == {"7": ("gift_card", 2000)}


def test_reads_what_came_along():
    attributes = [
        {"name": "advocacy_tokens", "value": "token-a,token-b"},
        {"name": "advocacy_code", "value": "BEN42"},
        {"name": "gift note", "value": None},
    ]
    told = order(note_attributes=attributes, discount_codes=[{"code": "FRIEND7", "amount": "5.00", "type": "fixed"}])

    assert told.told == Told(("token-a", "token-b"), "BEN42", "FRIEND7")


@pytest.mark.parametrize("status", ["pending", "authorized", "voided"])
def test_counts_nothing_before_money_is_collected(status):
    assert order(financial_status=status).fact.captures == ()


@pytest.mark.parametrize("status", ["paid", "partially_refunded", "refunded"])
def test_counts_all_once_it_is(status):
    assert order(financial_status=status).fact.captures is None


def test_counts_the_part_that_is_paid():
    told = order(financial_status="partially_paid", total_outstanding="13.00")

    assert told.fact.captures == (CaptureFact("paid", 4000, NOON + timedelta(seconds=5)),)


@pytest.mark.parametrize(
    ("fields", "customer"),
    [
        ({"email": "", "contact_email": None}, DAN),
        ({"email": "", "contact_email": "", "customer": {"id": 5, "email": None}}, CustomerFact("5")),
        ({"email": "", "contact_email": "", "customer": None}, None),
    ],
)
def test_reads_whoever_is_named(fields, customer):
    assert order(**fields).fact.customer == customer


def test_knows_a_guest_by_their_address():
    customer = order(customer=None).fact.customer

    assert customer.email == "dan@example.com"
    assert customer.key.startswith("guest:")


def test_reads_a_refund_with_its_lines():
    (told,) = parse(shopify_refund(), "refunds/create").facts

    lines = (RefundLineFact(LINE, 2250), RefundLineFact("tax", 200))
    assert told == RefundTold(RefundFact("shop", ORDER, REFUND, 2450, LATER, "succeeded", lines, LATER))


def test_takes_the_money_of_a_refund_from_its_transactions():
    (told,) = parse(shopify_refund(transactions=[shopify_transaction("10.00")]), "refunds/create").facts

    assert (told.fact.amount, told.fact.lines) == (1000, ())


def test_takes_a_tax_out_of_refunded_lines_that_hold_it():
    (told,) = parse(shopify_refund(transactions=[shopify_transaction("22.50")]), "refunds/create").facts

    assert told.fact.lines == (RefundLineFact(LINE, 2050), RefundLineFact("tax", 200))


def test_adds_up_the_transactions_of_one_refund():
    both = [shopify_transaction("10.00"), shopify_transaction("14.50", id=2)]
    (told,) = parse(shopify_refund(transactions=both), "refunds/create").facts

    assert told.fact.amount == 2450


@pytest.mark.parametrize(
    ("status", "told"), [("success", "succeeded"), ("pending", "pending"), ("failure", "failed"), ("error", "failed")]
)
def test_reads_how_a_refund_ended(status, told):
    transactions = [shopify_transaction("24.50", status=status)]

    assert parse(shopify_refund(transactions=transactions), "refunds/create").facts[0].fact.status == told


@pytest.mark.parametrize("transactions", [[], [shopify_transaction("24.50", kind="sale")]])
def test_sees_that_goods_came_back_without_any_money(transactions):
    assert parse(shopify_refund(transactions=transactions), "refunds/create").facts == ()


def test_reads_the_same_refund_within_its_order():
    within = parse(shopify_order(refunds=[shopify_refund()]), "orders/updated").facts[1]

    assert (within,) == tuple(parse(shopify_refund(), "refunds/create").facts)


def test_marks_test_orders():
    parsed = parse(shopify_order(test=True))

    assert parsed.is_test
    assert parsed.facts[0].fact.is_test


@pytest.mark.parametrize(("topic", "kind"), [("customers/data_request", "export"), ("customers/redact", "erase")])
def test_reads_what_the_law_lets_a_customer_ask(topic, kind):
    told = {"shop_id": 1, "shop_domain": "shop.example", "customer": {"id": 5, "email": "dan@example.com"}}

    assert parse(told, topic) == Parsed((PrivacyTold(kind, "5"),), customer="5")


def test_reads_that_a_shop_wants_to_be_forgotten():
    assert parse({"shop_id": 1, "shop_domain": "shop.example"}, "shop/redact") == Parsed((PrivacyTold("erase"),))


def test_has_nothing_to_do_with_other_topics():
    assert parse({"id": 1}, "products/create") == Parsed()


@pytest.mark.parametrize(
    ("currency", "price", "minor"), [("JPY", "5000", 5000), ("KWD", "5.005", 5005), ("USD", "5.005", 501)]
)
def test_counts_in_the_currency_of_the_shop(currency, price, minor):
    line = {"id": 7, "price": price, "quantity": 1}
    told = order(currency=currency, line_items=[line], shipping_lines=[], total_price=price)

    assert amounts(told) == {"7": ("goods", minor)}


@pytest.mark.parametrize(
    "fields",
    [
        {"total_price": "a lot"},
        {"total_price": 53.0},
        {"total_price": "1e30"},
        {"created_at": None},
        {"created_at": "2026-02-30T00:00:00Z"},
        {"currency": None},
        {"id": None},
        {"line_items": {"id": 1}},
        {"line_items": ["one"]},
        {"refunds": 5},
        {"note_attributes": "advocacy_code"},
    ],
)
def test_refuses_an_order_that_is_none(fields):
    with pytest.raises(BadBody):
        order(**fields)
