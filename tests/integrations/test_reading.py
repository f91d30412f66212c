import json
from datetime import timedelta
from itertools import permutations

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from advocacy_platform import privacy
from customers.models import Customer, Order, PrivacyRequest, Refund
from integrations import reading
from integrations.models import Delivery
from integrations.vendors.base import guest
from referrals.models import Conversion
from rewards.models import Reward
from rewards.plans import Benefit, PlanDocument
from tests.factories import NOON, make_advocate, make_link, make_program
from tests.integrations import payloads
from tests.integrations.payloads import (
    shopify_order,
    shopify_refund,
    shopify_transaction,
    stripe_dispute,
    stripe_event,
    stripe_intent,
    stripe_invoice,
    stripe_refund,
    stripe_session,
    woo_order,
)  # fmt: skip
from tests.integrations.signing import deliver, make_connection
from tests.rewards.living import follow

PLAN = PlanDocument((Benefit("advocate", "credit", percent=1000, hold_days=14),))
LATER = NOON + timedelta(days=2)


@pytest.fixture(autouse=True)
def later():
    with time_machine.travel(LATER, tick=False):
        yield


def read():
    while reading.read_due(LATER):
        pass
    follow(LATER)


def became():
    return [
        (row.state, [(each["what"], each["result"]) for each in row.became]) for row in Delivery.objects.order_by("pk")
    ]


def rewards():
    return list(Reward.objects.order_by("pk").values_list("amount", "reversed", "state"))


@pytest.fixture
def link(ben):
    return make_link(make_program(plan=PLAN), ben, "BEN42")


def stripe(connection, secret, kind, about, **fields):
    deliver(connection, secret, stripe_event(kind, about, **fields))


def test_takes_a_checkout_to_its_reward_and_back(link):
    shop = make_connection("stripe")
    session = stripe_session(metadata={"advocacy_code": "BEN42"})

    stripe(*shop, "checkout.session.completed", session)
    read()
    promised = rewards()
    stripe(*shop, "refund.created", stripe_refund(amount=2650))
    read()
    half = rewards()
    stripe(*shop, "refund.failed", stripe_refund(amount=2650, status="failed"))
    read()

    conversion = Conversion.objects.get()
    assert (conversion.state, conversion.counted, conversion.credited_person) == ("credited", 4500, link.person)
    assert promised == [(450, 0, "promised")]
    assert half == [(450, 225, "promised")]
    assert rewards() == [(450, 0, "promised")]
    assert became() == [
        ("taken", [("order", "created")]),
        ("taken", [("refund", "created")]),
        ("taken", [("refund", "updated")]),
    ]


def test_takes_a_dispute(link):
    shop = make_connection("stripe")
    stripe(*shop, "checkout.session.completed", stripe_session(metadata={"advocacy_code": "BEN42"}))
    stripe(*shop, "charge.dispute.created", stripe_dispute())
    read()
    stripe(*shop, "charge.dispute.closed", stripe_dispute(status="lost"))
    read()

    assert rewards() == [(450, 450, "reversed")]


def test_counts_money_once_that_is_told_twice(link):
    tellings = [
        ("checkout.session.completed", stripe_session(metadata={"advocacy_code": "BEN42"})),
        ("payment_intent.succeeded", stripe_intent()),
    ]
    for number, order in enumerate(permutations(tellings)):
        shop = make_connection("stripe", f"shop-{number}")
        for kind, about in order:
            stripe(*shop, kind, about)
            read()

    assert [order.total() for order in Order.objects.order_by("pk")] == [5300, 5300]
    assert [order.lines.count() for order in Order.objects.order_by("pk")] == [4, 4]


def test_credits_a_subscription_by_its_checkout_and_its_money_by_its_invoices(link):
    shop = make_connection("stripe")
    session = stripe_session(
        mode="subscription", invoice="in_1", payment_intent=None, metadata={"advocacy_code": "BEN42"}
    )
    stripe(*shop, "invoice.paid", stripe_invoice(billing_reason="subscription_create"))
    stripe(*shop, "checkout.session.completed", session)
    read()

    conversion = Conversion.objects.get()
    assert (conversion.state, conversion.counted) == ("credited", 2000)
    assert conversion.order.key == "pi_9"


def test_takes_a_shopify_order_to_its_reward_and_back(link):
    shop = make_connection("shopify")
    attributes = [{"name": "advocacy_code", "value": "BEN42"}]
    deliver(*shop, shopify_order(note_attributes=attributes), topic="orders/create")
    read()
    promised = rewards()
    refund = shopify_refund(transactions=[shopify_transaction("24.50")])
    deliver(*shop, refund, topic="refunds/create")
    later = shopify_order(
        note_attributes=attributes, refunds=[refund], updated_at="2026-11-22T13:00:05+01:00",
        financial_status="partially_refunded",
    )  # fmt: skip
    deliver(*shop, later, topic="orders/updated")
    read()

    assert promised == [(450, 0, "promised")]
    assert rewards() == [(450, 225, "promised")]
    assert became()[1:] == [
        ("taken", [("refund", "created")]),
        ("taken", [("order", "duplicate"), ("refund", "duplicate")]),
    ]


