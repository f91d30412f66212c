import json
import re
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
import time_machine
from django.test import override_settings
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_httpserver import HTTPServer
from werkzeug import Response

from customers.models import Order, Refund
from integrations import reading
from integrations.models import Delivery, Pull
from integrations.pulling import asking
from integrations.pulling import base as pulling
from referrals.models import Conversion
from rewards.models import Reward
from rewards.plans import Benefit, PlanDocument
from spine.models import AuditEntry
from tests.factories import NOON, make_advocate, make_link, make_program
from tests.integrations.payloads import (
    generic,
    shopify_order,
    shopify_refund,
    stripe_event,
    stripe_refund,
    stripe_session,
    woo_order,
)  # fmt: skip
from tests.integrations.signing import ACTOR, deliver, make_connection
from tests.integrations.test_reading import STORIES
from tests.rewards.living import follow

PLAN = PlanDocument((Benefit("advocate", "credit", percent=1000, hold_days=14),))
LATER = NOON + timedelta(days=2)
TOKENS = {
    "stripe": ["rk_test_0123456789abcdefABCDEF"],
    "shopify": ["shpat_0123456789abcdef0123456789abcdef"],
    "woocommerce": ["ck_" + "0a" * 20, "cs_" + "1b" * 20],
    "generic": ["a-token-of-our-own-shop"],
}
SENT = {
    "stripe": ("Authorization", "Bearer rk_test_0123456789abcdefABCDEF"),
    "shopify": ("X-Shopify-Access-Token", "shpat_0123456789abcdef0123456789abcdef"),
    "woocommerce": (
        "Authorization",
        "Basic Y2tfMGEwYTBhMGEwYTBhMGEwYTBhMGEwYTBhMGEwYTBhMGEwYTBhMGEwYTpjc18xYjFiMWIxYjFiMWIxYjFiMWIxYjFiMWIxYjFiMWI"
        "xYjFiMWIxYjFi",
    ),
    "generic": ("Authorization", "Bearer a-token-of-our-own-shop"),
}


@pytest.fixture(autouse=True)
def later():
    with time_machine.travel(LATER, tick=False):
        yield


class Shop:
    """A shop's software with an API, which answers with the pages that it is given, one after the other."""

    def __init__(self, server):
        self.asked, self.pages = [], []
        self.address = server.url_for("")
        server.expect_request(re.compile(".*")).respond_with_handler(self.answer)

    def answer(self, request):
        self.asked.append((request.path, parse_qs(request.query_string.decode()), request.headers))
        page = self.pages.pop(0)
        return page if isinstance(page, Response) else Response(json.dumps(page), content_type="application/json")

    def said(self, name):
        """What each question said under this name."""
        return [asked.get(name, []) for _path, asked, _headers in self.asked]


@pytest.fixture
def shop(db, httpserver, settings):
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    return Shop(httpserver)


def allowed(shop, vendor):
    """A connection that we may ask about the two days before now."""
    connection, secret = make_connection(vendor)
    row = asking.allow(connection, "https://shop.example", TOKENS[vendor], ACTOR, LATER)
    Pull.objects.filter(pk=row.pk).update(address=shop.address.rstrip("/"))
    return connection, secret


def pull(at=LATER):
    asking.pull_due(at)
    while reading.read_due(at):
        pass
    follow(at)


def one_page(vendor):
    """An order that somebody recommended, with a part of it paid back."""
    if vendor == "stripe":
        session = stripe_session(metadata={"advocacy_code": "BEN42"})
        events = [stripe_event("refund.created", stripe_refund(amount=2650)), None]
        events[1] = stripe_event("checkout.session.completed", session)
        return {"object": "list", "data": events, "has_more": False}
    if vendor == "shopify":
        attributes = [{"name": "advocacy_code", "value": "BEN42"}]
        return {"orders": [shopify_order(note_attributes=attributes, refunds=[shopify_refund()])]}
    if vendor == "woocommerce":
        meta = [{"id": 1, "key": "advocacy_code", "value": "BEN42"}]
        return [woo_order(meta_data=meta, refunds=[{"id": 9, "reason": "", "total": "-24.50"}])]
    line = {"id": "1", "kind": "goods", "amount": 5000}
    at = NOON.isoformat()
    told = {"id": "1001", "currency": "USD", "placed_at": at, "lines": [line], "customer": {"id": "c-9"}}
    order = generic("order", **told, touches={"code": "BEN42"})
    refund = generic("refund", order="1001", id="r-1", amount=2000, at=at, status="succeeded")
    messages = [{"id": f"msg_{number}", **each} for number, each in enumerate((order, refund))]
    return {"messages": messages, "next": None}


