from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from customers.models import Source
from integrations import checklist, connecting, reading
from integrations.models import Connection, Delivery, Rejection
from spine import clock
from spine.models import AuditEntry
from tests.conftest import sign_in
from tests.factories import NOON, make_link, make_program, make_source, make_staff
from tests.integrations.payloads import shopify_order, shopify_refund, shopify_transaction
from tests.integrations.signing import SECRETS, deliver, make_connection, post
from tests.rewards.living import follow

SHOP = ["shop"]


def page(client, name, *args):
    return client.get(reverse(f"integrations:{name}", args=[*SHOP, *args]))


def read():
    while reading.read_due(clock.now()):
        pass


def test_asks_what_a_shop_runs_on(ada_client):
    make_source()

    assert "How does Shop tell us of orders?" in page(ada_client, "shop").content.decode()

    answer = ada_client.post(reverse("integrations:shop", args=SHOP), {"software": "shopify"})

    assert (answer.status_code, answer.url) == (302, reverse("integrations:set_up", args=SHOP))
    assert Connection.objects.get().vendor == "shopify"


def test_asks_again_where_nothing_was_chosen(ada_client):
    make_source()

    answer = ada_client.post(reverse("integrations:shop", args=SHOP), {"software": "magento"})

    assert answer.status_code == 200
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    ("vendor", "says"),
    [
        ("stripe", "checkout.session.completed"),
        ("shopify", "attributes[advocacy_tokens]"),
        ("woocommerce", "woocommerce_checkout_create_order"),
        ("generic", "standardwebhooks.com"),
    ],
)
def test_says_what_to_paste_where(ada_client, settings, vendor, says):
    make_connection(vendor)

    text = page(ada_client, "set_up").content.decode()

    assert f"{settings.BASE_URL}/api/hooks/shop" in text
    assert says in text


def test_takes_the_secret_that_stripe_made_and_never_shows_it(ada_client, ada):
    connecting.connect(make_source(), "stripe", ("user", "x"), NOON)

    answer = ada_client.post(reverse("integrations:secret", args=SHOP), {"secret": SECRETS["stripe"]}, follow=True)

    assert answer.redirect_chain == [(reverse("integrations:shop", args=SHOP), 302)]
    assert connecting.believed(Connection.objects.get(), clock.now()) == [SECRETS["stripe"]]
    for name in ("shop", "secret", "set_up"):
        assert SECRETS["stripe"] not in page(ada_client, name).content.decode()
    entry = AuditEntry.objects.latest("pk")
    assert (entry.verb, entry.actor_id) == ("connection.secret_changed", str(ada.user.public_id))


def test_says_what_is_wrong_with_a_secret(ada_client):
    connecting.connect(make_source(), "stripe", ("user", "x"), NOON)

    answer = ada_client.post(reverse("integrations:secret", args=SHOP), {"secret": "sk_live_123456789012345678"})

    assert answer.status_code == 422
    assert "This doesn&#x27;t look like the secret that Stripe shows." in answer.content.decode()
    assert Connection.objects.get().secret == ""


def test_shows_a_secret_that_we_make_once(ada_client):
    connecting.connect(make_source(), "woocommerce", ("user", "x"), NOON)

    text = ada_client.post(reverse("integrations:secret", args=SHOP)).content.decode()

    (secret,) = connecting.believed(Connection.objects.get(), clock.now())
    assert secret in text
    assert secret not in page(ada_client, "shop").content.decode()


@pytest.mark.parametrize("vendor", ["stripe", "shopify", "woocommerce", "generic"])
def test_tries_the_connection_with_a_message_of_its_shape(ada_client, vendor):
    make_connection(vendor)

    answer = ada_client.post(reverse("integrations:send_test", args=SHOP))
    read()

    delivery = Delivery.objects.get()
    assert answer.url == reverse("integrations:delivery", args=[*SHOP, delivery.public_id])
    assert delivery.is_trial
    assert delivery.is_understood
    assert (
        "The signature fits, and we understood all of it."
        in page(ada_client, "delivery", delivery.public_id).content.decode()
    )
    assert Connection.objects.get().first_at is None
    assert [point.is_done for point in checklist.of(Connection.objects.get(), NOON)] == [True] + [False] * 4


def test_refuses_a_test_before_there_is_a_secret(ada_client):
    connecting.connect(make_source(), "stripe", ("user", "x"), NOON)

    assert ada_client.post(reverse("integrations:send_test", args=SHOP)).status_code == 401
    assert not Delivery.objects.exists()


