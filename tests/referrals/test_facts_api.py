import json
import threading
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from zeal import zeal_ignore

from customers.models import Capture, Customer, Dispute, Lead, Line, Order, OrderVersion, Refund
from referrals import intake
from referrals.models import Conversion, Decision, Touch
from spine import clock, idempotency
from spine.idempotency import Answer
from spine.models import Event, IdempotencyKey
from tests.factories import NOON, make_advocate, make_key, make_link, make_program, make_source

MOST = 2**53 - 1
AT = "2026-11-21T10:00:00Z"
ORDER = {
    "source": "shop",
    "id": "1001",
    "currency": "USD",
    "placed_at": AT,
    "customer": {"id": "c-9", "email": "dan@example.com", "first_order_at": None},
    "lines": [
        {"id": "1", "kind": "goods", "amount": 5000, "sku": "tent", "quantity": 2},
        {"id": "2", "kind": "tax", "amount": 400},
    ],
    "touches": {"code": "ben42"},
}
REFUND = {"id": "r-1", "amount": 3000, "at": AT, "status": "succeeded"}
DISPUTE = {"id": "d-1", "status": "opened", "at": AT}
LEAD = {"source": "shop", "id": "l-1", "customer": {"id": "c-9"}, "at": AT, "goal": "signup"}
CONTACT = {"source": "shop", "customer": {"id": "c-9"}, "code": "BEN42"}
WRITTEN = (Order, OrderVersion, Line, Capture, Refund, Dispute, Lead, Customer, Touch, Conversion, Event)


class Shop:
    """A shop that calls the API with its key."""

    def __init__(self, *scopes, kind="secret"):
        self.key, self.token = make_key(*scopes, kind=kind)
        self.client = Client()

    def post(self, path, body, **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {self.token}", **headers}
        return self.client.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)

    def get(self, path):
        return self.client.get(f"/api/v1/{path}", headers={"authorization": f"Bearer {self.token}"})


def written():
    return [list(kind.objects.order_by("pk").values()) for kind in WRITTEN]


def wrong(response):
    assert (response.status_code, response.json()["code"]) == (400, "invalid"), response.content
    return {(error["field"], error["code"]) for error in response.json()["errors"]}


@pytest.fixture
def link(db):
    """Ben's link in a program of the shop's."""
    make_source("shop")
    return make_link(make_program(), make_advocate("ben"), "BEN42")


@pytest.fixture
def shop(link):
    """The shop's own system."""
    return Shop("facts:write", "facts:read", "touches:write")


# --- Orders


def test_takes_an_order(shop):
    response = shop.post("orders", ORDER)

    order, conversion = Order.objects.get(), Conversion.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "id": str(order.public_id),
        "result": "created",
        "duplicate": False,
        "revision": 1,
        "conversions": [
            {
                "id": str(conversion.public_id),
                "state": "undecided",
                "sides": {"advocate": None, "friend": None},
                "reason": "",
            }
        ],
    }
    assert (order.key, order.currency, order.placed_at.isoformat()) == ("1001", "USD", "2026-11-21T10:00:00+00:00")
    assert (order.customer.key, order.customer.email) == ("c-9", "dan@example.com")
    assert list(order.lines.order_by("key").values_list("key", "kind", "amount", "sku", "quantity")) == [
        ("1", "goods", 5000, "tent", 2),
        ("2", "tax", 400, "", 1),
    ]
    assert Touch.objects.get().kind == "code"


def test_says_what_became_of_an_order_that_is_sent_again(shop):
    shop.post("orders", {**ORDER, "updated_at": "2026-11-21T10:01:00Z"})
    lines = [{"id": "1", "kind": "goods", "amount": 10}]

    answers = [
        shop.post("orders", {**ORDER, "updated_at": "2026-11-21T10:01:00Z"}),
        shop.post("orders", {**ORDER, "updated_at": "2026-11-21T10:03:00Z", "lines": lines}),
        shop.post("orders", {**ORDER, "updated_at": "2026-11-21T10:02:00Z"}),
        shop.post("orders", ORDER),
    ]

    assert [(answer.status_code, answer.json().get("result")) for answer in answers] == [
        (200, "duplicate"),
        (200, "updated"),
        (200, "stale"),
        (409, None),
    ]
    assert [answer.json().get("duplicate") for answer in answers] == [True, False, False, None]
    assert answers[3].json()["code"] == "conflicting_fact"
    assert Conversion.objects.count() == 1


