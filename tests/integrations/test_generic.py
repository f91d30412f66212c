import json

import pytest

from customers.told import CustomerFact, DisputeFact, LeadFact, LineFact, OrderFact, RefundFact
from integrations.vendors import generic
from integrations.vendors.base import BadBody, LeadTold, OrderTold, Parsed, RefundTold
from referrals.touches import Told
from tests.factories import NOON
from tests.integrations import payloads

AT = NOON.isoformat()
ORDER = {
    "id": "1001",
    "currency": "USD",
    "placed_at": AT,
    "customer": {"id": "c-9", "email": "dan@example.com"},
    "lines": [{"id": "1", "kind": "goods", "amount": 5000}],
    "touches": {"code": "BEN42"},
}
DAN = CustomerFact("c-9", "dan@example.com")


def parse(kind, **data):
    return generic.parse(json.dumps(payloads.generic(kind, **data)).encode(), "", "shop")


def test_reads_an_order():
    fact = OrderFact("shop", "1001", "USD", NOON, (LineFact("1", "goods", 5000),), customer=DAN)

    assert parse("order", **ORDER) == Parsed((OrderTold(fact, Told((), "BEN42")),), customer="c-9")


def test_reads_a_refund_a_dispute_and_a_lead():
    refund = {"id": "r-1", "order": "1001", "amount": 100, "at": AT, "status": "succeeded"}
    dispute = {"id": "d-1", "order": "1001", "at": AT, "status": "opened"}
    lead = {"id": "l-1", "customer": {"id": "c-9", "email": "dan@example.com"}, "at": AT, "goal": "signup"}

    assert parse("refund", **refund).facts == (RefundTold(RefundFact("shop", "1001", "r-1", 100, NOON, "succeeded")),)
    assert parse("dispute", **dispute).facts == (DisputeFact("shop", "1001", "d-1", NOON, "opened"),)
    assert parse("lead", **lead) == Parsed(
        (LeadTold(LeadFact("shop", "l-1", DAN, "signup", NOON), Told()),), customer="c-9"
    )


def test_has_nothing_to_do_with_other_types():
    assert parse("ping", hello="world") == Parsed()


@pytest.mark.parametrize(
    ("kind", "data", "named"),
    [
        ("order", {**ORDER, "colour": "red"}, "colour"),
        ("order", {**ORDER, "lines": []}, "lines"),
        ("refund", {"id": "r-1", "order": "1001", "amount": 0, "at": AT, "status": "succeeded"}, "amount"),
        ("refund", {"id": "r-1", "amount": 100, "at": AT, "status": "succeeded"}, "id"),
        ("dispute", {"id": "d-1", "order": "1001", "at": AT, "status": "maybe"}, "status"),
    ],
)
def test_names_the_fields_that_are_wrong(kind, data, named):
    with pytest.raises(BadBody, match=named):
        parse(kind, **data)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"type": "order"}', b"\xff", b"[" * 100_000])
def test_refuses_what_is_no_message(body):
    with pytest.raises(BadBody):
        generic.parse(body, "", "shop")


def test_passes_over_a_type_that_is_none():
    assert generic.parse(b'{"type": []}', "", "shop") == Parsed()