@pytest.mark.parametrize("vendor", TOKENS)
def test_takes_what_never_came(shop, ben, vendor):
    make_link(make_program(plan=PLAN), ben, "BEN42")
    connection, _secret = allowed(shop, vendor)
    shop.pages = [one_page(vendor)]

    pull()

    name, value = SENT[vendor]
    assert [headers[name] for _path, _asked, headers in shop.asked] == [value]
    assert (Order.objects.count(), Refund.objects.count()) == (1, 1)
    reward = Reward.objects.get()
    assert (reward.person, 0 < reward.reversed < reward.amount) == (ben.person, True)
    row = Pull.objects.get()
    assert (row.known_until, row.due_at, row.place, row.reason) == (
        LATER - asking.UNDER_WAY, LATER + asking.EVERY, "", "",
    )  # fmt: skip
    assert asking.missed(connection) == Delivery.objects.count() > 0


@pytest.mark.parametrize("vendor", TOKENS)
def test_finds_nothing_missed_where_all_came(shop, ben, vendor):
    make_link(make_program(plan=PLAN), ben, "BEN42")
    connection, secret = allowed(shop, vendor)
    page = one_page(vendor)
    shop.pages = [page]
    told = page if isinstance(page, list) else next(value for value in page.values() if isinstance(value, list))
    topic = {"shopify": "orders/updated", "woocommerce": "order.updated"}.get(vendor, "")
    for each in reversed(told) if vendor == "stripe" else told:
        message = {name: value for name, value in each.items() if vendor != "generic" or name != "id"}
        deliver(connection, secret, message, topic=topic, event=each["id"] if vendor == "generic" else "")
    while reading.read_due(LATER):
        pass
    before = list(Delivery.objects.values_list("pk", flat=True))

    pull()
    shop.pages = [{"shopify": {"orders": []}, "stripe": {"data": []}, "generic": {"messages": []}}.get(vendor, [])]
    pull(LATER + asking.EVERY)

    assert asking.missed(connection) == 0
    assert list(Delivery.objects.values_list("pk", flat=True)) == before
    assert (Order.objects.count(), Refund.objects.count()) == (1, 1)


def test_asks_again_from_a_little_before_where_it_ended(shop):
    allowed(shop, "shopify")
    shop.pages = [{"orders": []}, {"orders": []}]

    pull()
    pull(LATER + timedelta(minutes=59))
    pull(LATER + timedelta(hours=1))

    since, until = LATER - timedelta(hours=49), LATER - timedelta(minutes=10)
    assert shop.said("updated_at_min") == [
        [pulling.instant(since)], [pulling.instant(until - timedelta(hours=1))],
    ]  # fmt: skip
    assert shop.said("updated_at_max") == [
        [pulling.instant(until)], [pulling.instant(until + timedelta(hours=1))],
    ]  # fmt: skip


def woo(number, second):
    return woo_order(id=number, date_modified_gmt=f"2026-11-22T12:00:{second:02}")


PAGES = {
    "stripe": (
        [{"data": [stripe_event("customer.created", {"id": "1"})], "has_more": True}, {"data": [], "has_more": False}],
        "starting_after",
        [[], ["evt_customer.created_1"]],
    ),
    "shopify": (
        [
            Response(
                json.dumps({"orders": [shopify_order()]}),
                headers={"Link": '<https://elsewhere.example/orders.json?limit=50&page_info=abc>; rel="next"'},
            ),
            {"orders": []},
        ],
        "page_info",
        [[], ["abc"]],
    ),
    "woocommerce": (
        [[woo(number, 7) for number in range(50)], [woo(number, 7) for number in range(50)], []],
        "page",
        [["1"], ["1"], ["2"]],
    ),
    "generic": ([{"messages": [], "next": "abc"}, {"messages": [], "next": None}], "after", [[], ["abc"]]),
}