@pytest.mark.parametrize(
    ("currency", "amounts", "total"), [("JPY", [1, 2], 3), ("KWD", [33333, -5], 33328), ("USD", [0], 0)]
)
def test_takes_whole_minor_units_of_any_currency(shop, currency, amounts, total):
    lines = [{"id": str(n), "kind": "goods", "amount": amount} for n, amount in enumerate(amounts)]

    response = shop.post("orders", {**ORDER, "currency": currency, "lines": lines})

    assert (response.status_code, Order.objects.get().total()) == (201, total)


@pytest.mark.parametrize("amount", [MOST, -MOST])
def test_takes_the_largest_amounts(shop, amount):
    response = shop.post("orders", {**ORDER, "lines": [{"id": "1", "kind": "goods", "amount": amount}]})

    assert (response.status_code, Order.objects.get().total()) == (201, amount)


@pytest.mark.parametrize("key", ["1", " ", "x" * 255, "a/b", "ä ö", "../..", "null", "10,00 €", "a?b#c%d", "refunds"])
def test_takes_whatever_a_shop_calls_its_orders(shop, key):
    place = f"orders/shop/{quote(key, safe='')}"

    assert shop.post("orders", {**ORDER, "id": key}).status_code == 201
    assert shop.post(f"{place}/refunds", REFUND).json()["revision"] == 2
    assert shop.post(f"{place}/disputes", DISPUTE).json()["revision"] == 3
    assert shop.get(place).json()["facts"]["id"] == key