def test_counts_a_shopify_order_once_it_is_paid(link):
    shop = make_connection("shopify")
    attributes = [{"name": "advocacy_code", "value": "BEN42"}]
    deliver(*shop, shopify_order(note_attributes=attributes, financial_status="pending"), topic="orders/create")
    read()
    before = rewards()
    paid = shopify_order(note_attributes=attributes, updated_at="2026-11-22T13:00:05+01:00")
    deliver(*shop, paid, topic="orders/updated")
    read()

    assert before == []
    assert [(amount, state) for amount, _back, state in rewards()] == [(450, "promised")]


def test_takes_a_woocommerce_order_to_its_reward_and_back(link):
    shop = make_connection("woocommerce")
    coupon = [{"id": 9, "code": "ben42", "discount": "5.00"}]
    deliver(*shop, woo_order(coupon_lines=coupon), topic="order.created")
    read()
    promised = rewards()
    refunds = [{"id": 9, "reason": "", "total": "-26.50"}]
    for second in ("30", "40"):
        told = woo_order(coupon_lines=coupon, refunds=refunds, date_modified_gmt=f"2026-11-21T12:00:{second}")
        deliver(*shop, told, topic="order.updated")
        read()

    assert promised == [(450, 0, "promised")]
    assert rewards() == [(450, 225, "promised")]
    assert Refund.objects.get().at == NOON + timedelta(seconds=30)
    assert became()[2] == ("taken", [("order", "duplicate"), ("refund", "known")])


def test_takes_a_shop_of_ones_own_to_its_reward(link):
    shop = make_connection("generic")
    line = {"id": "1", "kind": "goods", "amount": 5000}
    order = payloads.generic(
        "order", id="1001", currency="USD", placed_at=NOON.isoformat(), lines=[line], customer={"id": "c-9"},
        touches={"code": "BEN42"},
    )  # fmt: skip
    deliver(*shop, order)
    read()

    assert rewards() == [(500, 0, "promised")]


def test_takes_no_test_on_the_live_site(link):
    shop = make_connection("stripe")
    stripe(*shop, "checkout.session.completed", stripe_session(livemode=False), livemode=False)
    read()

    assert became() == [("refused", [("order", "live_takes_no_tests")])]
    assert not Order.objects.exists()


def test_takes_tests_in_the_sandbox(link, settings):
    settings.SANDBOX = True
    shop = make_connection("stripe")
    stripe(*shop, "checkout.session.completed", stripe_session(livemode=False), livemode=False)
    read()

    assert Order.objects.get().is_test


def test_goes_on_where_one_fact_is_refused(link):
    shop = make_connection("shopify")
    told = shopify_order(created_at="2026-12-24T13:00:00Z", refunds=[shopify_refund()])
    deliver(*shop, told, topic="orders/updated")
    read()

    row = Delivery.objects.get()
    assert (row.state, row.reason, row.due_at, row.taken_at) == ("refused", "in_the_future", None, LATER)
    assert [(each["what"], each["result"], each["is_refused"]) for each in row.became] == [
        ("order", "in_the_future", True),
        ("refund", "created", False),
    ]


@pytest.mark.parametrize(
    "told", [{"id": 1}, {"line_items": 5}, shopify_order(total_price=[]), shopify_order(created_at=7)]
)
def test_keeps_what_it_does_not_understand(db, told):
    shop = make_connection("shopify")
    deliver(*shop, told, topic="orders/create")
    read()

    row = Delivery.objects.get()
    assert (row.state, row.reason, row.became, row.due_at) == ("unreadable", "badbody", [], None)
    assert json.loads(bytes(row.body)) == told


def test_passes_over_what_is_not_for_us(db):
    shop = make_connection("stripe")
    stripe(*shop, "customer.created", {"id": "cus_1"})
    read()

    assert became() == [("ignored", [])]


def test_reads_again_what_a_killed_worker_left(link):
    shop = make_connection("stripe")
    stripe(*shop, "checkout.session.completed", stripe_session(metadata={"advocacy_code": "BEN42"}))
    reading.read(Delivery.objects.get(), LATER)
    read()

    assert became() == [("taken", [("order", "duplicate")])]
    assert rewards() == [(450, 0, "promised")]


def test_asks_for_the_privacy_of_a_customer(link):
    shop = make_connection("shopify")
    deliver(*shop, shopify_order(), topic="orders/create")
    read()
    person = Customer.objects.get().person
    told = {"customer": {"id": 115310627314723954}}
    for topic in ("customers/data_request", "customers/redact", "customers/redact"):
        deliver(*shop, told, topic=topic)
    read()

    asked = PrivacyRequest.objects.order_by("pk").values_list("person", "kind")
    assert list(asked) == [(person.pk, "export"), (person.pk, "erase")]