@pytest.mark.parametrize("vendor", PAGES)
def test_turns_pages(shop, vendor):
    allowed(shop, vendor)
    pages, name, said = PAGES[vendor]
    shop.pages = list(pages)

    pull()

    assert shop.said(name) == said
    assert len({path for path, _asked, _headers in shop.asked}) == 1
    assert Pull.objects.get().asks_until is None


@pytest.mark.parametrize("status", [500, 429])
def test_goes_on_where_it_stood(shop, status):
    allowed(shop, "generic")
    shop.pages = [{"messages": [], "next": "abc"}, Response("", status), {"messages": [], "next": None}]

    pull()
    stopped = Pull.objects.get()
    pull(LATER + asking.REST)

    assert (stopped.place, stopped.asks_until, stopped.reason) == (
        "abc",
        LATER - asking.UNDER_WAY,
        f"answered_{status}",
    )
    assert shop.said("after") == [[], ["abc"], ["abc"]]
    assert shop.said("until") == [[pulling.instant(LATER - asking.UNDER_WAY)]] * 3
    ended = Pull.objects.get()
    assert (ended.known_until, ended.reason, ended.failing_since) == (LATER - asking.UNDER_WAY, "", None)


def test_begins_anew_where_its_place_has_lapsed(shop):
    allowed(shop, "generic")
    shop.pages = [{"messages": [], "next": "abc"}, Response("", 410), {"messages": [], "next": None}]

    pull()
    pull(LATER + asking.REST)

    assert shop.said("after") == [[], ["abc"], []]
    assert len({tuple(since) for since in shop.said("since")}) == 1
    assert Pull.objects.get().reason == ""


def test_goes_in_no_circle(shop):
    allowed(shop, "generic")
    shop.pages = [{"messages": [], "next": "abc"}, {"messages": [], "next": "abc"}]

    pull()

    assert (Pull.objects.get().reason, shop.pages) == ("not_understood", [])


def test_asks_at_once_with_another_token(shop):
    connection, _secret = allowed(shop, "shopify")
    shop.pages = [Response("", 401)]
    pull()

    asking.allow(connection, "https://other.example", ["shpat_ffffffffffffffffffffffffffffffff"], ACTOR, LATER)

    row = Pull.objects.get()
    assert (row.address, row.reason, row.failing_since, row.due_at) == ("https://other.example", "", None, LATER)
    assert row.known_until == LATER - asking.FIRST


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response("", 401), "token_refused"),
        (Response("", 403), "token_refused"),
        (Response("", 429), "answered_429"),
        (Response("", 302, {"Location": "https://elsewhere.example"}), "answered_302"),
        (Response("<html>"), "not_understood"),
        (Response("[]"), "not_understood"),
        (Response('{"orders": {}}'), "not_understood"),
        (Response('{"orders": [7]}'), "not_understood"),
        (Response('{"errors": "busy"}'), "not_understood"),
        (Response('{"orders": [{"id": null}]}'), "not_understood"),
    ],
)
def test_says_why_a_question_went_unanswered(shop, answer, reason):
    allowed(shop, "shopify")
    shop.pages = [answer, answer]

    pull()
    pull(LATER + asking.REST)

    row = Pull.objects.get()
    assert (row.reason, row.failing_since, row.due_at) == (reason, LATER, LATER + 2 * asking.REST)
    assert (row.known_until, row.dead_at) == (LATER - asking.FIRST, None)
    assert not Delivery.objects.exists()
    assert asking.reason(reason) != reason


def test_asks_nobody_inside(db):
    connection, _secret = make_connection("shopify")
    row = asking.allow(connection, "https://shop.example", TOKENS["shopify"], ACTOR, LATER)
    Pull.objects.filter(pk=row.pk).update(address="http://127.0.0.1:9")

    pull()

    assert Pull.objects.get().reason == "no_answer"


@pytest.mark.parametrize("vendor", TOKENS)
def test_refuses_what_is_no_token(db, vendor):
    connection, _secret = make_connection(vendor)

    with pytest.raises(asking.BadToken):
        asking.allow(connection, "https://shop.example", ["short"], ACTOR, LATER)

    assert not Pull.objects.exists()


@pytest.mark.parametrize(
    "address", ["http://shop.example", "https://me:secret@shop.example", "https://", "ftp://x", "https://x/?a=1", ""]
)
def test_refuses_what_is_no_address(db, address):
    connection, _secret = make_connection("shopify")

    with pytest.raises(asking.BadAddress):
        asking.allow(connection, address, TOKENS["shopify"], ACTOR, LATER)

    assert not Pull.objects.exists()