def line(**changed):
    return {"lines": [{"id": "1", "kind": "goods", "amount": 5, **changed}]}


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"id": ""}, {("id", "blank")}),
        ({"id": "x" * 256}, {("id", "max_length")}),
        ({"id": 1001}, {("id", "invalid")}),
        ({"id": None}, {("id", "null")}),
        ({"id": "a\nb"}, {("id", "control")}),
        ({"id": "a\x7f"}, {("id", "control")}),
        ({"source": ["shop"]}, {("source", "invalid")}),
        ({"colour": "red", "total": 5400}, {("colour", "unknown_field"), ("total", "unknown_field")}),
        ({"placed_at": "2026-11-21T10:00:00"}, {("placed_at", "invalid")}),
        ({"placed_at": "2026-11-21"}, {("placed_at", "invalid")}),
        ({"placed_at": "2026-11-21 10:00:00Z"}, {("placed_at", "invalid")}),
        ({"placed_at": "2026-02-30T10:00:00Z"}, {("placed_at", "invalid")}),
        ({"placed_at": "0001-01-01T00:00:00+10:00"}, {("placed_at", "invalid")}),
        ({"placed_at": "0001-01-01T00:00:00Z"}, {("placed_at", "too_early")}),
        ({"updated_at": "1899-12-31T23:59:59.999999Z"}, {("updated_at", "too_early")}),
        (
            {"customer": {"id": "c-9", "first_order_at": "0001-01-01T00:00:00Z"}},
            {("customer.first_order_at", "too_early")},
        ),
        ({"placed_at": "2026-11-21T10:00:00+25:00"}, {("placed_at", "invalid")}),
        ({"placed_at": "\uff12026-11-21T10:00:00Z"}, {("placed_at", "invalid")}),
        ({"placed_at": 1763719200}, {("placed_at", "invalid")}),
        ({"placed_at": None}, {("placed_at", "null")}),
        ({"lines": []}, {("lines.non_field_errors", "empty")}),
        ({"lines": {}}, {("lines.non_field_errors", "not_a_list")}),
        ({"lines": [5]}, {("lines.0.non_field_errors", "invalid")}),
        (line(amount="5"), {("lines.0.amount", "invalid")}),
        (line(amount=5.0), {("lines.0.amount", "invalid")}),
        (line(amount=True), {("lines.0.amount", "invalid")}),
        (line(amount=None), {("lines.0.amount", "null")}),
        (line(amount=MOST + 1), {("lines.0.amount", "max_value")}),
        (line(amount=-MOST - 1), {("lines.0.amount", "min_value")}),
        (line(kind="tip"), {("lines.0.kind", "invalid_choice")}),
        (line(kind=["goods"]), {("lines.0.kind", "invalid_choice")}),
        (line(kind="discount"), {("lines.0.amount", "too_large")}),
        (line(kind="credit"), {("lines.0.amount", "too_large")}),
        (line(quantity=0), {("lines.0.quantity", "min_value")}),
        (line(quantity=2**31), {("lines.0.quantity", "max_value")}),
        (line(quantity="2"), {("lines.0.quantity", "invalid")}),
        (line(sku="x" * 256), {("lines.0.sku", "max_length")}),
        (line(price=5), {("lines.0.price", "unknown_field")}),
        (
            {"lines": [{"id": key, "kind": "goods", "amount": 1} for key in "112"]},
            {("lines.0.id", "duplicate"), ("lines.1.id", "duplicate")},
        ),
        (
            {"lines": [{"id": key, "kind": "goods", "amount": MOST} for key in "12"]},
            {("lines", "too_large")},
        ),
        (
            {"lines": [{"id": str(n), "kind": "goods", "amount": 1} for n in range(1001)]},
            {("lines.non_field_errors", "max_length")},
        ),
        ({"captures": None}, {("captures", "null")}),
        ({"captures": [{"id": "k", "amount": 0, "at": AT}]}, {("captures.0.amount", "min_value")}),
        ({"captures": [{"id": "k", "amount": -1, "at": AT}]}, {("captures.0.amount", "min_value")}),
        ({"captures": [{"id": "k", "amount": 1}]}, {("captures.0.at", "required")}),
        (
            {"captures": [{"id": "k", "amount": 1, "at": AT}] * 2},
            {("captures.0.id", "duplicate"), ("captures.1.id", "duplicate")},
        ),
        ({"customer": {}}, {("customer.id", "required")}),
        ({"customer": {"id": "c", "email": "dan"}}, {("customer.email", "invalid")}),
        ({"customer": {"id": "c", "name": "Dan"}}, {("customer.name", "unknown_field")}),
        ({"touches": {"tokens": ["x"] * 11}}, {("touches.tokens", "max_length")}),
        ({"touches": {"tokens": ["x" * 201]}}, {("touches.tokens.0", "max_length")}),
        ({"touches": {"tokens": "x"}}, {("touches.tokens", "not_a_list")}),
        ({"touches": {"code": "x" * 65, "coupon": 5}}, {("touches.code", "max_length"), ("touches.coupon", "invalid")}),
        ({"touches": {"invite": "x"}}, {("touches.invite", "unknown_field")}),
        ({"payment_fingerprint": "x" * 256}, {("payment_fingerprint", "max_length")}),
        ({"test": "false"}, {("test", "invalid")}),
        ({"test": 0}, {("test", "invalid")}),
    ],
)
def test_refuses_an_order_by_the_names_of_what_is_wrong(shop, change, errors):
    before = written()

    response = shop.post("orders", {**ORDER, **change})

    assert wrong(response) == errors
    assert written() == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"source": "elsewhere"}, "unknown_source"),
        ({"currency": "usd"}, "unknown_currency"),
        ({"currency": "XXX"}, "unknown_currency"),
        ({"placed_at": "2999-01-01T00:00:00Z"}, "in_the_future"),
        ({"test": True}, "live_takes_no_tests"),
    ],
)
def test_refuses_an_order_that_can_not_be(shop, change, code):
    before = written()

    response = shop.post("orders", {**ORDER, **change})

    assert (response.status_code, response.json()["code"]) == (422, code)
    assert written() == before


def test_takes_an_order_with_little(shop):
    order = {name: ORDER[name] for name in ("source", "id", "currency", "placed_at", "lines")}

    response = shop.post("orders", {**order, "customer": None, "touches": {"tokens": [""], "code": ""}})

    assert (response.status_code, response.json()["conversions"]) == (201, [])
    assert shop.post("orders", order).json()["result"] == "duplicate"


def test_reads_instants_in_every_offset(shop):
    for at in ("2026-11-21T10:00:00Z", "2026-11-21t12:00:00.000+02:00", "2026-11-21T04:30:00-05:30"):
        response = shop.post("orders", {**ORDER, "placed_at": at})

        assert response.status_code in (200, 201), at

    assert Order.objects.count() == 1


# --- Refunds, disputes, leads


