import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from integrations import connecting
from integrations.models import Connection, Delivery, Rejection
from integrations.vendors import VENDORS, stripe
from integrations.vendors.base import Incoming
from tests.factories import NOON
from tests.integrations.payloads import generic, shopify_order, stripe_event, stripe_session, woo_order
from tests.integrations.signing import ACTOR, deliver, headers, make_connection, post

TOPICS = {"shopify": "orders/create", "woocommerce": "order.created"}
TOLD = {
    "stripe": stripe_event("checkout.session.completed", stripe_session()),
    "shopify": shopify_order(),
    "woocommerce": woo_order(),
    "generic": generic("ping"),
}
MALFORMED = [
    *("", ",", "=", "t", "t=", "t=,v1=", "v1,", "v1", "t=1,t=2,v1=aa", "t=99999999999999999999,v1=00", "t=-1,v1=00"),
    *("t=\u0661,v1=00", "v1,é", "\x00", "x" * 8000, "v1," + "=" * 100, "a b c", "v2,abc"),
]
EVERY = pytest.mark.parametrize("vendor", sorted(VENDORS))
# Those whose signature covers the instant of signing.
DATED = pytest.mark.parametrize("vendor", ["stripe", "generic"])


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def turned_away():
    return list(Rejection.objects.order_by("reason").values_list("reason", "count"))


def signed(vendor, secret, body=None, at=NOON):
    body = json.dumps(TOLD[vendor]).encode() if body is None else body
    return body, headers(vendor, secret, body, at, topic=TOPICS.get(vendor, ""), event="one")


@EVERY
def test_keeps_what_is_signed(db, vendor):
    connection, secret = make_connection(vendor)
    body, sent = signed(vendor, secret)

    answer = post("shop", body, sent)

    delivery = Delivery.objects.get()
    assert (answer.status_code, answer.json()) == (200, {"id": str(delivery.public_id)})
    assert (bytes(delivery.body), delivery.state, delivery.received_at) == (body, "waiting", NOON)
    connection.refresh_from_db()
    assert (connection.first_at, connection.last_at) == (NOON, NOON)
    assert turned_away() == []


@EVERY
def test_counts_the_same_message_once(db, vendor):
    _connection, secret = make_connection(vendor)
    body, sent = signed(vendor, secret)

    answers = [post("shop", body, sent) for _time in range(3)]

    delivery = Delivery.objects.get()
    assert [answer.json() for answer in answers] == [{"id": str(delivery.public_id)}] * 3
    assert delivery.repeats == 2


@EVERY
def test_turns_away_what_another_secret_signed(db, vendor):
    _connection, secret = make_connection(vendor)
    body, sent = signed(vendor, secret[:-1] + ("a" if secret[-1] != "a" else "b") if vendor != "generic" else OTHER)

    answer = post("shop", body, sent)

    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_signature")
    assert not Delivery.objects.exists()
    assert turned_away() == [("wrong_signature", 1)]
    assert Connection.objects.get().last_at is None


OTHER = "whsec_b3RoZXIgc2VjcmV0IG9mIHNvbWVib2R5IGVsc2U="


@EVERY
def test_turns_away_another_body(db, vendor):
    _connection, secret = make_connection(vendor)
    body, sent = signed(vendor, secret)

    assert post("shop", body + b" ", sent).json()["code"] == "wrong_signature"
    assert not Delivery.objects.exists()


@EVERY
def test_turns_away_what_is_not_signed(db, vendor):
    make_connection(vendor)

    answer = post("shop", b"{}", {})

    assert (answer.status_code, answer.json()["code"]) == (401, "unsigned")
    assert turned_away() == [("unsigned", 1)]


@DATED
@pytest.mark.parametrize(
    ("late", "status"),
    [
        (timedelta(minutes=5), 200),
        (timedelta(minutes=5, seconds=1), 401),
        (-timedelta(minutes=5), 200),
        (-timedelta(minutes=5, seconds=1), 401),
    ],
)
def test_looks_at_the_clock_to_both_sides(db, vendor, late, status):
    _connection, secret = make_connection(vendor)
    body, sent = signed(vendor, secret, at=NOON - late)

    answer = post("shop", body, sent)

    assert answer.status_code == status
    assert Delivery.objects.count() == (status == 200)


@EVERY
def test_believes_the_former_secret_until_the_change_is_over(db, vendor):
    connection, secret = make_connection(vendor)
    if VENDORS[vendor].makes_secret:
        fresh = secret[:-4] + "zzzz"
        connecting.enter_secret(connection, fresh, ACTOR, NOON)
    else:
        fresh = connecting.make_secret(connection, ACTOR, NOON)

    def status(with_secret, at):
        with time_machine.travel(at, tick=False):
            body, sent = signed(vendor, with_secret, at=at)
            return post("shop", body, sent).status_code

    last, over = NOON + connecting.OVERLAP - timedelta(seconds=1), NOON + connecting.OVERLAP
    assert [status(secret, last), status(fresh, last)] == [200, 200]
    assert [status(secret, over), status(fresh, over)] == [401, 200]