def test_keeps_tokens_sealed(db):
    connection, _secret = make_connection("woocommerce")

    row = asking.allow(connection, "https://shop.example/", TOKENS["woocommerce"], ACTOR, LATER)

    assert row.address == "https://shop.example"
    assert not any(token in row.sealed for token in TOKENS["woocommerce"])
    assert AuditEntry.objects.latest("pk").verb == "connection.pull_allowed"


def test_allows_it_on_a_page(ada_client):
    make_connection("shopify")

    told = {"address": "beans.myshopify.com", "token": TOKENS["shopify"][0]}
    answer = ada_client.post(reverse("integrations:pulls", args=["shop"]), told)

    assert (answer.status_code, Pull.objects.get().address) == (302, "https://beans.myshopify.com")
    assert "We are asking now" not in ada_client.get(answer.url).content.decode()


def test_says_on_the_page_what_is_no_token(ada_client):
    make_connection("stripe")

    answer = ada_client.post(reverse("integrations:pulls", args=["shop"]), {"token": "pk_live_0123456789abcdef0123"})

    assert answer.status_code == 422
    text = answer.content.decode()
    assert "look like a token that Stripe makes" in text
    assert not Pull.objects.exists()


def test_stops_asking(ada_client, shop):
    allowed(shop, "shopify")

    answer = ada_client.post(reverse("integrations:stop_pulls", args=["shop"]))

    assert answer.status_code == 302
    assert not Pull.objects.exists()
    assert AuditEntry.objects.latest("pk").verb == "connection.pull_stopped"


def test_shows_what_was_missed(ada_client, shop):
    allowed(shop, "shopify")
    shop.pages = [{"orders": [shopify_order()]}]
    pull()

    text = ada_client.get(reverse("integrations:pulls", args=["shop"])).content.decode()

    assert "One message was missed" in text
    assert "Order 820982911946154508" in text
    assert (
        "One message was lost and found" in ada_client.get(reverse("integrations:shop", args=["shop"])).content.decode()
    )


def pages_of(vendor, story):
    """What the software answers when it is asked in the end: its events, or its order as it stands by then."""
    if vendor == "stripe":
        events = [stripe_event(kind, about, id=f"evt_{number}") for number, (kind, about) in enumerate(story)]
        return [
            {"data": events[:-4:-1], "has_more": True},
            {"data": events[-4::-1], "has_more": False},
        ]
    (*_before, (_topic, last)) = story
    return [{"orders": [last]} if vendor == "shopify" else [last]]


class TestLost(TestCase):
    """Whatever of a story is lost on its way, asking brings the end that it has with nothing lost."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = HTTPServer(host="127.0.0.1")
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        super().tearDownClass()

    @settings(max_examples=12, deadline=None)
    @given(st.data(), st.sampled_from(sorted(STORIES)))
    @override_settings(OUTBOUND_ALLOWED_NETWORKS=["127.0.0.1/32"])
    def test_ends_as_if_nothing_had_been_lost(self, data, vendor):
        story = STORIES[vendor]
        arrived = data.draw(st.lists(st.sampled_from(range(len(story))), unique=True))
        link = make_link(make_program(plan=PLAN), make_advocate("ben"), "BEN42")
        self.server.clear()
        shop = Shop(self.server)
        shop.pages = pages_of(vendor, story)
        connection, secret = allowed(shop, vendor)
        for which in arrived:
            topic, told = story[which]
            told = stripe_event(topic, told, id=f"evt_{which}") if vendor == "stripe" else told
            deliver(connection, secret, told, topic=topic)

        pull()

        conversion, (reward,) = Conversion.objects.get(), Reward.objects.filter(withdrawn_at=None)
        assert (conversion.state, conversion.counted, conversion.credited_person_id) == (
            "credited", 4500, link.person_id,
        )  # fmt: skip
        assert [refund.amount for refund in Refund.objects.filter(status="succeeded")] == [1000]
        assert (reward.amount, reward.reversed, reward.state) == (450, 85, "promised")
        if vendor == "stripe":
            assert Delivery.objects.filter(is_pulled=True).count() == len(story) - len(arrived)