def test_takes_a_refund_and_a_dispute_before_their_order(shop):
    refund = shop.post("orders/shop/1001/refunds", {**REFUND, "lines": [{"id": "1", "amount": 2500}]})
    dispute = shop.post("orders/shop/1001/disputes", DISPUTE)
    order = shop.post("orders", ORDER)

    assert refund.json() == {
        "id": str(Refund.objects.get().public_id),
        "result": "created",
        "duplicate": False,
        "revision": 0,
        "conversions": [],
    }
    assert (refund.status_code, dispute.status_code, order.status_code) == (201, 201, 201)
    assert Refund.objects.get().order == Dispute.objects.get().order == Order.objects.get()
    again = shop.post("orders/shop/1001/refunds", {**REFUND, "lines": [{"id": "1", "amount": 2500}]})
    assert (again.status_code, again.json()["duplicate"], len(again.json()["conversions"])) == (200, True, 1)


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"amount": 0}, {("amount", "min_value")}),
        ({"amount": 1.5}, {("amount", "invalid")}),
        ({"status": "done"}, {("status", "invalid_choice")}),
        ({"at": "2026-11-21T10:00:00"}, {("at", "invalid")}),
        ({"order": "1001", "source": "shop"}, {("order", "unknown_field"), ("source", "unknown_field")}),
        ({"lines": [{"id": "1", "amount": 0}]}, {("lines.0.amount", "min_value")}),
        ({"lines": [{"id": "1", "amount": 1}] * 2}, {("lines.0.id", "duplicate"), ("lines.1.id", "duplicate")}),
    ],
)
def test_refuses_a_refund_by_the_names_of_what_is_wrong(shop, change, errors):
    assert wrong(shop.post("orders/shop/1001/refunds", {**REFUND, **change})) == errors
    assert Refund.objects.count() == 0


@pytest.mark.parametrize("kind", ["refunds", "disputes"])
def test_refuses_what_follows_an_order_whose_id_is_none(shop, kind):
    body = {"refunds": REFUND, "disputes": DISPUTE}[kind]

    assert wrong(shop.post(f"orders/shop/{'x' * 256}/{kind}", body)) == {("order", "max_length")}
    assert wrong(shop.post(f"orders/shop/a%09b/{kind}", body)) == {("order", "control")}
    assert shop.post(f"orders/elsewhere/1001/{kind}", body).json()["code"] == "unknown_source"
    assert (Refund.objects.count(), Dispute.objects.count()) == (0, 0)


def test_takes_a_lead(shop):
    response = shop.post("leads", {**LEAD, "touches": {"code": "BEN42"}})

    lead, conversion = Lead.objects.get(), Conversion.objects.get()
    assert response.status_code == 201
    assert response.json()["id"] == str(lead.public_id)
    assert (response.json()["result"], response.json()["duplicate"]) == ("created", False)
    assert [row["id"] for row in response.json()["conversions"]] == [str(conversion.public_id)]
    assert shop.post("leads", LEAD).json()["result"] == "duplicate"
    assert shop.post("leads", {**LEAD, "goal": "qualified_lead"}).status_code == 409


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"customer": None}, {("customer", "null")}),
        ({"goal": "first_order"}, {("goal", "invalid_choice")}),
        ({"amount": 5}, {("amount", "unknown_field")}),
    ],
)
def test_refuses_a_lead_by_the_names_of_what_is_wrong(shop, change, errors):
    assert wrong(shop.post("leads", {**LEAD, **change})) == errors
    assert Lead.objects.count() == 0


# --- Many at once


@pytest.fixture
def one_by_one():
    """Each of many facts is a call of its own, with the queries of its own."""
    with zeal_ignore():
        yield


def test_takes_many_orders_and_lets_a_bad_one_stop_only_itself(shop, one_by_one):
    items = [ORDER, {**ORDER, "id": "1002", "currency": "ABC"}, 5, None, {**ORDER, "id": ""}, {**ORDER, "id": "1003"}]

    response = shop.post("orders/bulk", {"items": [*items, ORDER]})

    answers = response.json()["items"]
    assert response.status_code == 200
    assert [answer["status"] for answer in answers] == [201, 422, 400, 400, 400, 201, 200]
    assert [answer["body"].get("result") for answer in answers] == [
        *("created", None, None, None, None, "created", "duplicate")
    ]
    assert answers[1]["body"]["code"] == "unknown_currency"
    assert answers[4]["body"]["errors"][0]["field"] == "id"
    assert sorted(Order.objects.values_list("key", flat=True)) == ["1001", "1003"]