@EVERY
@pytest.mark.parametrize("header", MALFORMED)
def test_answers_a_malformed_signature(db, vendor, header):
    make_connection(vendor)
    sent = dict.fromkeys(
        ("Stripe-Signature", "X-Shopify-Hmac-Sha256", "X-WC-Webhook-Signature", "webhook-signature"), header
    )
    for extra in ({}, {"X-Shopify-Topic": "orders/create", "X-WC-Webhook-Topic": "order.created", "webhook-id": "1"}):
        for seconds in ("", "abc", str(int(NOON.timestamp()))):
            answer = post("shop", b"{}", {**sent, **extra, "webhook-timestamp": seconds})
            assert answer.status_code == 401

    assert not Delivery.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"id": null}', b'{"id": [1]}', b"\xff\xfe", b'{"id": NaN}'])
@pytest.mark.parametrize("vendor", ["stripe", "woocommerce"])
def test_answers_a_signed_message_that_is_none(db, vendor, body):
    _connection, secret = make_connection(vendor)
    body, sent = signed(vendor, secret, body)

    answer = post("shop", body, sent)

    told = {"woocommerce": 200, "stripe": 400} if body == b'{"id": null}' else {"woocommerce": 400, "stripe": 400}
    assert answer.status_code == told[vendor]
    assert Delivery.objects.count() == (answer.status_code == 200)


def test_turns_away_what_is_too_long(db):
    _connection, secret = make_connection("shopify")
    body, sent = signed("shopify", secret, b" " * 1_000_001)

    answer = post("shop", body, sent)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_long")
    assert turned_away() == [("too_long", 1)]


def test_turns_away_everything_before_a_secret_is_known(db):
    connection, secret = make_connection("stripe")
    Connection.objects.filter(pk=connection.pk).update(secret="")
    body, sent = signed("stripe", secret)

    assert post("shop", body, sent).json()["code"] == "no_secret"


def test_counts_what_is_turned_away_in_one_row_a_day(db):
    make_connection("stripe")

    for _time in range(5):
        post("shop", b"{}", {})
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        post("shop", b"{}", {})

    rows = Rejection.objects.order_by("day").values_list("count", "first_at", "last_at")
    assert list(rows) == [(5, NOON, NOON), (1, NOON + timedelta(days=1), NOON + timedelta(days=1))]


def test_answers_whoever_asks_whether_anybody_is_there(db):
    make_connection("woocommerce")

    answer = Client().post("/api/hooks/shop", b"webhook_id=3", content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 200
    assert not Delivery.objects.exists()


def test_verifies_a_secret_that_wordpress_kept_as_html(db):
    incoming = lambda sent: Incoming({name.lower(): value for name, value in sent.items()}, b"{}", NOON)  # noqa: E731

    for secret in ("a&amp;b-and-sixteen-more", "a&b-and-sixteen-more"):
        sent = headers("woocommerce", "a&b-and-sixteen-more", b"{}", NOON, topic="order.created")
        assert VENDORS["woocommerce"].verify(incoming(sent), [secret]).topic == "order.created"


def test_finds_no_shop_where_there_is_none(db):
    assert post("nowhere", b"{}", {}).status_code == 404


def test_takes_nothing_but_a_post(db):
    make_connection("stripe")

    assert Client().get("/api/hooks/shop").status_code == 405


def test_keeps_two_events_of_one_topic_apart(db):
    connection, secret = make_connection("shopify")
    for event in ("one", "two", "one"):
        deliver(connection, secret, shopify_order(), topic="orders/create", event=event)
    deliver(connection, secret, shopify_order(), topic="orders/paid", event="one")

    assert sorted(Delivery.objects.values_list("key", flat=True)) == [
        "orders/create:one",
        "orders/create:two",
        "orders/paid:one",
    ]


def test_knows_a_message_without_an_id_by_its_body(db):
    _connection, secret = make_connection("shopify")
    for told in (shopify_order(), shopify_order(id=2), shopify_order()):
        body = json.dumps(told).encode()
        sent = headers("shopify", secret, body, NOON, topic="orders/create")
        del sent["X-Shopify-Event-Id"]
        assert post("shop", body, sent).status_code == 200

    assert sorted(Delivery.objects.values_list("repeats", flat=True)) == [0, 1]


def test_keeps_two_changes_of_one_second_apart(db):
    connection, secret = make_connection("woocommerce")
    for told in (woo_order(), woo_order(status="completed"), woo_order()):
        deliver(connection, secret, told, topic="order.updated")

    assert Delivery.objects.count() == 2


def test_verifies_any_of_several_signatures():
    body = json.dumps(TOLD["stripe"]).encode()
    right = headers("stripe", "whsec_right_right_right", body, NOON)["Stripe-Signature"]
    seconds, digest, _other = right.split(",")
    both = {"stripe-signature": f"{seconds},v1={'0' * 64},{digest}"}

    genuine = stripe.verify(Incoming(both, body, NOON), ["whsec_wrong", "whsec_right_right_right"])

    assert genuine.topic == "checkout.session.completed"


def test_verifies_the_example_of_the_specification():
    sent = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    incoming = Incoming(sent, b'{"test": 2432232314}', datetime.fromtimestamp(1614265330, UTC))

    genuine = VENDORS["generic"].verify(incoming, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])

    assert genuine.key == "msg_p5jXN8AQM9LWM0D4loKWxJek"