def test_turns_green_by_what_was_delivered(ada_client, ben):
    make_link(make_program(), ben, "BEN42")
    connection, secret = make_connection("shopify")

    def done():
        connection.refresh_from_db()
        return [point.is_done for point in checklist.of(connection, clock.now())]

    found = [done()]
    deliver(connection, secret, shopify_order(id=1), topic="orders/create")
    found.append(done())
    read()
    found.append(done())
    attributes = [{"name": "advocacy_code", "value": "BEN42"}]
    told = shopify_order(id=2, note_attributes=attributes)
    deliver(connection, secret, told, topic="orders/create")
    read()
    found.append(done())
    refund = shopify_refund(order_id=2, transactions=[shopify_transaction("10.00")])
    deliver(connection, secret, refund, topic="refunds/create")
    read()
    follow(clock.now())

    assert found == [[True] + [False] * 4, [True] * 2 + [False] * 3, [True] * 3 + [False] * 2, [True] * 4 + [False]]
    assert done() == [True] * 5
    text = page(ada_client, "shop").content.decode()
    assert "A refund was taken." in text
    assert "Order 2" in text


def test_tells_what_is_turned_away_until_something_fits_again(ada_client):
    connection, secret = make_connection("shopify")
    post("shop", b"{}", {})
    post("shop", b"{}", {})
    bad = page(ada_client, "shop").content.decode()
    with time_machine.travel(clock.now() + timedelta(seconds=1), tick=False):
        deliver(connection, secret, shopify_order(), topic="orders/create")
    good = page(ada_client, "shop").content.decode()

    assert "2 messages were turned away" in bad
    assert "This message carries no signature that we know." in bad
    assert "turned away" not in good
    assert Rejection.objects.get().count == 2


def test_shows_a_message_as_it_came_and_what_became_of_it(ada_client):
    connection, secret = make_connection("shopify")
    deliver(connection, secret, shopify_order(note="<script>alert(1)</script>"), topic="orders/create")
    read()

    text = page(ada_client, "delivery", Delivery.objects.get().public_id).content.decode()

    assert "New, and taken." in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text
    assert "820982911946154508" in text


def test_reads_a_message_once_more(ada_client):
    connection, secret = make_connection("shopify")
    deliver(connection, secret, shopify_order(), topic="orders/create")
    url = reverse("integrations:replay", args=[*SHOP, Delivery.objects.get().public_id])

    waiting = ada_client.post(url)
    read()
    again = ada_client.post(url)
    state = Delivery.objects.get().state
    read()

    assert (waiting.status_code, again.status_code, state) == (409, 302, "waiting")
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.became[0]["result"]) == ("taken", "duplicate")
    assert AuditEntry.objects.filter(verb="delivery.replayed").count() == 1


def test_reads_a_message_once_more_that_was_given_up(ada_client):
    connection, secret = make_connection("shopify")
    deliver(connection, secret, shopify_order(), topic="orders/create")
    Delivery.objects.update(dead_at=clock.now(), due_at=None, attempts=10)

    answer = ada_client.post(reverse("integrations:replay", args=[*SHOP, Delivery.objects.get().public_id]))
    read()

    delivery = Delivery.objects.get()
    assert (answer.status_code, delivery.state, delivery.dead_at) == (302, "taken", None)


def test_shows_no_message_under_another_shop(ada_client):
    connection, secret = make_connection("shopify")
    make_connection("stripe", "other")
    deliver(connection, secret, shopify_order(), topic="orders/create")

    url = reverse("integrations:delivery", args=["other", Delivery.objects.get().public_id])

    assert ada_client.get(url).status_code == 404


@pytest.mark.parametrize("name", ["shop", "set_up", "secret", "send_test"])
def test_lets_nobody_in_who_does_not_keep_the_shops(cleo_client, client, name):
    make_connection("stripe")
    url = reverse(f"integrations:{name}", args=SHOP)

    assert cleo_client.get(url).status_code == 404
    assert client.get(url).status_code == 302
    assert Source.objects.count() == 1


def test_costs_the_same_however_much_was_delivered(ada_client, django_assert_max_num_queries):
    connection, secret = make_connection("shopify")

    def fill(count):
        for number in range(count):
            deliver(connection, secret, shopify_order(id=Delivery.objects.count() + number + 1), topic="orders/create")
        read()

    fill(2)
    with django_assert_max_num_queries(30) as first:
        page(ada_client, "shop")
    fill(8)
    with django_assert_max_num_queries(30) as then:
        page(ada_client, "shop")

    assert len(then) == len(first)


@pytest.mark.parametrize("name", ["shop", "set_up", "secret", "send_test", "pulls", "stop_pulls", "files"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_shows_a_shop_to_nobody_who_may_not_look_after_shops(db, name, method):
    make_connection("shopify")
    moderator = sign_in(make_staff("mona", "moderator"))

    answer = getattr(moderator, method)(reverse(f"integrations:{name}", args=SHOP))

    # A page that takes no such method says so before it asks who one is.
    assert answer.status_code in {403, 405}
    assert not Delivery.objects.exists()