def test_takes_many_refunds_and_leads(shop, one_by_one):
    refunds = [{**REFUND, "source": "shop", "order": "1001"}, REFUND]
    leads = [LEAD, {**LEAD, "goal": "qualified_lead"}]

    refunded = shop.post("refunds/bulk", {"items": refunds}).json()["items"]
    led = shop.post("leads/bulk", {"items": leads}).json()["items"]

    assert [answer["status"] for answer in refunded] == [201, 400]
    assert {error["field"] for error in refunded[1]["body"]["errors"]} == {"source", "order"}
    assert [answer["status"] for answer in led] == [201, 409]
    assert (Refund.objects.count(), Lead.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"items": []}, {("items", "min_length")}),
        ({"items": [1] * 501}, {("items", "max_length")}),
        ({"items": {"a": 1}}, {("items", "not_a_list")}),
        ({}, {("items", "required")}),
        ({"items": [1], "more": 1}, {("more", "unknown_field")}),
    ],
)
def test_refuses_a_pile_that_is_none(shop, body, errors):
    for path in ("orders/bulk", "refunds/bulk", "leads/bulk"):
        assert wrong(shop.post(path, body)) == errors


def test_goes_on_after_an_item_that_breaks_something_of_ours(shop, one_by_one, monkeypatch):
    real = intake.take_order

    def breaks(fact, told, at):
        if fact.key == "1002":
            raise ZeroDivisionError
        return real(fact, told, at)

    monkeypatch.setattr(intake, "take_order", breaks)
    shop.client.raise_request_exception = False

    response = shop.post("orders/bulk", {"items": [{**ORDER, "id": key} for key in ("1001", "1002", "1003")]})

    assert [answer["status"] for answer in response.json()["items"]] == [201, 500, 201]
    assert response.json()["items"][1]["body"]["code"] == "error"


# --- Touches from a page


@pytest.fixture
def page(link):
    """A page of the shop, with a key that anybody can read."""
    return Shop("touches:write", kind="publishable")


def test_takes_a_code_from_a_page_and_nothing_else_of_its_word(page, link):
    response = page.post("touches", {**CONTACT, "customer": {"id": "c-9", "email": "dan@example.com"}})

    assert (response.status_code, response.json()) == (200, {"result": "taken"})
    touch = Touch.objects.get()
    assert (touch.link, touch.kind, touch.order) == (link, "code", None)
    assert Customer.objects.get().email == ""


def test_believes_a_shops_own_system(shop):
    shop.post("touches", {**CONTACT, "customer": {"id": "c-9", "email": "dan@example.com"}})

    assert Customer.objects.get().email == "dan@example.com"


def test_keeps_quiet_about_a_code_that_there_is_not(page):
    known, unknown = page.post("touches", CONTACT), page.post("touches", {**CONTACT, "code": "NOBODY"})

    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert Touch.objects.count() == 1


@pytest.mark.parametrize("field", ["amount", "lines", "order", "coupon", "captures", "placed_at", "touches"])
def test_has_no_place_for_an_order_or_an_amount_in_a_touch(page, field):
    assert wrong(page.post("touches", {**CONTACT, field: 5})) == {(field, "unknown_field")}
    assert Touch.objects.count() == 0


def test_keeps_a_publishable_key_from_every_fact(page):
    before = written()

    answers = [
        page.post("orders", ORDER),
        page.post("orders/bulk", {"items": [ORDER]}),
        page.post("orders/shop/1001/refunds", REFUND),
        page.post("orders/shop/1001/disputes", DISPUTE),
        page.post("refunds/bulk", {"items": [REFUND]}),
        page.post("leads", LEAD),
        page.post("leads/bulk", {"items": [LEAD]}),
        page.get("orders/shop/1001"),
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "missing_scope")}
    assert written() == before


def test_asks_for_the_scope_of_each_address(link):
    writes, reads = Shop("facts:write"), Shop("facts:read")

    assert writes.get("orders/shop/1001").json()["facts"] == {"scope": "facts:read"}
    assert writes.post("touches", CONTACT).json()["facts"] == {"scope": "touches:write"}
    assert reads.post("orders", ORDER).json()["facts"] == {"scope": "facts:write"}
    assert Client().post("/api/v1/orders", ORDER, content_type="application/json").status_code == 401