def test_asks_for_the_privacy_of_a_whole_shop(link):
    shop = make_connection("shopify")
    for number in range(3):
        told = shopify_order(id=number + 1, customer={"id": number + 1}, email=f"{number}@example.com")
        deliver(*shop, told, topic="orders/create")
    deliver(*shop, {"shop_id": 1}, topic="shop/redact")
    read()

    assert PrivacyRequest.objects.filter(kind="erase").count() == 3


def test_has_nobody_to_ask_for(db):
    shop = make_connection("shopify")
    deliver(*shop, {"customer": {"id": 7}}, topic="customers/redact")
    read()

    assert became() == [("taken", [("privacy", "nobody")])]


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("checkout.session.completed", stripe_session(customer=None)),
        ("charge.refunded", {"id": "ch_1", "payment_intent": "pi_1", "billing_details": {"email": "Cleo@Example.com"}}),
    ],
)
def test_forgets_the_messages_about_a_guest_who_is_erased(cleo, kind, about):
    shop = make_connection("stripe")
    Customer.objects.create(
        source=shop[0].source, key=guest("dan@example.com").key, person=cleo.person, recorded_at=NOON
    )
    stripe(*shop, kind, about)
    stripe(*shop, "customer.created", {"id": "cus_1"})
    read()

    privacy.erase(cleo.person, ("user", "u1"), LATER)

    assert Delivery.objects.get().topic == "customer.created"


CAME = [{"name": "advocacy_code", "value": "BEN42"}]
META = [{"key": "advocacy_code", "value": "BEN42"}]
BACK = shopify_refund(transactions=[shopify_transaction("10.00")])
# What each shop tells of one order, in the right order: it is placed, paid, and 10 of its 53 go back.
STORIES = {
    "stripe": [
        ("checkout.session.completed", stripe_session(metadata={"advocacy_code": "BEN42"})),
        ("payment_intent.succeeded", stripe_intent()),
        ("refund.created", stripe_refund(id="re_1", amount=1000, status="pending")),
        ("refund.updated", stripe_refund(id="re_1", amount=1000)),
        ("refund.created", stripe_refund(id="re_2", amount=2000)),
        ("refund.failed", stripe_refund(id="re_2", amount=2000, status="failed")),
        ("charge.dispute.created", stripe_dispute()),
        ("charge.dispute.closed", stripe_dispute(status="won")),
    ],
    "shopify": [
        ("orders/create", shopify_order(note_attributes=CAME, financial_status="pending")),
        ("orders/updated", shopify_order(note_attributes=CAME, updated_at="2026-11-21T13:05:00+01:00")),
        ("refunds/create", BACK),
        (
            "orders/updated",
            shopify_order(
                note_attributes=CAME,
                updated_at="2026-11-22T13:05:00+01:00",
                refunds=[BACK],
                financial_status="partially_refunded",
            ),
        ),
    ],
    "woocommerce": [
        ("order.created", woo_order(meta_data=META, status="pending", date_paid_gmt=None)),
        ("order.updated", woo_order(meta_data=META, date_modified_gmt="2026-11-21T12:05:00")),
        (
            "order.updated",
            woo_order(meta_data=META, date_modified_gmt="2026-11-22T12:05:00", refunds=[{"id": 9, "total": "-10.00"}]),
        ),
    ],
}


class TestAnyOrder(TestCase):
    """Deliveries shuffled, doubled and read late end as in the right order."""

    @settings(max_examples=10, deadline=None)
    @given(st.data(), st.sampled_from(sorted(STORIES)))
    def test_ends_as_the_right_order_does(self, data, vendor):
        story = STORIES[vendor]
        order = data.draw(st.permutations([*range(len(story))] * 2))
        reads = data.draw(st.lists(st.booleans(), min_size=len(order), max_size=len(order)))
        link = make_link(make_program(plan=PLAN), make_advocate("ben"), "BEN42")
        connection, secret = make_connection(vendor)
        for number, (which, is_read) in enumerate(zip(order, reads, strict=True)):
            topic, told = story[which]
            told = stripe_event(topic, told, id=f"evt_{number}") if vendor == "stripe" else told
            deliver(connection, secret, told, topic=topic)
            if is_read:
                read()
        read()

        conversion = Conversion.objects.get()
        assert (conversion.state, conversion.counted) == ("credited", 4500)
        assert conversion.credited_person_id == link.person_id
        assert Order.objects.get().total() == Order.objects.get().captured() == 5300
        assert [refund.amount for refund in Refund.objects.filter(status="succeeded")] == [1000]
        (reward,) = Reward.objects.filter(withdrawn_at=None)
        # 1000 of 5300 collected went back, so 849 of the 4500 that count, and a tenth of that.
        assert (reward.amount, reward.reversed, reward.state) == (450, 85, "promised")
        assert not Delivery.objects.exclude(state="taken").exists()