def test_lets_pages_of_any_origin_tell_touches_and_nothing_else(page):
    asked = Client().options(
        "/api/v1/touches",
        headers={
            "origin": "https://shop.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization",
        },
    )
    told = page.post("touches", CONTACT, origin="https://shop.example")
    refused = page.post("touches", {**CONTACT, "amount": 1}, origin="https://shop.example")
    elsewhere = Client().options("/api/v1/orders", headers={"origin": "https://shop.example"})

    assert (asked.status_code, asked.content) == (204, b"")
    assert asked.headers["Access-Control-Allow-Methods"] == "POST"
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    for response in (asked, told, refused):
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response.headers
    assert "Access-Control-Allow-Origin" not in elsewhere.headers
    assert "Access-Control-Allow-Origin" not in page.post("orders", ORDER).headers


def tries(page, count, **headers):
    return [page.post("touches", CONTACT, **headers).status_code for _ in range(count)]


def test_slows_down_one_address_and_no_other(page, settings, time_stands):
    settings.PAGE_REQUESTS_PER_MINUTE = 2

    assert tries(page, 3) == [200, 200, 429]
    other = page.client.post(
        "/api/v1/touches",
        json.dumps(CONTACT),
        content_type="application/json",
        headers={"authorization": f"Bearer {page.token}"},
        REMOTE_ADDR="203.0.113.9",
    )
    assert other.status_code == 200
    assert Shop("touches:write").post("touches", CONTACT).status_code == 200


@pytest.mark.parametrize(("trusted", "last"), [(0, 429), (1, 429), (2, 200)])
def test_counts_by_the_address_that_a_trusted_proxy_saw(page, settings, time_stands, trusted, last):
    settings.PAGE_REQUESTS_PER_MINUTE, settings.TRUSTED_PROXIES = 2, trusted

    # Whatever a client writes in front, the last address was written by the proxy nearest to us.
    answers = [
        page.post("touches", CONTACT, **{"x-forwarded-for": f"198.51.100.{n}, 203.0.113.7"}).status_code
        for n in range(3)
    ]

    assert answers == [200, 200, last]


@pytest.fixture
def time_stands(monkeypatch):
    """A clock that stands still, so that no new minute begins in between."""
    monkeypatch.setattr(clock, "now", lambda: NOON)


# --- Idempotency


def test_answers_the_same_under_one_key_and_refuses_another_body(shop):
    first = shop.post("orders", ORDER, **{"idempotency-key": "k1"})
    before = written()

    again = shop.post("orders", ORDER, **{"idempotency-key": "k1"})
    other = shop.post("orders", {**ORDER, "id": "1002"}, **{"idempotency-key": "k1"})

    assert (again.status_code, again.json()) == (first.status_code, first.json()) == (201, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert written() == before


def test_keeps_nothing_of_a_refused_order_but_its_answer(shop):
    before = written()

    first = shop.post("orders", {**ORDER, "source": "elsewhere"}, **{"idempotency-key": "k1"})
    make_source("elsewhere")
    again = shop.post("orders", {**ORDER, "source": "elsewhere"}, **{"idempotency-key": "k1"})

    assert (first.status_code, again.status_code, again.json()) == (422, 422, first.json())
    assert (written(), IdempotencyKey.objects.count()) == (before, 1)


@pytest.mark.services
def test_asks_to_wait_while_the_first_request_is_in_flight(transactional_db):
    make_source("shop")
    shop = Shop("facts:write")
    begun, ends = threading.Event(), threading.Event()

    def perform():
        begun.set()
        ends.wait(20)
        return Answer(201, {})

    def first():
        idempotency.once(f"key:{shop.key.public_id}", "k1", b"other", perform, at=NOON)
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    begun.wait(20)
    try:
        response = shop.post("orders", ORDER, **{"idempotency-key": "k1"})
    finally:
        ends.set()
        thread.join()

    assert (response.status_code, response.json()["code"]) == (409, "idempotency_in_flight")
    assert response.headers["Retry-After"] == "1"
    assert Order.objects.count() == 0


def test_takes_an_order_once_that_is_sent_20_times_at_once(together):
    make_source("shop")
    make_link(make_program(), make_advocate("ben"), "BEN42")
    shop = Shop("facts:write")

    answers = together([lambda: shop.post("orders", ORDER)] * 20)

    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert sorted(answer.json()["duplicate"] for answer in answers) == [False] + [True] * 19
    assert len({answer.json()["conversions"][0]["id"] for answer in answers}) == 1
    assert (Order.objects.count(), Conversion.objects.count(), Touch.objects.count()) == (1, 1, 1)


# --- Reading


def decide(conversion, number=1, **fields):
    return Decision.objects.create(
        conversion=conversion,
        number=number,
        at=NOON,
        outcome="refused",
        reason="no_touch",
        goal="first_order",
        referred_person=conversion.referred_person,
        advocate_side="refuse",
        friend_side="refuse",
        counted=5000,
        currency="USD",
        order_revision=1,
        trace={"schema": 1, "steps": []},
        **fields,
    )


def test_reads_an_order_with_what_was_decided(shop, link):
    shop.post("orders", {**ORDER, "captures": [{"id": "k-1", "amount": 5400, "at": AT}]})
    shop.post("orders/shop/1001/refunds", REFUND)
    conversion = Conversion.objects.get()
    decide(conversion, 1, superseded_at=NOON)
    decide(conversion, 2, touch=Touch.objects.get())

    body = shop.get("orders/shop/1001").json()

    order = Order.objects.get()
    assert (body["id"], body["revision"]) == (str(order.public_id), 2)
    assert body["facts"] == {
        "source": "shop",
        "id": "1001",
        "currency": "USD",
        "placed_at": AT,
        "updated_at": None,
        "captures": [{"id": "k-1", "amount": 5400, "at": AT}],
        "customer": {"id": "c-9"},
        "lines": [
            {"id": "1", "kind": "goods", "amount": 5000, "sku": "tent", "quantity": 2},
            {"id": "2", "kind": "tax", "amount": 400, "sku": "", "quantity": 1},
        ],
        "refunds": [
            {"id": "r-1", "status": "succeeded", "at": AT, "updated_at": None, "amount": 3000, "lines": []},
        ],
        "disputes": [],
        "test": False,
    }
    [told] = body["conversions"]
    assert (told["id"], told["program"]) == (str(conversion.public_id), str(link.program.public_id))
    assert [(each["number"], each["stands"], each["touch"]) for each in told["decisions"]] == [
        (1, False, None),
        (2, True, str(Touch.objects.get().public_id)),
    ]
    assert told["decisions"][1]["trace"] == {"schema": 1, "steps": []}
    assert told["decisions"][1]["sides"] == {"advocate": "refuse", "friend": "refuse"}


@pytest.mark.parametrize("place", ["shop/1002", "elsewhere/1001", "shop/" + "x" * 300, "shop/1001/refunds/x"])
def test_reads_no_order_that_was_not_told(shop, place):
    shop.post("orders", ORDER)

    response = shop.get(f"orders/{place}")

    assert (response.status_code, response.json()["code"]) == (404, "unknown_order")


def test_costs_the_same_for_an_order_with_twice_as_much(shop, link):
    other = make_link(make_program("Another"), make_advocate("cleo"), "CLEO7")
    shop.post("orders", ORDER)
    costs = []
    for n in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert shop.get("orders/shop/1001").status_code == 200
        costs.append(len(queries))
        shop.post("orders", {**ORDER, "touches": {"code": other.code}})
        shop.post("orders/shop/1001/refunds", {**REFUND, "id": f"r-{n}"})
        shop.post("orders/shop/1001/disputes", {**DISPUTE, "id": f"d-{n}"})
        for conversion in Conversion.objects.filter(decisions=None):
            decide(conversion, touch=Touch.objects.first())

    assert costs[0] == costs[1]


def test_costs_the_same_for_an_order_with_many_lines(shop):
    costs = []
    for n in range(3):
        lines = [{"id": str(each), "kind": "goods", "amount": 1} for each in range(1 + 25 * n)]
        captures = [{"id": str(each), "amount": 1, "at": AT} for each in range(2)]
        with CaptureQueriesContext(connection) as queries:
            assert (
                shop.post("orders", {**ORDER, "id": f"o {n}", "lines": lines, "captures": captures}).status_code == 201
            )
        costs.append(len(queries))

    # The first order takes the short way of a customer whom nobody knows.
    assert costs[2] <= costs[1]
    assert costs[0] < costs[1]
